//! Recording by id from any number of threads: who counts where.

use super::sync::{AtomicU32, Ordering};
use super::{Cell, Clock, Flags, Gate, Verdict};

/// Names a thread that records by id; 0 is nobody, and a number too large to be kept owns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadNumber(u32);

impl ThreadNumber {
    const NOBODY: ThreadNumber = ThreadNumber(0);

    /// Such a thread always counts in the shared cell.
    const NOT_KEPT: ThreadNumber = ThreadNumber(u32::MAX);

    pub(crate) fn new(number: u64) -> ThreadNumber {
        u32::try_from(number).map_or(ThreadNumber::NOT_KEPT, ThreadNumber)
    }
}

/// The thread that owns a cell, once there is one: the same until the cell's life ends. In the
/// cell it is decided; elsewhere it may be noted down.
#[derive(Debug)]
pub(crate) struct Owner(AtomicU32);

impl Owner {
    pub(super) fn unknown() -> Owner {
        Owner(AtomicU32::new(ThreadNumber::NOBODY.0))
    }

    // Relaxed, all: an owner has nothing to learn from the cell but its counters, which nobody
    // wrote before it.

    #[inline(always)]
    fn get(&self) -> ThreadNumber {
        ThreadNumber(self.0.load(Ordering::Relaxed))
    }

    fn note(&self, owner: ThreadNumber) {
        self.0.store(owner.0, Ordering::Relaxed);
    }

    pub(super) fn forget(&self) {
        self.note(ThreadNumber::NOBODY);
    }

    /// Who it is, which is `me` if it was nobody.
    fn decide(&self, me: ThreadNumber) -> ThreadNumber {
        if me == ThreadNumber::NOT_KEPT {
            return self.get();
        }
        let nobody = ThreadNumber::NOBODY.0;
        match self.0.compare_exchange(nobody, me.0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => me,
            Err(owner) => ThreadNumber(owner),
        }
    }
}

/// The two cells in which packets of one input are counted by id, side by side: that of the first
/// thread that records there, and that of all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByIdCells(&'static [Cell; 2]);

impl ByIdCells {
    pub(super) fn new(cells: &'static [Cell; 2]) -> ByIdCells {
        ByIdCells(cells)
    }

    /// # Safety
    /// The cells of a [`super::CellPool`]'s pair are there.
    #[inline(always)]
    pub(super) unsafe fn at(pair: *const [Cell; 2]) -> ByIdCells {
        // SAFETY: cells live as long as the process.
        ByIdCells(unsafe { &*pair })
    }

    pub(crate) fn both(self) -> &'static [Cell; 2] {
        self.0
    }

    /// Who owns the first cell, as the cell itself says.
    pub(super) fn owner(self) -> &'static Owner {
        self.0[0].owner()
    }

    /// Counts one packet of thread `me`: plainly where it owns the first cell, else in the second
    /// one. Wait-free.
    ///
    /// `known` is who owns the first cell, or unknown so far.
    #[inline(always)]
    pub(crate) fn record(
        self,
        me: ThreadNumber,
        known: &Owner,
        bytes: u32,
        flags: Flags,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        let [owned, shared] = self.0;
        let owner = known.get();
        if owner == me || (owner == ThreadNumber::NOBODY && self.find_out(known, me)) {
            owned.record(bytes, flags, clock, gate)
        } else {
            shared.record_shared(bytes, flags, clock, gate)
        }
    }

    /// Whether `me` owns the first cell; notes down who does.
    #[cold]
    fn find_out(self, known: &Owner, me: ThreadNumber) -> bool {
        let owner = self.owner().decide(me);
        known.note(owner);
        owner == me
    }
}
