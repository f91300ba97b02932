//! Rules 19d and 20d: with overlap off there are no trials beside what is on air, so what can't be probed
//! takes its place in turn.

use super::attempts::WayBack;
use super::*;

impl Stream {
    /// Rule 20d: with overlap off nothing would be seen of it, so the host's word on it stands.
    pub(super) fn may_be_tried(&self, index: usize) -> bool {
        let input = &self.inputs[index];
        let unseen = input.usable() && self.settings.overlap == Overlap::Off;
        self.lacks_attempt(index) && !(unseen && input.accused())
    }

    /// Whether the end of its wait is enough, and it is next: first what has been due for longest.
    pub(super) fn has_its_turn(&self, index: usize) -> bool {
        let due = |index: usize| (self.inputs[index].retry_at(), index);
        let is_before = |other: usize| self.takes_turns(other) && due(other) < due(index);
        self.takes_turns(index) && !(0..self.inputs.len()).any(is_before)
    }

    fn takes_turns(&self, index: usize) -> bool {
        let wanted = self.exhausted || self.inputs[index].usable();
        wanted && self.may_be_tried(index) && self.way_back(index) == WayBack::Trial
    }

    /// When its wait is over, and what is on air in place of a source has been seen for as long as the
    /// stream is dark if this one does not deliver.
    pub(super) fn turn_begins(&self, index: usize) -> Option<Nanos> {
        let input = &self.inputs[index];
        let dark_for = if self.exhausted { input.settings.connect_timeout } else { 0 };
        input.retry_at().map(|at| at.max(self.air_since + dark_for))
    }
}
