//! A stream as the monitor keeps it: its core, its cells, and what is published of it.

use super::monitor::Monitor;
use super::shared::StreamShared;
use super::stamps::Stamps;
use super::status::{Rates, Sample, Snapshot, Tally};
use super::watch::Watch;
use crate::core::{Error, Event, Nanos, Priority, SessionId, Stream};
use crate::hot::{Cell, CellPool, Counters, InputRoute, OwnedGate, Route};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// Rates are of at least this much time.
pub(super) const WINDOW: Nanos = 1_000_000_000;

/// Whose packets a cell counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellOwner {
    pub(super) stream: u32,
    priority: Priority,
    /// 0: whichever is current.
    session: SessionId,
}

impl CellOwner {
    const NOBODY: CellOwner = CellOwner { stream: u32::MAX, priority: -1, session: 0 };
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) core: Stream,
    shared: Arc<StreamShared>,
    /// In the order of the core's inputs.
    inputs: Vec<InputCells>,
    /// Started and not stopped.
    pub(super) sessions: usize,
}

/// The cells of one input.
#[derive(Debug)]
struct InputCells {
    priority: Priority,
    /// The first two are for by-id recording; then one for each open handle.
    cells: Vec<(usize, SessionId)>,
    /// The sum of the handles already closed.
    closed: Counters,
    rates: Arc<Rates>,
    sample: Sample,
}

impl InputCells {
    /// The cells whose packets are those of `session`, the input's current one.
    fn of_session(&self, session: SessionId) -> impl Iterator<Item = usize> + '_ {
        let current = move |(_, bound): &&(usize, SessionId)| *bound == 0 || *bound == session;
        self.cells.iter().filter(current).map(|(cell, _)| *cell)
    }

    fn sum(&self, pool: &CellPool) -> Counters {
        let mut sum = self.closed;
        self.cells.iter().for_each(|(cell, _)| sum.add(&pool.cell(*cell).read()));
        sum
    }

    /// Gives its cells away; what they counted so far stays.
    fn freeze(&mut self, pool: &CellPool) -> Vec<(usize, SessionId)> {
        self.closed = self.sum(pool);
        std::mem::take(&mut self.cells)
    }
}

impl Entry {
    /// The session a cell's packets belong to now, if that is a current one.
    pub(super) fn session_of(&self, owner: &CellOwner) -> Option<SessionId> {
        let input = self.core.inputs().iter().find(|i| i.priority() == owner.priority)?;
        let current = input.session()?;
        (owner.session == 0 || owner.session == current).then_some(current)
    }

    /// Tells the core of the newest packets.
    pub(super) fn look_at_cells(&mut self, pool: &CellPool, stamps: &Stamps, now: Nanos) {
        for index in 0..self.inputs.len() {
            let Some(session) = self.core.inputs()[index].session() else { continue };
            let input = &self.inputs[index];
            let newest = input.of_session(session).map(|cell| pool.cell(cell).last_packet()).max();
            let at = newest.filter(|stamp| *stamp != 0).map_or(0, |s| stamps.latest(s, now));
            // Never refused.
            let _ = self.core.handle(Event::Seen { session, at }, now, &mut Default::default());
        }
    }

    /// For each input that must not fall silent, its liveliest cell and its limit.
    pub(super) fn watched<'a>(
        &'a self,
        pool: &'a CellPool,
    ) -> impl Iterator<Item = (&'static Cell, Nanos)> + 'a {
        self.core.silence_limits().filter_map(|(index, packet_timeout)| {
            let session = self.core.inputs()[index].session()?;
            let cells = self.inputs[index].of_session(session).map(|cell| pool.cell(cell));
            Some((cells.max_by_key(|cell| cell.last_packet())?, packet_timeout))
        })
    }

    pub(super) fn measure_rates(&mut self, pool: &CellPool, now: Nanos) {
        if self.sessions == 0 {
            return;
        }
        for (input, health) in self.inputs.iter_mut().zip(self.core.inputs()) {
            if health.session().is_some() {
                let sample = Sample { at: now, counters: input.sum(pool) };
                input.rates.measure(&input.sample, &sample);
                input.sample = sample;
            }
        }
    }

    /// A session begins: its rates are not those of the time before.
    pub(super) fn begin_window(&mut self, priority: Priority, pool: &CellPool, now: Nanos) {
        if let Some(input) = self.inputs.iter_mut().find(|input| input.priority == priority) {
            input.sample = Sample { at: now, counters: input.sum(pool) };
        }
    }

    pub(super) fn clear_rates(&mut self, priority: Priority) {
        if let Some(input) = self.inputs.iter().find(|input| input.priority == priority) {
            input.rates.clear();
        }
    }

    /// Admits the cells of one session and no others.
    pub(super) fn move_gate(&mut self, session: Option<SessionId>, number: u64, pool: &CellPool) {
        if let Some(session) = session {
            self.cells_of(session).for_each(|cell| pool.cell(cell).admit(number));
        }
        self.shared.gate.get().move_to(number);
    }

    pub(super) fn await_packet(&mut self, session: SessionId, pool: &CellPool) {
        self.cells_of(session).for_each(|cell| pool.cell(cell).arm());
    }

    fn cells_of(&self, session: SessionId) -> impl Iterator<Item = usize> + '_ {
        let index = self.core.inputs().iter().position(|i| i.session() == Some(session));
        index.into_iter().flat_map(move |index| self.inputs[index].of_session(session))
    }

    pub(super) fn publish(&self, pool: &CellPool) {
        self.shared.snapshot.store(Arc::new(snapshot(&self.core, &self.inputs, pool)));
    }

    fn route(&self, pool: &CellPool) -> Route<StreamShared> {
        let by_id = |input: &InputCells| InputRoute {
            priority: input.priority,
            cells: pool.by_id_cells([input.cells[0].0, input.cells[1].0]),
        };
        let inputs = self.inputs.iter().map(by_id);
        Route::new(self.core.id(), self.shared.clone(), self.shared.gate.get(), inputs)
    }
}

fn snapshot(core: &Stream, inputs: &[InputCells], pool: &CellPool) -> Snapshot {
    Snapshot::take(core, |index| {
        let InputCells { cells, closed, rates, .. } = &inputs[index];
        let cells: Vec<&'static Cell> = cells.iter().map(|(cell, _)| pool.cell(*cell)).collect();
        Tally { closed: *closed, cells: cells.into(), rates: rates.clone() }
    })
}

impl Monitor {
    pub(super) fn add_stream(&mut self, core: Stream) -> usize {
        let slot = self.streams.vacant_key();
        let inputs: Vec<_> = core
            .inputs()
            .iter()
            .map(|input| input.priority())
            .map(|priority| self.new_input(slot, priority))
            .collect();
        let shared = Arc::new(StreamShared {
            gate: OwnedGate::new(),
            snapshot: ArcSwap::from_pointee(snapshot(&core, &inputs, &self.shared.pool)),
            index: slot,
        });
        let entry = Entry { core, shared, inputs, sessions: 0 };
        self.router.insert(entry.route(&self.shared.pool));
        let index = self.streams.insert(entry);
        self.watches.resize(self.watches.len().max(index + 1), Watch::NOTHING);
        self.watches[index] = Watch::NOTHING;
        index
    }

    pub(super) fn remove_stream(&mut self, index: usize) {
        self.disarm(index);
        let mut entry = self.streams.remove(index);
        // Whoever still looks at its status must not see the next lives of its cells.
        let cells: Vec<_> = entry.inputs.iter_mut().map(|i| i.freeze(&self.shared.pool)).collect();
        entry.publish(&self.shared.pool);
        self.limbo.routes.extend(self.router.remove(entry.core.id()));
        cells.into_iter().for_each(|cells| self.abandon(cells));
    }

    /// Brings the cells in line with the core's inputs, after an update of these.
    pub(super) fn match_inputs(&mut self, index: usize) {
        let priorities: Vec<_> =
            self.streams[index].core.inputs().iter().map(|input| input.priority()).collect();
        let mut old = std::mem::take(&mut self.streams[index].inputs);
        let mut inputs = Vec::with_capacity(priorities.len());
        for priority in priorities {
            let kept = old.iter().position(|input| input.priority == priority);
            inputs.push(match kept {
                Some(kept) => old.swap_remove(kept),
                None => self.new_input(index, priority),
            });
        }
        self.streams[index].inputs = inputs;
        let route = self.streams[index].route(&self.shared.pool);
        self.limbo.routes.extend(self.router.replace(route));
        old.into_iter().for_each(|input| self.abandon(input.cells));
    }

    fn new_input(&mut self, stream: usize, priority: Priority) -> InputCells {
        let owner = CellOwner { stream: stream as u32, priority, session: 0 };
        let by_id = self.new_pair(owner);
        InputCells {
            priority,
            cells: by_id.map(|cell| (cell, 0)).into(),
            closed: Counters::default(),
            rates: Arc::default(),
            sample: Sample { at: self.now(), counters: Counters::default() },
        }
    }

    /// An input is gone: its by-id cells wait in limbo, its handles stay until they are closed.
    fn abandon(&mut self, cells: Vec<(usize, SessionId)>) {
        for (cell, _) in &cells {
            self.owners[*cell] = CellOwner::NOBODY;
        }
        self.limbo.pairs.push(cells[0].0);
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

    /// Two neighbours, for by-id recording.
    fn new_pair(&mut self, owner: CellOwner) -> [usize; 2] {
        let first = self.free_pairs.pop().unwrap_or_else(|| {
            let fresh = self.grow_pool().step_by(2).rev();
            self.free_pairs.extend(fresh);
            self.free_pairs.pop().expect("the pool grew")
        });
        let pair = [first, first + 1];
        pair.iter().for_each(|cell| self.owners[*cell] = owner);
        pair
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
        let core = &self.streams[index].core;
        let at = core.inputs().iter().position(|input| input.priority() == priority);
        let at = at.ok_or(Error::UnknownInput)?;
        let current = core.inputs()[at].session();
        if session != 0 && current != Some(session) {
            return Err(Error::StaleSession);
        }
        let number = self.new_cell(CellOwner { stream: index as u32, priority, session });
        let cell = self.shared.pool.cell(number);
        let entry = &mut self.streams[index];
        if let Some(current) = current {
            if entry.core.gate() == Some(current) {
                cell.admit(entry.core.switch_number());
            }
            if entry.core.awaits(current) {
                cell.arm();
            }
        }
        entry.inputs[at].cells.push((number, session));
        entry.publish(&self.shared.pool);
        Ok((number, cell, entry.shared.clone()))
    }

    /// A handle was closed: its counts go to the input's total, its cell to the next handle.
    pub(super) fn close_cell(&mut self, cell: usize) {
        let owner = std::mem::replace(&mut self.owners[cell], CellOwner::NOBODY);
        if owner.stream != CellOwner::NOBODY.stream {
            // Its last packets are signs of life.
            self.look_at_cells(owner.stream as usize);
        }
        if let Some(entry) = self.streams.get_mut(owner.stream as usize) {
            if let Some(input) = entry.inputs.iter_mut().find(|i| i.priority == owner.priority) {
                input.closed.add(&self.shared.pool.cell(cell).read());
                input.cells.retain(|(open, _)| *open != cell);
                entry.publish(&self.shared.pool);
            }
            // The watch must not look at the cell's next life.
            self.arm(owner.stream as usize);
        }
        self.shared.pool.retire(cell);
        self.free_cells.push(cell);
    }
}
