//! What the monitor, the recording threads, the readers of status and the open handles share.

use super::status::{RuntimeStatus, Snapshot};
use super::wall::WallClock;
use crate::core::{Error, Nanos, Priority};
use crate::hot::{
    monotonic, CellPool, Clock, Flags, Gate, InputRoute, Presence, Presences, Route, Table,
    ThreadNumber, Verdict,
};
use arc_swap::cache::Cache;
use arc_swap::{ArcSwap, Guard};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// One registered stream, as seen from outside the monitor.
#[derive(Debug)]
pub(super) struct StreamShared {
    pub(super) gate: Gate,
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// Its place in the monitor.
    pub(super) index: usize,
}

pub(super) type Routes = Table<StreamShared>;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) pool: CellPool,
    presences: Presences,
    pub(super) table: Arc<ArcSwap<Routes>>,
    /// Monotonic time less engine time: the sum of the stalls.
    stalled: AtomicU64,
    pub(super) wall: RwLock<WallClock>,
    pub(super) closed: AtomicBool,
    /// Tells engines apart in a thread's memory.
    number: u64,
}

impl Shared {
    pub(super) fn new(table: Arc<ArcSwap<Routes>>) -> Shared {
        static ENGINES: AtomicU64 = AtomicU64::new(1);
        let now = monotonic();
        let mut wall = WallClock::default();
        wall.observe(now, SystemTime::now());
        Shared {
            clock: Clock::new(now),
            pool: CellPool::new(),
            presences: Presences::default(),
            table,
            stalled: AtomicU64::new(0),
            wall: RwLock::new(wall),
            closed: AtomicBool::new(false),
            number: ENGINES.fetch_add(1, Ordering::Relaxed),
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

    /// Calls `f` with the stream's route and this thread's number, from any thread. Wait-free,
    /// but for a thread's first call to this engine.
    #[inline]
    pub(super) fn with_route<R>(
        self: &Arc<Self>,
        id: &str,
        f: impl FnOnce(&Route<StreamShared>, ThreadNumber) -> Result<R, Error>,
    ) -> Result<R, Error> {
        Membership::with(self, |membership| {
            let _inside = membership.presence.enter();
            let route = membership.table.load().find(id.as_bytes()).ok_or(Error::UnknownStream)?;
            // SAFETY: found while inside, and used while inside.
            f(unsafe { route.as_ref() }, membership.presence.thread())
        })
    }

    /// Counts one packet of an input's current session.
    #[inline]
    pub(super) fn record(
        self: &Arc<Self>,
        id: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        self.with_route(id, |route, me| {
            let InputRoute { owned, shared, .. } =
                route.input(priority).ok_or(Error::UnknownInput)?;
            Ok(owned.record_by_id(me, shared, bytes, flags, &self.clock, route.gate()))
        })
    }

    pub(super) fn status(self: &Arc<Self>, id: &str) -> Result<RuntimeStatus, Error> {
        let stream = self.with_route(id, |route, _| Ok(route.stream().clone()))?;
        let wall = self.wall.read().unwrap_or_else(PoisonError::into_inner);
        loop {
            let snapshot: Guard<Arc<Snapshot>> = stream.snapshot.load();
            let status = snapshot.status(self.now(), &wall);
            // The monitor publishes a new snapshot before a closed handle's cell gets a new life,
            // so counters read while the snapshot was the newest are the input's own.
            std::sync::atomic::fence(Ordering::Acquire);
            if Arc::ptr_eq(&snapshot, &stream.snapshot.load()) {
                return Ok(status);
            }
        }
    }
}

/// What a thread keeps for each engine it calls by id.
struct Membership {
    shared: Arc<Shared>,
    presence: Arc<Presence>,
    table: Cache<Arc<ArcSwap<Routes>>, Arc<Routes>>,
}

thread_local! {
    static MEMBERSHIPS: RefCell<Vec<Membership>> = const { RefCell::new(Vec::new()) };
}

impl Membership {
    fn join(shared: &Arc<Shared>) -> Membership {
        Membership {
            shared: shared.clone(),
            presence: shared.presences.join(),
            table: Cache::new(shared.table.clone()),
        }
    }

    #[inline]
    fn with<R>(shared: &Arc<Shared>, f: impl FnOnce(&mut Membership) -> R) -> R {
        // The closure must be called once on whichever path is taken.
        let mut f = Some(f);
        let mut call = |membership: &mut Membership| f.take().map(|f| f(membership));
        let done = MEMBERSHIPS.try_with(|all| {
            let mut all = all.try_borrow_mut().ok()?;
            let found = all.iter_mut().find(|m| m.shared.number == shared.number);
            match found {
                Some(membership) => call(membership),
                None => call(Membership::add(&mut all, shared)),
            }
        });
        match done {
            Ok(Some(result)) => result,
            // The thread is ending, or was interrupted inside: a membership for this call only.
            _ => call(&mut Membership::join(shared)).expect("not called yet"),
        }
    }

    #[cold]
    fn add<'a>(all: &'a mut Vec<Membership>, shared: &Arc<Shared>) -> &'a mut Membership {
        all.retain(|membership| !membership.shared.closed.load(Ordering::Relaxed));
        all.push(Membership::join(shared));
        all.last_mut().expect("just pushed")
    }
}
