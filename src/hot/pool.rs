//! The cells of one engine, by number.

use super::attention::{bits, Attention};
use super::by_id::ByIdCells;
use super::cell::Cell;
use super::chunk::Chunk;
use super::signal::CELLS;
use crate::poison::unpoisoned;
use std::sync::{Arc, Mutex, MutexGuard};

/// The cells of one engine. Shared by the engine and its open handles; when the last of them is
/// gone, the chunks wait for another engine.
#[derive(Debug)]
pub(crate) struct CellPool {
    /// Chunks point to it, so it is not in a `Box`: moving one claims its content for the box alone.
    attention: Arc<Attention>,
    chunks: Mutex<Vec<&'static Chunk>>,
}

impl CellPool {
    pub(crate) fn new() -> Self {
        CellPool { attention: Arc::new(Attention::new()), chunks: Mutex::new(Vec::new()) }
    }

    /// Makes room: the numbers of the new cells.
    pub(crate) fn grow(&self) -> std::ops::Range<usize> {
        let mut chunks = self.lock_chunks();
        let number = chunks.len();
        chunks.push(Chunk::obtain(number, &self.attention));
        number * CELLS..(number + 1) * CELLS
    }

    pub(crate) fn cell(&self, number: usize) -> &'static Cell {
        &self.lock_chunks()[number / CELLS].cells[number % CELLS]
    }

    /// The cell of this number, an even one, and the next.
    pub(crate) fn by_id_cells(&self, first: usize) -> ByIdCells {
        let (pairs, _) = self.lock_chunks()[first / CELLS].cells.as_chunks::<2>();
        ByIdCells::new(&pairs[first % CELLS / 2])
    }

    /// Ends a cell's life; its next one may begin. No thread may be recording to it.
    pub(crate) fn retire(&self, number: usize) {
        self.cell(number).retire();
    }

    /// Takes the numbers of the cells whose awaited packet came.
    pub(crate) fn attracted(&self, mut each: impl FnMut(usize)) {
        let chunks = self.lock_chunks();
        self.attention.take(chunks.len(), |chunk| {
            bits(chunks[chunk].signal.take()).for_each(|place| each(chunk * CELLS + place));
        });
    }

    fn lock_chunks(&self) -> MutexGuard<'_, Vec<&'static Chunk>> {
        // Only the monitor and the last drop come here, so nobody waits.
        unpoisoned(self.chunks.lock())
    }
}

impl Drop for CellPool {
    fn drop(&mut self) {
        Chunk::give_back(std::mem::take(&mut *self.lock_chunks()));
    }
}
