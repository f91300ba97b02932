//! What the host and the operator change: rules 11 to 14, and settings.

use super::told::{Evidence, Out, Update};
use super::Model;
use changeover::core::{Nanos, Priority};
use changeover::{Error, Reason, StartReason};

impl Model {
    /// Rule 11.
    pub(super) fn switch(
        &mut self,
        priority: Priority,
        lasts: Option<Nanos>,
        now: Nanos,
    ) -> Result<(), Error> {
        if self.known(priority)?.disabled {
            return Err(Error::InputDisabled);
        }
        if !self.known(priority)?.usable() {
            return Err(Error::InputDegraded);
        }
        self.pinned = Some(priority);
        self.pinned_until = lasts.map(|lasts| now + lasts);
        self.begin_switch(priority, Reason::Manual, now);
        Ok(())
    }

    /// Rule 11c.
    pub(super) fn clear_override(&mut self) {
        self.pinned = None;
        if self.pending.is_some_and(|pending| pending.reason == Reason::Manual) {
            self.abandon_pending();
        }
    }

    /// Rule 12.
    pub(super) fn update(&mut self, update: &Update, now: Nanos) -> Result<(), Error> {
        self.check_update(update)?;
        for priority in &update.removed {
            self.remove(*priority);
        }
        for (priority, set) in &update.added {
            self.add(*priority, *set, now)?;
        }
        self.switch_to_added(update.added.iter().map(|(priority, _)| *priority).collect(), now);
        for (priority, set) in &update.updated {
            self.replace(*priority, *set, now);
        }
        Ok(())
    }

    /// Rule 12c.
    pub(super) fn switch_to_added(&mut self, added: Vec<Priority>, now: Nanos) {
        let choice = self.choice();
        for priority in &added {
            let better = self
                .active_input()
                .is_some_and(|active| *priority < active.priority || active.untested);
            if choice == Some(*priority)
                && self.pinned.is_none()
                && better
                && !self.nothing_usable_is_active()
            {
                self.begin_switch(*priority, Reason::InputAdded, now);
            }
        }
        self.added = added;
    }

    /// Rule 12a: as a whole, before anything changes.
    fn check_update(&self, update: &Update) -> Result<(), Error> {
        let mut after = Vec::new();
        for (index, priority) in update.removed.iter().enumerate() {
            if update.removed[..index].contains(priority) {
                return Err(Error::DuplicatePriority);
            }
            self.known(*priority)?;
        }
        for (index, (priority, _)) in update.updated.iter().enumerate() {
            if update.updated[..index].iter().any(|(other, _)| other == priority) {
                return Err(Error::DuplicatePriority);
            }
            self.known(*priority)?;
            if update.removed.contains(priority) {
                return Err(Error::UnknownInput);
            }
        }
        for input in &self.inputs {
            if !update.removed.contains(&input.priority) {
                let updated =
                    update.updated.iter().find(|(priority, _)| *priority == input.priority);
                after.push(updated.copied().unwrap_or((input.priority, input.set)));
            }
        }
        for (priority, set) in &update.added {
            if *priority < 0 {
                return Err(Error::Priority);
            }
            if after.iter().any(|(there, _)| there == priority) {
                return Err(Error::DuplicatePriority);
            }
            after.push((*priority, *set));
        }
        let hot = |set: &crate::settings::Set| {
            crate::settings::Set::hot(&[set, &self.stream, &self.defaults])
        };
        match self.overlap_off() && after.iter().any(|(_, set)| hot(set)) {
            true => Err(Error::HotWithoutOverlap),
            false => Ok(()),
        }
    }

    fn remove(&mut self, priority: Priority) {
        self.stop(priority);
        if self.pinned == Some(priority) {
            self.pinned = None;
        }
        if self.pending.is_some_and(|pending| pending.target == priority) {
            self.pending = None;
        }
        if self.active == Some(priority) {
            // Rule 12b.
            self.active = None;
            self.removed = Some(priority);
            self.on_air = None;
            self.lost = Some((Reason::InputRemoved, Evidence::Any));
        }
        self.inputs.retain(|input| input.priority != priority);
    }

    /// Rule 12d.
    fn replace(&mut self, priority: Priority, set: crate::settings::Set, now: Nanos) {
        let was = self.input(priority).clone();
        if was.disabled {
            // Rule 25b: updates leave it so.
            self.retire(priority);
            self.input(priority).set = set;
            return;
        }
        let active = self.active == Some(priority) && was.usable();
        let pending = self.pending.is_some_and(|pending| pending.target == priority);
        let mut input = super::input::Input::new(priority, set);
        input.healthy_since = (!self.hot(&input)).then_some(now);
        input.session = was.session;
        input.tried = was.tried;
        input.tried_well = was.tried_well;
        input.tried_in_vain = was.tried_in_vain;
        let hot = self.hot(&input);
        *self.input(priority) = input;
        if was.session.is_none() {
            return;
        }
        let last = self.active == Some(priority) && !active;
        if active || pending || (hot && !last) {
            self.restart(priority, None, StartReason::Restart);
            if active {
                // Rule 12e.
                self.selected = now;
                self.on_air = None;
            }
        } else {
            self.stop(priority);
        }
    }

    /// Rule 13.
    pub(super) fn change_buffer(&mut self, buffer: &str, now: Nanos) {
        let buffer = if buffer.is_empty() { self.id.clone() } else { buffer.into() };
        if self.buffer == buffer {
            return;
        }
        self.buffer = buffer;
        for priority in self.priorities() {
            let Some(session) = self.input(priority).session else { continue };
            if self.input(priority).disabled {
                // Rule 25b.
                self.retire(priority);
                continue;
            }
            let active = self.active == Some(priority) && self.input(priority).usable();
            self.restart(priority, session.attempt, StartReason::Restart);
            let hot = self.hot(self.at(priority).expect("it is there"));
            if hot {
                self.input(priority).healthy_since = None;
            }
            if active {
                self.selected = now;
                self.on_air = None;
            }
        }
    }

    /// Rules, 4: while a stream runs.
    pub(super) fn changed_settings(&mut self, returned: bool, now: Nanos) -> Result<(), Error> {
        self.refuse_hot_without_overlap()?;
        self.shorten_waits();
        if returned
            && !self.returns_by_itself()
            && self.pending.is_some_and(|pending| pending.reason == Reason::Failback)
        {
            self.abandon_pending();
        }
        if self.overlap_off() {
            if let Some(pending) = self.pending {
                self.select(
                    pending.target,
                    pending.reason,
                    Evidence::Any,
                    StartReason::Planned,
                    now,
                );
            }
            let kept = self.active.or(self
                .inputs
                .iter()
                .find(|one| one.session.is_some())
                .map(|one| one.priority));
            for priority in self.priorities().into_iter().filter(|priority| Some(*priority) != kept)
            {
                self.stop(priority);
            }
        }
        Ok(())
    }

    /// Rule 14.
    pub(super) fn unregister(&mut self) {
        for priority in self.priorities() {
            self.stop(priority);
            self.input(priority).probe = None;
        }
        self.move_gate(None);
        self.over = true;
        self.out.push(Out::Unregistered);
    }
}
