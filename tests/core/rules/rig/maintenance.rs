//! What an operator does about maintenance.

use super::*;
use std::time::Duration;

impl Rig {
    pub fn disable(&mut self, priority: Priority) {
        self.handle(Stimulus::SetInputEnabled { priority, enabled: false }).unwrap();
    }

    pub fn enable(&mut self, priority: Priority) {
        self.handle(Stimulus::SetInputEnabled { priority, enabled: true }).unwrap();
    }

    /// Chooses an input for so long.
    pub fn switch_input_for(&mut self, priority: Priority, lasts: Duration) -> Result<(), Error> {
        self.handle(Stimulus::SwitchInput { priority, lasts: Some(lasts) })
    }

    /// Very many other streams fail: the waits that begin in these milliseconds of the story are spread.
    pub fn others_fail(&mut self, since: u64, until: u64) {
        self.common.spread_waits(self.at(since), self.at(until));
    }

    pub fn fail_back(&mut self) -> Result<(), Error> {
        self.handle(Stimulus::FailBack)
    }
}
