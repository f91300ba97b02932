//! The routing table: stream id → route, read without locks, written by the monitor.
//!
//! Open addressing over atomic slots. Inserting writes one slot and removing clears one; only
//! when the table gets full (of entries, or of removed ones) a new one is swapped in. What was
//! removed is freed when no thread is inside a by-id call any more (see `presence.rs`); an old
//! table is freed by the monitor, when no thread's cached reference is left.

use super::dense::{block_len, prefetch_line, Dense};
use super::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use super::{ByIdCells, Gate};
use crate::core::Priority;
use arc_swap::ArcSwap;
// The model checker needs the same slots in each execution.
#[cfg(loom)]
use foldhash::fast::FixedState as RandomState;
#[cfg(not(loom))]
use foldhash::fast::RandomState;
use std::cell::UnsafeCell;
use std::hash::{BuildHasher, Hasher};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

/// Where a stream's packets are counted, and what its readers want. Immutable: a change of
/// inputs makes a new one. What recording needs, for a stream with a short id and up to two
/// inputs, is in the first cache line.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Route<S> {
    gate: &'static Gate,
    first: [Option<ByIdCells>; 2],
    priorities: [Priority; 2],
    len: u8,
    /// Of a short id.
    bytes: [u8; SHORT_ID],
    id: Arc<str>,
    more: Box<[InputRoute]>,
    stream: Arc<S>,
}

/// What is left of the line.
const SHORT_ID: usize = 31;

const _: () = assert!(std::mem::offset_of!(Route<()>, id) == 64);

/// One input, by id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRoute {
    pub(crate) priority: Priority,
    pub(crate) cells: ByIdCells,
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
        let first = [inputs.next(), inputs.next()];
        let mut bytes = [0; SHORT_ID];
        let short = id.len().min(SHORT_ID);
        bytes[..short].copy_from_slice(&id.as_bytes()[..short]);
        Route {
            gate,
            first: first.map(|input| input.map(|input| input.cells)),
            priorities: first.map(|input| input.map_or(-1, |input| input.priority)),
            // 255 at most: the core has checked it.
            len: id.len() as u8,
            bytes,
            id: id.clone(),
            more: inputs.collect(),
            stream,
        }
    }

    /// The cells of an input.
    #[inline(always)]
    pub(crate) fn input(&self, priority: Priority) -> Option<ByIdCells> {
        if priority == self.priorities[0] {
            self.first[0]
        } else if priority == self.priorities[1] {
            self.first[1]
        } else {
            self.further_input(priority)
        }
    }

    #[cold]
    fn further_input(&self, priority: Priority) -> Option<ByIdCells> {
        self.more.iter().find(|input| input.priority == priority).map(|input| input.cells)
    }

    #[inline(always)]
    pub(crate) fn gate(&self) -> &Gate {
        self.gate
    }

    #[inline]
    pub(crate) fn stream(&self) -> &Arc<S> {
        &self.stream
    }

    #[inline(always)]
    fn has_id(&self, id: &[u8]) -> bool {
        id.len() == usize::from(self.len)
            && match self.bytes.get(..id.len()) {
                Some(own) => same(own, id),
                None => self.id.as_bytes() == id,
            }
    }
}

/// Whether two slices of one length are equal. Without a call, because most ids are short.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a == b;
    };
    // Whole words, and the last one of each, which may overlap.
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    words_a.iter().zip(words_b).all(|(a, b)| word(a) == word(b)) && word(last_a) == word(last_b)
}

#[inline(always)]
fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_ne_bytes(*bytes)
}

/// A slot is free (mark 0), taken (mark and route), or was taken (mark without route).
#[derive(Debug)]
struct Slot<S> {
    mark: AtomicU64,
    route: AtomicPtr<Route<S>>,
}

/// What is in a slot beside the route: a part of the id's hash, so that hardly any other route is
/// looked at, and the address of the first input's cells, so that they are on their way from
/// memory while the route still is. (Only a hint: bits that have no room are left out.)
#[derive(Clone, Copy)]
struct Mark(u64);

impl Mark {
    /// For the address of a cache line, in the lower bits.
    const ADDRESS_BITS: u32 = 42;
    const LINE_BITS: u32 = 6;

    fn new<S>(hash: u64, route: &Route<S>) -> Mark {
        let cells = route.first[0].map_or(0, |cells| cells.address() as u64);
        let line = cells >> Mark::LINE_BITS & ((1 << Mark::ADDRESS_BITS) - 1);
        // Never 0, which is a free slot.
        Mark((hash >> Mark::ADDRESS_BITS | 1) << Mark::ADDRESS_BITS | line)
    }

    #[inline(always)]
    fn is_free(self) -> bool {
        self.0 == 0
    }

    #[inline(always)]
    fn is_of(self, hash: u64) -> bool {
        (self.0 ^ hash) >> (Mark::ADDRESS_BITS + 1) == 0
    }

    #[inline(always)]
    fn prefetch(self) {
        let address =
            (self.0 << (64 - Mark::ADDRESS_BITS)) >> (64 - Mark::ADDRESS_BITS - Mark::LINE_BITS);
        prefetch_line(std::ptr::without_provenance(address as usize));
    }
}

#[derive(Debug)]
pub(crate) struct Table<S> {
    /// A power of two of them.
    slots: Dense<Slot<S>>,
    hasher: RandomState,
    /// There is a newer one.
    superseded: AtomicBool,
}

impl<S> Table<S> {
    fn new(capacity: usize, hasher: RandomState) -> Self {
        let slot =
            |_| Slot { mark: AtomicU64::new(0), route: AtomicPtr::new(std::ptr::null_mut()) };
        let superseded = AtomicBool::new(false);
        Table { slots: Dense::new(capacity, slot), hasher, superseded }
    }

    #[inline(always)]
    fn hash(&self, id: &[u8]) -> u64 {
        // Not `hash_one`, which hashes the length too: foldhash does that by itself.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(id);
        hasher.finish()
    }

    /// Finds a stream's route. The pointer is good while the caller is inside (see
    /// [`super::Presence`]), or is the monitor. Wait-free: at most one look at each slot, and a
    /// quarter of them is always free.
    #[inline(always)]
    pub(crate) fn find(&self, id: &[u8]) -> Option<NonNull<Route<S>>> {
        let hash = self.hash(id);
        let mask = self.slots.len() - 1;
        for step in 0..self.slots.len() {
            let slot = &self.slots[(hash as usize).wrapping_add(step) & mask];
            // Acquire: pairs with the Release in `place`.
            let mark = Mark(slot.mark.load(Ordering::Acquire));
            if mark.is_of(hash) {
                mark.prefetch();
                // Acquire: pairs with the Release in `place` and the swaps.
                let route = NonNull::new(slot.route.load(Ordering::Acquire));
                // SAFETY: a route is freed only when no thread is inside any more that may have
                // found it; the monitor, which frees, does not keep what it finds.
                if let Some(route) = route.filter(|route| unsafe { route.as_ref() }.has_id(id)) {
                    return Some(route);
                }
            }
            if mark.is_free() {
                return None;
            }
        }
        None
    }
}

/// The readers' side of the table: one thread's.
#[derive(Debug)]
pub(crate) struct View<S> {
    current: Arc<ArcSwap<Table<S>>>,
    table: Arc<Table<S>>,
}

impl<S> View<S> {
    pub(crate) fn new(current: Arc<ArcSwap<Table<S>>>) -> Self {
        View { table: current.load_full(), current }
    }

    /// The newest table. To be called inside, and used there. Wait-free.
    #[inline(always)]
    pub(crate) fn table(&mut self) -> &Table<S> {
        // Acquire: pairs with the Release in `rebuild`. (Who is inside and does not see it is
        // waited for before anything is freed that is in the old table still.)
        if self.table.superseded.load(Ordering::Acquire) {
            self.renew();
        }
        &self.table
    }

    #[cold]
    fn renew(&mut self) {
        // Not the last reference: the monitor has one until it sees that it is alone.
        self.table = self.current.load_full();
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
        let route = self.arena.keep(route);
        // SAFETY: just kept.
        self.used += usize::from(unsafe { place(&self.table, route) });
        self.live += 1;
    }

    /// Puts a new route in the place of the one with the same id.
    pub(crate) fn replace(&mut self, route: Route<S>) -> Option<Unlinked<S>> {
        let new = self.arena.keep(route);
        // SAFETY: just kept.
        let route = unsafe { &*new };
        let slot = self.slot_of(route.id.as_bytes())?;
        let mark = Mark::new(self.table.hash(route.id.as_bytes()), route);
        // Relaxed: for this id before and after, and the cells in it are a hint.
        slot.mark.store(mark.0, Ordering::Relaxed);
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
                // SAFETY: what is in the table is freed by `&mut self` only, later.
                unsafe { place(&table, route) };
            }
        }
        self.used = self.live;
        let old = std::mem::replace(&mut self.table, Arc::new(table));
        self.current.store(self.table.clone());
        // Release: pairs with the Acquire in `View::table`.
        old.superseded.store(true, Ordering::Release);
        self.retired.push(old);
    }
}

/// Writes a route into the first fitting slot; true if that was a free one.
///
/// # Safety
/// `route` is from [`Arena::keep`] and not freed.
unsafe fn place<S>(table: &Table<S>, route: *mut Route<S>) -> bool {
    // SAFETY: by the contract above.
    let (hash, mark) = unsafe {
        let hash = table.hash((*route).id.as_bytes());
        (hash, Mark::new(hash, &*route))
    };
    let mask = table.slots.len() - 1;
    let mut at = hash as usize & mask;
    loop {
        let slot = &table.slots[at];
        let found = Mark(slot.mark.load(Ordering::Relaxed));
        let was_taken = || found.is_of(hash) && slot.route.load(Ordering::Relaxed).is_null();
        if found.is_free() || was_taken() {
            // Release, the route before the mark: pairs with the Acquires in `find`.
            slot.route.store(route, Ordering::Release);
            slot.mark.store(mark.0, Ordering::Release);
            return found.is_free();
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
