//! Calls by id, from any thread, and what a thread keeps for each engine it calls: its presence
//! and its view of the routing table.

use super::published::StreamShared;
use super::shared::Shared;
use crate::core::Priority;
use crate::hot::sync::thread_local;
use crate::hot::{Packet, Presence, Route, Table, Verdict, View};
use crate::vocabulary::Error;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::sync::Arc;

/// Calls `f` with the stream's route, from any thread. Wait-free, but for a thread's first call
/// to this engine.
#[inline]
pub(super) fn with_route<R>(
    shared: &Arc<Shared>,
    id: &str,
    f: impl FnOnce(&Route<StreamShared>) -> R,
) -> Result<R, Error> {
    Membership::with(shared, |membership| membership.route(id, f))
}

/// Calls `f` with the route of each stream, in no order; of each that is registered all the while once.
/// What is removed meanwhile is freed afterwards.
pub(super) fn each_route(shared: &Arc<Shared>, f: impl FnMut(&Route<StreamShared>)) {
    Membership::with(shared, |membership| membership.each_route(f));
}

/// Counts one packet of an input's current session.
#[inline(always)]
pub(super) fn record(
    shared: &Arc<Shared>,
    id: &str,
    priority: Priority,
    packet: Packet,
) -> Result<Verdict, Error> {
    // SAFETY: used for this call only.
    match unsafe { Membership::known(shared.number) } {
        Some(membership) => membership.record(id, priority, packet),
        None => record_first(shared, id, priority, packet),
    }
}

/// [`record`] for a thread's first call.
#[cold]
fn record_first(
    shared: &Arc<Shared>,
    id: &str,
    priority: Priority,
    packet: Packet,
) -> Result<Verdict, Error> {
    Membership::with(shared, |membership| membership.record(id, priority, packet))
}

/// [`record`] to the engine of this number, for a thread that has called it by id before. `None`
/// for any other thread, and when the engine is shut down.
#[cfg(feature = "capi")]
#[inline(always)]
pub(crate) fn record_known(
    engine: u64,
    id: &str,
    priority: Priority,
    packet: Packet,
) -> Option<Result<Verdict, Error>> {
    // SAFETY: used for this call only.
    let membership = unsafe { Membership::known(engine) }?;
    let result = membership.record(id, priority, packet);
    (result.is_ok() || !membership.shared.is_closed()).then_some(result)
}

/// One thread's in one engine.
struct Membership {
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
    /// Calls `f` with this thread's membership; joins first if this is its first call.
    #[inline]
    fn with<R>(shared: &Arc<Shared>, f: impl FnOnce(&Membership) -> R) -> R {
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
    /// It is not used beyond this thread's next first call by id to any engine.
    #[inline(always)]
    unsafe fn known<'a>(engine: u64) -> Option<&'a Membership> {
        // SAFETY: in this thread's `ALL`, from which only a first call by id removes.
        Membership::find(engine).map(|membership| unsafe { &*membership })
    }

    /// Calls `f` with a stream's route. Wait-free, if `f` is.
    #[inline(always)]
    fn route<R>(&self, id: &str, f: impl FnOnce(&Route<StreamShared>) -> R) -> Result<R, Error> {
        let _inside = self.presence.enter();
        let route = self.table().find(id.as_bytes()).ok_or(Error::UnknownStream)?;
        // SAFETY: found while inside, and used while inside.
        Ok(f(unsafe { route.as_ref() }))
    }

    fn each_route(&self, mut f: impl FnMut(&Route<StreamShared>)) {
        let _inside = self.presence.enter();
        // SAFETY: found while inside, and used while inside.
        self.table().routes().for_each(|route| f(unsafe { route.as_ref() }));
    }

    /// Counts one packet of an input's current session. Wait-free.
    #[inline(always)]
    fn record(&self, id: &str, priority: Priority, packet: Packet) -> Result<Verdict, Error> {
        let _inside = self.presence.enter();
        let target = self.table().target(id.as_bytes(), priority)?;
        let me = self.presence.thread();
        Ok(target.cells.record(me, target.owner, packet, &self.shared.clock, target.gate))
    }

    /// The newest table. To be called inside, and used there.
    #[inline(always)]
    fn table(&self) -> &Table<StreamShared> {
        // SAFETY: a membership is one thread's (`UnsafeCell` is not `Sync`), and that thread is
        // in here once at a time: nothing that is called with a table comes back here.
        unsafe { &mut *self.view.get() }.table()
    }

    #[inline(always)]
    fn find(engine: u64) -> Option<*const Membership> {
        let (number, last) = LAST.with(Cell::get);
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
            LAST.with(|last| last.set((engine, found)));
            Some(found)
        })
        .ok()?
    }

    #[cold]
    fn join_for_good(shared: &Arc<Shared>) -> Option<*const Membership> {
        ALL.try_with(|all| {
            let Memberships(all) = &mut *all.borrow_mut();
            LAST.with(|last| last.set((0, std::ptr::null())));
            all.retain(|membership| !membership.shared.is_closed());
            all.push(Box::new(Membership::join(shared)));
        })
        .ok()?;
        Membership::find(shared.number)
    }

    fn join(shared: &Arc<Shared>) -> Membership {
        Membership {
            shared: shared.clone(),
            presence: shared.presences.join(),
            view: UnsafeCell::new(View::new(shared.table.clone())),
        }
    }
}

impl Drop for Memberships {
    fn drop(&mut self) {
        let _ = LAST.try_with(|last| last.set((0, std::ptr::null())));
    }
}
