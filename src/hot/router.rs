//! The routing table, as the monitor writes it.
//!
//! When the table gets full (of entries, or of removed ones) a new one is swapped in. What was
//! removed is freed when no thread is inside a by-id call any more (see `presence.rs`); an old
//! table, when no thread's cached reference is left.

use super::arena::Arena;
use super::id_hash::IdHash;
use super::route::Route;
use super::sync::ArcSwap;
use super::table::Table;
use std::ptr::NonNull;
use std::sync::Arc;

/// The monitor's side of the table.
#[derive(Debug)]
pub(crate) struct Router<S> {
    current: Arc<ArcSwap<Table<S>>>,
    table: Arc<Table<S>>,
    /// Old tables that some thread's cache may still hold.
    retired: Vec<Arc<Table<S>>>,
    arena: Arena<S>,
    live: usize,
    /// Slots that are not free.
    used: usize,
}

/// Fewer for the model checker.
const MIN_SLOTS: usize = if cfg!(any(loom, shuttle)) { 4 } else { 64 };

/// The largest part of its slots that a table may use. The smaller it is, the fewer packets find another
/// stream's slot first, which no processor predicts. (More for the model checker: ids are to collide.)
const MOST_USED: [usize; 2] = if cfg!(loom) { [3, 4] } else { [1, 2] };

/// How many slots for each stream a new table has, at least: it has room for half as many streams again,
/// or for as many that come and go, before the next one is made.
const SLOTS_EACH: usize = if cfg!(loom) { 2 } else { 3 };

impl<S> Router<S> {
    pub(crate) fn new() -> Self {
        let table = Arc::new(Table::new(MIN_SLOTS, IdHash::new()));
        let current = Arc::new(ArcSwap::new(table.clone()));
        Router { current, table, retired: Vec::new(), arena: Arena::new(), live: 0, used: 0 }
    }

    /// The readers' side.
    pub(crate) fn shared(&self) -> Arc<ArcSwap<Table<S>>> {
        self.current.clone()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Route<S>> {
        // SAFETY: routes are freed through `&mut self` only (`Unlinked` outlives the borrow).
        self.table.find(id.as_bytes()).map(|route| unsafe { route.as_ref() })
    }

    /// Adds a route whose id is not in the table.
    pub(crate) fn insert(&mut self, route: Route<S>) {
        let [part, whole] = MOST_USED;
        if (self.used + 1) * whole > self.table.slot_count() * part {
            self.rebuild();
        }
        let route = self.arena.keep(route);
        // SAFETY: just kept.
        self.used += usize::from(unsafe { self.table.place(route) });
        self.live += 1;
    }

    /// Puts a new route in the place of the one with the same id.
    pub(crate) fn replace(&mut self, route: Route<S>) -> Option<Unlinked<S>> {
        let by = self.arena.keep(route);
        // SAFETY: just kept.
        let route = unsafe { self.table.replace(by) }?;
        Some(Unlinked { route, by: NonNull::new(by) })
    }

    /// Makes a stream unreachable.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Unlinked<S>> {
        let route = self.table.remove(id.as_bytes())?;
        self.live -= 1;
        Some(Unlinked { route, by: None })
    }

    /// Frees a route. No reader that found it may be left. To be called in the order in which they were
    /// unlinked.
    pub(crate) fn free(&mut self, unlinked: Unlinked<S>) {
        let Unlinked { route, by } = unlinked;
        // SAFETY: it came out of the table once, and the caller has waited for the threads inside. Of
        // what replaced it, freeing comes later.
        unsafe {
            self.table.settle(route, by);
            self.arena.free(route);
        }
    }

    /// Frees the old tables nobody holds any more.
    pub(crate) fn free_retired(&mut self) {
        self.retired.retain(|table| Arc::strong_count(table) > 1);
    }

    fn rebuild(&mut self) {
        let capacity = ((self.live + 1) * SLOTS_EACH).next_power_of_two().max(MIN_SLOTS);
        let table = self.table.of_size(capacity);
        for route in self.table.own_routes() {
            // SAFETY: what is in the table is freed by `&mut self` only, later.
            unsafe { table.place(route) };
        }
        self.used = self.live;
        let old = std::mem::replace(&mut self.table, Arc::new(table));
        self.current.store(self.table.clone());
        old.supersede();
        self.retired.push(old);
    }
}

impl<S> Drop for Router<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The monitor did not get to wait for the threads inside: they keep what they have.
            return self.arena.leak();
        }
        // The engine removes every stream, and waits for the threads inside, before this; what
        // is still here was in use to the end.
        for route in self.table.own_routes() {
            // SAFETY: it is in the table, so it was not freed, and the table goes with this.
            unsafe { self.arena.free(route) };
        }
    }
}

/// A route no new reader can find; see [`Router::free`].
#[derive(Debug)]
pub(crate) struct Unlinked<S> {
    route: *mut Route<S>,
    /// What took its place.
    by: Option<NonNull<Route<S>>>,
}

// SAFETY: it stands for the routes.
unsafe impl<S: Send + Sync> Send for Unlinked<S> {}
