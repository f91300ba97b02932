//! What the monitor publishes of a stream, and whoever asks for its status reads without waiting:
//! the core's whole state, and the cells its packets are counted in. Who writes and who reads it
//! does not belong here.

use super::rates::{Rates, Tracks};
use crate::core::{InputHealth, Nanos, SessionId, Stream};
use crate::hot::{prefetch, ByIdCells, Cell, Counters, Gate, OwnedGate};
use arc_swap::{ArcSwap, Guard};
use smallvec::SmallVec;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

/// One registered stream, as seen from outside the monitor.
#[derive(Debug)]
pub(super) struct StreamShared {
    gate: OwnedGate,
    snapshot: ArcSwap<Snapshot>,
    /// Its place in the monitor.
    index: u32,
    /// How often the gate has moved, modulo 2^32.
    moves: AtomicU32,
}

impl StreamShared {
    /// With a closed gate.
    pub(super) fn new(index: usize, snapshot: Arc<Snapshot>) -> StreamShared {
        StreamShared {
            gate: OwnedGate::new(),
            snapshot: ArcSwap::new(snapshot),
            index: index.try_into().expect("more streams than there is memory for"),
            moves: AtomicU32::new(0),
        }
    }

    /// The gate. It may be used only while `self` lives.
    pub(super) fn gate(&self) -> &'static Gate {
        self.gate.get()
    }

    /// The newest one. Does not wait for the monitor.
    pub(super) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// By the monitor alone.
    pub(super) fn publish(&self, snapshot: Arc<Snapshot>) {
        self.snapshot.store(snapshot);
    }

    /// Its place in the monitor.
    pub(super) fn index(&self) -> usize {
        self.index as usize
    }

    /// By the monitor alone: the gate has moved.
    pub(super) fn count_move(&self) {
        self.moves.store(self.moves().wrapping_add(1), Ordering::Relaxed);
    }

    /// How often the gate has moved, modulo 2^32.
    pub(super) fn moves(&self) -> u32 {
        self.moves.load(Ordering::Relaxed)
    }
}

/// What the monitor publishes of a stream at each decision: its whole state.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    core: Stream,
    registered_at: Nanos,
    /// In the order of the core's inputs.
    cells: Arc<[InputCells]>,
}

impl Snapshot {
    /// Of a stream that was registered just now. `cells` in the order of the core's inputs.
    pub(super) fn new(core: Stream, cells: Vec<InputCells>) -> Snapshot {
        let registered_at = core.selected_at();
        Snapshot { core, registered_at, cells: cells.into() }
    }

    pub(super) fn registered_at(&self) -> Nanos {
        self.registered_at
    }

    pub(super) fn core(&self) -> &Stream {
        &self.core
    }

    pub(super) fn core_mut(&mut self) -> &mut Stream {
        &mut self.core
    }

    /// In the order of the core's inputs.
    pub(super) fn cells(&self) -> &[InputCells] {
        &self.cells
    }

    /// Afterwards the cells have to be in the order of the core's inputs again.
    pub(super) fn change_cells<R>(&mut self, change: impl FnOnce(&mut Vec<InputCells>) -> R) -> R {
        let mut cells = self.cells.to_vec();
        let result = change(&mut cells);
        self.cells = cells.into();
        result
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = (&InputHealth, &InputCells)> {
        self.core.inputs().iter().zip(&*self.cells)
    }

    /// Whether those inputs that a setting has measured, and no others, have a place for what is found.
    pub(super) fn knows_measured(&self) -> bool {
        self.inputs().all(|(health, cells)| is_measured(health) == cells.tracks().is_some())
    }

    /// Makes it so.
    pub(super) fn match_measured(&mut self) {
        let measured: SmallVec<[bool; 2]> = self.core.inputs().iter().map(is_measured).collect();
        self.change_cells(|cells| {
            cells.iter_mut().zip(measured).for_each(|(cells, is)| cells.set_measured(is));
        });
    }

    /// With many streams, what reading the counters reads is in no cache. It is asked for in
    /// advance, in this order, because each step tells where the next one is.
    pub(super) const PREFETCH_COUNTERS: [fn(&Snapshot); 4] = [
        |snapshot| prefetch(&snapshot.cells),
        |snapshot| prefetch(&*snapshot.cells),
        |snapshot| snapshot.cells.iter().filter_map(|one| one.more.as_deref()).for_each(prefetch),
        |snapshot| snapshot.cells.iter().flat_map(InputCells::all).for_each(prefetch),
    ];
}

impl AsRef<Stream> for Snapshot {
    fn as_ref(&self) -> &Stream {
        &self.core
    }
}

fn is_measured(input: &InputHealth) -> bool {
    input.meter_window().is_some()
}

/// The cells of one input, and its rates: as large as one cell, because there are as many.
#[derive(Clone, Debug)]
pub(super) struct InputCells {
    /// Until it is frozen.
    by_id: Option<ByIdCells>,
    /// Once it has any of it.
    more: Option<Box<More>>,
    rates: Rates,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<InputCells>() <= 64);

/// What only some inputs have.
#[derive(Clone, Debug, Default)]
struct More {
    /// The handles that are open.
    open: SmallVec<[HandleCell; 1]>,
    /// The sum of those already closed.
    closed: Counters,
    /// Of an input that a setting has measured.
    tracks: Option<Arc<Tracks>>,
}

/// The cell of one open handle.
#[derive(Clone, Debug)]
struct HandleCell {
    cell: &'static Cell,
    /// 0: whichever is current.
    session: SessionId,
}

impl InputCells {
    /// Of an input that has counted nothing.
    pub(super) fn new(by_id: ByIdCells, now: Nanos) -> InputCells {
        InputCells { by_id: Some(by_id), more: None, rates: Rates::new(now) }
    }

    /// Where packets are counted by id; `None` once it is frozen.
    pub(super) fn by_id(&self) -> Option<ByIdCells> {
        self.by_id
    }

    fn by_id_cells(&self) -> impl Iterator<Item = &'static Cell> + '_ {
        self.by_id.iter().flat_map(|pair| pair.both())
    }

    fn open_handles(&self) -> &[HandleCell] {
        self.more.as_deref().map_or(&[], |more| &more.open)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'static Cell> + '_ {
        self.by_id_cells().chain(self.open_handles().iter().map(|handle| handle.cell))
    }

    /// The cells whose packets are those of `session`, the input's current one.
    pub(super) fn of_session(
        &self,
        session: SessionId,
    ) -> impl Iterator<Item = &'static Cell> + '_ {
        let current = move |one: &&HandleCell| one.session == 0 || one.session == session;
        let handles = self.open_handles().iter().filter(current);
        self.by_id_cells().chain(handles.map(|handle| handle.cell))
    }

    /// The session whose packets this cell counts, if it is one of its cells; 0: whichever is
    /// current.
    pub(super) fn session_of(&self, cell: &Cell) -> Option<SessionId> {
        if self.by_id_cells().any(|one| std::ptr::eq(one, cell)) {
            return Some(0);
        }
        let handle = self.open_handles().iter().find(|one| std::ptr::eq(one.cell, cell))?;
        Some(handle.session)
    }

    /// Everything that was ever counted.
    pub(super) fn sum(&self) -> Counters {
        let mut sum = self.more.as_deref().map_or_else(Counters::default, |more| more.closed);
        self.all().for_each(|cell| sum.add(&cell.read()));
        sum
    }

    /// What was counted by those cells whose packets are those of `session`, and by all that are
    /// closed.
    pub(super) fn sum_of(&self, session: SessionId) -> Counters {
        let mut sum = self.more.as_deref().map_or_else(Counters::default, |more| more.closed);
        // Of which session that was is not known.
        sum.last_packet = 0;
        self.of_session(session).for_each(|cell| sum.add(&cell.read()));
        let current = |one: &&HandleCell| one.session == 0 || one.session == session;
        let handles = self.open_handles().iter().filter(current).map(|one| one.cell);
        let by_id = self.by_id.iter().map(|pair| &pair.both()[1]);
        sum.sound =
            handles.chain(by_id).fold(sum.sound, |sum, cell| sum.wrapping_add(cell.sound()));
        sum
    }

    pub(super) fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Where what is measured of it besides rates is noted, if it is measured.
    pub(super) fn tracks(&self) -> Option<&Tracks> {
        self.more.as_deref()?.tracks.as_deref()
    }

    /// It is measured from now on, or no longer.
    pub(super) fn set_measured(&mut self, measured: bool) {
        if measured != self.tracks().is_some() {
            self.more.get_or_insert_default().tracks = measured.then(Arc::default);
        }
    }

    /// Adds the cell of a new handle, bound to `session` or with 0 to whichever is current.
    pub(super) fn open(&mut self, cell: &'static Cell, session: SessionId) {
        self.more.get_or_insert_default().open.push(HandleCell { cell, session });
    }

    /// Removes a handle's cell; what it counted stays.
    pub(super) fn close(&mut self, cell: &Cell) {
        let more = self.more.get_or_insert_default();
        let sound = cell.sound();
        more.closed.add(&Counters { sound, ..cell.read() });
        more.open.retain(|one| !std::ptr::eq(one.cell, cell));
    }

    /// Gives its cells away; what they counted so far stays.
    pub(super) fn freeze(&mut self) -> InputCells {
        let more = More { closed: self.sum(), ..More::default() };
        let frozen = InputCells { by_id: None, more: Some(Box::new(more)), ..self.clone() };
        std::mem::replace(self, frozen)
    }
}

/// A cell that was opened for a handle.
#[derive(Debug)]
pub(super) struct OpenCell {
    pub(super) cell: &'static Cell,
    /// The cell's number in the engine's pool.
    pub(super) number: usize,
    pub(super) stream: Arc<StreamShared>,
}
