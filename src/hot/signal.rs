//! How a cell tells the monitor that its awaited packet has come.

use super::attention::Attention;
use super::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::ptr::{from_ref, null_mut};

/// Cells that share a signal: as many as a word has bits; fewer for the model checker.
pub(super) const CELLS: usize = if cfg!(any(loom, shuttle)) { 2 } else { 64 };

/// What the cells of a chunk share.
#[derive(Debug)]
pub(super) struct Signal {
    /// A bit for each cell whose awaited packet came.
    raised: AtomicU64,
    /// The chunk's number in its pool.
    chunk: AtomicU32,
    /// The pool's; valid while one of its cells may be recorded to.
    attention: AtomicPtr<Attention>,
}

impl Signal {
    pub(super) fn new() -> Self {
        Signal {
            raised: AtomicU64::new(0),
            chunk: AtomicU32::new(0),
            attention: AtomicPtr::new(null_mut()),
        }
    }

    /// The chunk goes to a pool, as its number `chunk`.
    pub(super) fn assign(&self, chunk: u32, attention: &Attention) {
        self.chunk.store(chunk, Ordering::Relaxed);
        // Release: pairs with the Acquire in `raise`, so that a recording thread sees the number
        // and what is in the attention.
        self.attention.store(from_ref(attention).cast_mut(), Ordering::Release);
    }

    pub(super) fn chunk(&self) -> usize {
        self.chunk.load(Ordering::Relaxed) as usize
    }

    /// Tells the monitor of the cell at `place` in the chunk. Wait-free.
    ///
    /// # Safety
    /// The signal is assigned to a pool that is alive.
    pub(super) unsafe fn raise(&self, place: usize) {
        // Release: pairs with the Acquire in `take`.
        self.raised.fetch_or(1 << place, Ordering::Release);
        // Acquire: pairs with the Release in `assign`.
        let attention = self.attention.load(Ordering::Acquire);
        // SAFETY: the pool owns the attention.
        unsafe { (*attention).raise(self.chunk.load(Ordering::Relaxed)) };
    }

    /// The bits of the cells that told, cleared.
    pub(super) fn take(&self) -> u64 {
        // Acquire: pairs with the Release in `raise`.
        self.raised.swap(0, Ordering::Acquire)
    }

    /// Forgets what the cell at `place` told.
    pub(super) fn withdraw(&self, place: usize) {
        self.raised.fetch_and(!(1 << place), Ordering::Relaxed);
    }
}
