//! What became of a stream.

use super::outage::{Outage, Outages};
use crate::core::{Nanos, Priority, Stream, Switch};
use std::sync::Arc;

/// One registration of a stream: what was on air when.
#[derive(Debug)]
pub struct Life {
    id: Arc<str>,
    on_air: Vec<Change>,
    outages: Outages,
    switches: Vec<Switch>,
    until: Option<Nanos>,
    /// When it was first seen; what was decided before is no part of it.
    since: Option<Nanos>,
    /// What was forgotten: see [`Life::forget`].
    was_dark: Nanos,
    switched: u64,
}

/// Something else is on air.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// Engine time.
    pub at: Nanos,
    /// What is on air from then on.
    pub what: OnAir,
}

/// What is on air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnAir {
    /// An input that delivers.
    Input(Priority),
    /// Nothing.
    Dark,
    /// Records are missing.
    Unknown,
}

impl Life {
    /// Of a stream that was not seen yet.
    pub fn new(stream: &Stream) -> Life {
        Life {
            id: stream.id().clone(),
            on_air: Vec::new(),
            outages: Outages::default(),
            switches: Vec::new(),
            until: None,
            since: None,
            was_dark: 0,
            switched: 0,
        }
    }

    /// The stream's.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// What was on air from when on, each until the next.
    pub fn on_air(&self) -> &[Change] {
        &self.on_air
    }

    /// The switches, in their order.
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// When it was unregistered, in engine time.
    pub fn until(&self) -> Option<Nanos> {
        self.until
    }

    /// The stream as it is at `at`, engine time, after something was decided.
    pub fn see(&mut self, stream: &Stream, at: Nanos) {
        let since = *self.since.get_or_insert(at);
        let before = self.on_air.last().map(|change| change.what);
        let what = stream.on_air_input().map_or(OnAir::Dark, OnAir::Input);
        if before != Some(what) {
            self.on_air.push(Change { at, what });
        }
        self.outages.see(stream, at);
        let known = self.switches.last().map_or(0, |switch| switch.number);
        let new = stream.switches().filter(|switch| switch.number > known && switch.at >= since);
        let before = self.switches.len();
        self.switches.extend(new.map(|switch| switch.into_owned()));
        self.switched += (self.switches.len() - before) as u64;
    }

    /// Records are missing: from `at` on nothing is known of it.
    pub fn lose_sight(&mut self, at: Nanos) {
        if self.until.is_none() && self.last().0 != OnAir::Unknown {
            self.on_air.push(Change { at, what: OnAir::Unknown });
            self.outages.lose(at);
        }
    }

    /// It was unregistered.
    pub fn end(&mut self, at: Nanos) {
        self.until.get_or_insert(at);
        self.outages.end(at);
    }

    /// When its viewers were without, after something had been on air.
    pub fn outages(&self) -> &[Outage] {
        self.outages.all()
    }

    /// Those that are over.
    pub fn ended_outages(&self) -> &[Outage] {
        let lasting = usize::from(self.outages.lasting().is_some());
        &self.outages()[..self.outages().len() - lasting]
    }

    /// What is on air at the end, and since when.
    pub fn last(&self) -> (OnAir, Nanos) {
        self.on_air.last().map_or((OnAir::Unknown, 0), |change| (change.what, change.at))
    }

    /// How many switches there were, and for how many nanoseconds it was dark up to `end`; of what was forgotten,
    /// too.
    pub(super) fn sums(&self, end: Nanos) -> (u64, Nanos) {
        (self.switched, self.was_dark + self.outages.dark(end))
    }

    /// Forgets all but what holds now, and the sums.
    pub(super) fn forget(&mut self) {
        self.was_dark += self.outages.forget();
        let before_last = self.on_air.len().saturating_sub(1);
        self.on_air.drain(..before_last);
        let before_last = self.switches.len().saturating_sub(1);
        self.switches.drain(..before_last);
    }
}
