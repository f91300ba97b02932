//! What the engine counts of itself as it happens: once for the engine, nothing for a stream. The monitor
//! writes, whoever is asked for metrics reads. Relaxed throughout: nothing is read on the strength of it.

use super::event::EventKind;
use crate::core::{Nanos, Notice, Times};
use crate::vocabulary::{EventTag, Reason};
use crate::whatif::Toll;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of kinds of events, and of reasons, are below these.
const EVENTS: usize = EventTag::ALL.len() + 1;
const REASONS: usize = Reason::ALL.len() + 1;

const _: () = assert!(EventTag::ALL[EVENTS - 2].code() as usize == EVENTS - 1);
const _: () = assert!(Reason::ALL[REASONS - 2].code() as usize == REASONS - 1);

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MS;

/// Bounds for what takes as long as a viewer would notice.
const WAITS: [Nanos; 13] = [
    MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    SECOND,
    5 * SECOND / 2,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
];

/// Bounds for what ought to take less than a tick.
const LATENESS: [Nanos; 13] = [
    MS / 20,
    MS / 10,
    MS / 4,
    MS / 2,
    MS,
    5 * MS / 2,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    SECOND,
];

#[derive(Debug)]
pub(crate) struct Counts {
    events: [AtomicU64; EVENTS],
    switches: [AtomicU64; REASONS],
    degraded: [AtomicU64; REASONS],
    /// Of switches, as far as they are known.
    pub(crate) detection: Histogram,
    pub(crate) decision: Histogram,
    pub(crate) commit: Histogram,
    /// How late the monitor woke for what was due.
    pub(crate) lateness: Histogram,
    stalls: AtomicU64,
    stalled: AtomicU64,
    /// Its own thread writes.
    pub(crate) shadow: ShadowCounts,
}

/// What a shadow has found; all shadows that there were, one after the other.
#[derive(Debug, Default)]
pub(crate) struct ShadowCounts {
    streams: AtomicU64,
    differences: AtomicU64,
    /// Of the engine, and of the shadow.
    switches: [AtomicU64; 2],
    dark: [AtomicU64; 2],
}

impl Default for Counts {
    fn default() -> Counts {
        let zeros = || AtomicU64::new(0);
        Counts {
            events: std::array::from_fn(|_| zeros()),
            switches: std::array::from_fn(|_| zeros()),
            degraded: std::array::from_fn(|_| zeros()),
            detection: Histogram::new(&WAITS),
            decision: Histogram::new(&WAITS),
            commit: Histogram::new(&WAITS),
            lateness: Histogram::new(&LATENESS),
            stalls: zeros(),
            stalled: zeros(),
            shadow: ShadowCounts::default(),
        }
    }
}

impl Counts {
    /// An event is told.
    pub(super) fn count(&self, kind: &EventKind) {
        add(&self.events[kind.tag().code() as usize], 1);
        match kind {
            EventKind::Notice(Notice::Switched(switch)) => {
                add(&self.switches[switch.reason.code() as usize], 1);
                let Times { detection, decision, commit } = switch.times;
                detection.into_iter().for_each(|time| self.detection.observe(time));
                decision.into_iter().for_each(|time| self.decision.observe(time));
                commit.into_iter().for_each(|time| self.commit.observe(time));
            }
            EventKind::Notice(Notice::Degraded { error, .. }) => {
                add(&self.degraded[error.reason.code() as usize], 1);
            }
            _ => {}
        }
    }

    /// The monitor stood still for so long.
    pub(super) fn stall(&self, length: Nanos) {
        add(&self.stalls, 1);
        add(&self.stalled, length);
    }

    pub(crate) fn events(&self, kind: EventTag) -> u64 {
        read(&self.events[kind.code() as usize])
    }

    pub(crate) fn switches(&self, reason: Reason) -> u64 {
        read(&self.switches[reason.code() as usize])
    }

    /// How often an input was given up for that.
    pub(crate) fn degraded(&self, reason: Reason) -> u64 {
        read(&self.degraded[reason.code() as usize])
    }

    /// How many stalls, and how long they were together.
    pub(crate) fn stalls(&self) -> (u64, Nanos) {
        (read(&self.stalls), read(&self.stalled))
    }
}

impl ShadowCounts {
    /// So many are compared now.
    pub(super) fn streams(&self, streams: u64) {
        self.streams.store(streams, Ordering::Relaxed);
    }

    pub(super) fn differences(&self, more: u64) {
        add(&self.differences, more);
    }

    pub(super) fn add(&self, more: Toll) {
        for (place, (switches, dark)) in [more.recorded, more.otherwise].into_iter().enumerate() {
            add(&self.switches[place], switches);
            add(&self.dark[place], dark);
        }
    }

    /// How many streams are compared, and how many differences there were.
    pub(crate) fn compared(&self) -> (u64, u64) {
        (read(&self.streams), read(&self.differences))
    }

    /// Of the engine and of the shadow: switches, and for how long streams were dark.
    pub(crate) fn toll(&self) -> [(u64, Nanos); 2] {
        [0, 1].map(|place| (read(&self.switches[place]), read(&self.dark[place])))
    }
}

/// How often something took how long.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [Nanos; 13],
    /// One for each bound, and one for what is above.
    buckets: [AtomicU64; 14],
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [Nanos; 13]) -> Histogram {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Histogram { bounds, buckets, sum: AtomicU64::new(0) }
    }

    pub(super) fn observe(&self, time: Nanos) {
        let bucket = self.bounds.partition_point(|bound| *bound < time);
        add(&self.buckets[bucket], 1);
        add(&self.sum, time);
    }

    /// The upper bounds, infinity last, and how many are in each bucket.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Option<Nanos>, u64)> + '_ {
        let bounds = self.bounds.iter().map(|bound| Some(*bound)).chain([None]);
        bounds.zip(self.buckets.iter().map(read))
    }

    pub(crate) fn sum(&self) -> Nanos {
        read(&self.sum)
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_it_does_not_exceed() {
        assert!(WAITS.is_sorted() && LATENESS.is_sorted());
        let histogram = Histogram::new(&WAITS);
        for time in [0, MS, MS + 1, 30 * SECOND, 30 * SECOND + 1] {
            histogram.observe(time);
        }
        let filled: Vec<_> = histogram.buckets().filter(|(_, count)| *count > 0).collect();
        let expected = [(Some(MS), 2), (Some(5 * MS), 1), (Some(30 * SECOND), 1), (None, 1)];
        assert_eq!(filled, expected);
        assert_eq!(histogram.sum(), 2 * MS + 1 + 60 * SECOND + 1);
    }
}
