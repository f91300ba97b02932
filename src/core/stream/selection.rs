//! Which input is on air: failover, planned switches, failback.

use super::*;

impl Stream {
    /// Brings the stream from whatever state it is in to where the rules want it. The order
    /// matters: what is lost is replaced before anything else is considered (6, 8), what delivers
    /// goes on air (2), planned switches end (7) and begin (10), and only then is it known which
    /// sessions are still needed.
    pub(super) fn evaluate(&mut self, now: Nanos, common: &mut Common) {
        while !self.active_runs() {
            self.promote_what_delivers(now);
            // Rule 7c: it may be the target of a pending switch, which was started already.
            let Some(target) = self.select() else {
                self.declare_exhausted();
                self.listen_to_all();
                break;
            };
            let cause = self.cause.take().map_or_else(
                || Cause {
                    from: self.active(),
                    reason: Reason::Recovery,
                    detail: Detail::Seen("usable again"),
                },
                |cause| *cause,
            );
            self.commit(target, cause, StartReason::Failover, now, common);
        }
        self.put_on_air(now);
        self.finish_pending(now, common);
        self.fail_back(now, common);
        self.start_hot_inputs(common);
        self.stop_what_is_not_needed();
        self.give_up_untested_inputs(now);
        self.keep_retrying(now);
        self.listen_to_failed_inputs(now);
        self.close_gate_of_a_stopped_session();
    }

    /// Rule 5: the override, else the best input that is usable; one that is untested (27c) comes
    /// after all others.
    pub(super) fn select(&self) -> Option<Priority> {
        let usable = |p: &Priority| self.index_of(*p).is_some_and(|i| self.inputs[i].usable());
        let best = |untested: bool| {
            let fits = |input: &&InputHealth| input.usable() && input.untested() == untested;
            self.inputs.iter().find(fits).map(InputHealth::priority)
        };
        self.override_input().filter(usable).or_else(|| best(false)).or_else(|| best(true))
    }

    /// The active input delivers. Not on air is dark.
    pub(super) fn on_air(&self) -> bool {
        self.active_index().is_some_and(|index| self.inputs[index].status == Status::Active)
    }

    fn active_index(&self) -> Option<usize> {
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
            (input.on_trial() && input.delivering()) || (!input.usable() && flows())
        };
        if let Some(index) = (0..self.inputs.len()).find(delivers) {
            self.recover(index, now, now);
        }
    }

    /// Rule 8a.
    fn declare_exhausted(&mut self) {
        // A stream registered without inputs has lost nothing (1c): there is no cause.
        if let Some(cause) = self.cause.take() {
            if !self.exhausted {
                self.exhausted = true;
                self.notify(Notice::Exhausted { reason: cause.reason });
            }
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
        self.pending = None;
        self.cause = None;
        let old = self.active_index().filter(|old| *old != index);
        if self.settings.overlap == Overlap::Off {
            self.stop_all_but(index);
        }
        self.active = MaybePriority::some(target);
        self.selected_at = now;
        self.on_air_since = MaybeNanos::NONE;
        match &self.inputs[index].session {
            Some(session) => {
                let on_air_at_once = session.delivers_at(now);
                let id = session.id;
                self.move_gate(Some(id));
                if !on_air_at_once {
                    self.await_packet(index);
                }
            }
            None => self.start(index, Attempt::No, start_reason, common),
        }
        // A dead one runs on (6b), a usable one has done its duty (7a).
        if let Some(old) = old.filter(|old| self.inputs[*old].usable()) {
            self.inputs[old].set_status(Status::Idle, now);
            if !self.inputs[old].keeps_session() {
                self.stop(old);
            }
        }
        self.record_switch(target, cause, now);
    }

    /// Rules 2a and 8e: the first packet of the active input.
    fn put_on_air(&mut self, now: Nanos) {
        let Some(index) = self.active_index() else { return };
        let input = &mut self.inputs[index];
        if input.status != Status::Idle || !input.delivering() {
            return;
        }
        let Some(session) = input.session() else { return };
        input.set_status(Status::Active, now);
        let priority = input.spec.priority;
        self.on_air_since = MaybeNanos::some(now);
        let waited = Duration::from_nanos(now.saturating_sub(self.selected_at));
        self.notify(Notice::Active { priority, session, waited });
        if std::mem::take(&mut self.exhausted) {
            self.notify(Notice::Restored { priority });
        }
    }

    /// Rule 7: make before break, unless there is nothing to keep (7d) or no room for two
    /// (overlap off).
    pub(super) fn begin_switch(
        &mut self,
        target: Priority,
        reason: Reason,
        detail: Detail,
        start_reason: StartReason,
        now: Nanos,
        common: &mut Common,
    ) {
        if self.pending() != Some(target) {
            // Rule 7e: a newer request replaces it.
            self.abandon_pending();
        }
        let Some(index) = self.index_of(target).filter(|_| self.active() != Some(target)) else {
            return;
        };
        let session = self.inputs[index].session.as_ref();
        let at_once = !self.on_air()
            || self.settings.overlap == Overlap::Off
            || session.is_some_and(|session| session.delivers_at(now));
        if at_once {
            let cause = Cause { from: self.active(), reason, detail };
            self.commit(target, cause, start_reason, now, common);
            return;
        }
        if session.is_none() {
            self.start(index, Attempt::No, start_reason, common);
        } else if self.inputs[index].delivering() {
            // It may have died since its last packet; the next one proves that it has not.
            self.await_packet(index);
        }
        self.pending = Some(Pending { target, reason });
    }

    /// Rules 7e and 11c. The session of a hot or pushed target is kept.
    pub(super) fn abandon_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            if let Some(index) = self.index_of(pending.target) {
                if !self.inputs[index].keeps_session() {
                    self.stop(index);
                }
            }
        }
    }

    /// Rule 7a: the target delivers.
    fn finish_pending(&mut self, now: Nanos, common: &mut Common) {
        let Some(pending) = &self.pending else { return };
        let (target, reason) = (pending.target, pending.reason);
        if self.index_of(target).is_some_and(|index| self.inputs[index].delivering()) {
            let cause = Cause { from: self.active(), reason, detail: Detail::Seen("delivers") };
            self.commit(target, cause, StartReason::Planned, now, common);
            self.put_on_air(now);
        }
    }

    /// Rules 10c, 10d and 10e: the input that may be returned to first, and when.
    pub(super) fn failback_target(&self) -> Option<(Nanos, Priority)> {
        let free = self.settings.failback == Failback::Auto
            && self.pending.is_none()
            && self.override_input().is_none();
        let active = self.active().filter(|_| free)?;
        let better = self.inputs.iter().take_while(|input| input.spec.priority < active);
        better.filter_map(|input| Some((self.failback_due(input)?, input.spec.priority))).min()
    }

    /// Rule 10a: when an input has been healthy, and the stream at rest, for long enough.
    fn failback_due(&self, input: &InputHealth) -> Option<Nanos> {
        let since = input.healthy_since.get().filter(|_| input.usable())?;
        let cooled = self.switches.last()?.at + self.settings.switch_cooldown;
        Some(cooled.max(since + self.settings.failback_stable))
    }

    /// Rule 10.
    fn fail_back(&mut self, now: Nanos, common: &mut Common) {
        if self.failback_target().is_none_or(|(at, _)| at > now) {
            return;
        }
        // Not the one that was due first, but the best that is.
        let due = |input: &InputHealth| self.failback_due(input).filter(|at| *at <= now);
        let best = self.inputs.iter().find_map(|i| Some((due(i)?, i.spec.priority)));
        if let Some((at, target)) = best {
            let detail = Detail::Healthy { past_due: now - at };
            let planned = StartReason::Planned;
            self.begin_switch(target, Reason::Failback, detail, planned, now, common);
            self.put_on_air(now);
        }
    }

    /// Rules 6b, 9c and 9d: once something is on air, stops the dead sessions behind the gate, the
    /// trials of inputs that are not better, and what does not wait for a failback.
    fn stop_what_is_not_needed(&mut self) {
        let Some(active) = self.active().filter(|_| self.on_air()) else { return };
        let awaits_failback =
            self.settings.failback == Failback::Auto && self.override_input().is_none();
        for index in 0..self.inputs.len() {
            let input = &self.inputs[index];
            let priority = input.spec.priority;
            if input.keeps_session() || priority == active || self.pending() == Some(priority) {
                continue;
            }
            let better = priority < active;
            let needed = match input.status {
                Status::Degraded => input.on_trial() && better,
                _ => better && awaits_failback,
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
