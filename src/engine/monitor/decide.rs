//! Telling one stream one thing. When, is not decided here.

use super::Monitor;
use crate::core::Stimulus;
use crate::vocabulary::Error;

impl Monitor {
    /// Tells a stream what happened, publishes what it decided, and does what recording threads
    /// see of it. The host is to be told later.
    pub(super) fn decide(&mut self, index: usize, stimulus: Stimulus) -> Result<(), Error> {
        self.settle_offer(index);
        if self.streams.get(index).is_none() {
            return Err(Error::Panic);
        }
        let decided = self.decide_settled(index, stimulus);
        self.streams.open_offer(index);
        decided
    }

    /// Rule 23: closes the offer of a stream before anything else is decided of it; if it was taken,
    /// that switch is decided first. A bug may cost the stream. Afterwards it is to be opened again.
    pub(super) fn settle_offer(&mut self, index: usize) {
        if let Some(number) = self.streams.close_offer(index) {
            let _ = self.decide_settled(index, Stimulus::Committed { number });
        }
    }

    fn decide_settled(&mut self, index: usize, stimulus: Stimulus) -> Result<(), Error> {
        let decided = self.streams.decide(index, stimulus, self.time.now());
        if let Some(bug) = self.streams.take_bug() {
            self.give_up(index, &bug);
            return Err(Error::Panic);
        }
        self.take_up(index, decided?);
        self.looks.match_sessions(&self.streams, index, self.time.now());
        self.schedule(index);
        Ok(())
    }
}
