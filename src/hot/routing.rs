//! The routing table: stream id → route, read without locks, written by the monitor.
//!
//! Open addressing over atomic slots. Inserting writes one slot and removing clears one; only
//! when the table gets full (of entries, or of removed ones) a new one is swapped in. What was
//! removed is freed when no thread is inside a by-id call any more (see `presence.rs`); an old
//! table is freed by the monitor, when no thread's cached reference is left.

use super::dense::{block_len, Dense};
use super::sync::{AtomicPtr, AtomicU64, Ordering};
use super::{Cell, Gate};
use crate::core::Priority;
use arc_swap::ArcSwap;
// The model checker needs the same slots in each execution.
#[cfg(loom)]
use foldhash::fast::FixedState as RandomState;
#[cfg(not(loom))]
use foldhash::fast::RandomState;
use std::cell::UnsafeCell;
use std::hash::BuildHasher;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// Where a stream's packets are counted, and what its readers want. Immutable: a change of
/// inputs makes a new one. What recording needs, for a stream with a short id and up to two
/// inputs, is in two neighbouring cache lines.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Route<S> {
    gate: &'static Gate,
    first: [Option<InputRoute>; 2],
    id: RouteId,
    more: Box<[InputRoute]>,
    stream: Arc<S>,
}

/// The by-id cells of one input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRoute {
    pub(crate) priority: Priority,
    /// Of the first thread that records.
    pub(crate) owned: &'static Cell,
    /// Of all others.
    pub(crate) shared: &'static Cell,
}

impl<S> Route<S> {
    /// `gate` is the stream's: it owns it.
    pub(crate) fn new(
        id: &Arc<str>,
        stream: Arc<S>,
        gate: &'static Gate,
        inputs: impl IntoIterator<Item = InputRoute>,
    ) -> Self {
        let mut inputs = inputs.into_iter();
        Route {
            gate,
            first: [inputs.next(), inputs.next()],
            id: RouteId::new(id),
            more: inputs.collect(),
            stream,
        }
    }

    #[inline]
    pub(crate) fn input(&self, priority: Priority) -> Option<&InputRoute> {
        self.first.iter().flatten().chain(&self.more).find(|input| input.priority == priority)
    }

    #[inline]
    pub(crate) fn gate(&self) -> &Gate {
        self.gate
    }

    #[inline]
    pub(crate) fn stream(&self) -> &Arc<S> {
        &self.stream
    }
}

#[derive(Debug)]
enum RouteId {
    Short { len: u8, bytes: [u8; RouteId::SHORT] },
    Long(Arc<str>),
}

impl RouteId {
    const SHORT: usize = 38;

    fn new(id: &Arc<str>) -> Self {
        match id.len() {
            len @ ..=Self::SHORT => {
                let mut bytes = [0; Self::SHORT];
                bytes[..len].copy_from_slice(id.as_bytes());
                RouteId::Short { len: len as u8, bytes }
            }
            _ => RouteId::Long(id.clone()),
        }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            RouteId::Short { len, bytes } => &bytes[..*len as usize],
            RouteId::Long(id) => id.as_bytes(),
        }
    }
}

/// A slot is free (hash 0), taken (hash and route), or was taken (hash without route).
#[derive(Debug)]
struct Slot<S> {
    hash: AtomicU64,
    route: AtomicPtr<Route<S>>,
}

#[derive(Debug)]
pub(crate) struct Table<S> {
    /// A power of two of them.
    slots: Dense<Slot<S>>,
    hasher: RandomState,
}

impl<S> Table<S> {
    fn new(capacity: usize, hasher: RandomState) -> Self {
        let slot =
            |_| Slot { hash: AtomicU64::new(0), route: AtomicPtr::new(std::ptr::null_mut()) };
        Table { slots: Dense::new(capacity, slot), hasher }
    }

    /// 0 marks a free slot.
    #[inline]
    fn hash(&self, id: &[u8]) -> u64 {
        self.hasher.hash_one(id).max(1)
    }

    /// Finds a stream's route. The pointer is good while the caller is inside (see
    /// [`super::Presence`]), or is the monitor. Wait-free: at most one look at each slot, and a
    /// quarter of them is always free.
    #[inline]
    pub(crate) fn find(&self, id: &[u8]) -> Option<std::ptr::NonNull<Route<S>>> {
        let hash = self.hash(id);
        let mask = self.slots.len() - 1;
        for step in 0..self.slots.len() {
            let slot = &self.slots[(hash as usize).wrapping_add(step) & mask];
            // Acquire: pairs with the Release in `place`.
            let found = slot.hash.load(Ordering::Acquire);
            if found == hash {
                // Acquire: pairs with the Release in `place` and the swaps.
                let route = std::ptr::NonNull::new(slot.route.load(Ordering::Acquire));
                // SAFETY: a route is freed only when no thread is inside any more that may have
                // found it; the monitor, which frees, does not keep what it finds.
                if let Some(route) = route.filter(|r| unsafe { r.as_ref() }.id.as_bytes() == id) {
                    return Some(route);
                }
            }
            if found == 0 {
                return None;
            }
        }
        None
    }
}

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
const MIN_SLOTS: usize = if cfg!(loom) { 4 } else { 64 };

impl<S> Router<S> {
    pub(crate) fn new() -> Self {
        let table = Arc::new(Table::new(MIN_SLOTS, RandomState::default()));
        let current = Arc::new(ArcSwap::new(table.clone()));
        Router {
            current,
            table,
            retired: Vec::new(),
            arena: Arena { blocks: Vec::new(), free: Vec::new() },
            live: 0,
            used: 0,
        }
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
        if (self.used + 1) * 4 > self.table.slots.len() * 3 {
            self.rebuild();
        }
        let hash = self.table.hash(route.id.as_bytes());
        let route = self.arena.keep(route);
        self.used += usize::from(place(&self.table, hash, route));
        self.live += 1;
    }

    /// Puts a new route in the place of the one with the same id.
    pub(crate) fn replace(&mut self, route: Route<S>) -> Option<Unlinked<S>> {
        let new = self.arena.keep(route);
        // SAFETY: just kept.
        let slot = self.slot_of(unsafe { (*new).id.as_bytes() })?;
        // AcqRel: readers acquire the new route; the old one comes back whole.
        Some(Unlinked(slot.route.swap(new, Ordering::AcqRel)))
    }

    /// Makes a stream unreachable.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Unlinked<S>> {
        let slot = self.slot_of(id.as_bytes())?;
        let old = slot.route.swap(std::ptr::null_mut(), Ordering::AcqRel);
        self.live -= 1;
        Some(Unlinked(old))
    }

    /// Frees a route. No reader that found it may be left.
    pub(crate) fn free(&mut self, route: Unlinked<S>) {
        // SAFETY: it came out of the table once, and the caller has waited for the threads inside.
        unsafe { self.arena.free(route.0) };
    }

    /// Frees the old tables nobody holds any more.
    pub(crate) fn free_retired(&mut self) {
        self.retired.retain(|table| Arc::strong_count(table) > 1);
    }

    fn slot_of(&self, id: &[u8]) -> Option<&Slot<S>> {
        let wanted = self.table.find(id)?;
        let hash = self.table.hash(id);
        let mask = self.table.slots.len() - 1;
        (0..self.table.slots.len())
            .map(|step| &self.table.slots[(hash as usize).wrapping_add(step) & mask])
            .find(|slot| slot.route.load(Ordering::Relaxed) == wanted.as_ptr())
    }

    fn rebuild(&mut self) {
        let capacity = ((self.live + 1) * 2).next_power_of_two().max(MIN_SLOTS);
        let table = Table::new(capacity, self.table.hasher.clone());
        for slot in self.table.slots.iter() {
            let route = slot.route.load(Ordering::Relaxed);
            if !route.is_null() {
                place(&table, slot.hash.load(Ordering::Relaxed), route);
            }
        }
        self.used = self.live;
        let old = std::mem::replace(&mut self.table, Arc::new(table));
        self.current.store(self.table.clone());
        self.retired.push(old);
    }
}

/// Writes a route into the first fitting slot; true if that was a free one.
fn place<S>(table: &Table<S>, hash: u64, route: *mut Route<S>) -> bool {
    let mask = table.slots.len() - 1;
    let mut at = hash as usize & mask;
    loop {
        let slot = &table.slots[at];
        let found = slot.hash.load(Ordering::Relaxed);
        if found == 0 || (found == hash && slot.route.load(Ordering::Relaxed).is_null()) {
            // Release, the route before the hash: pairs with the Acquires in `find`.
            slot.route.store(route, Ordering::Release);
            slot.hash.store(hash, Ordering::Release);
            return found == 0;
        }
        at = (at + 1) & mask;
    }
}

impl<S> Drop for Router<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The monitor did not get to wait for the threads inside: they keep what they have.
            return std::mem::take(&mut self.arena.blocks).into_iter().for_each(std::mem::forget);
        }
        // The engine removes every stream, and waits for the threads inside, before this; what
        // is still here was in use to the end.
        for slot in self.table.slots.iter() {
            let route = slot.route.swap(std::ptr::null_mut(), Ordering::AcqRel);
            if !route.is_null() {
                // SAFETY: taken out of the table just now, by the only one who may.
                unsafe { self.arena.free(route) };
            }
        }
    }
}

/// A route no new reader can find; see [`Router::free`].
#[derive(Debug)]
pub(crate) struct Unlinked<S>(*mut Route<S>);

// SAFETY: it stands for the route.
unsafe impl<S: Send + Sync> Send for Unlinked<S> {}

/// Where routes are kept: side by side.
#[derive(Debug)]
struct Arena<S> {
    blocks: Vec<Dense<Place<S>>>,
    free: Vec<*mut Route<S>>,
}

type Place<S> = UnsafeCell<MaybeUninit<Route<S>>>;

// SAFETY: the pointers are into the blocks, which it owns; routes are Send and Sync.
unsafe impl<S: Send + Sync> Send for Arena<S> {}

impl<S> Arena<S> {
    fn keep(&mut self, route: Route<S>) -> *mut Route<S> {
        let place = self.free.pop().unwrap_or_else(|| {
            let have = self.blocks.iter().map(|block| block.len()).sum();
            let len = block_len::<Route<S>>(have);
            let block = Dense::new(len, |_| UnsafeCell::new(MaybeUninit::uninit()));
            // Handed out in order.
            self.free.extend(block.iter().rev().map(|place| place.get().cast::<Route<S>>()));
            self.blocks.push(block);
            self.free.pop().expect("a block has places")
        });
        // SAFETY: a free place of a block we own.
        unsafe { place.write(route) };
        place
    }

    /// # Safety
    /// `route` is from `keep`, not freed since, and nobody reads it any more.
    unsafe fn free(&mut self, route: *mut Route<S>) {
        // SAFETY: by the contract above.
        unsafe { route.drop_in_place() };
        self.free.push(route);
    }
}
