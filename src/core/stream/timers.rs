//! Every deadline of a stream, derived from its state. Nothing is armed, so nothing can be
//! forgotten: [`Stream::next_deadline`] and the tick read the same list.

use super::health::Failure;
use super::*;
use crate::vocabulary::Silence;
use smallvec::SmallVec;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Rule 3a: no first packet since the host took the *start*.
    Connect(usize),
    /// Rule 3b: no packet for too long. Postponed by packets.
    Silence(usize),
    /// Rule 27b: no packet for too long, so what came before shows nothing. Postponed by packets.
    Gap(usize),
    /// Rule 9b: no answer since the host took the probe.
    ProbeTimeout(usize),
    /// Rule 9c: a trial has delivered for `failback_stable`.
    TrialDelivered(usize),
    /// Rule 27b: its packets have flowed for `failback_stable`.
    Flowed(usize),
    /// Rule 27b: the packets of an input without a session count from now on. Decided by the
    /// evaluation that ends every tick.
    Listen(usize),
    /// Rule 20c: a trial has shown neither that it is good nor that it is not.
    TrialLimit(usize),
    /// Rule 16e: a time without trouble has been long enough.
    Healed(usize),
    /// Rules 6d, 9a and 9c: the wait before the next attempt is over.
    Retry(usize),
    /// Rule 9f: on air for `failback_stable`, so its backoff is forgotten.
    Proven(usize),
    /// Rule 25d: the manual choice was for so long.
    OverrideEnds,
    /// Rule 23: no key frame is waited for any longer. Decided by the evaluation, too.
    KeyWait,
    /// Rules 10a, 17b, 18a and 19c. Decided by the evaluation that ends every tick.
    Better,
}

impl Timer {
    /// It can only find that a session does not deliver.
    fn is_verdict(&self) -> bool {
        matches!(self, Timer::Connect(_) | Timer::Silence(_) | Timer::Gap(_))
    }

    /// Packets postpone it.
    fn is_of_silence(&self) -> bool {
        matches!(self, Timer::Silence(_) | Timer::Gap(_))
    }
}

impl Stream {
    /// The next instant at which the stream wants a [`Stimulus::Tick`].
    pub fn next_deadline(&self) -> Option<Nanos> {
        self.first_timer().map(|(at, _)| at)
    }

    /// The next deadline, and the next that packets do not postpone; `u64::MAX` is none.
    pub(crate) fn deadlines(&self) -> (Nanos, Nanos) {
        #[cfg(test)]
        passes::count();
        let (mut next, mut fixed) = (Nanos::MAX, Nanos::MAX);
        self.timers(&mut |at, timer| {
            next = next.min(at);
            if !timer.is_of_silence() {
                fixed = fixed.min(at);
            }
        });
        (next, fixed)
    }

    /// The inputs that must not fall silent, with a session or without, and for how long each may.
    pub(crate) fn silence_limits(&self) -> impl Iterator<Item = (usize, Nanos)> + '_ {
        (0..self.inputs.len()).filter_map(|index| {
            let mut limit = None;
            let mut see = |_, timer: Timer| {
                if timer.is_of_silence() {
                    limit = Some((index, self.inputs[index].silence_limit()));
                }
            };
            self.session_timers(index, &mut see);
            self.life_timers(index, &mut see);
            limit
        })
    }

    /// A tick: everything that is due at `now`, in the order it fell due, with an evaluation
    /// between any two that do not only find a session dead.
    pub(super) fn fire_timers(&mut self, now: Nanos, common: &mut Common) {
        loop {
            // Rule 3f: all that died is known before anything is decided, so no failover goes to an
            // input whose own deadline passed in the same instant. No verdict changes another's.
            for timer in self.due(now, Timer::is_verdict) {
                self.fire(timer, now, common);
            }
            self.evaluate(now, common);
            // Nothing depends on restarts behind the gate: one pass, however many they are.
            let restarts = self.due(now, |timer| self.is_restart(timer));
            if restarts.is_empty() {
                let first = self.first_timer().filter(|(at, _)| *at <= now);
                let Some((_, timer)) = first else { return };
                self.fire(timer, now, common);
            }
            for timer in restarts {
                self.fire(timer, now, common);
            }
        }
    }

    /// Those that are due, in the order they fell due.
    fn due(&self, now: Nanos, wanted: impl Fn(&Timer) -> bool) -> SmallVec<[Timer; 4]> {
        let mut due: SmallVec<[(Nanos, Timer); 4]> = SmallVec::new();
        self.timers(&mut |at, timer| {
            if at <= now && wanted(&timer) {
                due.push((at, timer));
            }
        });
        due.sort_unstable();
        due.into_iter().map(|(_, timer)| timer).collect()
    }

    /// Rule 6d, of an input that is not on air.
    fn is_restart(&self, timer: &Timer) -> bool {
        matches!(timer, Timer::Retry(index)
            if self.inputs[*index].is_hot() && !self.is_active(*index))
    }

    fn first_timer(&self) -> Option<(Nanos, Timer)> {
        let mut first = None;
        self.timers(&mut |at, timer| {
            if first.is_none_or(|first| (at, timer) < first) {
                first = Some((at, timer));
            }
        });
        first
    }

    fn timers(&self, see: &mut impl FnMut(Nanos, Timer)) {
        if self.unregistered {
            return;
        }
        for index in 0..self.inputs.len() {
            self.session_timers(index, see);
            self.life_timers(index, see);
            self.recovery_timers(index, see);
        }
        if let Some(at) = self.override_ends() {
            see(at, Timer::OverrideEnds);
        }
        if let Some(at) = self.key_wait_ends() {
            see(at, Timer::KeyWait);
        }
        if let Some((at, ..)) = self.bridge() {
            see(at, Timer::Better);
        }
        if let Some(at) = self.better_from().map(|(at, _)| at).min() {
            see(at, Timer::Better);
        }
    }

    /// Rule 3c, and when a trial has delivered for long enough.
    pub(super) fn session_timers(&self, index: usize, see: &mut impl FnMut(Nanos, Timer)) {
        let input = &self.inputs[index];
        let Some(session) = &input.session else { return };
        // A dead session behind the gate is not expected to deliver.
        // Neither is a pushed input that is listened for again (27a).
        let expected = self.attempting(index) && (input.on_trial() || !input.is_pushed());
        if input.usable() || expected {
            if session.first_packet().is_some() {
                let at = self.silent_since(index) + input.silence_limit();
                see(at, Timer::Silence(index));
            } else if let Some(since) = session.connecting_since() {
                see(since + input.settings.connect_timeout, Timer::Connect(index));
            }
        }
        let stable = self.settings.failback_stable;
        if let Some(first) = session.first_packet().filter(|_| input.on_trial()) {
            if input.status == Status::Degraded {
                if let Some(since) = self.trial_good_since(index) {
                    see(since + stable, Timer::TrialDelivered(index));
                }
            }
            if input.settings.has_limits() || input.impaired() {
                see(first + self.trial_limit(index), Timer::TrialLimit(index));
            }
        }
    }

    /// Rule 20c: for how long a trial may show neither. The look that knows a whole window comes up to
    /// some looks after it.
    fn trial_limit(&self, index: usize) -> Nanos {
        2 * (self.inputs[index].settings.measure_window + self.settings.failback_stable)
    }

    /// Rule 27b: what the packets of a failed input show.
    pub(super) fn life_timers(&self, index: usize, see: &mut impl FnMut(Nanos, Timer)) {
        if let Some(gap) = self.gap_at(index) {
            see(gap, Timer::Gap(index));
        }
        if let Some(life) = self.inputs[index].life() {
            see(life.since + self.settings.failback_stable, Timer::Flowed(index));
        }
        if let Some(at) = self.listens_from(index) {
            see(at, Timer::Listen(index));
        }
    }

    /// Rule 9: probes, the next attempt, and the end of probation.
    fn recovery_timers(&self, index: usize, see: &mut impl FnMut(Nanos, Timer)) {
        let input = &self.inputs[index];
        if let Some(taken_at) = input.probe().and_then(|probe| probe.taken_at) {
            see(taken_at + input.settings.probe_timeout, Timer::ProbeTimeout(index));
        }
        let conditions = input.known_conditions();
        if let Some(at) = conditions.and_then(|one| one.healing_due(self.settings.failback_stable))
        {
            see(at, Timer::Healed(index));
        }
        if let Some(at) = self.retry_due(index).filter(|_| self.may_retry(index)) {
            see(at, Timer::Retry(index));
        }
        let on_probation = input.on_probation() && self.is_active(index);
        if on_probation && self.on_air() {
            see(self.air_since + self.settings.failback_stable, Timer::Proven(index));
        }
    }

    /// Rule 3b: silence counts from the later of the last packet and the activation.
    fn silent_since(&self, index: usize) -> Nanos {
        let last = self.inputs[index].last_packet();
        if self.is_active(index) {
            last.max(self.selected_at)
        } else {
            last
        }
    }

    fn fire(&mut self, timer: Timer, now: Nanos, common: &mut Common) {
        match timer {
            Timer::Connect(index) => {
                let input = &self.inputs[index];
                let since = input.session.as_ref().and_then(|s| s.connecting_since());
                let limit = input.settings.connect_timeout;
                let waited = now - since.unwrap_or(now);
                self.timed_out(index, Failure::overdue(Awaited::FirstPacket, waited, limit), now);
            }
            Timer::Silence(index) => {
                let silent = now - self.silent_since(index);
                let failure = self.silence(index, silent);
                self.timed_out(index, failure, now);
            }
            Timer::Gap(index) => self.end_life(index),
            Timer::Flowed(index) => {
                let since = self.inputs[index].life().map_or(now, |life| life.since);
                self.recover(index, since, now);
            }
            Timer::ProbeTimeout(index) => {
                let input = &self.inputs[index];
                let taken_at = input.probe().and_then(|p| p.taken_at).unwrap_or(now);
                let limit = input.settings.probe_timeout;
                self.cancel_probe(index);
                let failure = Failure::overdue(Awaited::ProbeAnswer, now - taken_at, limit);
                self.attempt_failed(index, failure, now);
            }
            Timer::TrialDelivered(index) => {
                let since = self.trial_good_since(index).unwrap_or(now);
                self.recover(index, since, now);
            }
            Timer::TrialLimit(index) => {
                let session = self.inputs[index].session;
                let first = session.and_then(|s| s.first_packet()).unwrap_or(now);
                let limit = self.trial_limit(index);
                let failure = Failure::overdue(Awaited::Health, now - first, limit);
                self.attempt_failed(index, failure, now);
            }
            Timer::Healed(index) => self.heal(index, now),
            Timer::Retry(index) => self.retry(index, now, common),
            Timer::Proven(index) => {
                let trouble = self.inputs[index].trouble_mut();
                trouble.unproven = false;
                trouble.backoff.reset();
            }
            Timer::OverrideEnds => self.clear_override(),
            Timer::KeyWait | Timer::Listen(_) | Timer::Better => {}
        }
    }

    /// Rules 3d and 22: a session has been silent for too long.
    fn silence(&self, index: usize, measured: Nanos) -> Failure {
        let input = &self.inputs[index];
        let (limit, returns) = (input.silence_limit(), input.silence_returns());
        match input.settings.silence {
            Silence::Fixed => Failure::overdue(Awaited::Packet, measured, limit),
            Silence::Adaptive => {
                let returns = returns.try_into().unwrap_or(u32::MAX);
                let detail = Detail::Silent { measured, limit, returns };
                Failure { reason: Reason::Timeout, detail }
            }
        }
    }

    /// Rule 3d; of what was degraded already, an attempt has failed (9c).
    fn timed_out(&mut self, index: usize, failure: Failure, now: Nanos) {
        if self.inputs[index].status == Status::Degraded || self.inputs[index].on_trial() {
            self.attempt_failed(index, failure, now);
        } else {
            self.degrade(index, failure, now);
        }
    }
}
