//! The routing table: stream id → route, read without locks, written by the monitor.
//!
//! Open addressing over atomic slots, two in a cache line. Inserting writes one slot, and so does
//! removing; only when the table gets full (of entries, or of removed ones) a new one is swapped
//! in. What was removed is freed when no thread is inside a by-id call any more (see
//! `presence.rs`); an old table is freed by the monitor, when no thread's cached reference is left.

use super::by_id::Owner;
use super::dense::{block_len, Dense};
use super::id_hash::IdHash;
use super::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use super::{ByIdCells, Cell, Gate};
use crate::core::{Error, Priority};
use arc_swap::ArcSwap;
use std::cell::UnsafeCell;
use std::hint::assert_unchecked;
use std::mem::MaybeUninit;
use std::ptr::{self, from_ref, null_mut, NonNull};
use std::sync::Arc;

/// Where a stream's packets are counted, and what its readers want. A change of inputs makes a new
/// one. What recording needs, for a stream with a short id and up to two inputs, is in the first
/// cache line, which is written to once.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Route<S> {
    gate: &'static Gate,
    first: [Option<ByIdCells>; 2],
    priorities: [Priority; 2],
    /// Of the first input's first cell. The cell's own line is written to for each packet: to look
    /// there, another thread would have to take it away from the owner.
    owner: Owner,
    len: u8,
    /// Of a short id.
    bytes: [u8; SHORT_ID],
    id: Arc<str>,
    more: Box<[InputRoute]>,
    stream: Arc<S>,
}

/// What is left of the line.
const SHORT_ID: usize = 27;

#[cfg(not(loom))]
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
            owner: Owner::unknown(),
            // 255 at most: the core has checked it.
            len: id.len() as u8,
            bytes,
            id: id.clone(),
            more: inputs.collect(),
            stream,
        }
    }

    /// Where an input's packets are counted.
    #[inline(always)]
    fn way(&self, priority: Priority) -> Result<Way<'_>, Error> {
        let cells = if priority == self.priorities[0] {
            self.first[0]
        } else if priority == self.priorities[1] {
            self.first[1]
        } else {
            self.further_input(priority)
        };
        let cells = cells.ok_or(Error::UnknownInput)?;
        Ok(Way { cells, owner: cells.owner(), gate: self.gate })
    }

    #[cold]
    fn further_input(&self, priority: Priority) -> Option<ByIdCells> {
        self.more.iter().find(|input| input.priority == priority).map(|input| input.cells)
    }

    /// Whether there is a first input, and these are its cells and the gate.
    #[inline(always)]
    fn agrees(&self, cells: *const [Cell; 2], gate: *const Gate) -> bool {
        let first = self.first[0].is_some_and(|own| ptr::eq(own.both(), cells));
        first && ptr::eq(self.gate, gate)
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
    words_a.iter().zip(words_b).all(|(a, b)| a == b) && last_a == last_b
}

/// A slot is free, taken, or was taken: so says its hash, and all else is good only while it is
/// taken.
///
/// What recording to the first input needs is here too, so that its cells and the gate are on
/// their way from memory while the route still is: it may belong to an older or a newer route, and
/// is good only if the route says the same.
#[derive(Debug)]
#[repr(align(32))]
struct Slot<S> {
    hash: AtomicU64,
    route: AtomicPtr<Route<S>>,
    cells: AtomicPtr<[Cell; 2]>,
    gate: AtomicPtr<Gate>,
}

/// In place of a hash: never used so far.
const FREE: u64 = 0;
/// In place of a hash: used before, so that a search goes on.
const LEFT: u64 = 1;
/// Every hash has this bit.
const TAKEN: u64 = 1 << 63;

impl<S> Slot<S> {
    fn free() -> Self {
        Slot {
            hash: AtomicU64::new(FREE),
            route: AtomicPtr::new(null_mut()),
            cells: AtomicPtr::new(null_mut()),
            gate: AtomicPtr::new(null_mut()),
        }
    }

    /// What the monitor put in, and did not take out.
    fn own_route(&self) -> Option<*mut Route<S>> {
        let taken = self.hash.load(Ordering::Relaxed) & TAKEN != 0;
        taken.then(|| self.route.load(Ordering::Relaxed))
    }

    /// The route, if it is this stream's. To be called after the slot's hash was that of a stream.
    #[inline(always)]
    fn route_of(&self, id: &[u8]) -> Option<NonNull<Route<S>>> {
        // Acquire: pairs with the AcqRel in `put`.
        let route = self.route.load(Ordering::Acquire);
        // SAFETY: a slot with a hash has a route, then and later. It is freed only when no thread
        // is inside any more that may have found it; the monitor, which frees, does not keep what
        // it finds.
        unsafe { (*route).has_id(id).then_some(NonNull::new_unchecked(route)) }
    }

    /// Puts a route in, and takes out the one that was there.
    ///
    /// # Safety
    /// `new` is from [`Arena::keep`] and not freed.
    unsafe fn put(&self, new: *mut Route<S>) -> *mut Route<S> {
        // SAFETY: by the contract above.
        let route = unsafe { &*new };
        let cells = route.first[0].map_or(null_mut(), |cells| from_ref(cells.both()).cast_mut());
        // Relaxed: readers compare with what the route says.
        self.cells.store(cells, Ordering::Relaxed);
        self.gate.store(from_ref(route.gate).cast_mut(), Ordering::Relaxed);
        // AcqRel: readers acquire the new route; the old one comes back whole.
        self.route.swap(new, Ordering::AcqRel)
    }
}

/// Where a packet is counted, and what tells whether it is admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way<'a> {
    pub(crate) cells: ByIdCells,
    /// Of the first cell, as far as it is known.
    pub(crate) owner: &'a Owner,
    pub(crate) gate: &'static Gate,
}

/// What is looked at together: the slots in one cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Line<S>([Slot<S>; SLOTS]);

const SLOTS: usize = 2;

#[derive(Debug)]
pub(crate) struct Table<S> {
    /// A power of two of them.
    lines: Dense<Line<S>>,
    hash: IdHash,
    /// There is a newer one.
    superseded: AtomicBool,
}

impl<S> Table<S> {
    fn new(slots: usize, hash: IdHash) -> Self {
        let lines = Dense::new(slots / SLOTS, |_| Line([Slot::free(), Slot::free()]));
        Table { lines, hash, superseded: AtomicBool::new(false) }
    }

    #[inline(always)]
    fn hash(&self, id: &[u8]) -> u64 {
        self.hash.of(id) | TAKEN
    }

    #[inline(always)]
    fn line(&self, at: u64) -> &Line<S> {
        let lines = self.lines.len();
        // SAFETY: a power of two.
        unsafe { assert_unchecked(lines != 0) };
        &self.lines[at as usize & (lines - 1)]
    }

    /// The slots a stream of this hash may be in, in order: without end.
    #[inline(always)]
    fn slots(&self, hash: u64) -> impl Iterator<Item = &Slot<S>> {
        let slot = move |n: usize| {
            let Line(slots) = self.line(hash.wrapping_add((n / SLOTS) as u64));
            &slots[n % SLOTS]
        };
        (0..).map(slot)
    }

    /// What the monitor put in, and did not take out.
    fn own_routes(&self) -> impl Iterator<Item = *mut Route<S>> + '_ {
        self.lines.iter().flat_map(|Line(slots)| slots).filter_map(Slot::own_route)
    }

    /// Where a stream is, and its route. Wait-free.
    #[inline(always)]
    fn find_slot(&self, id: &[u8]) -> Option<(&Slot<S>, NonNull<Route<S>>)> {
        let hash = self.hash(id);
        match self.find_in_first_line(hash, id) {
            None => self.find_further(hash, id),
            found => found,
        }
    }

    /// Most are in their first line. Which slot of it that is takes no branch, so that the
    /// processor seldom guesses wrong.
    #[inline(always)]
    fn find_in_first_line(&self, hash: u64, id: &[u8]) -> Option<(&Slot<S>, NonNull<Route<S>>)> {
        let Line(slots) = self.line(hash);
        // Acquire, both: pair with the Release in `place`.
        let second = slots[1].hash.load(Ordering::Acquire) == hash;
        let slot = &slots[usize::from(second)];
        if slot.hash.load(Ordering::Acquire) != hash {
            return None;
        }
        Some((slot, slot.route_of(id)?))
    }

    /// Looks at each slot up to the first free one; a quarter of them is always free.
    #[cold]
    fn find_further(&self, hash: u64, id: &[u8]) -> Option<(&Slot<S>, NonNull<Route<S>>)> {
        for slot in self.slots(hash) {
            // Acquire: pairs with the Release in `place`.
            let found = slot.hash.load(Ordering::Acquire);
            if found == FREE {
                break;
            }
            if let Some(route) = (found == hash).then(|| slot.route_of(id)).flatten() {
                return Some((slot, route));
            }
        }
        None
    }

    /// Finds a stream's route. The pointer is good while the caller is inside (see
    /// [`super::Presence`]), or is the monitor. Wait-free.
    pub(crate) fn find(&self, id: &[u8]) -> Option<NonNull<Route<S>>> {
        let (_, route) = self.find_slot(id)?;
        Some(route)
    }

    /// Finds where a packet is counted. To be called, and the answer to be used, inside (see
    /// [`super::Presence`]). Wait-free.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    #[inline(always)]
    pub(crate) fn way(&self, id: &[u8], priority: Priority) -> Result<Way<'_>, Error> {
        let (slot, route) = self.find_slot(id).ok_or(Error::UnknownStream)?;
        // SAFETY: as in `route_of`.
        let route = unsafe { route.as_ref() };
        let (cells, gate) = (slot.cells.load(Ordering::Relaxed), slot.gate.load(Ordering::Relaxed));
        // Not the same as to take them from the route: the processor supposes that they are equal
        // and goes on, to the next packet too, while the route is on its way.
        if priority == route.priorities[0] && route.agrees(cells, gate) {
            // SAFETY: these are the addresses of what the route refers to.
            let (cells, gate) = unsafe { (ByIdCells::at(cells), &*gate) };
            return Ok(Way { cells, owner: &route.owner, gate });
        }
        route.way(priority)
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
        let table = Arc::new(Table::new(MIN_SLOTS, IdHash::new()));
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
        if (self.used + 1) * 4 > self.table.lines.len() * SLOTS * 3 {
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
        let (slot, _) = self.table.find_slot(unsafe { (*new).id.as_bytes() })?;
        // SAFETY: just kept.
        Some(Unlinked(unsafe { slot.put(new) }))
    }

    /// Makes a stream unreachable.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Unlinked<S>> {
        let (slot, route) = self.table.find_slot(id.as_bytes())?;
        // Who has seen the hash, and is inside, goes on to the route.
        slot.hash.store(LEFT, Ordering::Relaxed);
        self.live -= 1;
        Some(Unlinked(route.as_ptr()))
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

    fn rebuild(&mut self) {
        let capacity = ((self.live + 1) * 2).next_power_of_two().max(MIN_SLOTS);
        let table = Table::new(capacity, self.table.hash.clone());
        for route in self.table.own_routes() {
            // SAFETY: what is in the table is freed by `&mut self` only, later.
            unsafe { place(&table, route) };
        }
        self.used = self.live;
        let old = std::mem::replace(&mut self.table, Arc::new(table));
        self.current.store(self.table.clone());
        // Release: pairs with the Acquire in `View::table`.
        old.superseded.store(true, Ordering::Release);
        self.retired.push(old);
    }
}

/// Writes a route into the first slot that is not taken; true if that was a free one.
///
/// # Safety
/// `route` is from [`Arena::keep`] and not freed.
unsafe fn place<S>(table: &Table<S>, route: *mut Route<S>) -> bool {
    // SAFETY: by the contract above.
    let hash = table.hash(unsafe { (*route).id.as_bytes() });
    let mut slots = table.slots(hash);
    let slot = slots.find(|slot| slot.own_route().is_none()).expect("a quarter of them is free");
    let was_free = slot.hash.load(Ordering::Relaxed) == FREE;
    // SAFETY: by the contract above.
    unsafe { slot.put(route) };
    // Release, after the route: pairs with the Acquires in `find_in_first_line` and
    // `find_further`.
    slot.hash.store(hash, Ordering::Release);
    was_free
}

impl<S> Drop for Router<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The monitor did not get to wait for the threads inside: they keep what they have.
            return std::mem::take(&mut self.arena.blocks).into_iter().for_each(std::mem::forget);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::OwnedGate;

    #[test]
    fn a_route_knows_its_id_by_every_byte() {
        let gate = OwnedGate::new();
        for len in 0..=255 {
            let id = "a".repeat(len);
            let route = Route::new(&Arc::from(id.as_str()), Arc::new(()), gate.get(), []);
            assert!(route.has_id(id.as_bytes()));
            assert!(!route.has_id("a".repeat(len + 1).as_bytes()), "{len} and one more");
            for at in 0..len {
                let mut other = id.clone().into_bytes();
                other[at] = b'b';
                assert!(!route.has_id(&other), "byte {at} of {len}");
            }
        }
    }
}
