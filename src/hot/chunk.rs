//! Where cells come from: chunks of them, made in blocks and used by one engine after another.

use super::attention::Attention;
use super::cell::Cell;
use super::dense::Dense;
use super::process::PerProcess;
use super::signal::{Signal, CELLS};
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
static IDLE: PerProcess<Mutex<Vec<&'static Chunk>>> = PerProcess::new();

impl Chunk {
    /// What fits a huge page.
    const PER_BLOCK: usize = (2 << 20) / size_of::<Chunk>();

    /// A chunk for a pool that has `number` of them so far. May allocate.
    pub(super) fn obtain(number: usize, attention: &Attention) -> &'static Chunk {
        let idle = || IDLE.lock().pop();
        let chunk = idle().unwrap_or_else(|| loop {
            // The larger the engine, the larger the block. (One, where none must outlive an
            // execution of the model checker.)
            Chunk::make_idle(if cfg!(loom) { 1 } else { number.clamp(1, Chunk::PER_BLOCK) });
            if let Some(chunk) = idle() {
                break chunk;
            }
        });
        chunk.signal.assign(number as u32, attention);
        chunk
    }

    /// Makes `count` new ones idle.
    fn make_idle(count: usize) {
        let chunks = Dense::new(count, |_| Chunk {
            cells: std::array::from_fn(Cell::new),
            signal: Signal::new(),
        });
        let chunks: &'static [Chunk] = chunks.leak();
        chunks.as_ptr().expose_provenance();
        // Handed out in order.
        IDLE.lock().extend(chunks.iter().rev());
    }

    /// Takes chunks back. No thread may be recording to their cells.
    pub(super) fn give_back(chunks: Vec<&'static Chunk>) {
        chunks.iter().flat_map(|chunk| &chunk.cells).for_each(Cell::retire);
        // Under the model checker, objects of one execution can't serve another.
        if !cfg!(loom) {
            IDLE.lock().extend(chunks);
        }
    }
}
