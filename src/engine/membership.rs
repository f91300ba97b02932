//! What a thread keeps for each engine it calls by id: its presence and its view of the routing
//! table.

use super::shared::{Shared, StreamShared};
use crate::core::{Error, Priority};
use crate::hot::{Flags, Presence, Route, Table, Verdict, View};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::sync::atomic::Ordering;
use std::sync::Arc;

pub(super) struct Membership {
    shared: Arc<Shared>,
    presence: Arc<Presence>,
    view: UnsafeCell<View<StreamShared>>,
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
    #[inline]
    pub(super) fn with<R>(shared: &Arc<Shared>, f: impl FnOnce(&Membership) -> R) -> R {
        match Membership::find(shared.number).or_else(|| Membership::join_for_good(shared)) {
            // SAFETY: as in `known`; `f` makes no first call by id.
            Some(membership) => f(unsafe { &*membership }),
            // The thread is ending: a membership for this call only.
            None => f(&Membership::join(shared)),
        }
    }

    /// This thread's membership in the engine of this number, if it has joined.
    ///
    /// # Safety
    /// It is used no longer than until this thread's next first call by id to any engine.
    #[inline(always)]
    pub(super) unsafe fn known<'a>(engine: u64) -> Option<&'a Membership> {
        // SAFETY: in this thread's `ALL`, from which only a first call by id removes.
        Membership::find(engine).map(|membership| unsafe { &*membership })
    }

    /// Calls `f` with a stream's route. Wait-free, if `f` is.
    #[inline(always)]
    pub(super) fn route<R>(
        &self,
        id: &str,
        f: impl FnOnce(&Route<StreamShared>) -> R,
    ) -> Result<R, Error> {
        let _inside = self.presence.enter();
        let route = self.table().find(id.as_bytes()).ok_or(Error::UnknownStream)?;
        // SAFETY: found while inside, and used while inside.
        Ok(f(unsafe { route.as_ref() }))
    }

    /// Counts one packet of an input's current session. Wait-free.
    #[inline(always)]
    pub(super) fn record(
        &self,
        id: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        let _inside = self.presence.enter();
        let target = self.table().target(id.as_bytes(), priority)?;
        let me = self.presence.thread();
        Ok(target.cells.record(me, target.owner, bytes, flags, &self.shared.clock, target.gate))
    }

    /// The newest table. To be called inside, and used there.
    #[inline(always)]
    fn table(&self) -> &Table<StreamShared> {
        // SAFETY: a membership is one thread's (`UnsafeCell` is not `Sync`), and that thread is
        // in here once at a time: nothing that is called with a table comes back here.
        unsafe { &mut *self.view.get() }.table()
    }

    /// Whether its engine is shut down.
    #[cfg(feature = "capi")]
    pub(super) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
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
            view: UnsafeCell::new(View::new(shared.table.clone())),
        }
    }
}

impl Drop for Memberships {
    fn drop(&mut self) {
        LAST.set((0, std::ptr::null()));
    }
}
