//! One stream as the monitor keeps it: its core and its cells, and publishing them.

use super::door::Door;
use super::time::Time;
use crate::core::{Action, InputHealth, Measure, Nanos, Priority, SessionId, Stimulus, Stream};
use crate::engine::published::{InputCells, OpenCell, Snapshot, StreamShared};
use crate::engine::rates::Tracks;
use crate::hot::{prefetch, Cell, Counters, InputRoute, Route};
use crate::trace::SILENCES_FROM;
use crate::vocabulary::Error;
use smallvec::SmallVec;
use std::sync::Arc;

/// Bound to no session: of a cell, whose packets are those of whichever is current, and the input's
/// own while none is.
const UNBOUND: SessionId = 0;

/// A packet that was awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    OfSession(SessionId),
    /// Of an input that has none.
    WithoutSession(Priority),
}

impl Came {
    /// What the core is told of it.
    pub(super) fn stimulus(self) -> Stimulus {
        match self {
            Came::OfSession(session) => Stimulus::Packet { session },
            Came::WithoutSession(priority) => Stimulus::PacketWithoutSession { priority },
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Shared with the readers of status: changed in a copy, which `publish` gives to them.
    state: Arc<Snapshot>,
    shared: Arc<StreamShared>,
    /// Started and not stopped.
    sessions: u32,
    /// The core awaits packets of inputs without a session.
    listens: bool,
    /// A setting has some input measured.
    measured: bool,
    /// `state` is not the published one.
    changed: bool,
    /// The core's offer is open.
    offers: bool,
    /// Some cells say that they have one.
    offered: bool,
}

impl Entry {
    /// A stream the monitor knows by the number `index`; `cells` in the order of its inputs.
    pub(super) fn new(index: usize, core: Stream, cells: Vec<InputCells>) -> Entry {
        let measured = needs_meters(&core);
        let mut state = Snapshot::new(core, cells);
        if measured {
            state.match_measured();
        }
        let state = Arc::new(state);
        let shared = Arc::new(StreamShared::new(index, state.clone()));
        Entry {
            state,
            shared,
            sessions: 0,
            listens: false,
            measured,
            changed: false,
            offers: false,
            offered: false,
        }
    }

    pub(super) fn state(&self) -> &Snapshot {
        &self.state
    }

    /// As it is now, for who does not need it at once.
    pub(super) fn shared_state(&self) -> Arc<dyn AsRef<Stream> + Send + Sync> {
        self.state.clone()
    }

    pub(super) fn core(&self) -> &Stream {
        self.state.core()
    }

    fn state_mut(&mut self) -> &mut Snapshot {
        self.changed = true;
        Arc::make_mut(&mut self.state)
    }

    /// Tells the core what happened, and takes what is to be done. To be followed by `publish`. If the
    /// core met a bug, [`Error::Panic`], nothing has happened.
    pub(super) fn tell(
        &mut self,
        door: &mut Door,
        stimulus: Stimulus,
        now: Nanos,
    ) -> Result<impl ExactSizeIterator<Item = Action>, Error> {
        let core = self.state_mut().core_mut();
        let told = door.tell(core, stimulus, now);
        if told == Err(Error::Panic) {
            // As it was after the last decision, of which all is done.
            self.state = Arc::clone(&self.shared.snapshot());
            self.changed = false;
        }
        told?;
        Ok(self.state_mut().core_mut().drain())
    }

    /// Whether the core awaits packets of inputs without a session.
    pub(super) fn listens(&mut self) -> bool {
        self.listens = self.core().listens_without_sessions();
        self.listens
    }

    /// The last answer of `listens`.
    pub(super) fn listened(&self) -> bool {
        self.listens
    }

    /// To be followed by `publish`.
    pub(super) fn change_cells<R>(&mut self, change: impl FnOnce(&mut Vec<InputCells>) -> R) -> R {
        self.state_mut().change_cells(change)
    }

    /// What hangs on settings, after a change of these or of the inputs. To be followed by `publish`.
    pub(super) fn match_settings(&mut self) {
        self.measured = needs_meters(self.core());
        if !self.state.knows_measured() {
            self.state_mut().match_measured();
        }
    }

    /// See [`Stream::forget_user_data`]: nothing of this stream is decided any more. To be followed by
    /// `publish`.
    pub(super) fn forget_user_data(&mut self) {
        self.state_mut().core_mut().forget_user_data();
    }

    pub(super) fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.shared.publish(self.state.clone());
        }
    }

    /// What a decision reads besides the counters, asked for in advance as they are (see
    /// [`Snapshot::PREFETCH_COUNTERS`]), in no more steps.
    const PREFETCH_DECISION: [fn(&Entry); 3] = [
        |entry| {
            prefetch(entry.core());
            prefetch(&*entry.shared);
        },
        |entry| {
            prefetch(entry.core().inputs());
            prefetch(entry.shared.gate());
            prefetch(&**entry.core().id());
        },
        |entry| entry.state.inputs().for_each(|(health, _)| prefetch(&**health.spec())),
    ];

    /// How many steps it takes to ask for all that a visit reads.
    pub(super) const PREFETCH_STEPS: usize = Snapshot::PREFETCH_COUNTERS.len();

    /// Asks the processor for what a visit will read; the steps have to be taken in order.
    pub(super) fn prefetch(&self, step: usize) {
        Snapshot::PREFETCH_COUNTERS[step](&self.state);
        if let Some(prefetch) = Entry::PREFETCH_DECISION.get(step) {
            prefetch(self);
        }
    }

    /// Asks for what a look reads besides, in the same steps.
    pub(super) fn prefetch_for_look(&self, step: usize) {
        let inputs = self.core().inputs().iter();
        match step {
            2 => inputs.filter_map(InputHealth::trouble_in_memory).for_each(prefetch),
            3 => {
                inputs.for_each(|input| {
                    let (conditions, gaps) = input.measured_in_memory();
                    conditions.into_iter().for_each(prefetch);
                    gaps.into_iter().for_each(prefetch);
                });
                self.state.cells().iter().filter_map(InputCells::tracks).for_each(prefetch);
            }
            _ => {}
        }
    }

    /// Whose packet the one is that was recorded in this cell, if the core still awaits one there.
    pub(super) fn awaited(&self, cell: &Cell) -> Option<Came> {
        let owner = |(health, input): (&InputHealth, &InputCells)| {
            Some((health.session(), health.priority(), input.session_of(cell)?))
        };
        let (current, priority, bound) = self.state.inputs().find_map(owner)?;
        match current {
            Some(session) if bound == UNBOUND || bound == session => {
                self.core().awaits(session).then_some(Came::OfSession(session))
            }
            None if bound == UNBOUND => Some(Came::WithoutSession(priority)),
            _ => None,
        }
    }

    /// Tells the core of the newest packets. That need not be published soon.
    pub(super) fn tell_newest_packets(&mut self, door: &mut Door, time: &Time) {
        for index in 0..self.state.cells().len() {
            let health = &self.core().inputs()[index];
            let (session, known) = match (health.session(), health.flows_without_session()) {
                (Some(session), _) => (session, health.last_packet()),
                (None, Some(last)) => (UNBOUND, last),
                (None, None) => continue,
            };
            let cells = self.state.cells()[index].of_session(session);
            let newest = cells.map(|cell| cell.last_packet()).max().filter(|stamp| *stamp != 0);
            let at = newest.map_or(0, |stamp| time.stamps().latest(stamp, time.now()));
            if at > known {
                let priority = health.priority();
                let seen = match session {
                    UNBOUND => Stimulus::SeenWithoutSession { priority, at },
                    session => Stimulus::Seen { session, at },
                };
                // Never refused, and nothing is decided.
                let _ = self.tell(door, seen, time.now());
            }
        }
    }

    /// For a trace: once in each silence the core is told what it knows, that the newest packet was a
    /// while ago; and the packet that ends the silence is awaited, though nothing is decided by it.
    pub(super) fn tell_silences(&mut self, door: &mut Door, time: &Time) {
        let silent = |(index, _): (usize, Nanos)| {
            let health = &self.core().inputs()[index];
            let (session, at) = (health.session()?, health.last_packet());
            let silence = time.now().saturating_sub(at);
            (silence >= SILENCES_FROM).then_some((session, at, silence))
        };
        let silent: SmallVec<[_; 2]> = self.core().silence_limits().filter_map(silent).collect();
        for (session, at, silence) in silent {
            self.cells_of(session).for_each(Cell::arm);
            // Visits are no further apart.
            if silence < 2 * SILENCES_FROM {
                // Never refused, and nothing is decided.
                let _ = self.tell(door, Stimulus::Seen { session, at }, time.now());
            }
        }
    }

    /// Tells the core how packets were flagged, where that is news.
    pub(super) fn tell_flags(&mut self, door: &mut Door, now: Nanos) {
        let news = |(index, knows_video): (usize, bool)| {
            let sum = self.state.cells()[index].sum();
            let (video, key) = (sum.video > 0, sum.video > 0 && sum.keys > 0);
            let priority = self.core().inputs()[index].priority();
            (key || video != knows_video).then_some(Stimulus::Flagged { priority, video, key })
        };
        let news: SmallVec<[_; 2]> = self.core().unknown_flags().filter_map(news).collect();
        for stimulus in news {
            // Never refused, and nothing is decided.
            let _ = self.tell(door, stimulus, now);
        }
    }

    /// Rule 23: nobody takes the offer from here on. The number, if somebody had: the gate has moved.
    pub(super) fn close_offer(&mut self) -> Option<u64> {
        if std::mem::take(&mut self.offers) {
            self.shared.gate().close_offer()
        } else {
            None
        }
    }

    /// Whether an offer is open.
    pub(super) fn offers(&self) -> bool {
        self.offers
    }

    /// Whether the offer was taken, and is not closed yet.
    pub(super) fn offer_is_taken(&self) -> bool {
        self.offers && self.shared.gate().offer_is_taken()
    }

    /// Rule 23: opens the offer that the core makes, if it makes one, after all else that was decided
    /// is done.
    pub(super) fn open_offer(&mut self) {
        let Some(offer) = self.core().offer() else {
            return self.forget_offer();
        };
        let is_other =
            |(health, _): &(&InputHealth, &InputCells)| health.session() != Some(offer.session);
        let others = self.state.inputs().filter(is_other);
        others.flat_map(|(_, input)| input.all()).for_each(Cell::end_offer);
        let (number, any) = (offer.number, offer.to_any_packet);
        self.cells_of(offer.session).for_each(|cell| cell.offer(number, any));
        self.shared.gate().open_offer(offer.number, offer.to_any_packet);
        (self.offers, self.offered) = (true, true);
    }

    /// Cells to which an offer was made are as any again.
    fn forget_offer(&mut self) {
        if std::mem::take(&mut self.offered) {
            self.state.cells().iter().flat_map(InputCells::all).for_each(Cell::end_offer);
        }
    }

    /// For each input that must not fall silent, its most recent cell and its limit.
    pub(super) fn watched(&self) -> impl Iterator<Item = (&'static Cell, Nanos)> + '_ {
        self.core().silence_limits().filter_map(|(index, silence_limit)| {
            let session = self.core().inputs()[index].session().unwrap_or(UNBOUND);
            let cells = self.state.cells()[index].of_session(session);
            Some((cells.max_by_key(|cell| cell.last_packet())?, silence_limit))
        })
    }

    pub(super) fn session_began(&mut self, priority: Priority, now: Nanos) {
        self.sessions += 1;
        self.restart_rates(priority, now);
    }

    pub(super) fn session_ended(&mut self, priority: Priority, now: Nanos) {
        self.sessions -= 1;
        self.restart_rates(priority, now);
    }

    /// What was measured of the input before tells nothing about the time from now on.
    fn restart_rates(&self, priority: Priority, now: Nanos) {
        if let Some((_, input)) = self.input(priority) {
            input.rates().restart(now, &input.sum());
            input.tracks().into_iter().for_each(Tracks::restart);
        }
    }

    pub(super) fn measure_rates(&self, now: Nanos) {
        if self.sessions > 0 {
            self.state.cells().iter().for_each(|input| input.rates().measure(now, &input.sum()));
        }
    }

    /// Whether a setting has any input measured: else, no decision is a reason to look for sessions.
    pub(super) fn is_measured(&self) -> bool {
        self.measured
    }

    /// The sessions whose input a setting has measured: its priority, the session, and the window.
    pub(super) fn to_be_measured(&self) -> impl Iterator<Item = (Priority, SessionId, Nanos)> + '_ {
        let measured =
            |input: &InputHealth| Some((input.priority(), input.session()?, input.meter_window()?));
        self.core().inputs().iter().filter_map(measured)
    }

    /// Has sound counted where a setting needs it.
    pub(super) fn match_sound(&self) {
        for (health, input) in self.state.inputs() {
            input.all().for_each(|cell| cell.set_counts_sound(health.needs_sound()));
        }
    }

    fn input(&self, priority: Priority) -> Option<(&InputHealth, &InputCells)> {
        self.state.inputs().find(|(health, _)| health.priority() == priority)
    }

    /// What an input counts for `session`, its current one, and has counted for those before.
    pub(super) fn counted(&self, priority: Priority, session: SessionId) -> Counters {
        let input = self.input(priority);
        input.map_or_else(Counters::default, |(_, cells)| cells.sum_of(session))
    }

    /// The input of this cell and what it has counted, if that was for an earlier session.
    pub(super) fn counted_before(&self, cell: &Cell) -> Option<(Priority, Counters)> {
        let owner = |(health, input): (&InputHealth, &InputCells)| {
            let bound = input.session_of(cell)?;
            Some((health.priority(), bound != UNBOUND && health.session() != Some(bound)))
        };
        let (priority, is_earlier) = self.state.inputs().find_map(owner)?;
        is_earlier.then(|| (priority, Counters { sound: cell.sound(), ..cell.read() }))
    }

    /// Shows what was measured of an input.
    pub(super) fn note_measure(
        &self,
        priority: Priority,
        time: &Time,
        counters: &Counters,
        measure: &Measure,
    ) {
        if let Some((_, cells)) = self.input(priority) {
            cells.rates().take_over(time.by_the_system(), counters, measure);
            cells.tracks().into_iter().for_each(|tracks| tracks.note(time.now(), measure));
        }
    }

    pub(super) fn priorities(&self) -> Vec<Priority> {
        self.core().inputs().iter().map(InputHealth::priority).collect()
    }

    /// Does at once what recording threads see; anything else is given back.
    pub(super) fn take_up(&self, action: Action) -> Option<Action> {
        match action {
            Action::Gate { session, number } => self.move_gate(session, number),
            Action::Await { session } => self.cells_of(session).for_each(Cell::arm),
            Action::AwaitInput { priority } => {
                let input = self.input(priority);
                input.iter().flat_map(|(_, cells)| cells.of_session(UNBOUND)).for_each(Cell::arm);
            }
            action => return Some(action),
        }
        None
    }

    /// Admits the cells of one session and no others.
    fn move_gate(&self, session: Option<SessionId>, number: u64) {
        if let Some(session) = session {
            self.cells_of(session).for_each(|cell| cell.admit(number));
        }
        self.shared.gate().move_to(number);
        self.shared.count_move();
    }

    /// For good: no cell carries this number.
    pub(super) fn close_gate(&self) {
        let gate = self.shared.gate();
        gate.close_offer();
        gate.move_to(self.core().last_number() + 1);
    }

    fn cells_of(&self, session: SessionId) -> impl Iterator<Item = &'static Cell> + '_ {
        let input = self.state.inputs().find(|(health, _)| health.session() == Some(session));
        input.into_iter().flat_map(move |(_, input)| input.of_session(session))
    }

    /// Gives input `at` the cell of a new handle, which is bound to `session` (0: to whichever is
    /// current) and records as the input's other cells do.
    pub(super) fn open(
        &mut self,
        at: usize,
        session: SessionId,
        number: usize,
        cell: &'static Cell,
    ) -> OpenCell {
        let core = self.core();
        if let Some(current) = core.inputs()[at].session() {
            if core.gate() == Some(current) {
                cell.admit(core.switch_number());
            }
            if let Some(offer) = core.offer().filter(|offer| offer.session == current) {
                cell.offer(offer.number, offer.to_any_packet);
            }
            if core.awaits(current) {
                cell.arm();
            }
        } else if core.inputs()[at].awaited_without_session() {
            cell.arm();
        }
        cell.set_counts_sound(core.inputs()[at].needs_sound());
        self.change_cells(|inputs| inputs[at].open(cell, session));
        self.publish();
        OpenCell { cell, number, stream: self.shared.clone() }
    }

    /// Takes back the cell of a handle; what it counted stays.
    pub(super) fn close(&mut self, cell: &Cell) {
        self.change_cells(|inputs| {
            if let Some(input) = inputs.iter_mut().find(|i| i.session_of(cell).is_some()) {
                input.close(cell);
            }
        });
        self.publish();
    }

    pub(super) fn route(&self) -> Route<StreamShared> {
        let by_id = |(health, input): (&InputHealth, &InputCells)| {
            Some(InputRoute { priority: health.priority(), cells: input.by_id()? })
        };
        let inputs = self.state.inputs().filter_map(by_id);
        Route::new(self.core().id(), self.shared.clone(), self.shared.gate(), inputs)
    }
}

fn needs_meters(core: &Stream) -> bool {
    core.inputs().iter().any(|input| input.meter_window().is_some())
}
