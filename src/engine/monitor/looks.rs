//! When running sessions are looked at: ten times in each window, those whose input a setting has
//! measured. What a look finds is not decided here.
//!
//! A stream comes up in a timing wheel, as its first session is due, and queues for its look. What looks
//! take is rationed to a tenth of the time: when there is more to look at, the queue grows, each
//! stream waits for its turn, and so all are looked at less often, evenly.

use super::entry::Entry;
use super::streams::Streams;
use super::time::Time;
use super::wheel::Wheel;
use crate::core::{Measure, Nanos, Priority, SessionId};
use crate::engine::log::Logger;
use crate::engine::meter::Meter;
use crate::engine::shared::TICK;
use crate::hot::{monotonic, prefetch, Counters};
use crate::vocabulary::Level;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// Of all time, looks take no more than one part in so many.
const SHARE: i64 = 10;

/// Time for looks that was not used is kept up to this, and overdrawn as far.
const KEPT: i64 = 1_000_000;

/// A stream that waits for longer than this for its look is looked at less often than it should be.
const PATIENCE: Nanos = 100 * TICK;

/// What was found of a stream's sessions.
pub(super) type Found = SmallVec<[(SessionId, Measure); 2]>;

/// The meters of one stream, each with the priority of its input.
type Meters = SmallVec<[(Priority, Meter); 1]>;

pub(super) struct Looks {
    logger: Arc<Logger>,
    /// By the streams' numbers; as many as there ever was need for.
    meters: Vec<Option<Box<Meters>>>,
    /// How many streams have meters.
    measured: usize,
    /// Made with the first meter.
    wheel: Option<Wheel>,
    /// Streams that came up and wait for their look, and since when.
    queue: VecDeque<(usize, Nanos)>,
    /// Scratch of `bring_up`.
    due: Vec<usize>,
    /// Nanoseconds that looks may take now, and until when these were granted.
    left: i64,
    granted_until: Nanos,
    told: bool,
}

impl Looks {
    pub(super) fn new(logger: Arc<Logger>) -> Looks {
        Looks {
            logger,
            meters: Vec::new(),
            measured: 0,
            wheel: None,
            queue: VecDeque::new(),
            due: Vec::new(),
            left: 0,
            granted_until: 0,
            told: false,
        }
    }

    /// Brings the meters of a stream in line with its sessions and settings, after a decision.
    pub(super) fn match_sessions(&mut self, streams: &Streams, stream: usize, now: Nanos) {
        let entry = streams.entry(stream);
        let has_meters = self.meters.get(stream).is_some_and(Option::is_some);
        if !entry.is_measured() && !has_meters {
            return;
        }
        let wanted: SmallVec<[_; 2]> = entry.to_be_measured().collect();
        entry.match_sound();
        if wanted.is_empty() {
            return self.forget(stream);
        }
        if !has_meters {
            self.make_room(stream);
            self.meters[stream] = Some(Box::default());
            self.measured += 1;
        }
        let meters = self.meters[stream].as_deref_mut().expect("it has some");
        meters.retain(|(priority, meter)| {
            wanted.contains(&(*priority, meter.session(), meter.window()))
        });
        for (priority, session, window) in wanted {
            if meters.iter().all(|(of, _)| *of != priority) {
                let counters = streams.entry(stream).counted(priority, session);
                meters.push((priority, Meter::new(session, window, now, &counters)));
            }
        }
        self.schedule(stream, now);
    }

    /// The stream has no meters any more.
    pub(super) fn forget(&mut self, stream: usize) {
        if let Some(meters) = self.meters.get_mut(stream).and_then(Option::take) {
            drop(meters);
            self.measured -= 1;
        }
    }

    fn make_room(&mut self, stream: usize) {
        if stream >= self.meters.len() {
            self.meters.resize_with(stream + 1, || None);
        }
        let wheel = self.wheel.get_or_insert_with(|| Wheel::new(0));
        wheel.grow(self.meters.len());
    }

    /// The stream comes up when the first of its sessions is due: rounded up, so never early.
    fn schedule(&mut self, stream: usize, now: Nanos) {
        let (Some(wheel), Some(meters)) = (&mut self.wheel, &self.meters[stream]) else { return };
        if let Some(next) = meters.iter().map(|(_, meter)| meter.next()).min() {
            wheel.set(stream, next.div_ceil(TICK).max(now / TICK + 1));
        }
    }

    /// What was counted for an earlier session of an input is added to what the input counts.
    pub(super) fn exclude(&mut self, stream: usize, priority: Priority, counters: &Counters) {
        if let Some(Some(meters)) = self.meters.get_mut(stream) {
            let of = meters.iter_mut().filter(|(of, _)| *of == priority);
            of.for_each(|(_, meter)| meter.exclude(counters));
        }
    }

    /// Whether a stream waits for its look.
    pub(super) fn any_due(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes up the streams whose look is due.
    pub(super) fn bring_up(&mut self, now: Nanos) {
        let Some(wheel) = &mut self.wheel else { return };
        if self.measured == 0 {
            self.queue.clear();
            self.granted_until = now;
            return;
        }
        wheel.advance(now / TICK, &mut self.due);
        self.queue.extend(self.due.drain(..).map(|stream| (stream, now)));
        let granted = now.saturating_sub(self.granted_until) as i64 / SHARE;
        self.left = (self.left + granted).min(KEPT);
        self.granted_until = now;
    }

    /// Looks at the next stream, if one is due and there is time left for it: the stream, and what
    /// was found of its sessions. To be followed by `took`.
    pub(super) fn look_at_next(
        &mut self,
        streams: &Streams,
        time: &Time,
    ) -> Option<(usize, Found)> {
        if self.left <= 0 {
            self.tell_if_thinned_out(time.now());
            return None;
        }
        let (stream, _) = self.queue.pop_front()?;
        self.prefetch_ahead(streams);
        let mut found = Found::new();
        if let (Some(Some(meters)), Some(entry)) =
            (self.meters.get_mut(stream), streams.get(stream))
        {
            for (priority, meter) in meters.iter_mut() {
                if meter.next() <= time.now() {
                    let counters = entry.counted(*priority, meter.session());
                    let newest = match counters.last_packet {
                        0 => 0,
                        stamp => time.stamps().latest(stamp, time.now()),
                    };
                    let measure = meter.look(time.now(), newest, &counters);
                    entry.note_measure(*priority, time.by_the_system(), &counters, &measure);
                    found.push((meter.session(), measure));
                }
            }
            self.schedule(stream, time.now());
        }
        Some((stream, found))
    }

    /// With many streams, what a look reads is in no cache.
    fn prefetch_ahead(&self, streams: &Streams) {
        for step in 0..Entry::PREFETCH_STEPS {
            let ahead = 4 * (Entry::PREFETCH_STEPS - step);
            let Some((stream, _)) = self.queue.get(ahead) else { continue };
            if let Some(entry) = streams.get(*stream) {
                entry.prefetch(step);
            }
            if let Some(Some(meters)) = self.meters.get(*stream) {
                prefetch(&**meters);
            }
        }
    }

    /// Looks, and what was decided by them, took the time since `began`.
    pub(super) fn took(&mut self, began: Nanos) {
        self.left = (self.left - monotonic().saturating_sub(began) as i64).max(-KEPT);
    }

    fn tell_if_thinned_out(&mut self, now: Nanos) {
        let waits = self.queue.front().is_some_and(|(_, since)| now - since > PATIENCE);
        if waits && !self.told {
            self.told = true;
            self.logger.log(Level::Warn, || {
                format!(
                    "{} streams are to be measured, more than a tenth of a core can look at ten times \
                     in each window: looks are rarer from now on",
                    self.measured
                )
            });
        }
    }
}
