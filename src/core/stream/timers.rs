//! Every deadline of a stream, derived from its state. Nothing is armed, so nothing can be
//! forgotten: [`Stream::next_deadline`] and the tick read the same list.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Connect(usize),
    Silence(usize),
    ProbeTimeout(usize),
    TrialDelivered(usize),
    Retry(usize),
    Proven(usize),
    /// Handled by the evaluation that follows every tick.
    Failback,
}

impl Stream {
    /// The next instant at which the stream wants a [`Event::Tick`].
    pub fn next_deadline(&self) -> Option<Nanos> {
        self.next_timer().map(|(at, _)| at)
    }

    pub(super) fn fire_timers(&mut self, now: Nanos, ids: &mut Ids) {
        while let Some((_, timer)) = self.next_timer().filter(|(at, _)| *at <= now) {
            self.fire(timer, now, ids);
            self.evaluate(now, ids);
        }
    }

    fn next_timer(&self) -> Option<(Nanos, Timer)> {
        let inputs = (0..self.inputs.len()).flat_map(|index| self.timers_of(index));
        let failback = self.failback_target().map(|(at, _)| (at, Timer::Failback));
        inputs.chain(failback).min()
    }

    fn timers_of(&self, index: usize) -> impl Iterator<Item = (Nanos, Timer)> {
        let input = &self.inputs[index];
        let settings = &input.settings;
        let session = input.session.as_ref();
        // Sessions that are expected to deliver; a dead one behind the gate is not.
        let expected = session.filter(|s| input.usable() || s.trial || self.restarting(index));

        let connect = expected
            .filter(|s| s.first_packet.is_none())
            .and_then(|s| s.taken_at)
            .map(|at| (at + settings.connect_timeout, Timer::Connect(index)));
        let silence = expected
            .filter(|s| s.first_packet.is_some())
            .map(|_| (self.silent_since(index) + settings.packet_timeout, Timer::Silence(index)));
        let probe = input.probe.as_ref().and_then(|probe| probe.taken_at);
        let probe = probe.map(|at| (at + settings.probe_timeout, Timer::ProbeTimeout(index)));
        let delivered = session
            .filter(|s| s.trial)
            .and_then(|s| s.first_packet)
            .map(|at| (at + self.settings.failback_stable, Timer::TrialDelivered(index)));
        let retry = input.retry_at.filter(|_| self.may_retry(index));
        let retry = retry.map(|at| (at, Timer::Retry(index)));
        let unproven = input.unproven || !input.backoff.is_reset();
        let proven = self
            .on_air_since
            .filter(|_| unproven && self.is_active(index))
            .map(|at| (at + self.settings.failback_stable, Timer::Proven(index)));

        [connect, silence, probe, delivered, retry, proven].into_iter().flatten()
    }

    /// Rule 3: silence counts from the later of the last packet and the activation.
    fn silent_since(&self, index: usize) -> Nanos {
        let last = self.inputs[index].session.as_ref().map_or(0, |session| session.last_packet);
        if self.is_active(index) {
            last.max(self.selected_at)
        } else {
            last
        }
    }

    fn fire(&mut self, timer: Timer, now: Nanos, ids: &mut Ids) {
        match timer {
            Timer::Connect(index) => {
                let input = &self.inputs[index];
                let taken_at = input.session.as_ref().and_then(|s| s.taken_at).unwrap_or(now);
                let limit = input.settings.connect_timeout;
                self.timed_out(index, "no first packet", now - taken_at, limit, now);
            }
            Timer::Silence(index) => {
                let silent = now - self.silent_since(index);
                let limit = self.inputs[index].settings.packet_timeout;
                self.timed_out(index, "no packet", silent, limit, now);
            }
            Timer::ProbeTimeout(index) => {
                self.cancel_probe(index);
                self.attempt_failed(index, now);
            }
            Timer::TrialDelivered(index) => {
                let session = self.inputs[index].session.as_ref();
                let since = session.and_then(|s| s.first_packet).unwrap_or(now);
                self.recover(index, since, now);
            }
            Timer::Retry(index) => self.retry(index, now, ids),
            Timer::Proven(index) => {
                self.inputs[index].unproven = false;
                self.inputs[index].backoff.reset();
            }
            Timer::Failback => {}
        }
    }

    fn timed_out(&mut self, index: usize, what: &str, measured: Nanos, limit: Nanos, now: Nanos) {
        if self.inputs[index].status == Status::Degraded {
            self.attempt_failed(index, now);
            return;
        }
        let text = format!("{what} for {}, limit {}", millis(measured), millis(limit));
        self.degrade(index, Reason::Timeout, text.into(), (measured, limit), now);
    }
}
