//! Where cells come from: chunks of them, made in blocks and used by one engine after another.

use super::attention::Attention;
use super::cell::Cell;
use super::dense::Dense;
#[cfg(not(any(loom, shuttle)))]
use super::process::PerProcess;
use super::signal::{Signal, CELLS};
#[cfg(not(any(loom, shuttle)))]
use std::sync::Mutex;

/// Cells side by side, and the signal that they share. Never given back to the system.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Chunk {
    pub(super) cells: [Cell; CELLS],
    /// Where [`Cell::signal`] looks for it.
    pub(super) signal: Signal,
}

const _: () = assert!(std::mem::offset_of!(Chunk, signal) == CELLS * size_of::<Cell>());

/// Chunks whose engine is gone, kept for the next one.
#[cfg(not(any(loom, shuttle)))]
static IDLE: PerProcess<Mutex<Vec<&'static Chunk>>> = PerProcess::new();

impl Chunk {
    /// What fits a huge page.
    #[cfg(not(any(loom, shuttle)))]
    const PER_BLOCK: usize = (2 << 20) / size_of::<Chunk>();

    /// A chunk for a pool that has `number` of them so far. May allocate.
    pub(super) fn obtain(number: usize, attention: &Attention) -> &'static Chunk {
        let chunk = Chunk::idle(number);
        chunk.signal.assign(number as u32, attention);
        chunk
    }

    #[cfg(not(any(loom, shuttle)))]
    fn idle(number: usize) -> &'static Chunk {
        loop {
            if let Some(chunk) = IDLE.lock().pop() {
                return chunk;
            }
            // The larger the engine, the larger the block.
            let fresh = Chunk::make(number.clamp(1, Chunk::PER_BLOCK));
            // Handed out in order.
            IDLE.lock().extend(fresh.iter().rev());
        }
    }

    /// A model's executions share nothing.
    #[cfg(any(loom, shuttle))]
    fn idle(_: usize) -> &'static Chunk {
        &Chunk::make(1)[0]
    }

    fn make(count: usize) -> &'static [Chunk] {
        let chunks = Dense::new(count, |_| Chunk {
            cells: std::array::from_fn(Cell::new),
            signal: Signal::new(),
        });
        let chunks: &'static [Chunk] = chunks.leak();
        chunks.as_ptr().expose_provenance();
        chunks
    }

    /// Takes chunks back. No thread may be recording to their cells.
    pub(super) fn give_back(chunks: Vec<&'static Chunk>) {
        chunks.iter().flat_map(|chunk| &chunk.cells).for_each(Cell::retire);
        #[cfg(not(any(loom, shuttle)))]
        IDLE.lock().extend(chunks);
        #[cfg(any(loom, shuttle))]
        for chunk in chunks {
            // SAFETY: it was made alone, and in a model nobody has a cell of a pool that is gone.
            unsafe { Dense::end_leaked(chunk, 1) };
        }
    }
}
