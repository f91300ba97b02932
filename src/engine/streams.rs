//! A stream as the monitor keeps it: its core, its cells, and what is published of it.

use super::monitor::Monitor;
use super::shared::StreamShared;
use super::stamps::Stamps;
use super::status::{Rates, Snapshot};
use crate::core::{Error, InputHealth, Nanos, Priority, SessionId, Stimulus, Stream};
use crate::hot::{prefetch, ByIdCells, Cell, Counters, InputRoute, OwnedGate, Route};
use arc_swap::ArcSwap;
use smallvec::SmallVec;
use std::sync::Arc;

/// Rates are of at least this much time.
pub(super) const WINDOW: Nanos = 1_000_000_000;

/// The stream whose packets a cell counts; of which input, that stream's [`InputCells`] tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellOwner(u32);

impl CellOwner {
    const NOBODY: CellOwner = CellOwner(u32::MAX);

    fn new(stream: usize) -> CellOwner {
        CellOwner(stream as u32)
    }

    pub(super) fn stream(self) -> Option<usize> {
        (self != CellOwner::NOBODY).then_some(self.0 as usize)
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Shared with the readers of status: changed in a copy, which `publish` gives to them.
    state: Arc<Snapshot>,
    shared: Arc<StreamShared>,
    /// Started and not stopped.
    pub(super) sessions: u32,
    /// `state` is not the published one.
    changed: bool,
}

/// The cells of one input: as large as one of them, because there are as many.
#[derive(Clone, Debug)]
pub(super) struct InputCells {
    /// Until it is frozen.
    by_id: Option<ByIdCells>,
    /// Once one was opened.
    handles: Option<Box<Handles>>,
    pub(super) rates: Rates,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<InputCells>() <= 64);

/// The handles of one input.
#[derive(Clone, Debug, Default)]
struct Handles {
    open: SmallVec<[HandleCell; 1]>,
    /// The sum of those already closed.
    closed: Counters,
}

#[derive(Clone, Debug)]
struct HandleCell {
    cell: &'static Cell,
    /// 0: whichever is current.
    session: SessionId,
}

impl InputCells {
    fn by_id(&self) -> impl Iterator<Item = &'static Cell> + '_ {
        self.by_id.iter().flat_map(|pair| pair.both())
    }

    fn open_handles(&self) -> &[HandleCell] {
        self.handles.as_deref().map_or(&[], |handles| &handles.open)
    }

    fn all(&self) -> impl Iterator<Item = &'static Cell> + '_ {
        self.by_id().chain(self.open_handles().iter().map(|handle| handle.cell))
    }

    /// The cells whose packets are those of `session`, the input's current one.
    fn of_session(&self, session: SessionId) -> impl Iterator<Item = &'static Cell> + '_ {
        let current = move |one: &&HandleCell| one.session == 0 || one.session == session;
        self.by_id().chain(self.open_handles().iter().filter(current).map(|handle| handle.cell))
    }

    /// The session whose packets this cell counts, if it is one of its cells; 0: whichever is
    /// current.
    fn session_of(&self, cell: &Cell) -> Option<SessionId> {
        if self.by_id().any(|one| std::ptr::eq(one, cell)) {
            return Some(0);
        }
        let handle = self.open_handles().iter().find(|one| std::ptr::eq(one.cell, cell))?;
        Some(handle.session)
    }

    pub(super) fn sum(&self) -> Counters {
        let mut sum = self.handles.as_deref().map_or_else(Counters::default, |one| one.closed);
        self.all().for_each(|cell| sum.add(&cell.read()));
        sum
    }

    fn open(&mut self, cell: HandleCell) {
        self.handles.get_or_insert_default().open.push(cell);
    }

    fn close(&mut self, cell: &Cell) {
        let handles = self.handles.get_or_insert_default();
        handles.closed.add(&cell.read());
        handles.open.retain(|one| !std::ptr::eq(one.cell, cell));
    }

    /// Gives its cells away; what they counted so far stays.
    fn freeze(&mut self) -> InputCells {
        let handles = Handles { open: SmallVec::new(), closed: self.sum() };
        let frozen = InputCells { by_id: None, handles: Some(Box::new(handles)), ..self.clone() };
        std::mem::replace(self, frozen)
    }
}

impl Entry {
    pub(super) fn core(&self) -> &Stream {
        &self.state.core
    }

    /// To be followed by `publish`.
    pub(super) fn core_mut(&mut self) -> &mut Stream {
        self.changed = true;
        &mut Arc::make_mut(&mut self.state).core
    }

    /// To be followed by `publish`.
    fn change_inputs<R>(&mut self, change: impl FnOnce(&mut Vec<InputCells>) -> R) -> R {
        let mut inputs = self.state.inputs.to_vec();
        let result = change(&mut inputs);
        self.changed = true;
        Arc::make_mut(&mut self.state).inputs = inputs.into();
        result
    }

    pub(super) fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.shared.snapshot.store(self.state.clone());
        }
    }

    fn inputs(&self) -> impl Iterator<Item = (&InputHealth, &InputCells)> {
        self.state.core.inputs().iter().zip(&*self.state.inputs)
    }

    /// With many streams, what reading the counters reads is in no cache. It is asked for in
    /// time, in this order, because each of them tells where the next is.
    pub(super) const PREFETCH_COUNTERS: [fn(&Entry); 4] = [
        |entry| prefetch(&entry.state.inputs),
        |entry| prefetch(&*entry.state.inputs),
        |entry| {
            let handles = entry.state.inputs.iter().filter_map(|input| input.handles.as_deref());
            handles.for_each(prefetch);
        },
        |entry| entry.state.inputs.iter().flat_map(InputCells::all).for_each(prefetch),
    ];

    /// The same, for what a decision reads besides; no more steps.
    pub(super) const PREFETCH_DECISION: [fn(&Entry); 3] = [
        |entry| {
            prefetch(&entry.state.core);
            prefetch(&*entry.shared);
        },
        |entry| {
            prefetch(entry.core().inputs());
            prefetch(entry.shared.gate.get());
            prefetch(&**entry.core().id());
        },
        |entry| entry.inputs().for_each(|(health, _)| prefetch(&**health.spec())),
    ];

    /// The session a cell's packets belong to now, if that is a current one.
    pub(super) fn session_of(&self, cell: &Cell) -> Option<SessionId> {
        let owner = |(health, input): (&InputHealth, &InputCells)| {
            Some((health.session(), input.session_of(cell)?))
        };
        let (current, bound) = self.inputs().find_map(owner)?;
        current.filter(|current| bound == 0 || bound == *current)
    }

    /// Tells the core of the newest packets, which nobody needs to be published soon.
    pub(super) fn look_at_cells(&mut self, stamps: &Stamps, now: Nanos) {
        for index in 0..self.state.inputs.len() {
            let health = &self.state.core.inputs()[index];
            let Some(session) = health.session() else { continue };
            let cells = self.state.inputs[index].of_session(session);
            let newest = cells.map(|cell| cell.last_packet()).max();
            let at = newest.filter(|stamp| *stamp != 0).map_or(0, |s| stamps.latest(s, now));
            if at > health.last_packet() {
                let event = Stimulus::Seen { session, at };
                // Never refused.
                let _ = self.core_mut().handle(event, now, &mut Default::default());
            }
        }
    }

    /// For each input that must not fall silent, its liveliest cell and its limit.
    pub(super) fn watched(&self) -> impl Iterator<Item = (&'static Cell, Nanos)> + '_ {
        self.core().silence_limits().filter_map(|(index, packet_timeout)| {
            let session = self.core().inputs()[index].session()?;
            let cells = self.state.inputs[index].of_session(session);
            Some((cells.max_by_key(|cell| cell.last_packet())?, packet_timeout))
        })
    }

    pub(super) fn measure_rates(&mut self, now: Nanos) {
        if self.sessions > 0 {
            self.state.inputs.iter().for_each(|input| input.rates.measure(now, &input.sum()));
        }
    }

    /// A session begins or ends: what was measured before tells nothing of the time from now on.
    pub(super) fn restart_rates(&self, priority: Priority, now: Nanos) {
        if let Some(input) = self.input(priority) {
            input.rates.restart(now, &input.sum());
        }
    }

    fn input(&self, priority: Priority) -> Option<&InputCells> {
        let found = self.inputs().find(|(health, _)| health.priority() == priority);
        found.map(|(_, input)| input)
    }

    pub(super) fn priorities(&self) -> Vec<Priority> {
        self.core().inputs().iter().map(InputHealth::priority).collect()
    }

    /// Admits the cells of one session and no others.
    pub(super) fn move_gate(&self, session: Option<SessionId>, number: u64) {
        if let Some(session) = session {
            self.cells_of(session).for_each(|cell| cell.admit(number));
        }
        self.shared.gate.get().move_to(number);
    }

    pub(super) fn await_packet(&self, session: SessionId) {
        self.cells_of(session).for_each(Cell::arm);
    }

    fn cells_of(&self, session: SessionId) -> impl Iterator<Item = &'static Cell> + '_ {
        let input = self.inputs().find(|(health, _)| health.session() == Some(session));
        input.into_iter().flat_map(move |(_, input)| input.of_session(session))
    }

    fn route(&self) -> Route<StreamShared> {
        let by_id = |(health, input): (&InputHealth, &InputCells)| {
            Some(InputRoute { priority: health.priority(), cells: input.by_id? })
        };
        let inputs = self.inputs().filter_map(by_id);
        Route::new(self.core().id(), self.shared.clone(), self.shared.gate.get(), inputs)
    }
}

impl Monitor {
    pub(super) fn add_stream(&mut self, core: Stream) -> usize {
        let slot = self.streams.vacant_key();
        let inputs = core.inputs().iter().map(|_| self.new_input(slot)).collect();
        let state = Arc::new(Snapshot { core, inputs });
        let shared = Arc::new(StreamShared {
            gate: OwnedGate::new(),
            snapshot: ArcSwap::new(state.clone()),
            index: slot,
        });
        let entry = Entry { state, shared, sessions: 0, changed: false };
        self.router.insert(entry.route());
        let index = self.streams.insert(entry);
        self.deadlines.add(index);
        index
    }

    pub(super) fn remove_stream(&mut self, index: usize) {
        self.deadlines.disarm(index);
        let mut entry = self.streams.remove(index);
        // Whoever still looks at its status must not see the next lives of its cells.
        let inputs: Vec<_> =
            entry.change_inputs(|inputs| inputs.iter_mut().map(InputCells::freeze).collect());
        entry.publish();
        self.limbo.routes.extend(self.router.remove(entry.core().id()));
        inputs.iter().for_each(|input| self.abandon(input));
    }

    /// Brings the cells in line with the core's inputs, after an update of these; their priorities
    /// were `before`.
    pub(super) fn match_inputs(&mut self, index: usize, before: &[Priority]) {
        let old = self.streams[index].change_inputs(std::mem::take);
        let mut old: Vec<_> = before.iter().zip(old).collect();
        let priorities = self.streams[index].priorities();
        let mut inputs = Vec::with_capacity(priorities.len());
        for priority in priorities {
            let kept = old.iter().position(|(before, _)| **before == priority);
            inputs.push(match kept {
                Some(kept) => old.swap_remove(kept).1,
                None => self.new_input(index),
            });
        }
        self.streams[index].change_inputs(|now| *now = inputs);
        let route = self.streams[index].route();
        self.limbo.routes.extend(self.router.replace(route));
        old.into_iter().for_each(|(_, input)| self.abandon(&input));
    }

    fn new_input(&mut self, stream: usize) -> InputCells {
        let first = self.new_pair(CellOwner::new(stream));
        InputCells {
            by_id: Some(self.shared.pool.by_id_cells(first)),
            handles: None,
            rates: Rates::new(self.now()),
        }
    }

    /// An input is gone: its by-id cells wait in limbo, its handles stay until they are closed.
    fn abandon(&mut self, input: &InputCells) {
        input.all().for_each(|cell| self.owners[cell.number()] = CellOwner::NOBODY);
        self.limbo.pairs.extend(input.by_id().next().map(Cell::number));
    }

    fn new_cell(&mut self, owner: CellOwner) -> usize {
        let cell = self.free_cells.pop().unwrap_or_else(|| {
            // So that cells are handed out in order.
            let fresh = self.grow_pool().rev();
            self.free_cells.extend(fresh);
            self.free_cells.pop().expect("the pool grew")
        });
        self.owners[cell] = owner;
        cell
    }

    /// Two neighbours, for by-id recording: the first one.
    fn new_pair(&mut self, owner: CellOwner) -> usize {
        let first = self.free_pairs.pop().unwrap_or_else(|| {
            let fresh = self.grow_pool().step_by(2).rev();
            self.free_pairs.extend(fresh);
            self.free_pairs.pop().expect("the pool grew")
        });
        self.owners[first..first + 2].fill(owner);
        first
    }

    fn grow_pool(&mut self) -> std::ops::Range<usize> {
        let fresh = self.shared.pool.grow();
        self.owners.resize(fresh.end, CellOwner::NOBODY);
        fresh
    }

    pub(super) fn open_cell_of(
        &mut self,
        index: usize,
        priority: Priority,
        session: SessionId,
    ) -> Result<(usize, &'static Cell, Arc<StreamShared>), Error> {
        let core = self.streams[index].core();
        let at = core.inputs().iter().position(|input| input.priority() == priority);
        let at = at.ok_or(Error::UnknownInput)?;
        let current = core.inputs()[at].session();
        if session != 0 && current != Some(session) {
            return Err(Error::StaleSession);
        }
        let number = self.new_cell(CellOwner::new(index));
        let cell = self.shared.pool.cell(number);
        let entry = &mut self.streams[index];
        if let Some(current) = current {
            if entry.core().gate() == Some(current) {
                cell.admit(entry.core().switch_number());
            }
            if entry.core().awaits(current) {
                cell.arm();
            }
        }
        entry.change_inputs(|inputs| inputs[at].open(HandleCell { cell, session }));
        entry.publish();
        Ok((number, cell, entry.shared.clone()))
    }

    /// A handle was closed: its counts go to the input's total, its cell to the next handle.
    pub(super) fn close_cell(&mut self, cell: usize) {
        let owner = std::mem::replace(&mut self.owners[cell], CellOwner::NOBODY);
        if let Some(index) = owner.stream() {
            // Its last packets are signs of life.
            self.look_at_cells(index);
            let entry = &mut self.streams[index];
            let cell = self.shared.pool.cell(cell);
            entry.change_inputs(|inputs| {
                if let Some(input) = inputs.iter_mut().find(|i| i.session_of(cell).is_some()) {
                    input.close(cell);
                }
            });
            entry.publish();
            // The watch must not look at the cell's next life.
            self.arm(index);
        }
        self.shared.pool.retire(cell);
        self.free_cells.push(cell);
    }
}
