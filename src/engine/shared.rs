//! What an engine's threads share: its clock, its cells, the routing table and who is reading it.
//! What they share of one stream is in `published.rs`.

use super::counts::Counts;
use super::published::StreamShared;
use super::pulse::Pulse;
use super::reports::ReportedAgain;
use super::tap_ring::Taps;
use super::wall::{wall_time, WallClock};
use crate::core::Nanos;
use crate::hot::sync::{ArcSwap, AtomicBool, AtomicU64, Ordering};
use crate::hot::{monotonic, next_number, CellPool, Clock, Presences, Table};
use crate::user_data::Leftovers;
use crate::vocabulary::Error;
use crossbeam::utils::CachePadded;
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
    pub(super) reported_again: ReportedAgain,
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
            reported_again: ReportedAgain::default(),
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

    /// The engine is shut down, or about to be.
    pub(super) fn close(&self) {
        // Release: pairs with the Acquire in `is_closed`; who sees that it is over sees whether by a bug.
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close`.
        self.closed.load(Ordering::Acquire)
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
