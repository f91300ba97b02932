//! For whom is recorded what enters the cores, and what a shadow has found in it.

use super::Driver;
use crate::core::Nanos;
use crate::engine::event::EventKind;
use crate::engine::recorder::{Recorder, Whose};
use crate::whatif::Difference;
use std::sync::Arc;

impl Driver {
    /// See [`Streams::record`](super::Streams::record).
    pub(in crate::engine::monitor) fn record(
        &mut self,
        whose: Whose,
        recorder: Option<Box<Recorder>>,
    ) {
        self.streams.record(whose, recorder, self.time.now());
        self.deadlines.look_for_silences(self.streams.are_recorded());
        self.hand_over_trace(None);
    }

    /// Hands over all that was recorded: everything before the answer, in engine time.
    pub(in crate::engine::monitor) fn hand_over_records(&mut self) -> Nanos {
        self.hand_over_trace(None);
        self.now()
    }

    /// Of a registration that has ended nothing is told.
    pub(in crate::engine::monitor) fn tell_difference(
        &mut self,
        id: &Arc<str>,
        registration: u64,
        difference: Difference,
    ) {
        let found = self.find(id);
        if found.is_ok_and(|index| self.streams.core(index).registration() == registration) {
            let kind = EventKind::ShadowDiffers(Box::new(difference));
            self.outbox.tell_at_once(id.clone(), registration, kind, &self.time);
        }
    }

    pub(in crate::engine::monitor) fn tell_shadow_gap(&mut self, dropped: u64) {
        let kind = EventKind::ShadowGap { dropped };
        self.outbox.tell_at_once("".into(), 0, kind, &self.time);
    }
}
