//! One slot of the routing table: a cache line with all that recording to a stream's first input needs.
//!
//! Nothing in it changes while a thread may read it, so that a packet looks nowhere else to know that
//! the slot is whole:
//!
//! - A stream that was removed leaves its slot [`LEFT`]; the next one may have it when no thread is
//!   inside any more that may have found the stream (see [`super::Presence`]): then it is [`VACANT`].
//! - A stream that gets another route hides its first input, and threads ask the route. What is in the
//!   slot changes, and is shown again, when no thread is inside any more that may have seen it before.

use super::by_id::ByIdCells;
use super::cell::Cell;
use super::gate::Gate;
use super::owner::Owner;
use super::route::{Route, Target};
use super::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::units::Priority;
use std::ptr::{from_ref, null_mut, NonNull};

#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Slot<S> {
    /// What the slot is, and the hash of the id above it: see [`Sought::word`].
    word: AtomicU64,
    /// Of a short id.
    key: [AtomicU64; 3],
    /// The first input's, while that is shown.
    cells: AtomicPtr<[Cell; 2]>,
    gate: AtomicPtr<Gate>,
    /// [`HIDDEN`], if the first input is not shown.
    priority: AtomicU32,
    /// Of the first input's first cell. The cell's own line is written to for each packet: to look
    /// there, another thread would have to take it away from the owner.
    owner: Owner,
    route: AtomicPtr<Route<S>>,
}

/// Bytes in a slot. (The model checker's are larger, and all that is done with this is right.)
pub(super) const SLOT: u64 = 64;

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(size_of::<Slot<()>>() as u64 == SLOT);

/// The part of a slot's word that says what the slot is. It takes no part in where the slot is.
const KIND: u64 = SLOT - 1;
/// Never used so far: a search ends.
const FREE: u64 = 0;
/// Its stream was removed, and threads may be looking at it.
const LEFT: u64 = 1;
/// Its stream was removed: the next one may have it.
const VACANT: u64 = 2;
/// It is taken by a stream whose id is not short. Larger numbers are the length of one that is.
const LONG: u64 = 3;

/// As a priority: no input has it.
const HIDDEN: u32 = u32::MAX;

/// An id, as slots know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    /// In the word of its slot: the hash, and below it what kind of id it is.
    pub(super) word: u64,
    /// All bytes of a short id: its words from both ends, which may overlap.
    key: [u64; 3],
    id: &'a [u8],
}

impl<'a> Sought<'a> {
    #[inline(always)]
    pub(super) fn new(hash: u64, id: &'a [u8]) -> Self {
        let word = |at: usize| {
            u64::from_ne_bytes(*id[at..].first_chunk().expect("the length was looked at"))
        };
        let (kind, key) = match id.len() {
            len @ 8..=23 => (len as u64, [word(0), word((len - 8).min(8)), word(len - 8)]),
            _ => (LONG, [0; 3]),
        };
        Sought { word: hash & !KIND | kind, key, id }
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.word & KIND != LONG
    }
}

/// As a search sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// No slot behind this one has it.
    End,
    Found,
    Other,
}

/// By any thread, inside.
impl<S> Slot<S> {
    pub(super) fn free() -> Self {
        Slot {
            word: AtomicU64::new(FREE),
            key: [0; 3].map(AtomicU64::new),
            cells: AtomicPtr::new(null_mut()),
            gate: AtomicPtr::new(null_mut()),
            priority: AtomicU32::new(HIDDEN),
            owner: Owner::unknown(),
            route: AtomicPtr::new(null_mut()),
        }
    }

    /// Whether it is the slot of a short id.
    #[inline(always)]
    pub(super) fn is_of_short(&self, id: &Sought<'_>) -> bool {
        // Acquire: pairs with the Release in `fill`.
        self.word.load(Ordering::Acquire) == id.word && id.is_short() && self.has_key(id)
    }

    #[inline(always)]
    fn has_key(&self, id: &Sought<'_>) -> bool {
        // Relaxed: the word was acquired, and the key stays for as long as the word.
        self.key.iter().zip(id.key).all(|(own, key)| own.load(Ordering::Relaxed) == key)
    }

    /// Whether it is the slot of this id.
    #[inline]
    pub(super) fn look(&self, id: &Sought<'_>) -> Look {
        // Acquire: pairs with the Release in `fill`.
        match self.word.load(Ordering::Acquire) {
            FREE => Look::End,
            word if word == id.word && self.has_id(id) => Look::Found,
            _ => Look::Other,
        }
    }

    /// To be called after the word was found to be that of the id.
    fn has_id(&self, id: &Sought<'_>) -> bool {
        if id.is_short() {
            return self.has_key(id);
        }
        // SAFETY: what `route` answers is not freed before this thread leaves.
        unsafe { self.route().as_ref().has_id(id.id) }
    }

    /// The route. To be called after the slot was found to be taken. It is freed only when no thread is
    /// inside any more that may have found it; the monitor, which frees, does not keep what it finds.
    #[inline(always)]
    pub(super) fn route(&self) -> NonNull<Route<S>> {
        // Acquire: pairs with the AcqRel in `replace`.
        let route = self.route.load(Ordering::Acquire);
        NonNull::new(route).expect("a slot that is or was taken has a route")
    }

    /// The route, if the slot is taken.
    pub(super) fn taken_route(&self) -> Option<NonNull<Route<S>>> {
        // Acquire: pairs with the Release in `fill`.
        (self.word.load(Ordering::Acquire) & KIND >= LONG).then(|| self.route())
    }

    /// Whether the first input is shown, and has this priority. To be called after the slot was found.
    #[inline(always)]
    pub(super) fn shows(&self, priority: Priority) -> bool {
        // Acquire: pairs with the Release in `show`.
        self.priority.load(Ordering::Acquire) == priority as u32 && priority >= 0
    }

    /// Where packets of the first input are counted.
    ///
    /// # Safety
    /// It is shown, and this thread has not left since it saw that.
    #[inline(always)]
    pub(super) unsafe fn first_input(&self) -> Target<'_> {
        // Relaxed: they stay while this thread is inside.
        let (cells, gate) = (self.cells.load(Ordering::Relaxed), self.gate.load(Ordering::Relaxed));
        // SAFETY: by the contract above. Both live as long as the process.
        let (cells, gate) = unsafe { (ByIdCells::at(cells), &*gate) };
        Target { cells, owner: &self.owner, gate }
    }
}

/// By the monitor.
impl<S> Slot<S> {
    fn kind(&self) -> u64 {
        self.word.load(Ordering::Relaxed) & KIND
    }

    pub(super) fn is_free(&self) -> bool {
        self.kind() == FREE
    }

    /// Whether a stream may have it.
    pub(super) fn is_available(&self) -> bool {
        matches!(self.kind(), FREE | VACANT)
    }

    /// A stream has it from now on.
    ///
    /// # Safety
    /// The slot is available. `route` is from [`super::arena::Arena::keep`] and not freed; `id` is its.
    pub(super) unsafe fn fill(&self, route: *mut Route<S>, id: &Sought<'_>) {
        self.route.store(route, Ordering::Relaxed);
        for (own, key) in self.key.iter().zip(id.key) {
            own.store(key, Ordering::Relaxed);
        }
        // SAFETY: by the contract above.
        self.show(unsafe { &*route });
        // Release, after all else: pairs with the Acquires of `is_of_short`, `look` and `taken_route`.
        self.word.store(id.word, Ordering::Release);
    }

    /// Shows the first input. No thread is inside that may have seen one here.
    fn show(&self, route: &Route<S>) {
        let Some((cells, priority)) = route.first_input() else {
            return self.priority.store(HIDDEN, Ordering::Relaxed);
        };
        self.cells.store(from_ref(cells.both()).cast_mut(), Ordering::Relaxed);
        self.gate.store(from_ref(route.gate).cast_mut(), Ordering::Relaxed);
        self.owner.forget();
        // Release: pairs with the Acquire in `shows`.
        self.priority.store(priority as u32, Ordering::Release);
    }

    /// Puts a route in the place of the one of the same stream, which it answers.
    ///
    /// # Safety
    /// `new` is from [`super::arena::Arena::keep`] and not freed.
    pub(super) unsafe fn replace(&self, new: *mut Route<S>) -> *mut Route<S> {
        // Relaxed: a thread that still sees the first input is inside, and waited for.
        self.priority.store(HIDDEN, Ordering::Relaxed);
        // AcqRel: readers acquire the new route; the old one comes back whole.
        self.route.swap(new, Ordering::AcqRel)
    }

    /// The stream is removed: its route.
    pub(super) fn leave(&self) -> *mut Route<S> {
        // Relaxed: a thread that has seen the word is inside, and may still go on to the route.
        self.word.store(LEFT, Ordering::Relaxed);
        self.route.load(Ordering::Relaxed)
    }

    /// No thread is inside any more that may have seen what this slot showed of `old`, which was
    /// removed, or replaced `by` another route; true if it was this slot.
    pub(super) fn settle(&self, old: *mut Route<S>, by: Option<NonNull<Route<S>>>) -> bool {
        let (kind, route) = (self.kind(), self.route.load(Ordering::Relaxed));
        match by {
            None if kind == LEFT && route == old => self.word.store(VACANT, Ordering::Relaxed),
            // (If that one was replaced meanwhile, others may be looking.)
            Some(by) if kind >= LONG && route == by.as_ptr() => {
                if self.priority.load(Ordering::Relaxed) == HIDDEN {
                    // SAFETY: it is in the table, so it is not freed.
                    self.show(unsafe { by.as_ref() });
                }
            }
            _ => return false,
        }
        true
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::hot::OwnedGate;
    use std::sync::Arc;

    #[test]
    fn a_slot_knows_its_id_by_every_byte() {
        let gate = OwnedGate::new();
        for len in 0..=255 {
            let id = "a".repeat(len);
            let mut route = Route::new(&Arc::from(id.as_str()), Arc::new(()), gate.get(), []);
            let slot = Slot::free();
            assert_eq!(slot.look(&Sought::new(0, id.as_bytes())), Look::End);
            // SAFETY: the route outlives the slot.
            unsafe { slot.fill(&mut route, &Sought::new(0, id.as_bytes())) };
            assert_eq!(slot.look(&Sought::new(0, id.as_bytes())), Look::Found);
            assert_eq!(slot.is_of_short(&Sought::new(0, id.as_bytes())), (8..=23).contains(&len));
            let is_other = |other: &[u8]| {
                let other = Sought::new(0, other);
                slot.look(&other) == Look::Other && !slot.is_of_short(&other)
            };
            assert!(is_other("a".repeat(len + 1).as_bytes()), "{len} and one more");
            for at in 0..len {
                let mut other = id.clone().into_bytes();
                other[at] = b'b';
                assert!(is_other(&other), "byte {at} of {len}");
            }
        }
    }
}
