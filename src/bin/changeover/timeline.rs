//! What each input was at each moment, beside the story of its stream, as a replay shows it.

use crate::clocks::Clocks;
use crate::story::{registration_of, Story};
use changeover::core::Stream;
use changeover::trace::{Record, Replay};
use changeover::whatif::Life;
use changeover::{Nanos, Priority, Reason, Status};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What the streams of a trace were, from its beginning to its end. Times are of the engine's clock, in
/// nanoseconds; `wall` has them for people.
#[derive(Default)]
pub(crate) struct Timeline {
    clocks: Clocks,
    story: Story,
    /// Of each life of the story.
    inputs: BTreeMap<u64, Inputs>,
    until: Nanos,
}

/// What each input was from when on; nothing where it is not there, or not known.
pub(crate) type Inputs = BTreeMap<Priority, Vec<(Nanos, Option<Shown>)>>;

/// What an input was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// What it was worth.
    pub(crate) status: Status,
    /// A session of it ran.
    pub(crate) runs: bool,
    /// A condition that held.
    pub(crate) condition: Option<Reason>,
}

impl Timeline {
    /// Notes what has changed, after a record was replayed. `wall` is the reader's.
    pub(crate) fn note(&mut self, record: &Record, replay: &Replay, at: Nanos, wall: SystemTime) {
        if at == 0 {
            return;
        }
        self.clocks.note(at, wall);
        self.until = self.until.max(at);
        self.story.observe(record, replay, at);
        if matches!(record, Record::Lost { .. }) {
            let lives = &self.story.lives;
            let there =
                self.inputs.iter_mut().filter(|(number, _)| lives[number].until().is_none());
            there.flat_map(|(_, inputs)| inputs.values_mut()).for_each(|line| push(line, at, None));
        }
        let seen = registration_of(record).and_then(|number| replay.stream(number));
        if let Some(stream) = seen {
            note_inputs(self.inputs.entry(stream.registration()).or_default(), stream, at);
        }
    }

    /// By the numbers of their registrations.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (&Life, &Inputs)> {
        self.story.lives.iter().map(|(number, life)| (life, &self.inputs[number]))
    }

    /// When it begins and ends.
    pub(crate) fn span(&self) -> (Nanos, Nanos) {
        (self.clocks.begin().map_or(0, |(at, _)| at), self.until)
    }

    /// Wall clock time of an instant.
    pub(crate) fn wall(&self, at: Nanos) -> SystemTime {
        self.clocks.wall(at)
    }
}

fn note_inputs(inputs: &mut Inputs, stream: &Stream, at: Nanos) {
    for input in stream.inputs() {
        let shown = Shown {
            status: input.status(),
            runs: input.session().is_some(),
            condition: input.conditions().next().map(|held| held.condition),
        };
        push(inputs.entry(input.priority()).or_default(), at, Some(shown));
    }
    for (priority, line) in inputs {
        if stream.inputs().iter().all(|input| input.priority() != *priority) {
            push(line, at, None);
        }
    }
}

fn push(line: &mut Vec<(Nanos, Option<Shown>)>, at: Nanos, now: Option<Shown>) {
    if line.last().is_none_or(|(_, before)| *before != now) {
        line.push((at, now));
    }
}
