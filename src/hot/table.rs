//! The routing table, as readers see it: stream id → route, without locks.
//!
//! Open addressing over atomic slots, each a cache line. Inserting writes one slot, and so does
//! removing. Half of the slots are always free and a slot never becomes free again, so a search
//! ends; the hash is a secret of the engine, so nobody can choose ids that make it long.

use super::dense::Dense;
use super::id_hash::IdHash;
use super::route::{Route, Target};
use super::slot::{Look, Slot, Sought, SLOT};
use super::sync::{ArcSwap, AtomicBool, Ordering};
use crate::units::Priority;
use crate::vocabulary::Error;
use std::hint::assert_unchecked;
use std::ptr::NonNull;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Table<S> {
    /// A power of two of them.
    slots: Dense<Slot<S>>,
    /// Of a hash, how many bytes behind the first slot its own is.
    mask: u64,
    hash: IdHash,
    /// There is a newer one.
    superseded: AtomicBool,
}

impl<S> Table<S> {
    pub(super) fn new(slots: usize, hash: IdHash) -> Self {
        let slots = Dense::new(slots, |_| Slot::free());
        assert!(slots.len().is_power_of_two());
        let mask = (slots.len() as u64 - 1) * SLOT;
        Table { slots, mask, hash, superseded: AtomicBool::new(false) }
    }

    #[inline(always)]
    fn sought<'a>(&self, id: &'a [u8]) -> Sought<'a> {
        Sought::new(self.hash.of(id), id)
    }

    #[inline(always)]
    fn slot(&self, word: u64) -> &Slot<S> {
        // SAFETY: `new` makes the mask (slots.len() − 1) × SLOT, both powers of two. So the mask is a multiple
        // of SLOT, and what it leaves of a hash is one below slots.len() × SLOT.
        unsafe {
            assert_unchecked(self.mask.is_multiple_of(SLOT));
            self.slots.get_unchecked(((word & self.mask) / SLOT) as usize)
        }
    }

    /// The slots a stream of this hash may be in, in order, round and round.
    #[inline(always)]
    fn slots(&self, word: u64) -> impl Iterator<Item = &Slot<S>> {
        (0..).map(move |n| self.slot(word.wrapping_add(n * SLOT)))
    }

    /// The routes that the monitor has put in and not taken out.
    pub(super) fn own_routes(&self) -> impl Iterator<Item = *mut Route<S>> + '_ {
        self.routes().map(NonNull::as_ptr)
    }

    /// Writes a route into the first slot that a stream may have; true if that was a free one.
    ///
    /// # Safety
    /// `route` is from [`super::arena::Arena::keep`] and not freed.
    pub(super) unsafe fn place(&self, route: *mut Route<S>) -> bool {
        // SAFETY: by the contract above.
        let id = self.sought(unsafe { (*route).id.as_bytes() });
        let slot = self.slots(id.word).find(|slot| slot.is_available());
        let slot = slot.expect("half of them are free");
        let was_free = slot.is_free();
        // SAFETY: by the contract above.
        unsafe { slot.fill(route, &id) };
        was_free
    }

    /// Puts a route in the place of the one with the same id, which it answers.
    ///
    /// # Safety
    /// As for [`Table::place`].
    pub(super) unsafe fn replace(&self, new: *mut Route<S>) -> Option<*mut Route<S>> {
        // SAFETY: by the contract above.
        let slot = self.find_slot(&self.sought(unsafe { (*new).id.as_bytes() }))?;
        // SAFETY: by the contract above.
        Some(unsafe { slot.replace(new) })
    }

    /// Makes a stream unreachable: its route.
    pub(super) fn remove(&self, id: &[u8]) -> Option<*mut Route<S>> {
        Some(self.find_slot(&self.sought(id))?.leave())
    }

    /// No thread is inside any more that may have found `old`, which was removed, or replaced `by`
    /// another route: its slot may be written to. (If there is a newer table, none here is it.)
    ///
    /// # Safety
    /// Neither is freed, unless `by` is not in the table any more.
    pub(super) unsafe fn settle(&self, old: *mut Route<S>, by: Option<NonNull<Route<S>>>) {
        // SAFETY: by the contract above.
        let id = self.sought(unsafe { (*old).id.as_bytes() });
        let mut slots = self.slots(id.word).take_while(|slot| !slot.is_free());
        slots.find(|slot| slot.settle(old, by));
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slots.len()
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

    /// Where a stream is. Looks at each slot up to the first free one: on average one or two, all that
    /// are taken at most. Wait-free.
    #[inline]
    fn find_slot(&self, id: &Sought<'_>) -> Option<&Slot<S>> {
        for slot in self.slots(id.word) {
            match slot.look(id) {
                Look::Found => return Some(slot),
                Look::Other => {}
                Look::End => break,
            }
        }
        None
    }

    /// Finds a stream's route. The pointer is good while the caller is inside (see
    /// [`super::Presence`]), or is the monitor. Wait-free.
    pub(crate) fn find(&self, id: &[u8]) -> Option<NonNull<Route<S>>> {
        self.find_slot(&self.sought(id)).map(Slot::route)
    }

    /// All routes, in no order; each that is in the table from beginning to end once. The pointers are
    /// good as those of [`Table::find`] are.
    pub(crate) fn routes(&self) -> impl Iterator<Item = NonNull<Route<S>>> + '_ {
        self.slots.iter().filter_map(Slot::taken_route)
    }

    /// Finds where a packet is counted. To be called, and the answer to be used, inside (see
    /// [`super::Presence`]). Wait-free.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    #[inline(always)]
    pub(crate) fn target(&self, id: &[u8], priority: Priority) -> Result<Target<'_>, Error> {
        let hash = self.hash.of(id);
        let slot = self.slot(hash);
        // Most have a short id, are in the slot of their hash, and mean the first input.
        if slot.is_of_short(&Sought::new(hash, id)) && slot.shows(priority) {
            // SAFETY: just seen, and the caller is inside.
            return Ok(unsafe { slot.first_input() });
        }
        self.further_target(hash, id, priority)
    }

    /// (With the id as it is: on the other way, nothing of how slots know it has to be in memory.)
    #[inline(never)]
    fn further_target(
        &self,
        hash: u64,
        id: &[u8],
        priority: Priority,
    ) -> Result<Target<'_>, Error> {
        let slot = self.find_slot(&Sought::new(hash, id)).ok_or(Error::UnknownStream)?;
        // SAFETY: the caller is inside.
        unsafe {
            if slot.shows(priority) {
                return Ok(slot.first_input());
            }
            slot.route().as_ref().target(priority)
        }
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
