//! What an operator asks for: rule 25.

use super::input::Input;
use super::told::Evidence;
use super::Model;
use changeover::core::{Nanos, Priority};
use changeover::{Error, Reason};

impl Model {
    /// Rule 25b: it is not used any longer.
    pub(super) fn retire(&mut self, priority: Priority) {
        self.stop(priority);
        let input = self.input(priority);
        input.stopped = true;
        input.probe = None;
        input.untested = false;
        input.failed = None;
        input.wait = None;
        input.errors.clear();
        input.attempts.clear();
        if self.active == Some(priority) {
            self.active = None;
            self.removed = Some(priority);
            self.on_air = None;
            self.lost.get_or_insert((Reason::Disabled, Evidence::Any));
        }
    }

    /// Rules 25a and 25b.
    pub(super) fn disable(&mut self, priority: Priority) -> Result<(), Error> {
        self.known(priority)?;
        if std::mem::replace(&mut self.input(priority).disabled, true) {
            return Ok(());
        }
        if self.pinned == Some(priority) {
            self.pinned = None;
        }
        if self.pending() == Some(priority) {
            self.pending = None;
        }
        let drains = self.active == Some(priority) && !self.dark();
        if !drains {
            self.retire(priority);
        }
        Ok(())
    }

    /// Rule 25c.
    pub(super) fn enable(&mut self, priority: Priority, now: Nanos) -> Result<(), Error> {
        self.known(priority)?;
        let was = self.input(priority).clone();
        if !was.disabled {
            return Ok(());
        }
        if !was.stopped {
            // Rule 25b: it stays.
            self.input(priority).disabled = false;
            if self.pending.is_some_and(|pending| pending.reason == Reason::Disabled) {
                self.abandon_pending();
            }
            return Ok(());
        }
        let mut input = Input::new(priority, was.set);
        input.healthy_since = (!self.hot(&input)).then_some(now);
        input.tried = was.tried;
        input.tried_well = was.tried_well;
        input.tried_in_vain = was.tried_in_vain;
        *self.input(priority) = input;
        self.switch_to_added(vec![priority], now);
        Ok(())
    }

    /// Rule 25b: a planned switch away from what is disabled, and another if that is abandoned.
    pub(super) fn drain(&mut self, now: Nanos) -> bool {
        let Some(active) = self.active_input().filter(|active| active.disabled) else {
            return false;
        };
        let active = active.priority;
        if let Some(pending) = &mut self.pending {
            // It is the way out.
            if pending.reason != Reason::Manual {
                pending.reason = Reason::Disabled;
            }
            return false;
        }
        match self.choice() {
            Some(choice) => self.begin_switch(choice, Reason::Disabled, now),
            None => self.retire(active),
        }
        true
    }

    /// Rule 25e.
    pub(super) fn fail_back(&mut self, now: Nanos) -> Result<(), Error> {
        let best = self.inputs.iter().find(|input| {
            let healthy = input.available() && !input.untested && input.healthy_since.is_some();
            self.better_than_active(input) && healthy
        });
        let best = best.map(|best| best.priority).ok_or(Error::NoBetterInput)?;
        self.pinned = None;
        self.begin_switch(best, Reason::Failback, now);
        Ok(())
    }
}
