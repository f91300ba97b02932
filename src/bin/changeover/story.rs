//! What became of each stream of a trace, and how long its viewers were without.

use crate::outage::{Outage, Outages};
use changeover::core::{Stream, Switch};
use changeover::trace::{Record, Replay};
use changeover::{Nanos, Priority};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The lives of all streams, by the numbers of their registrations.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) lives: BTreeMap<u64, Life>,
    /// Records are missing: until the next checkpoint nothing is known of any stream.
    in_gap: bool,
}

/// One registration of a stream.
pub(crate) struct Life {
    pub(crate) id: Arc<str>,
    /// What was on air from when on, each until the next.
    pub(crate) on_air: Vec<Change>,
    outages: Outages,
    pub(crate) switches: Vec<Switch>,
    /// When it was unregistered.
    pub(crate) until: Option<Nanos>,
}

/// Something else is on air.
pub(crate) struct Change {
    pub(crate) at: Nanos,
    pub(crate) what: OnAir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnAir {
    Input(Priority),
    Dark,
    /// Records are missing.
    Unknown,
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
                let known =
                    |life: &&mut Life| life.until.is_none() && life.last().0 != OnAir::Unknown;
                for life in self.lives.values_mut().filter(known) {
                    life.on_air.push(Change { at, what: OnAir::Unknown });
                    life.outages.lose(at);
                }
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
                life.until.get_or_insert(at);
                life.outages.end(at);
            }
            return;
        };
        self.lives.entry(registration).or_insert_with(|| Life::new(stream)).see(stream, at);
    }
}

impl Life {
    pub(crate) fn new(stream: &Stream) -> Life {
        Life {
            id: stream.id().clone(),
            on_air: Vec::new(),
            outages: Outages::default(),
            switches: Vec::new(),
            until: None,
        }
    }

    /// The stream as it is at `at`.
    pub(crate) fn see(&mut self, stream: &Stream, at: Nanos) {
        let before = self.on_air.last().map(|change| change.what);
        let what = stream.on_air_input().map_or(OnAir::Dark, OnAir::Input);
        if before != Some(what) {
            self.on_air.push(Change { at, what });
        }
        self.outages.see(stream, at);
        let known = self.switches.last().map_or(0, |switch| switch.number);
        let new = stream.switches().filter(|switch| switch.number > known);
        // What was decided before the trace began is not part of it.
        let new = new.filter(|switch| switch.at >= self.on_air[0].at);
        self.switches.extend(new.map(|switch| switch.into_owned()));
    }

    /// When its viewers were without, after something had been on air.
    pub(crate) fn outages(&self) -> &[Outage] {
        self.outages.all()
    }

    /// Those that are over.
    pub(crate) fn ended_outages(&self) -> &[Outage] {
        let lasting = usize::from(self.outages.lasting().is_some());
        &self.outages()[..self.outages().len() - lasting]
    }

    /// What is on air at the end, and since when.
    pub(crate) fn last(&self) -> (OnAir, Nanos) {
        self.on_air.last().map_or((OnAir::Unknown, 0), |change| (change.what, change.at))
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
