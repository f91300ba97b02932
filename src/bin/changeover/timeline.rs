//! What each stream was at each moment, as a replay shows it.

use crate::story::OnAir;
use changeover::core::{Stream, Switch};
use changeover::trace::{Record, Replay};
use changeover::{Nanos, Priority, Reason, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A smaller difference is the time between two readings of clocks.
const STEP: Duration = Duration::from_millis(5);

/// What the streams of a trace were, from its beginning to its end. Times are of the engine's clock, in
/// nanoseconds; `wall` has them for people.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// Since each, what the wall clock was.
    clocks: Vec<(Nanos, SystemTime)>,
    streams: BTreeMap<u64, StreamLine>,
    until: Nanos,
    /// Records are missing.
    in_gap: bool,
}

/// One registration of a stream.
#[derive(Debug)]
pub(crate) struct StreamLine {
    /// The stream's id.
    pub(crate) id: Arc<str>,
    /// Since when it is known.
    pub(crate) from: Nanos,
    /// When it ended, unless it was there at the end of the trace.
    pub(crate) until: Option<Nanos>,
    /// Which input was on air from when on.
    pub(crate) on_air: Vec<(Nanos, OnAir)>,
    /// What each input was from when on; nothing where it is not there, or not known.
    pub(crate) inputs: BTreeMap<Priority, Vec<(Nanos, Option<Shown>)>>,
    /// Its switches.
    pub(crate) switches: Vec<Switch>,
}

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
        let known = self.clocks.last().is_some_and(|(since, then)| {
            let expected = *then + Duration::from_nanos(at.saturating_sub(*since));
            let apart = wall.duration_since(expected).unwrap_or_else(|early| early.duration());
            apart < STEP
        });
        if !known {
            self.clocks.push((at, wall));
        }
        self.until = self.until.max(at);
        match record {
            Record::Lost { .. } => {
                // Nothing is known of any, until the next checkpoint.
                self.in_gap = true;
                self.streams.values_mut().for_each(|line| line.lose(at));
            }
            Record::Checkpoint { .. } => self.in_gap = false,
            Record::State(stream) => self.note_stream(stream.registration(), replay, at),
            Record::Registered { registration: Ok(registration), .. } => {
                self.note_stream(registration.number, replay, at);
            }
            Record::Told(told) => self.note_stream(told.registration, replay, at),
            _ => {}
        }
    }

    fn note_stream(&mut self, registration: u64, replay: &Replay, at: Nanos) {
        match replay.stream(registration) {
            Some(stream) => {
                let line = self.streams.entry(registration);
                line.or_insert_with(|| StreamLine::new(stream, at)).note(stream, at);
            }
            None => {
                if let Some(line) = self.streams.get_mut(&registration).filter(|_| !self.in_gap) {
                    line.until.get_or_insert(at);
                }
            }
        }
    }

    /// By the numbers of their registrations.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamLine> {
        self.streams.values()
    }

    /// When it begins and ends.
    pub(crate) fn span(&self) -> (Nanos, Nanos) {
        (self.clocks.first().map_or(0, |(at, _)| *at), self.until)
    }

    /// Wall clock time of an instant.
    pub(crate) fn wall(&self, at: Nanos) -> SystemTime {
        let clock = self.clocks.iter().rev().find(|(since, _)| *since <= at);
        let Some((since, wall)) = clock.or(self.clocks.first()) else {
            return SystemTime::UNIX_EPOCH;
        };
        match at.checked_sub(*since) {
            Some(later) => *wall + Duration::from_nanos(later),
            None => *wall - Duration::from_nanos(since - at),
        }
    }
}

impl StreamLine {
    fn new(stream: &Stream, at: Nanos) -> StreamLine {
        StreamLine {
            id: stream.id().clone(),
            from: at,
            until: None,
            on_air: Vec::new(),
            inputs: BTreeMap::new(),
            switches: stream.switches().map(|switch| switch.into_owned()).collect(),
        }
    }

    fn lose(&mut self, at: Nanos) {
        push(&mut self.on_air, at, OnAir::Unknown);
        self.inputs.values_mut().for_each(|line| push(line, at, None));
    }

    fn note(&mut self, stream: &Stream, at: Nanos) {
        let known = self.switches.last().map_or(0, |switch| switch.number);
        for switch in stream.switches().filter(|switch| switch.number > known) {
            self.switches.push(switch.into_owned());
        }
        let on_air = stream.on_air_input().map_or(OnAir::Dark, OnAir::Input);
        push(&mut self.on_air, at, on_air);
        for input in stream.inputs() {
            let shown = Shown {
                status: input.status(),
                runs: input.session().is_some(),
                condition: input.conditions().next().map(|held| held.condition),
            };
            push(self.inputs.entry(input.priority()).or_default(), at, Some(shown));
        }
        for (priority, line) in &mut self.inputs {
            if stream.inputs().iter().all(|input| input.priority() != *priority) {
                push(line, at, None);
            }
        }
    }

    /// Its switches since it is known; those before are in `switches`, too.
    pub(crate) fn recorded_switches(&self) -> impl Iterator<Item = &Switch> {
        self.switches.iter().filter(|switch| switch.at >= self.from)
    }
}

fn push<T: PartialEq>(line: &mut Vec<(Nanos, T)>, at: Nanos, now: T) {
    if line.last().is_none_or(|(_, before)| *before != now) {
        line.push((at, now));
    }
}
