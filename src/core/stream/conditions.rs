//! Rules 16, 20 and 21: what follows when an input is impaired, and when it heals.

use super::health::Failure;
use super::*;
use crate::core::conditions::{Conditions, Healing, Look, Seen};
use crate::core::damping::Damping;
use crate::core::Measure;

impl Stream {
    /// Rule 16: a look at a session. Answers whether it changes anything.
    pub(super) fn measured(&mut self, session: SessionId, measure: Measure, now: Nanos) -> bool {
        let Some(index) = self.index_of_session(session) else { return false };
        // Rule 20e: a trial may be what takes the bandwidth.
        let on_trial = self.inputs[index].on_trial();
        let mut others = self.inputs.iter().filter(|other| other.session() != Some(session));
        let disturbed = others.any(InputHealth::on_trial);
        let input = &mut self.inputs[index];
        let first_packet = input.session.and_then(|session| session.first_packet());
        let Some(first_packet) = first_packet else { return false };
        if let Some(since) = measure.since_packet {
            input.look_at_gap(now, now.saturating_sub(since));
        }
        if !input.settings.has_limits() {
            return false;
        }
        let usable = input.usable();
        let may_begin = usable && !disturbed && !on_trial;
        let look = Look { measure, now, first_packet, may_begin, disturbed, healthy: usable };
        let (conditions, settings) = input.conditions_mut();
        let seen = conditions.look(&look, settings);
        self.judge(index, seen, now)
    }

    /// Rule 16d: the host's word, with its text if the condition holds.
    pub(super) fn set_condition(
        &mut self,
        priority: Priority,
        session: Option<SessionId>,
        condition: Condition,
        holds: Option<&str>,
        now: Nanos,
    ) -> Result<(), Error> {
        let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
        let input = &mut self.inputs[index];
        let current = input.session();
        if session.is_some() && session != current {
            return Err(Error::StaleSession);
        }
        if input.status == Status::Stopped {
            return Ok(());
        }
        let condition = reason(condition);
        let Some(text) = holds else {
            let metered = input.settings.has_limits();
            if let Some(conditions) = input.known_conditions_mut() {
                conditions.acquit(condition, session, current, metered, now);
            }
            return Ok(());
        };
        let evidence = Detail::told(text);
        let seen = input.conditions_mut().0.accuse(condition, session, evidence, now);
        self.judge(index, seen, now);
        Ok(())
    }

    /// Answers whether anything was changed.
    fn judge(&mut self, index: usize, seen: Seen, now: Nanos) -> bool {
        let input = &self.inputs[index];
        if let Some((reason, detail)) = seen.shown.filter(|_| input.on_trial()) {
            // Rule 20c.
            self.attempt_failed(index, Failure { reason, detail }, now);
            return true;
        }
        if !input.usable() || seen.begun.is_empty() {
            return false;
        }
        for (reason, detail) in seen.begun {
            self.impair(index, Failure { reason, detail }, now);
        }
        true
    }

    /// Rules 16b and 16d: a condition holds. What follows from it is the evaluation's.
    pub(super) fn impair(&mut self, index: usize, why: Failure, now: Nanos) {
        self.settle_faults(index, now);
        let input = &mut self.inputs[index];
        let priority = input.spec.priority;
        let error = why.at(now);
        input.push_error(error.clone());
        input.state_since = now;
        if input.healthy_since.is_some() {
            input.healthy_since = MaybeNanos::some(now);
        }
        self.notify(Notice::Degraded { priority, error });
    }

    /// Rule 16e: a time without trouble has been long enough.
    pub(super) fn heal(&mut self, index: usize, now: Nanos) {
        let stable = self.settings.failback_stable;
        let active = self.is_active(index);
        let input = &mut self.inputs[index];
        let healing = input.known_conditions_mut().map(|one| one.heal(now, stable));
        let Some(Healing::Healed(since)) = healing else { return };
        if input.failed() {
            return;
        }
        input.state_since = now;
        input.healthy_since = MaybeNanos::some(since);
        let trouble = input.trouble_mut();
        trouble.clear_errors();
        trouble.retry_at = None;
        trouble.unproven = !active;
        input.end_successful_attempt();
        let priority = input.spec.priority;
        self.cancel_probe(index);
        let exhausted = self.exhausted;
        self.notify(Notice::Recovered { priority, exhausted });
    }

    /// Rule 20c: since when a trial has shown what is wanted of it.
    pub(super) fn trial_good_since(&self, index: usize) -> Option<Nanos> {
        let input = &self.inputs[index];
        let first = input.session?.first_packet().filter(|_| input.on_trial())?;
        if input.settings.has_limits() || input.impaired() {
            return input.known_conditions().and_then(Conditions::clean_since);
        }
        Some(first)
    }

    /// Rule 21a. Also where none was counted before.
    pub(super) fn add_fault(&mut self, index: usize, now: Nanos) {
        let period = self.settings.damping_period;
        if period != 0 {
            self.settle_faults(index, now);
            self.inputs[index].trouble_mut().damping.add();
        }
    }

    /// Rule 21a: with overlap off the active input, which is dark, was chosen in place of one that was
    /// not lost, and which it might have gone on; and it has not been on air since.
    pub(super) fn took_the_air_in_vain(&self) -> bool {
        let in_vain = |(at, reason, _): (Nanos, Reason, _)| {
            (reason == Reason::Failback || reason.is_condition()) && self.air_since <= at
        };
        self.settings.overlap == Overlap::Off && self.switches.last().is_some_and(in_vain)
    }

    /// Rule 21a: an input is about to be no longer healthy.
    pub(super) fn settle_faults(&mut self, index: usize, now: Nanos) {
        let period = self.settings.damping_period;
        let since = self.inputs[index].healthy_since.get();
        if self.inputs[index].trouble().is_some() {
            self.inputs[index].trouble_mut().damping.settle(since, now, period);
        }
    }

    /// Rule 21e: an operator knows better.
    pub(super) fn forget_faults(&mut self, priority: Priority) {
        let Some(index) = self.index_of(priority) else { return };
        if self.inputs[index].trouble().is_some() {
            self.inputs[index].trouble_mut().damping = Damping::default();
        }
    }

    /// Rule 21b: when a switch to this input by choice may be made that otherwise could be at `at`.
    pub(super) fn proven_from(&self, index: usize, at: Nanos) -> Nanos {
        let input = &self.inputs[index];
        let (Some(trouble), Some(since)) = (input.trouble(), input.healthy_since.get()) else {
            return at;
        };
        let Settings { failback_stable, damping_period, .. } = **self.settings;
        at.max(trouble.damping.proven_at(since, failback_stable, damping_period))
    }

    /// Rule 21c: until when an input is held that failed more than once, as far as is known at
    /// `now`; `None` if it is not held, or there is no such input.
    pub fn held_until(&self, priority: Priority, now: Nanos) -> Option<Nanos> {
        let index = self.index_of(priority)?;
        if !self.is_held(index, now) || self.inputs[index].healthy_since.is_none() {
            return None;
        }
        Some(self.proven_from(index, 0))
    }

    /// Rule 21c. What runs and has not delivered yet has not been healthy at all.
    pub(super) fn is_held(&self, index: usize, now: Nanos) -> bool {
        let input = &self.inputs[index];
        let Some(trouble) = input.trouble() else { return false };
        let since = input.healthy_since.get();
        let faults = trouble.damping.faults(since, now, self.settings.damping_period);
        faults >= 2 && (since.is_none() || self.proven_from(index, 0) > now)
    }
}

/// As the reason of what follows from it.
fn reason(condition: Condition) -> Reason {
    match condition {
        Condition::Black => Reason::Black,
        Condition::Frozen => Reason::Frozen,
        Condition::Silent => Reason::Silent,
        Condition::Host => Reason::Host,
    }
}
