//! What the host changes while a stream runs: manual choice, inputs, buffer, settings.

use super::*;
use crate::core::problem::{Problem, BUFFER_WRITE_ID_MAX};
use crate::core::InputsUpdate;
use crate::vocabulary::Silence;

impl Stream {
    /// In one step, also when there are many: the list is sorted once.
    pub(super) fn insert_inputs(&mut self, added: Vec<Input>, now: Nanos, common: &mut Common) {
        let fresh = added.into_iter().map(|input| {
            let settings = common.input_settings.share(self.settings.of_input(&input.config));
            InputHealth::new(common.keep(input), settings, now)
        });
        let mut inputs: Vec<_> = fresh.collect();
        inputs.extend(std::mem::take(&mut self.inputs));
        inputs.sort_unstable_by_key(|input| input.spec.priority);
        self.inputs = inputs.into();
    }

    /// Rules 11a and 11b.
    pub(super) fn switch_input(
        &mut self,
        priority: Priority,
        lasts: Option<Duration>,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let index = self.index_of_enabled(priority)?;
        let ends = Stream::ends_after(lasts, now)?;
        if !self.inputs[index].usable() {
            return Err(Error::InputDegraded);
        }
        self.pin(index, ends, StartReason::Planned, now, common);
        Ok(())
    }

    fn index_of_enabled(&self, priority: Priority) -> Result<usize, Error> {
        let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
        if self.inputs[index].disabled {
            return Err(Error::InputDisabled);
        }
        Ok(index)
    }

    /// Rule 27d: as `switch_input`, also to an input that was given up.
    pub(super) fn force_input(
        &mut self,
        priority: Priority,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let index = self.index_of_enabled(priority)?;
        let start_reason = if self.inputs[index].usable() {
            StartReason::Planned
        } else {
            self.test(index, now, common);
            StartReason::Forced
        };
        self.pin(index, None, start_reason, now, common);
        Ok(())
    }

    fn pin(
        &mut self,
        index: usize,
        ends: Option<Nanos>,
        start_reason: StartReason,
        now: Nanos,
        common: &mut Common,
    ) {
        let input = &mut self.inputs[index];
        let priority = input.spec.priority;
        if ends.is_some() || input.trouble().is_some() {
            input.trouble_mut().override_ends = ends;
        }
        self.forget_faults(priority);
        self.pinned = MaybePriority::some(priority);
        self.begin_switch(priority, Reason::Manual, Detail::None, start_reason, now, common);
    }

    /// Rule 11c.
    pub(super) fn clear_override(&mut self) {
        self.pinned = MaybePriority::NONE;
        if self.pending.as_ref().is_some_and(|pending| pending.reason == Reason::Manual) {
            self.abandon_pending();
        }
    }

    /// Rule 12a: checked as a whole, then removed, added, updated.
    pub(super) fn update_inputs(
        &mut self,
        update: InputsUpdate,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let existing: Vec<_> = self.inputs.iter().map(|input| input.spec.priority).collect();
        update.validate(&existing)?;
        if self.settings.overlap == Overlap::Off
            && (update.added.iter().chain(&update.updated))
                .any(|input| self.settings.of_input(&input.config).is_hot())
        {
            return Err(Error::HotWithoutOverlap);
        }
        for priority in update.removed {
            self.remove_input(priority, now);
        }
        let added: Vec<_> = update.added.iter().map(|input| input.priority).collect();
        self.insert_inputs(update.added, now, common);
        self.switch_to_added(&added, now, common);
        for input in update.updated {
            self.replace_input(input, now, common);
        }
        // Unless an updated one is better.
        self.start_added(&added, now);
        Ok(())
    }

    /// Which of these is the best choice, if one of them is.
    fn best_of(&self, added: &[Priority], now: Nanos) -> Option<Priority> {
        self.select(now).filter(|best| added.contains(best))
    }

    /// Rule 12c: one of these is the best choice now.
    pub(super) fn switch_to_added(&mut self, added: &[Priority], now: Nanos, common: &mut Common) {
        let best = self.best_of(added, now).filter(|best| self.runs_worse_than(*best));
        if let Some(best) = best {
            let (reason, planned) = (Reason::InputAdded, StartReason::Planned);
            self.begin_switch(best, reason, Detail::None, planned, now, common);
        }
    }

    /// Rule 8d: with nothing usable left, one of these is started.
    pub(super) fn start_added(&mut self, added: &[Priority], now: Nanos) {
        if self.best_of(added, now).is_some() && !self.active_runs() && self.cause().is_none() {
            let (from, reason, detail) = (self.active(), Reason::InputAdded, Detail::None);
            self.set_cause(Cause { from, reason, detail });
        }
    }

    /// Rule 12b. The evaluation finds the successor.
    fn remove_input(&mut self, priority: Priority, now: Nanos) {
        let Some(index) = self.index_of(priority) else { return };
        self.let_go(index, Reason::InputRemoved, now);
        let mut inputs = std::mem::take(&mut self.inputs).into_vec();
        inputs.remove(index);
        self.inputs = inputs.into();
    }

    /// An input is about to be removed or stopped: nothing of it runs or is wanted any longer.
    pub(super) fn let_go(&mut self, index: usize, reason: Reason, now: Nanos) {
        self.stop(index);
        self.cancel_probe(index);
        let priority = self.inputs[index].spec.priority;
        self.end_override_of(priority);
        if self.pending() == Some(priority) {
            self.pending = None;
        }
        if self.active() == Some(priority) {
            if self.on_air() {
                self.air_since = now;
            }
            self.active = MaybePriority::NONE;
            self.selected_at = now;
            if self.cause().is_none() {
                self.set_cause(Cause { from: Some(priority), reason, detail: Detail::None });
            }
        }
    }

    pub(super) fn end_override_of(&mut self, priority: Priority) {
        if self.override_input() == Some(priority) {
            self.pinned = MaybePriority::NONE;
        }
    }

    /// Rule 12d.
    fn replace_input(&mut self, input: Input, now: Nanos, common: &mut Common) {
        let priority = input.priority;
        let Some(index) = self.index_of(priority) else { return };
        let was_usable = self.inputs[index].usable();
        let ran = self.inputs[index].session.is_some();
        if self.is_active(index) && self.on_air() {
            self.air_since = now;
        }
        self.cancel_probe(index);
        if self.inputs[index].disabled {
            // Rule 25a: it stays so.
            self.retire(index, now);
        }
        // While it is what it was: the stop carries the old user data.
        self.stop(index);
        let health = &mut self.inputs[index];
        health.settings = common.input_settings.share(self.settings.of_input(&input.config));
        health.spec = common.keep(input);
        if health.disabled {
            return;
        }
        health.forgive(now);
        if !ran {
            return;
        }
        // An exhausted stream's last one has no claim: the best of all updated is chosen.
        let chosen = self.is_active(index) && was_usable;
        let standby = self.inputs[index].keeps_session() && !self.is_active(index);
        if chosen || self.is_pending(index) || standby {
            self.restart(index, Attempt::No, StartReason::Restart, now, common);
        }
    }

    /// Rule 12c: something runs, and this input is better.
    fn runs_worse_than(&self, priority: Priority) -> bool {
        self.active_runs() && self.index_of(priority).is_some_and(|index| self.is_better(index))
    }

    /// Rule 13.
    pub(super) fn update_buffer_write_id(
        &mut self,
        name: &str,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        if name.len() > BUFFER_WRITE_ID_MAX {
            return Err(Error::Limit);
        }
        let name = buffer_name(name.into(), &self.id);
        if name == self.buffer_write_id {
            return Ok(());
        }
        self.buffer_write_id = name;
        for index in 0..self.inputs.len() {
            if let Some(session) = &self.inputs[index].session {
                if self.inputs[index].disabled {
                    self.retire(index, now);
                    continue;
                }
                let attempt = session.attempt;
                self.restart(index, attempt, StartReason::Restart, now, common);
            }
        }
        Ok(())
    }

    /// Everything that could refuse new settings, before anything changes.
    pub(super) fn check_config(&self, config: &Config, defaults: &Config) -> Result<(), Error> {
        config.check_for_stream().map_err(Problem::error)?;
        defaults.check().map_err(Problem::error)?;
        let settings = StreamSettings::new(config, defaults);
        let hot = |input: &InputHealth| settings.of_input(&input.spec.config).is_hot();
        if settings.overlap == Overlap::Off && self.inputs.iter().any(hot) {
            return Err(Error::HotWithoutOverlap);
        }
        Ok(())
    }

    /// What new settings do to a running stream: `docs/rules.md`, Settings.
    pub(super) fn set_config(
        &mut self,
        config: Config,
        defaults: Config,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        self.check_config(&config, &defaults)?;
        let returned_by_itself = self.settings.failback == Failback::Auto;
        self.settings = common.stream_settings.share(StreamSettings::new(&config, &defaults));
        for index in 0..self.inputs.len() {
            let input = &mut self.inputs[index];
            let (was_kept, was_pushed) = (input.keeps_session(), input.is_pushed());
            let settings = self.settings.of_input(&input.spec.config);
            input.settings = common.input_settings.share(settings);
            if input.is_pushed() != was_pushed && input.trouble().is_some() {
                // Rule 27a: another way to get it back. The evaluation finds it.
                input.trouble_mut().retry_at = None;
                let was_trial = input.on_trial() && input.status == Status::Degraded;
                input.end_attempt();
                self.cancel_probe(index);
                if was_trial {
                    // Its packets are its life now.
                    self.await_packet(index);
                }
            }
            let input = &mut self.inputs[index];
            input.hasten_retry(now, self.registration);
            if input.settings.silence == Silence::Fixed {
                input.forget_gaps();
            }
            if !input.settings.has_limits() {
                if let Some(conditions) = input.known_conditions_mut() {
                    conditions.meter_removed(now);
                }
            }
            let cooled_down = was_kept && !input.keeps_session() && !input.untested();
            if cooled_down && input.usable() {
                input.healthy_since.set_if_none(now);
            }
        }
        let returns = self.pending.as_ref().is_some_and(|p| p.reason == Reason::Failback);
        if returns && returned_by_itself && self.settings.failback == Failback::Manual {
            self.abandon_pending();
        }
        if self.settings.overlap == Overlap::Off {
            self.end_overlap(now, common);
        }
        Ok(())
    }

    /// Two sessions can't run any longer; a switch that waits is committed.
    fn end_overlap(&mut self, now: Nanos, common: &mut Common) {
        if let Some(Pending { target, reason, .. }) = self.pending.as_deref().copied() {
            let detail = self.why_left(reason).unwrap_or(Detail::Seen("overlap was turned off"));
            let cause = Cause { from: self.active(), reason, detail };
            self.commit(target, cause, StartReason::Planned, now, common);
            return;
        }
        let running = || self.inputs.iter().position(|input| input.session.is_some());
        if let Some(kept) = self.active_index().or_else(running) {
            self.stop_all_but(kept);
        }
    }
}
