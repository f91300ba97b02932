//! What the monitor, the recording threads, the readers of status and the open handles share.

use super::membership::Membership;
use super::status::{RuntimeStatus, Snapshot};
use super::wall::WallClock;
use super::wheel::TICK;
use crate::core::{Error, Nanos, Priority};
use crate::hot::{
    monotonic, next_number, CellPool, Clock, Flags, OwnedGate, Presences, Route, Table, Verdict,
};
use arc_swap::{ArcSwap, Guard};
use crossbeam::utils::CachePadded;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::SystemTime;

/// One registered stream, as seen from outside the monitor.
#[derive(Debug)]
pub(super) struct StreamShared {
    pub(super) gate: OwnedGate,
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// Its place in the monitor.
    pub(super) index: usize,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    /// Both with locks the monitor takes all the time; what recording reads is not beside them.
    pub(super) pool: CachePadded<CellPool>,
    presences: CachePadded<Presences>,
    pub(super) table: Arc<ArcSwap<Table<StreamShared>>>,
    /// Monotonic time less engine time: the sum of the stalls.
    stalled: AtomicU64,
    pub(super) wall: ArcSwap<WallClock>,
    pub(super) closed: AtomicBool,
    /// Tells engines apart in a thread's memory.
    pub(super) number: u64,
}

impl Shared {
    pub(super) fn new(table: Arc<ArcSwap<Table<StreamShared>>>) -> Shared {
        let now = monotonic();
        let mut wall = WallClock::default();
        wall.observe(now, SystemTime::now());
        Shared {
            clock: Clock::new(now / TICK * TICK),
            pool: CellPool::new().into(),
            presences: CachePadded::default(),
            table,
            stalled: AtomicU64::new(0),
            wall: ArcSwap::from_pointee(wall),
            closed: AtomicBool::new(false),
            number: next_number(),
        }
    }

    pub(super) fn presences(&self) -> &Presences {
        &self.presences
    }

    /// Engine time, read from the system's clock.
    pub(super) fn now(&self) -> Nanos {
        monotonic().saturating_sub(self.stalled.load(Ordering::Relaxed))
    }

    /// Takes a stall out of the engine's time.
    pub(super) fn add_stall(&self, length: Nanos) {
        self.stalled.fetch_add(length, Ordering::Relaxed);
    }

    /// Calls `f` with the stream's route, from any thread. Wait-free, but for a thread's first
    /// call to this engine.
    #[inline]
    pub(super) fn with_route<R>(
        self: &Arc<Self>,
        id: &str,
        f: impl FnOnce(&Route<StreamShared>) -> R,
    ) -> Result<R, Error> {
        Membership::with(self, |membership| membership.route(id, f))
    }

    /// Counts one packet of an input's current session.
    #[inline(always)]
    pub(super) fn record(
        self: &Arc<Self>,
        id: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        // SAFETY: used for this call only.
        match unsafe { Membership::known(self.number) } {
            Some(membership) => membership.record(id, priority, bytes, flags),
            None => self.record_first(id, priority, bytes, flags),
        }
    }

    /// [`Shared::record`] for a thread's first call.
    #[cold]
    fn record_first(
        self: &Arc<Self>,
        id: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        Membership::with(self, |membership| membership.record(id, priority, bytes, flags))
    }

    /// [`Shared::record`] to the engine of this number, for a thread that has called it by id
    /// before. `None` for any other thread, and when the engine is shut down.
    #[cfg(feature = "capi")]
    #[inline(always)]
    pub(super) fn record_known(
        engine: u64,
        id: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Option<Result<Verdict, Error>> {
        // SAFETY: used for this call only.
        let membership = unsafe { Membership::known(engine) }?;
        let result = membership.record(id, priority, bytes, flags);
        (result.is_ok() || !membership.is_closed()).then_some(result)
    }

    pub(super) fn status(self: &Arc<Self>, id: &str) -> Result<RuntimeStatus, Error> {
        let stream = self.with_route(id, |route| route.stream().clone())?;
        loop {
            let snapshot: Guard<Arc<Snapshot>> = stream.snapshot.load();
            let status = snapshot.status(self.now(), &self.wall.load());
            // The monitor publishes a new snapshot before a closed handle's cell gets a new life,
            // so counters read while the snapshot was the newest are the input's own. Pairs with
            // the fence in `Cell::retire`.
            std::sync::atomic::fence(Ordering::SeqCst);
            if Arc::ptr_eq(&snapshot, &stream.snapshot.load()) {
                return Ok(status);
            }
        }
    }
}
