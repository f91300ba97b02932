//! Drives the streams' cores: what one stream is told, what comes of it, and which streams a step
//! visits. When there is a step, and what the operations are, is not decided here.

use super::bug::contained;
use super::deadlines::Deadlines;
use super::looks::{Found, Looks};
use super::outbox::Outbox;
use super::streams::Streams;
use super::time::Time;
use crate::core::{Action, Nanos, Stimulus};
use crate::engine::shared::TICK;
use crate::hot::monotonic;
use crate::vocabulary::Error;

/// How long the streams whose deadlines have come are visited at a stretch.
const VISITS: Nanos = 5 * TICK;

/// How many are visited between two looks at the clock.
const VISITS_AT_LEAST: usize = 16;

/// The driver of `docs/rules.md`, for all streams: it alone tells a core anything.
pub(super) struct Driver {
    pub(super) time: Time,
    pub(super) streams: Streams,
    /// By the same numbers.
    pub(super) deadlines: Deadlines,
    pub(super) outbox: Outbox,
    pub(super) looks: Looks,
}

impl Driver {
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
    fn settle_offer(&mut self, index: usize) {
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

    pub(super) fn take_up(&mut self, index: usize, actions: impl IntoIterator<Item = Action>) {
        for action in actions {
            if let Some(action) = self.streams.entry(index).take_up(action) {
                self.outbox.push(index, self.time.now(), action);
            }
        }
    }

    /// Sees to it that the stream is visited at its next deadline.
    pub(super) fn schedule(&mut self, index: usize) {
        let entry = self.streams.entry(index);
        match contained(|| entry.core().deadlines()) {
            Ok(deadlines) => {
                self.deadlines.schedule(index, self.time.now(), deadlines, entry.watched());
            }
            Err(bug) => self.give_up(index, &bug),
        }
    }

    /// A bug was met in a stream's core, which costs this stream and no other.
    pub(super) fn give_up(&mut self, index: usize, bug: &str) {
        // What was taken of it ends in the same instant.
        self.streams.close_offer(index);
        let actions = self.streams.core(index).give_up(bug);
        self.take_up(index, actions);
        self.remove(index);
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.outbox.tell_all(&mut self.streams, &self.time);
        self.deadlines.cancel(index);
        self.streams.remove(index);
        self.looks.forget(index);
    }

    /// Some cells may say that the packet their session was waiting for has come.
    pub(super) fn take_awaited_packets(&mut self) {
        for cell in self.streams.attracted() {
            // Looked up one by one: a decision may end the session of the next cell.
            if let Some(index) = self.streams.committed(cell) {
                self.settle_offer(index);
                self.streams.open_offer(index);
            }
            if let Some((index, packet)) = self.streams.awaited(cell) {
                // A packet is never refused.
                let _ = self.decide(index, packet);
            }
        }
    }

    /// When streams are to be visited before the next tick; `Nanos::MAX` if there are none.
    pub(super) fn soon_at(&self) -> Nanos {
        if self.time.is_holding() {
            return Nanos::MAX;
        }
        self.deadlines.soon_at()
    }

    /// Visits the streams whose deadline is within this tick, and may have come.
    pub(super) fn visit_soon(&mut self) {
        self.deadlines.bring_up_soon();
        self.visit_restless();
    }

    /// Whether streams are left to be visited that the last slice had no time for.
    pub(super) fn has_visits_left(&self) -> bool {
        self.deadlines.any_restless() && !self.time.is_holding()
    }

    /// Visits those whose deadline may have come, for as long as a slice allows: then operations and
    /// first packets have their turn, and the clock goes on.
    pub(super) fn visit_restless(&mut self) {
        let mut restless = self.deadlines.take_restless();
        let end = self.time.read() + VISITS;
        let mut visited = restless.len();
        for at in 0..restless.len() {
            if let Some(ahead) = restless.get(at + 24) {
                self.deadlines.prefetch(*ahead);
            }
            self.streams.prefetch_ahead(&restless, at);
            if self.deadlines.is_due(restless[at], self.time.now()) {
                self.visit(restless[at]);
            }
            if at % VISITS_AT_LEAST == VISITS_AT_LEAST - 1 && self.time.read() >= end {
                visited = at + 1;
                break;
            }
        }
        restless.drain(..visited);
        self.deadlines.give_back_restless(restless);
    }

    /// A stream's deadline may have come, unless packets have postponed it. What is decided is to
    /// be told later.
    fn visit(&mut self, index: usize) {
        self.deadlines.cancel(index);
        self.streams.tell_newest_packets(index, &self.time);
        if let Some(bug) = self.streams.take_bug() {
            return self.give_up(index, &bug);
        }
        match contained(|| self.streams.core(index).next_deadline()) {
            Ok(Some(deadline)) if deadline <= self.time.now() => {
                // A tick is not refused, and a bug is dealt with.
                let _ = self.decide(index, Stimulus::Tick);
            }
            Ok(_) => {
                self.streams.publish_later(index);
                self.schedule(index);
            }
            Err(bug) => self.give_up(index, &bug),
        }
    }

    /// Looks at what is measured and due.
    pub(super) fn look(&mut self) {
        self.looks.bring_up(self.time.now());
        while self.looks.any_due() {
            let began = monotonic();
            // A few, before the clock is read again.
            for _ in 0..8 {
                let Some((index, found)) = self.looks.look_at_next(&self.streams, &self.time)
                else {
                    return self.looks.took(began);
                };
                if !found.is_empty() {
                    self.tell_what_was_found(index, found);
                }
            }
            self.looks.took(began);
        }
    }

    fn tell_what_was_found(&mut self, index: usize, found: Found) {
        self.settle_offer(index);
        if self.streams.get(index).is_none() {
            return;
        }
        self.streams.tell_newest_packets(index, &self.time);
        for one in found {
            let actions = self.streams.measured(index, one, self.time.now());
            if let Some(bug) = self.streams.take_bug() {
                return self.give_up(index, &bug);
            }
            if !actions.is_empty() {
                self.take_up(index, actions);
                self.looks.match_sessions(&self.streams, index, self.time.now());
            }
        }
        self.streams.open_offer(index);
        self.schedule(index);
    }
}
