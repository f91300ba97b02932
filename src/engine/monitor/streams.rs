//! The registered streams: finding, registering, telling and removing them, and the cells that come
//! and go with their inputs. When any of that is done is not decided here.

use super::cells::CellBook;
use super::door::Door;
use super::entry::{Came, Entry};
use super::limbo::{Leaked, Limbo};
use super::time::Time;
use crate::core::{
    Action, Config, Nanos, Priority, Problem, Registration, SessionId, Stimulus, Stream,
};
use crate::engine::log::Logger;
use crate::engine::published::{InputCells, OpenCell, StreamShared};
use crate::engine::recorder::{Recorder, Whose};
use crate::engine::shared::Shared;
use crate::hot::{Counters, Router};
use crate::vocabulary::{Error, Level};
use slab::Slab;
use smallvec::SmallVec;
use std::sync::Arc;

/// All streams of the engine, by their numbers.
pub(super) struct Streams {
    shared: Arc<Shared>,
    logger: Arc<Logger>,
    door: Door,
    entries: Slab<Entry>,
    router: Router<StreamShared>,
    cells: CellBook,
    limbo: Limbo,
    /// Sessions that were started and not stopped.
    sessions: usize,
    /// Streams that await packets of inputs without a session.
    listening: usize,
    /// Streams whose active input delivers.
    on_air: usize,
    /// Streams to be published at the end of this step.
    unpublished: Vec<usize>,
}

impl Streams {
    pub(super) fn new(
        shared: Arc<Shared>,
        router: Router<StreamShared>,
        logger: Arc<Logger>,
        defaults: Config,
    ) -> Streams {
        Streams {
            cells: CellBook::new(shared.clone()),
            shared,
            logger,
            door: Door::new(defaults),
            entries: Slab::new(),
            router,
            limbo: Limbo::default(),
            sessions: 0,
            listening: 0,
            on_air: 0,
            unpublished: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    pub(super) fn core(&self, index: usize) -> &Stream {
        self.entry(index).core()
    }

    pub(super) fn find(&self, id: &str) -> Result<usize, Error> {
        self.router.find(id).map(|route| route.stream().index()).ok_or(Error::UnknownStream)
    }

    /// The stream of an open input, unless that is gone.
    pub(super) fn owner(&self, cell: usize) -> Option<usize> {
        self.cells.owner(cell)
    }

    /// The current session of an input, if it has one.
    pub(super) fn session_of(&self, index: usize, priority: Priority) -> Option<SessionId> {
        let inputs = self.core(index).inputs();
        inputs.iter().find(|input| input.priority() == priority)?.session()
    }

    pub(super) fn ids(&self) -> Vec<Arc<str>> {
        self.entries.iter().map(|(_, entry)| entry.core().id().clone()).collect()
    }

    /// Whether any session was started and not stopped.
    pub(super) fn any_running(&self) -> bool {
        self.sessions > 0
    }

    /// Whether any stream awaits packets of inputs without a session.
    pub(super) fn any_listening(&self) -> bool {
        self.listening > 0
    }

    /// How many streams have an active input that delivers.
    pub(super) fn on_air(&self) -> usize {
        self.on_air
    }

    /// See [`Door::mass_share`].
    pub(super) fn mass_share(&self) -> u64 {
        self.door.mass_share()
    }

    /// Records what enters the cores from now on; `None`: nothing any more.
    pub(super) fn record(&mut self, whose: Whose, recorder: Option<Box<Recorder>>, now: Nanos) {
        self.door.record(whose, recorder, now);
    }

    /// Whether that is recorded.
    pub(super) fn are_recorded(&self) -> bool {
        self.door.is_recorded()
    }

    /// Hands over what was recorded, if it is time to. The monitor sleeps until `wake` now.
    pub(super) fn hand_over_trace(&mut self, now: Nanos, wake: Option<Nanos>) {
        let (recorders, common) = self.door.recorders();
        for (_, recorder) in recorders {
            if recorder.wants_checkpoint() {
                let streams = self.entries.iter().map(|(_, entry)| entry.shared_state());
                recorder.checkpoint(now, common, streams.collect());
            } else if recorder.is_due(now, wake) {
                recorder.hand_over();
            }
        }
    }

    /// See [`Door::spread_waits`].
    pub(super) fn spread_waits(&mut self, since: Nanos, until: Nanos, now: Nanos) {
        self.door.spread_waits(since, until, now);
    }

    /// Whether anything that was removed waits to be freed.
    pub(super) fn any_unreachable(&self) -> bool {
        !self.limbo.is_empty()
    }

    /// Registers a stream: its number, and what is to be done.
    pub(super) fn register(
        &mut self,
        registration: Registration,
        now: Nanos,
    ) -> Result<(usize, impl Iterator<Item = Action>), Error> {
        if self.find(&registration.id).is_ok() {
            return Err(Error::StreamExists);
        }
        let mut core = self.door.register(registration, now)?;
        let actions = core.drain();
        let index = self.entries.vacant_key();
        let cells = core.inputs().iter().map(|_| self.new_input(index, now)).collect();
        let entry = Entry::new(index, core, cells);
        self.router.insert(entry.route());
        self.entries.insert(entry);
        Ok((index, actions))
    }

    /// Forgets a stream that was told of its end. Its number may be another's from now on.
    pub(super) fn remove(&mut self, index: usize) {
        let mut entry = self.entries.remove(index);
        self.listening -= usize::from(entry.listened());
        self.on_air -= usize::from(entry.core().on_air());
        // Whoever is still reading its status must not see the next lives of its cells.
        let inputs: Vec<_> =
            entry.change_cells(|inputs| inputs.iter_mut().map(InputCells::freeze).collect());
        entry.forget_user_data();
        entry.publish();
        self.limbo.add_route(self.router.remove(entry.core().id()));
        inputs.iter().for_each(|input| self.abandon(input));
    }

    /// Tells a stream what happened and publishes what it decided: whether the stimulus is refused,
    /// and what is to be done.
    pub(super) fn decide(
        &mut self,
        index: usize,
        stimulus: Stimulus,
        now: Nanos,
    ) -> Result<impl ExactSizeIterator<Item = Action>, Error> {
        let updates_inputs = matches!(stimulus, Stimulus::UpdateInputs(_));
        let changes_settings =
            updates_inputs || matches!(stimulus, Stimulus::SetConfig(_) | Stimulus::SetDefaults(_));
        let comes_often = matches!(stimulus, Stimulus::Packet { .. });
        let entry = &mut self.entries[index];
        let before = if updates_inputs { entry.priorities() } else { Vec::new() };
        let was_on_air = entry.core().on_air();
        let result = entry.tell(&mut self.door, stimulus, now);
        if updates_inputs && result.is_ok() {
            self.match_inputs(index, &before, now);
        }
        let entry = &mut self.entries[index];
        if changes_settings && result.is_ok() {
            entry.match_settings();
        }
        self.listening -= usize::from(entry.listened());
        self.listening += usize::from(entry.listens());
        self.count_on_air(index, was_on_air);
        if comes_often && result.as_ref().is_ok_and(|actions| actions.len() == 0) {
            // Nobody can see that something changed, and of a stream with many inputs many such come
            // together: it is copied once for all of them.
            self.publish_later(index);
        } else {
            self.entries[index].publish();
        }
        result
    }

    /// Tells a stream of what [only arms a deadline](Stimulus::only_arms). Nothing else of it is looked at.
    pub(super) fn arm(
        &mut self,
        index: usize,
        stimulus: Stimulus,
        now: Nanos,
    ) -> Result<(), Error> {
        let told = self.entries[index].tell(&mut self.door, stimulus, now).map(drop);
        self.publish_later(index);
        told
    }

    /// Has the stream published at the end of this step, so that there are not two copies of its state
    /// for long.
    pub(super) fn publish_later(&mut self, index: usize) {
        self.unpublished.push(index);
    }

    /// Publishes what was not published at once.
    pub(super) fn publish_rest(&mut self) {
        for index in self.unpublished.drain(..) {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.publish();
            }
        }
    }

    /// Tells a stream what was measured of a session: what is to be done, and only if there is
    /// anything it is published at once.
    pub(super) fn measured(
        &mut self,
        index: usize,
        measured: Stimulus,
        now: Nanos,
    ) -> SmallVec<[Action; 1]> {
        let entry = &mut self.entries[index];
        let was_on_air = entry.core().on_air();
        let result = entry.tell(&mut self.door, measured, now);
        // It is never refused.
        let actions: SmallVec<_> = result.into_iter().flatten().collect();
        self.count_on_air(index, was_on_air);
        if !actions.is_empty() {
            self.entries[index].publish();
        }
        actions
    }

    /// After something happened to a stream.
    fn count_on_air(&mut self, index: usize, was_on_air: bool) {
        self.on_air -= usize::from(was_on_air);
        self.on_air += usize::from(self.entries[index].core().on_air());
    }

    /// What a cell has counted for an earlier session of its input: the stream, and the input.
    pub(super) fn counted_before(&self, cell: usize) -> Option<(usize, Priority, Counters)> {
        let index = self.cells.owner(cell)?;
        let (priority, counters) = self.entries[index].counted_before(self.cells.cell(cell))?;
        Some((index, priority, counters))
    }

    /// Settings of the engine, for streams to come. Refused unless all streams accept them; these
    /// still have to be told.
    pub(super) fn set_defaults(&mut self, defaults: &Config) -> Result<(), Error> {
        defaults.check().map_err(Problem::error)?;
        for (_, entry) in &self.entries {
            entry.core().check_defaults(defaults)?;
        }
        self.door.set_defaults(defaults.clone());
        Ok(())
    }

    /// Tells a stream of its newest packets. That need not be published soon.
    pub(super) fn tell_newest_packets(&mut self, index: usize, time: &Time) {
        let entry = &mut self.entries[index];
        entry.tell_newest_packets(&mut self.door, time);
        if self.door.is_recorded() {
            entry.tell_silences(&mut self.door, time);
        }
    }

    /// The stream of a cell that has had a packet, if that may be the end of a silence that a trace has,
    /// and the stream may be visited now.
    pub(super) fn ends_a_silence(&self, cell: usize, time: &Time) -> Option<usize> {
        self.cells.owner(cell).filter(|_| self.door.is_recorded() && !time.is_holding())
    }

    /// Tells a stream how packets were flagged, where that is news.
    pub(super) fn tell_flags(&mut self, index: usize, now: Nanos) {
        self.entries[index].tell_flags(&mut self.door, now);
    }

    /// Rule 23: whether an offer of the stream is open, and stands whatever comes of these.
    pub(super) fn offer_stands(&self, index: usize, stimuli: &[Stimulus], now: Nanos) -> bool {
        let entry = &self.entries[index];
        entry.offers() && self.door.leaves_offer(entry.core(), stimuli, now)
    }

    /// Rule 23: no packet moves a gate from here on.
    pub(super) fn close_offers(&mut self) {
        for (_, entry) in &mut self.entries {
            entry.close_offer();
        }
    }

    /// See [`Entry::close_offer`].
    pub(super) fn close_offer(&mut self, index: usize) -> Option<u64> {
        self.entries[index].close_offer()
    }

    /// See [`Entry::open_offer`]. The stream may be gone.
    pub(super) fn open_offer(&mut self, index: usize) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.open_offer();
        }
    }

    /// The stream whose offer was taken by a packet in this cell.
    pub(super) fn committed(&self, cell: usize) -> Option<usize> {
        self.cells.owner(cell).filter(|index| self.entries[*index].offer_is_taken())
    }

    /// The cells that say that the packet their session was waiting for has come.
    pub(super) fn attracted(&self) -> Vec<usize> {
        let mut attracted = Vec::new();
        self.shared.pool.attracted(|cell| attracted.push(cell));
        attracted
    }

    /// The bug that was met when the core of a stream was last told of something, if there was one.
    pub(super) fn take_bug(&mut self) -> Option<String> {
        self.door.take_bug()
    }

    #[cfg(any(test, changeover_panic_hook))]
    pub(super) fn plant_bug(&mut self, stream: &str) {
        self.door.plant_bug(stream);
    }

    /// No packet is admitted any more.
    pub(super) fn close_gates(&self) {
        self.entries.iter().for_each(|(_, entry)| entry.close_gate());
    }

    /// The stream whose awaited packet was recorded in this cell, and whose that is, if it still awaits
    /// it.
    pub(super) fn awaited(&self, cell: usize) -> Option<(usize, Came)> {
        let index = self.cells.owner(cell)?;
        Some((index, self.entries[index].awaited(self.cells.cell(cell))?))
    }

    pub(super) fn session_began(&mut self, index: usize, priority: Priority, now: Nanos) {
        self.sessions += 1;
        self.entries[index].session_began(priority, self.shared.monotonic_at(now));
    }

    pub(super) fn session_ended(&mut self, index: usize, priority: Priority, now: Nanos) {
        self.sessions -= 1;
        self.entries[index].session_ended(priority, self.shared.monotonic_at(now));
    }

    pub(super) fn measure_rates(&mut self, index: usize, now: Nanos) {
        if let Some(entry) = self.entries.get_mut(index) {
            // Packets come by the world's clock, also while the engine stalls.
            entry.measure_rates(self.shared.monotonic_at(now));
            // A core that was only told of its newest packets is not published yet: two copies of a
            // state are not kept for long.
            entry.publish();
        }
    }

    /// With many streams, what a visit reads is in no cache. So while `at` is visited, it is asked
    /// for on behalf of the next ones: step by step, as they come nearer.
    pub(super) fn prefetch_ahead(&self, visits: &[usize], at: usize) {
        for step in 0..Entry::PREFETCH_STEPS {
            let ahead = at + 4 * (Entry::PREFETCH_STEPS - step);
            if let Some(entry) = visits.get(ahead).and_then(|index| self.entries.get(*index)) {
                entry.prefetch(step);
            }
        }
    }

    /// Opens an input for a handle, bound to `session` or with 0 to whichever is current.
    pub(super) fn open_cell(
        &mut self,
        index: usize,
        priority: Priority,
        session: SessionId,
    ) -> Result<OpenCell, Error> {
        let entry = &mut self.entries[index];
        let inputs = entry.core().inputs();
        let at = inputs.iter().position(|input| input.priority() == priority);
        let at = at.ok_or(Error::UnknownInput)?;
        if session != 0 && inputs[at].session() != Some(session) {
            return Err(Error::StaleSession);
        }
        let number = self.cells.take(index);
        Ok(entry.open(at, session, number, self.cells.cell(number)))
    }

    /// A handle was closed: its counts go to the input's total, its cell to the next handle. The
    /// stream, if it is still registered, must no longer be watched through this cell.
    pub(super) fn close_cell(&mut self, number: usize, time: &Time) -> Option<usize> {
        let index = self.cells.owner(number);
        if let Some(index) = index {
            // Its last packets are signs of life.
            self.tell_newest_packets(index, time);
            self.entries[index].close(self.cells.cell(number));
        }
        self.cells.give_back(number);
        index
    }

    /// Frees what no thread can be looking at any longer. Never blocks.
    pub(super) fn free_unreachable(&mut self) {
        if let Some(free) = self.limbo.take_free() {
            free.routes.into_iter().for_each(|route| self.router.free(route));
            free.pairs.into_iter().for_each(|first| self.cells.give_back_pair(first));
        }
        if let Err(Leaked(streams)) = self.limbo.advance(&self.shared.presences) {
            self.logger.log(Level::Error, || {
                format!(
                    "membarrier(2) is refused: {streams} unregistered or changed streams stay in \
                     memory"
                )
            });
        }
        self.router.free_retired();
    }

    /// Brings the cells in line with the core's inputs, after an update of these; their priorities
    /// were `before`.
    fn match_inputs(&mut self, index: usize, before: &[Priority], now: Nanos) {
        let old = self.entries[index].change_cells(std::mem::take);
        let mut old: Vec<_> = before.iter().zip(old).collect();
        let priorities = self.entries[index].priorities();
        let mut inputs = Vec::with_capacity(priorities.len());
        for priority in priorities {
            let kept = old.iter().position(|(before, _)| **before == priority);
            inputs.push(match kept {
                Some(kept) => old.swap_remove(kept).1,
                None => self.new_input(index, now),
            });
        }
        let entry = &mut self.entries[index];
        entry.change_cells(|cells| *cells = inputs);
        self.limbo.add_route(self.router.replace(entry.route()));
        old.into_iter().for_each(|(_, input)| self.abandon(&input));
    }

    fn new_input(&mut self, stream: usize, now: Nanos) -> InputCells {
        InputCells::new(self.cells.take_pair(stream), self.shared.monotonic_at(now))
    }

    /// An input is gone: its by-id cells wait in limbo, its handles stay until they are closed.
    fn abandon(&mut self, input: &InputCells) {
        self.limbo.add_pair(self.cells.disown(input));
    }
}
