//! What became of each stream of a trace, and how long its viewers were without.

use changeover::core::Stream;
use changeover::trace::{Record, Replay};
use changeover::whatif::Life;
use changeover::Nanos;
use std::collections::BTreeMap;

/// The lives of all streams, by the numbers of their registrations.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) lives: BTreeMap<u64, Life>,
    /// Records are missing: until the next checkpoint nothing is known of any stream.
    in_gap: bool,
}

impl Story {
    /// After a record was applied.
    pub(crate) fn observe(&mut self, record: &Record, replay: &Replay, at: Nanos) {
        if let Some(registration) = registration_of(record) {
            self.see(registration, replay.stream(registration), at);
        }
        match record {
            Record::Lost { .. } => {
                self.in_gap = true;
                self.lives.values_mut().for_each(|life| life.lose_sight(at));
            }
            Record::Checkpoint { .. } => self.in_gap = false,
            _ => {}
        }
    }

    /// The life that a record is of.
    pub(crate) fn life_of(&self, record: &Record) -> Option<&Life> {
        self.lives.get(&registration_of(record)?)
    }

    fn see(&mut self, registration: u64, stream: Option<&Stream>, at: Nanos) {
        let Some(stream) = stream else {
            if let Some(life) = self.lives.get_mut(&registration).filter(|_| !self.in_gap) {
                life.end(at);
            }
            return;
        };
        self.lives.entry(registration).or_insert_with(|| Life::new(stream)).see(stream, at);
    }
}

/// The registration that a record is of.
pub(crate) fn registration_of(record: &Record) -> Option<u64> {
    match record {
        Record::State(stream) => Some(stream.registration()),
        Record::Registered { registration: Ok(registration), .. } => Some(registration.number),
        Record::Told(told) => Some(told.registration),
        _ => None,
    }
}
