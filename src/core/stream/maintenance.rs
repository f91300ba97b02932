//! Rule 25: what an operator asks for: inputs that are not to be used, a choice that ends by itself, a
//! return that does not wait.

use super::order::Class;
use super::*;
use crate::vocabulary::{Kind, Timeout};

impl Stream {
    /// Rules 25a to 25c. The evaluation stops a disabled one.
    pub(super) fn set_input_enabled(
        &mut self,
        priority: Priority,
        enabled: bool,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
        let input = &mut self.inputs[index];
        if input.disabled != enabled {
            return Ok(());
        }
        input.disabled = !enabled;
        if !enabled {
            self.end_override_of(priority);
        } else if input.status == Status::Stopped {
            input.forgive(now);
            self.switch_to_added(&[priority], now, common);
            self.start_added(&[priority], now);
        } else if self.pending.as_ref().is_some_and(|pending| pending.reason == Reason::Disabled) {
            self.abandon_pending();
        }
        Ok(())
    }

    /// Rules 25a and 25b: what is disabled is stopped, unless it is on air and there is another to try.
    pub(super) fn stop_disabled_inputs(&mut self, now: Nanos) {
        let to_stop = |stream: &Stream, index: usize| {
            let input = &stream.inputs[index];
            input.disabled && input.status != Status::Stopped
        };
        for index in 0..self.inputs.len() {
            if to_stop(self, index) && !self.is_active(index) {
                self.retire(index, now);
            }
        }
        let Some(active) = self.active_index().filter(|active| to_stop(self, *active)) else {
            return;
        };
        let may_go_on = self.pending.is_some() || self.select(now).is_some();
        if !(self.on_air() && may_go_on) {
            self.retire(active, now);
        }
    }

    /// Rule 25a: as if it were not there.
    pub(super) fn retire(&mut self, index: usize, now: Nanos) {
        if self.inputs[index].status == Status::Stopped {
            return;
        }
        self.let_go(index, Reason::Disabled, now);
        let input = &mut self.inputs[index];
        input.forgive(now);
        input.healthy_since = MaybeNanos::NONE;
        input.set_status(Status::Stopped, now);
    }

    /// Rule 25b: an input on air that was disabled is left by a planned switch, and by another one if
    /// that is abandoned.
    pub(super) fn drain_disabled_input(&mut self, now: Nanos, common: &mut Common) {
        if !self.active_index().is_some_and(|active| self.inputs[active].disabled) {
            return;
        }
        if let Some(pending) = self.pending.as_mut() {
            // It is on its way already, and now there is no way back.
            if pending.reason != Reason::Manual {
                pending.reason = Reason::Disabled;
            }
        } else if let Some(target) = self.select(now) {
            let (reason, planned) = (Reason::Disabled, StartReason::Planned);
            self.begin_switch(target, reason, Detail::None, planned, now, common);
            self.put_on_air(now);
        }
    }

    /// Rule 25d: when a manual choice that lasts so long from now on would end.
    pub(super) fn ends_after(lasts: Option<Duration>, now: Nanos) -> Result<Option<Nanos>, Error> {
        match lasts {
            Some(lasts) if !Timeout::in_range(lasts) => Err(Error::Config),
            lasts => Ok(lasts.map(|lasts| now + Timeout::resolve(lasts))),
        }
    }

    /// When the manual choice in force ends by itself, if it does.
    pub fn override_ends(&self) -> Option<Nanos> {
        let pinned = self.index_of(self.override_input()?)?;
        self.inputs[pinned].trouble()?.override_ends
    }

    /// Rule 25e: as rules 10 and 17 would, without their waits, whatever the policy.
    pub(super) fn fail_back(&mut self, now: Nanos, common: &mut Common) -> Result<(), Error> {
        let active = self.active_index().ok_or(Error::NoBetterInput)?;
        let unharmed = self.is_unharmed(active);
        let better = |index: &usize| {
            let input = &self.inputs[*index];
            let healthy = input.available() && input.healthy_since.is_some();
            healthy && self.class(*index) == Class::Healthy && (!unharmed || *index < active)
        };
        let best = (0..self.inputs.len()).find(better).ok_or(Error::NoBetterInput)?;
        let target = self.inputs[best].spec.priority;
        self.pinned = MaybePriority::NONE;
        self.forget_faults(target);
        let (reason, detail) = self.why_better(Detail::Seen("asked for"));
        self.begin_switch(target, reason, detail, StartReason::Planned, now, common);
        Ok(())
    }
}
