//! What a thread keeps for each engine it calls by id: its presence and its view of the routing
//! table.

use super::shared::{Routes, Shared, StreamShared};
use crate::core::Error;
use crate::hot::{Presence, Route, ThreadNumber};
use arc_swap::cache::Cache;
use arc_swap::ArcSwap;
use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;
use std::sync::Arc;

pub(super) struct Membership {
    shared: Arc<Shared>,
    presence: Arc<Presence>,
    table: RefCell<Cache<Arc<ArcSwap<Routes>>, Arc<Routes>>>,
}

/// All memberships of a thread.
#[expect(clippy::vec_box, reason = "their addresses must last")]
struct Memberships(Vec<Box<Membership>>);

thread_local! {
    static ALL: RefCell<Memberships> = const { RefCell::new(Memberships(Vec::new())) };
    /// The engine called last and the membership in it; null when there is none in `ALL`.
    static LAST: Cell<(u64, *const Membership)> = const { Cell::new((0, std::ptr::null())) };
}

impl Membership {
    /// Calls `f` with this thread's membership; joins before, if this is its first call.
    #[inline(always)]
    pub(super) fn with<R>(shared: &Arc<Shared>, f: impl FnOnce(&Membership) -> R) -> R {
        match Membership::find(shared.number).or_else(|| Membership::join_for_good(shared)) {
            // SAFETY: in this thread's `ALL`, from which nothing is removed while `f` runs: only
            // a first call by id removes, and `f` makes none.
            Some(membership) => f(unsafe { &*membership }),
            // The thread is ending: a membership for this call only.
            None => f(&Membership::join(shared)),
        }
    }

    /// Calls `f` with this thread's membership in the engine of this number, if it has joined.
    #[cfg(feature = "capi")]
    #[inline(always)]
    pub(super) fn with_known<R>(
        engine: u64,
        f: impl FnOnce(&Membership, &Shared) -> R,
    ) -> Option<R> {
        Membership::find(engine).map(|membership| {
            // SAFETY: as in `with`.
            let membership = unsafe { &*membership };
            f(membership, &membership.shared)
        })
    }

    /// Calls `f` with a stream's route and this thread's number. Wait-free.
    #[inline(always)]
    pub(super) fn route<R>(
        &self,
        id: &str,
        f: impl FnOnce(&Route<StreamShared>, ThreadNumber) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let _inside = self.presence.enter();
        // Not borrowed: no caller's `f` comes back here.
        let mut table = self.table.borrow_mut();
        let route = table.load().find(id.as_bytes()).ok_or(Error::UnknownStream)?;
        // SAFETY: found while inside, and used while inside.
        f(unsafe { route.as_ref() }, self.presence.thread())
    }

    #[inline(always)]
    fn find(engine: u64) -> Option<*const Membership> {
        let (number, last) = LAST.get();
        if number == engine {
            return Some(last);
        }
        Membership::find_other(engine)
    }

    #[cold]
    fn find_other(engine: u64) -> Option<*const Membership> {
        ALL.try_with(|all| {
            let Memberships(all) = &*all.borrow();
            let found = all.iter().find(|membership| membership.shared.number == engine)?;
            let found: *const Membership = &**found;
            LAST.set((engine, found));
            Some(found)
        })
        .ok()?
    }

    #[cold]
    fn join_for_good(shared: &Arc<Shared>) -> Option<*const Membership> {
        ALL.try_with(|all| {
            let Memberships(all) = &mut *all.borrow_mut();
            LAST.set((0, std::ptr::null()));
            all.retain(|membership| !membership.shared.closed.load(Ordering::Relaxed));
            all.push(Box::new(Membership::join(shared)));
        })
        .ok()?;
        Membership::find(shared.number)
    }

    fn join(shared: &Arc<Shared>) -> Membership {
        Membership {
            shared: shared.clone(),
            presence: shared.presences().join(),
            table: RefCell::new(Cache::new(shared.table.clone())),
        }
    }
}

impl Drop for Memberships {
    fn drop(&mut self) {
        LAST.set((0, std::ptr::null()));
    }
}
