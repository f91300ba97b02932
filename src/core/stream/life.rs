//! Rule 27: failed inputs that show by their packets that they are there again, with a session or
//! without one; those that can't be probed; and those that are wanted nevertheless.

use super::*;
use crate::core::input::{Life, Untested};

impl Stream {
    /// Rule 27b: a packet of a failed input without a session. With nothing usable left, it is
    /// enough.
    pub(super) fn packet_without_session(&mut self, index: usize, now: Nanos) {
        if !self.inputs[index].awaited_without_session() {
            return;
        }
        self.inputs[index].trouble_mut().listening = false;
        if self.active_runs() {
            self.begin_life(index, now);
        } else {
            self.recover(index, now, now);
        }
    }

    pub(super) fn seen_without_session(&mut self, index: usize, at: Nanos) {
        let input = &mut self.inputs[index];
        if input.flows_without_session().is_some() {
            if let Some(life) = &mut input.trouble_mut().life {
                life.last = life.last.max(at);
            }
        }
    }

    /// Its packets flow from now on, until there is a gap.
    pub(super) fn begin_life(&mut self, index: usize, now: Nanos) {
        self.inputs[index].trouble_mut().life.get_or_insert(Life { since: now, last: now });
    }

    /// When there will have been no packet for too long; packets postpone it.
    pub(super) fn gap_at(&self, index: usize) -> Option<Nanos> {
        let input = &self.inputs[index];
        let life = input.life()?;
        let last = input.session.as_ref().map_or(life.last, |session| session.last_packet);
        Some(last.max(life.since) + input.settings.packet_timeout)
    }

    /// Its packets ceased; the next one counts anew.
    pub(super) fn end_life(&mut self, index: usize) {
        self.inputs[index].trouble_mut().life = None;
        self.await_packet(index);
    }

    /// Rule 27b: the packets of failed inputs without a session count from now on. After a reported
    /// error not at once, for what is still on its way tells nothing; but a source that connects by
    /// itself sends when it is there.
    pub(super) fn listen_to_failed_inputs(&mut self, now: Nanos) {
        for index in 0..self.inputs.len() {
            if self.listens_from(index).is_some_and(|from| from <= now) {
                self.inputs[index].trouble_mut().listening = true;
                let priority = self.inputs[index].spec.priority;
                self.act(Action::AwaitInput { priority });
            }
        }
    }

    /// When it will be listened to, if it is not yet and is to be.
    pub(super) fn listens_from(&self, index: usize) -> Option<Nanos> {
        let input = &self.inputs[index];
        let trouble = input.trouble().filter(|_| input.session.is_none() && input.failed())?;
        if trouble.listening || trouble.life.is_some() {
            return None;
        }
        let error = trouble.errors.last()?;
        let at_once = error.reason == Reason::Timeout || input.is_pushed();
        Some(error.at + if at_once { 0 } else { input.settings.probe_cooldown })
    }

    /// Rule 27c: a worse input that can't be probed is not tried beside one that runs.
    pub(super) fn becomes_untested(&self, index: usize) -> bool {
        let input = &self.inputs[index];
        let worse = self.active().is_some_and(|active| active < input.spec.priority);
        worse && !self.exhausted && self.active_runs() && input.session.is_none()
    }

    /// Rule 27c: once in each outage, which ends after `failback_stable` on air.
    pub(super) fn untested_from(&self, index: usize) -> Option<Nanos> {
        let trouble = self.inputs[index].trouble()?;
        let outage_ends = || self.on_air().then(|| self.air_since + self.settings.failback_stable);
        let from = if trouble.was_untested { outage_ends()? } else { 0 };
        Some(trouble.retry_at?.max(from))
    }

    /// Rule 27c. Nothing is known of it, so nothing is told.
    pub(super) fn become_untested(&mut self, index: usize, now: Nanos) {
        let input = &mut self.inputs[index];
        input.set_status(Status::Idle, now);
        let trouble = input.trouble_mut();
        trouble.untested = Untested::Waited;
        trouble.was_untested = true;
    }

    /// Rule 27c: an untested input that is now better than what is on air gets its trial (9c); what it was
    /// started for already is one.
    pub(super) fn try_untested_inputs(&mut self, now: Nanos) {
        let Some(active) = self.active().filter(|_| self.active_runs()) else { return };
        if self.settings.overlap == Overlap::Off {
            return;
        }
        for index in 0..self.inputs.len() {
            let pending = self.is_pending(index);
            let input = &mut self.inputs[index];
            let runs = input.session.is_some();
            let kept = runs && input.keeps_session();
            let waited = input.is_untested(Untested::Waited);
            if !waited || kept || pending || input.spec.priority >= active {
                continue;
            }
            let trouble = input.trouble_mut();
            trouble.retry_at = Some(now).filter(|_| !runs);
            trouble.probes += u64::from(runs);
            if let Some(session) = input.session.as_mut() {
                session.attempt = Attempt::Trial;
            }
            self.give_up_again(index, now);
        }
    }

    /// Rule 27d: one that was forced, and is no longer wanted, is what it was.
    pub(super) fn give_up_what_was_forced(&mut self, now: Nanos) {
        if !self.active_runs() {
            return;
        }
        for index in 0..self.inputs.len() {
            let input = &self.inputs[index];
            let wanted = input.session.is_some() || self.is_pending(index) || self.is_active(index);
            if input.is_untested(Untested::Forced) && !wanted {
                self.inputs[index].trouble_mut().retry_at = None;
                self.give_up_again(index, now);
            }
        }
    }

    fn give_up_again(&mut self, index: usize, now: Nanos) {
        let input = &mut self.inputs[index];
        input.trouble_mut().untested = Untested::No;
        input.set_status(Status::Degraded, now);
        // It may have been the last that might be a source.
        self.declare_exhausted(None);
    }

    /// Rule 27d: a failed input that is wanted nevertheless may be chosen, in a new session unless
    /// its packets flow.
    pub(super) fn test(&mut self, index: usize, now: Nanos, common: &mut Common) {
        self.cancel_probe(index);
        let trying = self.attempting(index) && !self.inputs[index].listens();
        let input = &mut self.inputs[index];
        input.set_status(Status::Idle, now);
        let trouble = input.trouble_mut();
        let flows = trouble.life.is_some();
        trouble.stop_listening();
        trouble.untested = Untested::Forced;
        trouble.retry_at = None;
        let Some(session) = input.session.as_mut() else { return };
        session.attempt = Attempt::No;
        if !trying && !flows {
            self.restart(index, Attempt::No, StartReason::Forced, now, common);
        } else if session.delivers_at(now) {
            // No other packet is waited for.
            self.recover(index, now, now);
        }
    }
}
