//! Which input is on air: failover, failback, and how a switch is made. Planned ones are in
//! `planned.rs`.

use super::order::Class;
use super::*;
use crate::core::input::Attempt;

impl Stream {
    /// Brings the stream from whatever state it is in to where the rules want it. The order
    /// matters: what is lost is replaced before anything else is considered (6, 8), what delivers
    /// goes on air (2), planned switches end (7) and begin (10), and only then is it known which
    /// sessions are still needed.
    pub(super) fn evaluate(&mut self, now: Nanos, common: &mut Common) {
        #[cfg(test)]
        passes::count();
        self.stop_disabled_inputs(now);
        let lost = self.cause().map(|cause| cause.reason);
        while !self.active_runs() {
            self.promote_what_delivers(now);
            // Rule 7c: it may be the target of a pending switch, which was started already.
            let Some(target) = self.select(now) else {
                self.take_cause();
                self.listen_to_all();
                break;
            };
            let cause = self.take_cause().unwrap_or_else(|| Cause {
                from: self.active(),
                reason: Reason::Recovery,
                detail: Detail::Seen("usable again"),
            });
            self.commit(target, cause, StartReason::Failover, now, common);
        }
        // That the source was lost is told before what takes its place is on air.
        self.declare_exhausted(lost);
        self.put_on_air(now);
        self.bridge_the_start(now, common);
        self.drain_disabled_input(now, common);
        self.abandon_needless_switch();
        self.finish_pending(now, common);
        // What a planned switch has just left may have been the last source.
        self.declare_exhausted(None);
        self.change_for_better(now, common);
        self.declare_restored();
        self.start_what_is_kept(common);
        self.try_untested_inputs(now);
        self.stop_what_is_not_needed();
        self.give_up_what_was_forced(now);
        self.keep_retrying(now);
        self.spread_retries(common);
        self.listen_to_failed_inputs(now);
        self.close_gate_of_a_stopped_session();
        self.renew_offer(now);
    }

    /// Whether the active input delivers, healthy or impaired. Not on air is dark.
    pub fn on_air(&self) -> bool {
        self.active_index().is_some_and(|index| self.inputs[index].status == Status::Active)
    }

    /// The input that is on air and delivers.
    pub fn on_air_input(&self) -> Option<Priority> {
        self.active().filter(|_| self.on_air())
    }

    pub(super) fn active_index(&self) -> Option<usize> {
        self.active().and_then(|active| self.index_of(active))
    }

    /// The active input is usable, and started.
    pub(super) fn active_runs(&self) -> bool {
        let runs = |input: &InputHealth| input.usable() && input.session.is_some();
        self.active_index().is_some_and(|index| runs(&self.inputs[index]))
    }

    /// Rules 6c and 8c: while nothing is on air, an input that delivers again is taken at once,
    /// unless another was chosen by hand.
    pub(super) fn come_back(&mut self, priority: Priority, now: Nanos, common: &mut Common) {
        if self.override_input().is_none() {
            let (from, reason) = (self.active(), Reason::Recovery);
            self.commit(
                priority,
                Cause { from, reason, detail: Detail::Seen("delivers again") },
                StartReason::Failover,
                now,
                common,
            );
        }
    }

    /// Rules 6g and 27b: with nothing on air, a failed input that delivers has proved enough.
    fn promote_what_delivers(&mut self, now: Nanos) {
        let delivers = |index: &usize| {
            let input = &self.inputs[*index];
            let flows = || self.gap_at(*index).is_some_and(|gap| gap > now);
            (!input.usable() && input.on_trial() && input.delivering())
                || (!input.usable() && flows())
        };
        if let Some(index) = (0..self.inputs.len()).find(delivers) {
            self.recover(index, now, now);
        }
    }

    /// Rules 8a and 19a, with the reason why the active input was lost, if it was.
    pub(super) fn declare_exhausted(&mut self, lost: Option<Reason>) {
        if self.exhausted || self.has_programme() {
            return;
        }
        // A stream registered without sources has lost nothing (1c): there is no reason.
        if let Some(reason) = lost.or_else(|| self.last_loss()) {
            self.exhausted = true;
            self.notify(Notice::Exhausted { reason });
        }
    }

    /// Why the last source was given up.
    fn last_loss(&self) -> Option<Reason> {
        let lost = |input: &&InputHealth| {
            !input.is_fill() && (input.severity().is_some() || input.status == Status::Stopped)
        };
        let newest = self.inputs.iter().filter(lost).max_by_key(|input| input.state_since)?;
        if newest.status == Status::Stopped {
            return Some(Reason::Disabled);
        }
        let condition = newest.impairment().map(|(condition, _)| condition);
        condition.or_else(|| newest.errors().last().map(|error| error.reason))
    }

    /// Rules 8e and 19b.
    fn declare_restored(&mut self) {
        let Some(index) = self.active_index().filter(|_| self.exhausted && self.on_air()) else {
            return;
        };
        if self.class(index).is_programme() {
            self.exhausted = false;
            let priority = self.inputs[index].spec.priority;
            self.notify(Notice::Restored { priority });
        }
    }

    /// Rule 8c: nothing usable is left, so now the packets of every session count.
    fn listen_to_all(&mut self) {
        for index in 0..self.inputs.len() {
            if self.inputs[index].delivering() {
                self.await_packet(index);
            }
        }
    }

    /// Rules 1a, 6a and 7a: makes an input the active one. Gate, selection and history change
    /// together.
    pub(super) fn commit(
        &mut self,
        target: Priority,
        cause: Cause,
        start_reason: StartReason,
        now: Nanos,
        common: &mut Common,
    ) {
        let Some(index) = self.index_of(target) else { return };
        let pending = self.pending.take().map(|pending| *pending);
        self.take_cause();
        let old = self.active_index().filter(|old| *old != index);
        let waited = |pending: &Pending| (pending.target, pending.reason) == (target, cause.reason);
        let decided_at = pending.filter(waited).map_or(now, |pending| pending.decided_at);
        let times = self.times(&cause, old, decided_at, now);
        let offered = pending.and_then(|pending| pending.offer);
        if self.settings.overlap == Overlap::Off {
            self.stop_all_but(index);
        }
        if self.on_air() {
            self.air_since = now;
            if let Some(old) = old.filter(|_| cause.reason.is_condition()) {
                self.add_fault(old, now);
            }
        }
        self.active = MaybePriority::some(target);
        self.selected_at = now;
        self.end_attempts(index);
        match &self.inputs[index].session {
            Some(session) => {
                let on_air_at_once = session.delivers_at(now);
                let id = session.id;
                match offered.filter(|it| it.session == id && it.number > self.switch_number) {
                    // Rule 23: the number that its packets may have taken already.
                    Some(offer) => self.move_gate_to(Some(id), offer.number),
                    None => self.move_gate(Some(id)),
                }
                if !on_air_at_once {
                    self.await_packet(index);
                }
            }
            None => self.start(index, Attempt::No, start_reason, common),
        }
        // A dead one runs on (6b), a usable one has done its duty (7a).
        if let Some(old) = old.filter(|old| self.inputs[*old].usable()) {
            self.inputs[old].set_status(Status::Idle, now);
            if self.inputs[old].disabled {
                self.retire(old, now);
            } else if !self.inputs[old].keeps_session() && cause.reason != Reason::StartGrace {
                // Rule 18b: else it goes on starting.
                self.stop(old);
            }
        }
        self.record_switch(target, cause, times, now);
    }

    /// An impaired input is chosen as it is: nothing more is to be found out before.
    pub(super) fn end_attempts(&mut self, index: usize) {
        self.cancel_probe(index);
        let input = &mut self.inputs[index];
        if input.retry_at().is_some() {
            input.trouble_mut().retry_at = None;
        }
        input.end_attempt();
    }

    /// Rules 2a and 8e: the first packet of the active input.
    pub(super) fn put_on_air(&mut self, now: Nanos) {
        let Some(index) = self.active_index() else { return };
        let input = &mut self.inputs[index];
        if input.status != Status::Idle || !input.delivering() {
            return;
        }
        let Some(session) = input.session() else { return };
        input.set_status(Status::Active, now);
        let priority = input.spec.priority;
        self.air_since = now;
        let waited = Duration::from_nanos(now.saturating_sub(self.selected_at));
        self.notify(Notice::Active { priority, session, waited });
        self.declare_restored();
    }

    /// Rule 17b: what is the matter with the active input, if it is left for a condition.
    pub(super) fn why_left(&self, reason: Reason) -> Option<Detail> {
        let (_, detail) = self.inputs[self.active_index()?].impairment()?;
        reason.is_condition().then(|| detail.clone())
    }

    /// Rule 17d: the active input has healed, or the target is no better.
    fn abandon_needless_switch(&mut self) {
        let Some(pending) = self.pending.as_deref() else { return };
        let needless = |target: usize| match pending.reason {
            // Within a class that is not healthy, no input is left for another.
            Reason::Failback if self.class(target) != Class::Healthy => {
                !self.is_of_better_class(target)
            }
            Reason::Failback | Reason::InputAdded => !self.is_better(target),
            reason => reason.is_condition() && !self.is_of_better_class(target),
        };
        if self.index_of(pending.target).is_some_and(needless) {
            self.abandon_pending();
        }
    }

    /// Rule 18: another one goes on air, the chosen one goes on starting.
    fn bridge_the_start(&mut self, now: Nanos, common: &mut Common) {
        let Some((_, index, limit)) = self.bridge().filter(|(at, ..)| *at <= now) else { return };
        let (from, reason) = (self.active(), Reason::StartGrace);
        let measured = now - self.air_since;
        let detail = Detail::Overdue { awaited: Awaited::FirstPacket, measured, limit };
        let target = self.inputs[index].spec.priority;
        // What was to be switched to still is, and an override as soon as it delivers.
        let pinned = self.override_input().filter(|pinned| Some(*pinned) == from);
        let manual = pinned.map(|target| Box::new(Pending::new(target, Reason::Manual, now)));
        let pending = self.pending.clone().or(manual).filter(|pending| pending.target != target);
        self.commit(target, Cause { from, reason, detail }, StartReason::Planned, now, common);
        self.pending = pending;
        self.put_on_air(now);
    }

    /// Rules 10, 17b and 19c: a planned switch to the best of those that are worth it by now.
    fn change_for_better(&mut self, now: Nanos, common: &mut Common) {
        let due = self.better_from().filter(|(at, _)| *at <= now);
        let best = due.min_by_key(|(_, index)| (self.class(*index), *index));
        let Some((at, index)) = best else { return };
        let (reason, detail) = self.why_better(Detail::Healthy { past_due: now - at });
        let target = self.inputs[index].spec.priority;
        let planned = StartReason::Planned;
        self.begin_switch(target, reason, detail, planned, now, common);
        self.put_on_air(now);
    }

    /// Why the active input is left for a better one: because of what is wrong with it, or for the
    /// better one's sake, with `evidence`.
    pub(super) fn why_better(&self, evidence: Detail) -> (Reason, Detail) {
        let active = self.active_index().map(|active| &self.inputs[active]);
        match active.and_then(InputHealth::impairment) {
            Some((condition, detail)) => (condition, detail.clone()),
            None => (Reason::Failback, evidence),
        }
    }

    /// Rules 6b, 9c and 9d: once something is on air, stops the dead sessions behind the gate, the
    /// trials of inputs that are not better, and what does not wait for a failback.
    fn stop_what_is_not_needed(&mut self) {
        let Some(active) = self.active().filter(|_| self.on_air()) else { return };
        let awaits_failback =
            self.settings.failback == Failback::Auto && self.override_input().is_none();
        let healthy = self.active_index().is_some_and(|index| self.class(index) == Class::Healthy);
        for index in 0..self.inputs.len() {
            let input = &self.inputs[index];
            let priority = input.spec.priority;
            if input.keeps_session() || priority == active || self.pending() == Some(priority) {
                continue;
            }
            let needed = if input.on_trial() {
                self.would_be_better(index)
            } else {
                // Away from what is not healthy, it needs no policy.
                input.usable() && self.is_better(index) && (awaits_failback || !healthy)
            };
            if !needed && input.session.is_some() {
                self.stop(index);
            }
        }
    }

    /// Rule 8b: the gate admits a running session or nothing.
    fn close_gate_of_a_stopped_session(&mut self) {
        if self.gate().is_some_and(|session| self.index_of_session(session).is_none()) {
            self.move_gate(None);
        }
    }
}
