//! Rule 23: what becomes of an open offer while something else is decided of its stream.

use super::Driver;
use crate::core::Stimulus;

impl Driver {
    /// Decides something of a stream. If its offer stands whatever comes of that, it stays open: the key
    /// frame that comes meanwhile takes it, and does not wait for a whole group of pictures. Otherwise it
    /// is closed before and opened after; if it was taken by then, that switch is decided first. `None`:
    /// a bug has cost the stream.
    pub(super) fn beside_offer<R>(
        &mut self,
        index: usize,
        stands: bool,
        decide: impl FnOnce(&mut Driver) -> R,
    ) -> Option<R> {
        if stands {
            return Some(decide(self));
        }
        self.settle_offer(index);
        self.streams.get(index)?;
        let decided = decide(self);
        self.streams.open_offer(index);
        Some(decided)
    }

    fn settle_offer(&mut self, index: usize) {
        if let Some(number) = self.streams.close_offer(index) {
            self.streams.tell_flags(index, self.time.now());
            let _ = self.decide_settled(index, Stimulus::Committed { number });
        }
    }
}
