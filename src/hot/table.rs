//! The routing table, as readers see it: stream id → route, without locks.
//!
//! Open addressing over atomic slots, two in a cache line. Inserting writes one slot, and so does
//! removing. A quarter of the slots is always free and a slot never becomes free again, so a search
//! ends; the hash is a secret of the engine, so nobody can choose ids that make it long.

use super::by_id::ByIdCells;
use super::cell::Cell;
use super::dense::Dense;
use super::gate::Gate;
use super::id_hash::IdHash;
use super::route::{Route, Target};
use super::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use crate::units::Priority;
use crate::vocabulary::Error;
use arc_swap::ArcSwap;
use std::hint::assert_unchecked;
use std::ptr::{from_ref, null_mut, NonNull};
use std::sync::Arc;

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
const TAKEN: u64 = 2;

impl<S> Slot<S> {
    fn free() -> Self {
        Slot {
            hash: AtomicU64::new(FREE),
            route: AtomicPtr::new(null_mut()),
            cells: AtomicPtr::new(null_mut()),
            gate: AtomicPtr::new(null_mut()),
        }
    }

    /// The route, if the monitor has put one in and not taken it out.
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

    /// The route, if the slot is taken.
    fn taken_route(&self) -> Option<NonNull<Route<S>>> {
        // Acquire, both: pair with the Release in `Table::place` and the AcqRel in `put`.
        let taken = self.hash.load(Ordering::Acquire) & TAKEN != 0;
        taken.then(|| NonNull::new(self.route.load(Ordering::Acquire)))?
    }

    /// Puts a route in, and takes out the one that was there.
    ///
    /// # Safety
    /// `new` is from [`super::arena::Arena::keep`] and not freed.
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

/// What is looked at together: the slots in one cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Line<S>([Slot<S>; SLOTS]);

const SLOTS: usize = 2;

/// Bytes in a line. (The model checker's are larger, and all that is done with this is right.)
const LINE: u64 = 64;

#[cfg(not(loom))]
const _: () = assert!(size_of::<Line<()>>() as u64 == LINE);

#[derive(Debug)]
pub(crate) struct Table<S> {
    /// A power of two of them.
    lines: Dense<Line<S>>,
    /// Of a hash, how many bytes behind the first line its own is.
    mask: u64,
    hash: IdHash,
    /// There is a newer one.
    superseded: AtomicBool,
}

impl<S> Table<S> {
    pub(super) fn new(slots: usize, hash: IdHash) -> Self {
        let lines = Dense::new(slots / SLOTS, |_| Line([Slot::free(), Slot::free()]));
        assert!(lines.len().is_power_of_two());
        let mask = (lines.len() as u64 - 1) * LINE;
        Table { lines, mask, hash, superseded: AtomicBool::new(false) }
    }

    #[inline(always)]
    fn hash(&self, id: &[u8]) -> u64 {
        self.hash.of(id) | TAKEN
    }

    #[inline(always)]
    fn line(&self, hash: u64) -> &Line<S> {
        // SAFETY: `new` makes the mask (lines.len() − 1) × LINE, both powers of two. So the mask is a multiple
        // of LINE, and what it leaves of a hash is one below lines.len() × LINE.
        unsafe {
            assert_unchecked(self.mask.is_multiple_of(LINE));
            self.lines.get_unchecked(((hash & self.mask) / LINE) as usize)
        }
    }

    /// The slots a stream of this hash may be in, in order, round and round.
    #[inline(always)]
    fn slots(&self, hash: u64) -> impl Iterator<Item = &Slot<S>> {
        let slot = move |n: usize| {
            let Line(slots) = self.line(hash.wrapping_add((n / SLOTS) as u64 * LINE));
            &slots[n % SLOTS]
        };
        (0..).map(slot)
    }

    /// The routes that the monitor has put in and not taken out.
    pub(super) fn own_routes(&self) -> impl Iterator<Item = *mut Route<S>> + '_ {
        self.lines.iter().flat_map(|Line(slots)| slots).filter_map(Slot::own_route)
    }

    /// Writes a route into the first slot that is not taken; true if that was a free one.
    ///
    /// # Safety
    /// `route` is from [`super::arena::Arena::keep`] and not freed.
    pub(super) unsafe fn place(&self, route: *mut Route<S>) -> bool {
        // SAFETY: by the contract above.
        let hash = self.hash(unsafe { (*route).id.as_bytes() });
        let mut slots = self.slots(hash);
        let slot =
            slots.find(|slot| slot.own_route().is_none()).expect("a quarter of them is free");
        let was_free = slot.hash.load(Ordering::Relaxed) == FREE;
        // SAFETY: by the contract above.
        unsafe { slot.put(route) };
        // Release, after the route: pairs with the Acquires in `find_in_first_line` and
        // `find_further`.
        slot.hash.store(hash, Ordering::Release);
        was_free
    }

    /// Puts a route in the place of the one with the same id, which it answers.
    ///
    /// # Safety
    /// As for [`Table::place`].
    pub(super) unsafe fn replace(&self, new: *mut Route<S>) -> Option<*mut Route<S>> {
        // SAFETY: by the contract above.
        let (slot, _) = self.find_slot(unsafe { (*new).id.as_bytes() })?;
        // SAFETY: by the contract above.
        Some(unsafe { slot.put(new) })
    }

    /// Makes a stream unreachable: its route.
    pub(super) fn remove(&self, id: &[u8]) -> Option<*mut Route<S>> {
        let (slot, route) = self.find_slot(id)?;
        // A thread that has seen the hash is inside, and may still go on to the route.
        slot.hash.store(LEFT, Ordering::Relaxed);
        Some(route.as_ptr())
    }

    pub(super) fn slot_count(&self) -> usize {
        self.lines.len() * SLOTS
    }

    /// An empty table with the same hash.
    pub(super) fn of_size(&self, slots: usize) -> Table<S> {
        Table::new(slots, self.hash.clone())
    }

    /// To be called once the newer table can be found.
    pub(super) fn supersede(&self) {
        // Release: pairs with the Acquire in `View::table`.
        self.superseded.store(true, Ordering::Release);
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

    /// Looks at each slot up to the first free one: on average a few, all that are taken at most.
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

    /// All routes, in no order; each that is in the table from beginning to end once. The pointers are
    /// good as those of [`Table::find`] are.
    pub(crate) fn routes(&self) -> impl Iterator<Item = NonNull<Route<S>>> + '_ {
        self.lines.iter().flat_map(|Line(slots)| slots).filter_map(Slot::taken_route)
    }

    /// Finds where a packet is counted. To be called, and the answer to be used, inside (see
    /// [`super::Presence`]). Wait-free.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    #[inline(always)]
    pub(crate) fn target(&self, id: &[u8], priority: Priority) -> Result<Target<'_>, Error> {
        let (slot, route) = self.find_slot(id).ok_or(Error::UnknownStream)?;
        // SAFETY: as in `route_of`.
        let route = unsafe { route.as_ref() };
        let (cells, gate) = (slot.cells.load(Ordering::Relaxed), slot.gate.load(Ordering::Relaxed));
        // Not the same as to take them from the route: the processor supposes that they are equal
        // and goes on, to the next packet too, while the route is on its way.
        if priority == route.priorities[0] && route.agrees(cells, gate) {
            // SAFETY: these are the addresses of what the route refers to.
            let (cells, gate) = unsafe { (ByIdCells::at(cells), &*gate) };
            return Ok(Target { cells, owner: &route.owner, gate });
        }
        route.target(priority)
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
        // Acquire: pairs with the Release in `Table::supersede`. (The monitor waits for a thread that
        // is inside and does not see it yet, before it frees what the old table still leads to.)
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
