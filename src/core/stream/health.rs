//! Sessions and the health of single inputs: start, stop, degrade, recover.

use super::*;
use crate::core::input::{InputError, Probe, Untested};
use crate::core::Times;

/// Why an input, or an attempt to get it back, is given up.
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) detail: Detail,
}

impl Failure {
    /// Rules 4b and 6e: the host says so.
    fn told(reason: Reason, text: &str) -> Self {
        Failure { reason, detail: Detail::told(text) }
    }

    /// Rule 3d: with the measured time and the limit.
    pub(super) fn overdue(awaited: Awaited, measured: Nanos, limit: Nanos) -> Self {
        let detail = Detail::Overdue { awaited, measured, limit };
        Failure { reason: Reason::Timeout, detail }
    }

    pub(super) fn at(self, now: Nanos) -> InputError {
        let Failure { reason, detail } = self;
        InputError { at: now, reason, detail }
    }
}

impl Stream {
    /// Opens a new session of an input, through the gate if it is the active one. The gate moves
    /// before the host hears of the *start*, so that no packet of the session finds it closed.
    pub(super) fn start(
        &mut self,
        index: usize,
        attempt: Attempt,
        start_reason: StartReason,
        common: &mut Common,
    ) {
        debug_assert!(self.inputs[index].session.is_none(), "one session per input");
        let id = common.next_id();
        let input = &mut self.inputs[index];
        input.session = Some(Session::new(id, attempt));
        if input.keeps_session() {
            input.healthy_since = MaybeNanos::NONE;
        }
        if input.trouble().is_some_and(|trouble| trouble.listening || trouble.life.is_some()) {
            input.trouble_mut().stop_listening();
        }
        let metered = input.settings.has_limits();
        if let Some(conditions) = input.known_conditions_mut() {
            conditions.session_changes(metered, true);
        }
        let spec = input.spec.clone();
        if self.is_active(index) {
            self.move_gate(Some(id));
        }
        self.act(Action::Await { session: id });
        let buffer_write_id = self.buffer_write_id.clone();
        let input = spec;
        self.act(Action::Start(Start { session: id, input, buffer_write_id, start_reason }));
    }

    /// Ends an input's session, if it has one.
    pub(super) fn stop(&mut self, index: usize) {
        let input = &mut self.inputs[index];
        if let Some(session) = input.session.take() {
            input.forget_gaps();
            let metered = input.settings.has_limits();
            let failed = input.status == Status::Degraded;
            if let Some(conditions) = input.known_conditions_mut() {
                conditions.session_changes(metered, false);
                if failed {
                    // Of a failed input nothing is remembered that was said of a session.
                    conditions.forget(None);
                }
            }
            let (session, priority) = (session.id, input.spec.priority);
            let user_data = input.spec.user_data().cloned();
            if input.life().is_some() {
                input.trouble_mut().life = None;
            }
            self.act(Action::Stop(Stop { session, priority, user_data }));
        }
    }

    /// Rules 6d, 9c, 12d and 13: a new session in place of the running one. The active input is
    /// not on air until it delivers (12e).
    pub(super) fn restart(
        &mut self,
        index: usize,
        attempt: Attempt,
        start_reason: StartReason,
        now: Nanos,
        common: &mut Common,
    ) {
        self.stop(index);
        if self.is_active(index) {
            self.selected_at = now;
            if self.inputs[index].status == Status::Active {
                self.air_since = now;
                self.inputs[index].set_status(Status::Idle, now);
            }
        }
        if attempt == Attempt::No {
            let input = &mut self.inputs[index];
            let metered = input.settings.has_limits();
            if let Some(conditions) = input.known_conditions_mut() {
                conditions.session_replaced(metered, now);
            }
        }
        self.start(index, attempt, start_reason, common);
    }

    /// Hot inputs (rule 1a), also those that were added, updated, or became hot; and a pushed input that was
    /// left for a condition while sessions could not overlap (rule 27a).
    pub(super) fn start_what_is_kept(&mut self, common: &mut Common) {
        for index in 0..self.inputs.len() {
            let input = &self.inputs[index];
            if !input.usable() || input.session.is_some() {
                continue;
            }
            let start_reason = if input.is_hot() {
                StartReason::Hot
            } else if input.keeps_session() && input.impaired() && !input.untested() {
                StartReason::Restart
            } else {
                continue;
            };
            // It heals while it runs (20a), not by an attempt.
            self.end_attempts(index);
            self.start(index, Attempt::No, start_reason, common);
        }
    }

    /// Promise 2: every move has its own number, so a host can tell what was admitted before it
    /// from what was admitted after it.
    pub(super) fn move_gate(&mut self, session: Option<SessionId>) {
        self.move_gate_to(session, self.last_number() + 1);
    }

    pub(super) fn move_gate_to(&mut self, session: Option<SessionId>, number: u64) {
        self.gate = session.and_then(NonZeroU64::new);
        self.switch_number = number;
        self.offers = 0;
        self.act(Action::Gate { session, number });
    }

    /// Rules 2, 6c, 8c and 9e: the awaited packet of a session. Answers the input, if it has
    /// recovered while the stream was dark and may be taken back.
    pub(super) fn packet(&mut self, session: SessionId, now: Nanos) -> Option<Priority> {
        let index = self.index_of_session(session)?;
        let dark = !self.on_air();
        let active = self.is_active(index);
        let lost = !self.active_runs();
        let input = &mut self.inputs[index];
        input.count_return();
        let session = input.session.as_mut()?;
        session.deliver(now);
        let priority = input.spec.priority;
        // Rule 4d: packets that still flow after a reported error are only better than nothing.
        let proof = !session.reported || lost;
        match input.status {
            // Rule 9c: it has to deliver for a while.
            Status::Degraded if session.attempt == Attempt::Trial && !dark => {}
            // Rule 4d.
            Status::Degraded if !proof && !input.settings.keeps_session() => {}
            // Rule 27b.
            Status::Degraded if input.is_pushed() && !dark => self.begin_life(index, now),
            Status::Degraded => {
                self.recover(index, now, now);
                if active {
                    // Rule 8c: the gate admits it already, so the number stays.
                    self.selected_at = now;
                    let detail = Detail::Seen("delivers again");
                    let cause = Cause { from: Some(priority), reason: Reason::Recovery, detail };
                    self.record_switch(priority, cause, Times::default(), now);
                } else if dark && proof {
                    return Some(priority);
                }
            }
            // Rule 27c.
            _ if input.untested() => self.recover(index, now, now),
            // Rule 10b: a hot input's first packet.
            _ => input.healthy_since.set_if_none(now),
        }
        None
    }

    /// Rules 3d, 4a and 6e: gives an input up. What follows from it is the evaluation's.
    pub(super) fn degrade(&mut self, index: usize, failure: Failure, now: Nanos) {
        let (active, pending) = (self.is_active(index), self.is_pending(index));
        if active && self.on_air() {
            self.air_since = now;
            self.add_fault(index, now);
        } else if active && self.took_the_air_in_vain() {
            self.add_fault(index, now);
        } else {
            self.settle_faults(index, now);
        }
        let input = &mut self.inputs[index];
        let priority = input.spec.priority;
        let untested = input.untested();
        input.set_status(Status::Degraded, now);
        input.healthy_since = MaybeNanos::NONE;
        if let Some(conditions) = input.known_conditions_mut() {
            conditions.forget(None);
        }
        let trouble = input.trouble_mut();
        trouble.stop_listening();
        trouble.untested = Untested::No;
        // Rule 9f: it recovered and failed again before it had proved itself, or never did.
        if std::mem::take(&mut trouble.unproven) || untested {
            trouble.backoff.increase();
        }
        if !input.is_pushed() {
            input.schedule_retry(now, self.registration);
        }
        let reason = failure.reason;
        let error = failure.at(now);
        let detail = error.detail.clone();
        input.push_error(error.clone());
        // Rules 6b, 6d and 8b: a dead session that may still come back by its own packets.
        let keep = (active || input.keeps_session()) && reason != Reason::StartFailed;
        if let Some(session) = input.session.as_mut() {
            session.reported = reason != Reason::Timeout;
        }
        self.notify(Notice::Degraded { priority, error });
        if keep {
            self.await_packet(index);
        } else {
            self.stop(index);
        }
        // Rule 11c.
        self.end_override_of(priority);
        if pending {
            self.pending = None;
        }
        if active {
            self.set_cause(Cause { from: Some(priority), reason, detail });
        }
    }

    /// Asks for a session's next packet: it will decide something.
    pub(super) fn await_packet(&mut self, index: usize) {
        if let Some(session) = self.inputs[index].session.as_mut() {
            session.awaited = true;
            let session = session.id;
            self.act(Action::Await { session });
        }
    }

    /// Rule 9: makes a degraded input usable again, healthy since `since`. Rule 2c: its errors are
    /// forgotten.
    pub(super) fn recover(&mut self, index: usize, since: Nanos, now: Nanos) {
        self.cancel_probe(index);
        let input = &mut self.inputs[index];
        input.set_status(Status::Idle, now);
        let session = input.session();
        if let Some(conditions) = input.known_conditions_mut() {
            conditions.forget(session);
        }
        input.healthy_since = MaybeNanos::some(since);
        let trouble = input.trouble_mut();
        trouble.clear_errors();
        trouble.stop_listening();
        trouble.untested = Untested::No;
        trouble.retry_at = None;
        trouble.unproven = true;
        input.end_successful_attempt();
        let priority = input.spec.priority;
        let exhausted = self.exhausted;
        self.notify(Notice::Recovered { priority, exhausted });
        // Rule 16d: what the host says of the input stands.
        let still =
            self.inputs[index].impairment().map(|(reason, detail)| (reason, detail.clone()));
        if let Some((reason, detail)) = still {
            self.impair(index, Failure { reason, detail }, now);
        }
    }

    /// Rules 9b and 9c: a probe, a trial or the restart of a degraded input did not help.
    pub(super) fn attempt_failed(&mut self, index: usize, failure: Failure, now: Nanos) {
        let active = self.is_active(index);
        let input = &mut self.inputs[index];
        input.push_failed_attempt(failure.at(now));
        input.trouble_mut().backoff.increase();
        input.schedule_retry(now, self.registration);
        let was_trial = input.on_trial();
        input.end_attempt();
        // The active one stays (8b): when all is lost, its packets may still come back.
        if was_trial && !active {
            self.stop(index);
        }
    }

    /// Rule 6e, and for a trial or a restart rule 9c.
    pub(super) fn start_failed(&mut self, index: usize, text: &str, now: Nanos) {
        let input = &self.inputs[index];
        let failure = Failure::told(Reason::StartFailed, text);
        if input.status == Status::Degraded || input.on_trial() {
            if self.attempting(index) {
                self.attempt_failed(index, failure, now);
            }
            self.stop(index);
        } else {
            self.degrade(index, failure, now);
        }
    }

    /// Rule 4a, and 4c for what is degraded already.
    pub(super) fn error_reported(&mut self, index: usize, text: &str, now: Nanos) {
        let input = &self.inputs[index];
        let failure = Failure::told(Reason::Error, text);
        if input.usable() {
            self.degrade(index, failure, now);
        } else if self.attempting(index) {
            self.attempt_failed(index, failure, now);
            // Rule 4d: of a hot one it goes on, and what it delivers does not take the air back.
            if let Some(session) = self.inputs[index].session.as_mut() {
                session.reported = true;
            }
        }
    }

    /// Rules 6d and 9c: a degraded input in a new session that is to bring it back.
    pub(super) fn attempting(&self, index: usize) -> bool {
        self.inputs[index].session.as_ref().is_some_and(|session| session.attempt != Attempt::No)
    }

    /// Rule 9g: whatever ended a probe, a trial or a restart, no degraded input is forgotten.
    pub(super) fn keep_retrying(&mut self, now: Nanos) {
        for index in 0..self.inputs.len() {
            if self.lacks_attempt(index) && self.inputs[index].retry_at().is_none() {
                self.inputs[index].schedule_retry(now, self.registration);
            }
        }
    }

    /// Nothing is under way that is to bring it back, though something has to be.
    pub(super) fn lacks_attempt(&self, index: usize) -> bool {
        let input = &self.inputs[index];
        let tried = input.probe().is_some() || self.attempting(index) || input.listens();
        input.needs_attempt() && !tried
    }

    /// Rule 26b: with very many other streams waiting, none waits exactly as long as they do.
    pub(super) fn spread_retries(&mut self, common: &Common) {
        if !common.spreads_any() {
            return;
        }
        for input in &mut self.inputs {
            let waits = input.trouble().filter(|trouble| trouble.retry_at.is_some());
            if waits.and_then(|trouble| trouble.waits_since).is_some_and(|at| common.spreads(at)) {
                input.spread_retry(self.registration);
            }
        }
    }

    /// Rule 9b.
    pub(super) fn probe_answered(&mut self, index: usize, outcome: ProbeOutcome, now: Nanos) {
        self.inputs[index].trouble_mut().probe = None;
        match outcome {
            ProbeOutcome::Ok => {
                self.inputs[index].trouble_mut().probes_ok += 1;
                // The source works, so what it left behind can only be a dead session.
                self.stop(index);
                self.recover(index, now, now);
                if !self.active_runs() {
                    let (from, reason) = (self.active(), Reason::Recovery);
                    let detail = Detail::Seen("probe succeeded");
                    self.set_cause(Cause { from, reason, detail });
                }
            }
            ProbeOutcome::Failed(text) => {
                self.attempt_failed(index, Failure::told(Reason::Error, &text), now);
            }
            ProbeOutcome::Unsupported => {
                let trouble = self.inputs[index].trouble_mut();
                trouble.probe_unsupported = true;
                // Its wait is over; a trial follows as soon as there may be one.
                trouble.retry_at = Some(now);
            }
        }
    }

    /// The input recovered, or is about to be another: nobody wants the answer now.
    pub(super) fn cancel_probe(&mut self, index: usize) {
        if let Some(Probe { id: probe, .. }) = self.inputs[index].probe() {
            self.act(Action::CancelProbe { probe: *probe });
            self.inputs[index].trouble_mut().probe = None;
        }
    }

    /// With overlap off there is room for one session.
    pub(super) fn stop_all_but(&mut self, index: usize) {
        for other in (0..self.inputs.len()).filter(|other| *other != index) {
            self.stop(other);
        }
    }
}
