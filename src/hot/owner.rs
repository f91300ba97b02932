//! Whose a by-id cell is.

use super::sync::{AtomicU32, Ordering};

/// Names a thread that records by id; 0 is nobody, and a number too large to be kept owns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadNumber(u32);

impl ThreadNumber {
    pub(super) const NOBODY: ThreadNumber = ThreadNumber(0);

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

    /// The word of a cell that nobody can own: free to count in.
    #[inline(always)]
    pub(super) fn unused(&self) -> &AtomicU32 {
        &self.0
    }

    // Relaxed, all: an owner has nothing to learn from the cell but its counters, which nobody
    // wrote before it.

    #[inline(always)]
    pub(super) fn get(&self) -> ThreadNumber {
        ThreadNumber(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, owner: ThreadNumber) {
        self.0.store(owner.0, Ordering::Relaxed);
    }

    pub(super) fn forget(&self) {
        self.note(ThreadNumber::NOBODY);
    }

    /// The owner; if there was none, `me` becomes it.
    pub(super) fn decide(&self, me: ThreadNumber) -> ThreadNumber {
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
