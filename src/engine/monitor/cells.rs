//! Which cells of the pool are whose, and which are free. What is counted in them, and in which
//! input's name, does not belong here.

use crate::engine::published::InputCells;
use crate::engine::shared::Shared;
use crate::hot::{ByIdCells, Cell};
use std::sync::Arc;

/// The stream whose packets a cell counts; of which input, that stream's [`InputCells`] tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellOwner(u32);

impl CellOwner {
    const NOBODY: CellOwner = CellOwner(u32::MAX);

    fn new(stream: usize) -> CellOwner {
        CellOwner(stream as u32)
    }

    fn stream(self) -> Option<usize> {
        (self != CellOwner::NOBODY).then_some(self.0 as usize)
    }
}

/// The owner of every cell of the engine's pool. Cells go by their numbers in it.
#[derive(Debug)]
pub(super) struct CellBook {
    /// With the pool.
    shared: Arc<Shared>,
    owners: Vec<CellOwner>,
    /// For handles.
    free: Vec<usize>,
    /// For recording by id: the first of two neighbours each.
    free_pairs: Vec<usize>,
}

impl CellBook {
    pub(super) fn new(shared: Arc<Shared>) -> CellBook {
        CellBook { shared, owners: Vec::new(), free: Vec::new(), free_pairs: Vec::new() }
    }

    pub(super) fn cell(&self, number: usize) -> &'static Cell {
        self.shared.pool.cell(number)
    }

    /// The stream whose packets the cell counts, if any.
    pub(super) fn owner(&self, number: usize) -> Option<usize> {
        self.owners[number].stream()
    }

    /// A cell for a handle to an input of this stream.
    pub(super) fn take(&mut self, stream: usize) -> usize {
        let number = self.free.pop().unwrap_or_else(|| {
            // So that cells are handed out in order.
            let fresh = self.grow().rev();
            self.free.extend(fresh);
            self.free.pop().expect("the pool grew")
        });
        self.owners[number] = CellOwner::new(stream);
        number
    }

    /// Two neighbours, for recording by id to an input of this stream.
    pub(super) fn take_pair(&mut self, stream: usize) -> ByIdCells {
        let first = self.free_pairs.pop().unwrap_or_else(|| {
            let fresh = self.grow().step_by(2).rev();
            self.free_pairs.extend(fresh);
            self.free_pairs.pop().expect("the pool grew")
        });
        self.owners[first..first + 2].fill(CellOwner::new(stream));
        self.shared.pool.by_id_cells(first)
    }

    /// An input is gone: its cells count nobody's packets. Those of its handles stay taken until
    /// the handles are closed; its pair, which is returned, until no thread can be recording to it.
    #[must_use = "the pair has to be given back"]
    pub(super) fn disown(&mut self, input: &InputCells) -> Option<usize> {
        input.all().for_each(|cell| self.owners[cell.number()] = CellOwner::NOBODY);
        Some(input.by_id()?.both()[0].number())
    }

    /// A handle was closed: the next life of its cell may begin.
    pub(super) fn give_back(&mut self, number: usize) {
        self.owners[number] = CellOwner::NOBODY;
        self.shared.pool.retire(number);
        self.free.push(number);
    }

    /// No thread can be recording to this pair any longer.
    pub(super) fn give_back_pair(&mut self, first: usize) {
        [first, first + 1].iter().for_each(|cell| self.shared.pool.retire(*cell));
        self.free_pairs.push(first);
    }

    fn grow(&mut self) -> std::ops::Range<usize> {
        let fresh = self.shared.pool.grow();
        self.owners.resize(fresh.end, CellOwner::NOBODY);
        fresh
    }
}
