//! What an engine's threads share: its clock, its cells, the routing table and who is reading it.
//! What they share of one stream is in `published.rs`.

use super::counts::Counts;
use super::published::StreamShared;
use super::pulse::Pulse;
use super::tap_ring::Taps;
use super::wall::{wall_time, WallClock};
use crate::core::Nanos;
use crate::hot::{monotonic, next_number, CellPool, Clock, Presences, Table};
use crate::user_data::Leftovers;
use crate::vocabulary::Error;
use arc_swap::ArcSwap;
use crossbeam::utils::CachePadded;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::SystemTime;

/// One tick in nanoseconds: how often the clock is published while anything runs.
pub(super) const TICK: Nanos = 1_000_000;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    /// Both have locks that the monitor takes all the time, so what recording reads is kept off their
    /// cache lines.
    pub(super) pool: CachePadded<CellPool>,
    pub(super) presences: CachePadded<Presences>,
    pub(super) table: Arc<ArcSwap<Table<StreamShared>>>,
    /// Monotonic time minus engine time: the sum of the stalls.
    stalled: AtomicU64,
    pub(super) wall: ArcSwap<WallClock>,
    closed: AtomicBool,
    pub(super) pulse: CachePadded<Pulse>,
    /// Of a handle whose reports the monitor will look at in the next tick, there are some.
    reported_again: AtomicBool,
    /// What the monitor would drop of the host's.
    pub(super) leftovers: Arc<Leftovers>,
    /// Those who follow the events.
    pub(super) taps: Arc<Taps>,
    pub(super) counts: CachePadded<Counts>,
    pub(super) started_at: SystemTime,
    /// Tells engines apart in a thread's memory.
    pub(super) number: u64,
}

impl Shared {
    pub(super) fn new(table: Arc<ArcSwap<Table<StreamShared>>>) -> Shared {
        let now = monotonic();
        let mut wall = WallClock::default();
        wall.observe(now, wall_time());
        Shared {
            clock: Clock::new(now / TICK * TICK),
            pool: CellPool::new().into(),
            presences: CachePadded::default(),
            table,
            stalled: AtomicU64::new(0),
            wall: ArcSwap::from_pointee(wall),
            closed: AtomicBool::new(false),
            pulse: CachePadded::default(),
            reported_again: AtomicBool::new(false),
            leftovers: Arc::default(),
            taps: Arc::default(),
            counts: CachePadded::default(),
            started_at: SystemTime::now(),
            number: next_number(),
        }
    }

    /// Engine time, read from the system's clock.
    pub(super) fn now(&self) -> Nanos {
        monotonic().saturating_sub(self.stalled.load(Ordering::Relaxed))
    }

    /// An instant of engine time by the system's clock, if there is no stall before.
    pub(super) fn monotonic_at(&self, at: Nanos) -> Nanos {
        at.saturating_add(self.stalled.load(Ordering::Relaxed))
    }

    /// Takes a stall out of the engine's time.
    pub(super) fn add_stall(&self, length: Nanos) {
        self.stalled.fetch_add(length, Ordering::Relaxed);
    }

    /// To be told after the report, and found before the reporting thread's next task is run: the
    /// mailbox orders that.
    pub(super) fn reported_again(&self) {
        if !self.reported_again.load(Ordering::Relaxed) {
            self.reported_again.store(true, Ordering::Relaxed);
        }
    }

    /// Whether that was told since it was asked last.
    pub(super) fn was_reported_again(&self) -> bool {
        self.reported_again.load(Ordering::Relaxed)
            && self.reported_again.swap(false, Ordering::Relaxed)
    }

    /// The engine is shut down, or about to be.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Nobody answers any more: it is shut down, or else the monitor has ended by a bug.
    pub(super) fn ended(&self) -> Error {
        if self.is_closed() && !self.pulse.has_died() {
            Error::ShutDown
        } else {
            Error::MonitorDied
        }
    }
}
