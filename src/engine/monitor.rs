//! The monitor thread: the only writer of decisions.
//!
//! It sleeps until a command comes, the next tick, or (with nothing running) the next deadline.
//! A tick publishes the clock, looks at the cells that asked for attention, visits the streams
//! whose deadline has come, and frees what no thread can be looking at any more. What was decided
//! is told between the ticks.

use super::deadlines::Deadlines;
use super::event::{Event, EventKind};
use super::log::{Level, Logger};
use super::queue::{Marker, Queue, Writer};
use super::shared::{Shared, StreamShared};
use super::stalls::Stalls;
use super::stamps::Stamps;
use super::streams::{CellOwner, Entry, WINDOW};
use super::threads::wake_exactly;
use super::wall::WallClock;
use super::wheel::TICK;
use crate::core::{
    self, Action, Common, Config, Error, Input, Nanos, Notice, Priority, Registration, SessionId,
    Stream,
};
use crate::hot::{monotonic, Absence, Cell, Router, Unlinked};
use crossbeam::channel::{Receiver, Sender};
use slab::Slab;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::thread::{park, park_timeout, Thread};
use std::time::{Duration, SystemTime};

/// Streams whose rates are measured in one tick: 8,000 in a second, for a fifth of a percent of a
/// core.
const MEASURED_PER_TICK: usize = 8;

/// Room for so many actions is kept from one tick to the next.
const DECIDED_KEPT: usize = 1024;

/// So many actions may wait, for each stream there is: twice those of a failover.
const DECIDED_OF_A_STREAM: usize = 10;

/// How soon a step of the wall clock is noticed, while anything runs.
const COMPARE_CLOCKS_EVERY: Nanos = 1_000_000_000;

pub(super) type Command = Box<dyn FnOnce(&mut Monitor) + Send>;

/// The way to the monitor. It sleeps parked and not in the channel, which would have it look
/// around for a while before: with a thousand ticks a second that was most of its work.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    commands: Sender<Command>,
    monitor: Thread,
}

impl Mailbox {
    pub(super) fn new(commands: Sender<Command>, monitor: Thread) -> Self {
        Mailbox { commands, monitor }
    }

    /// Has `command` run on the monitor thread, in order, some time soon. Does nothing when the
    /// engine is shut down.
    pub(super) fn post(&self, command: impl FnOnce(&mut Monitor) + Send + 'static) {
        if self.commands.send(Box::new(command)).is_ok() {
            self.monitor.unpark();
        }
    }

    /// Has `command` run on the monitor thread and waits for its result.
    pub(super) fn call<R: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let (reply, result) = crossbeam::channel::bounded(1);
        self.post(move |monitor| drop(reply.send(command(monitor))));
        result.recv().unwrap_or(Err(Error::ShutDown))
    }
}

pub(super) struct Monitor {
    pub(super) shared: Arc<Shared>,
    pub(super) streams: Slab<Entry>,
    /// By the same numbers.
    pub(super) deadlines: Deadlines,
    pub(super) router: Router<StreamShared>,
    pub(super) owners: Vec<CellOwner>,
    pub(super) free_cells: Vec<usize>,
    /// The first of two neighbours each.
    pub(super) free_pairs: Vec<usize>,
    pub(super) limbo: Limbo,
    queue: Arc<Queue>,
    logger: Arc<Logger>,
    stamps: Stamps,
    stalls: Stalls,
    wall: WallClock,
    common: Common,
    registrations: u64,
    defaults: Config,
    /// Engine time of the current step.
    now: Nanos,
    /// Sessions that were started and not stopped: while there are any, the clock ticks.
    sessions: usize,
    compare_clocks_at: Nanos,
    /// What is to be carried out, in order: gates were moved and states published when it was
    /// decided.
    decided: VecDeque<Decided>,
    /// Scratch of `visit_restless`: the streams to visit.
    restless: Vec<usize>,
    /// How far this round of measuring rates has come, and when the next begins.
    measured: usize,
    measure_at: Nanos,
    stopping: bool,
}

/// One action of a stream, and when it was decided.
struct Decided {
    stream: usize,
    at: Nanos,
    action: Action,
}

/// What was made unreachable, until no thread can be looking at it.
#[derive(Debug, Default)]
pub(super) struct Limbo {
    pub(super) routes: Vec<Unlinked<StreamShared>>,
    /// By-id cells: the first of two neighbours each.
    pub(super) pairs: Vec<usize>,
    leaving: Option<Batch>,
}

#[derive(Debug)]
struct Batch {
    routes: Vec<Unlinked<StreamShared>>,
    pairs: Vec<usize>,
    absence: Absence,
}

impl Limbo {
    fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.pairs.is_empty() && self.leaving.is_none()
    }
}

impl Monitor {
    pub(super) fn new(
        shared: Arc<Shared>,
        router: Router<StreamShared>,
        queue: Arc<Queue>,
        logger: Arc<Logger>,
        defaults: Config,
    ) -> Monitor {
        let now = shared.now();
        let stamps = Stamps::new(shared.clock.now());
        Monitor {
            shared,
            streams: Slab::new(),
            deadlines: Deadlines::new(now),
            router,
            owners: Vec::new(),
            free_cells: Vec::new(),
            free_pairs: Vec::new(),
            limbo: Limbo::default(),
            queue,
            logger,
            stamps,
            stalls: Stalls::new(monotonic()),
            wall: WallClock::default(),
            common: Common::default(),
            registrations: 0,
            defaults,
            now,
            sessions: 0,
            compare_clocks_at: 0,
            decided: VecDeque::new(),
            restless: Vec::new(),
            measured: 0,
            measure_at: 0,
            stopping: false,
        }
    }

    /// The thread, until the engine is shut down.
    pub(super) fn run(mut self, commands: Receiver<Command>) {
        wake_exactly();
        let mut next_tick = 0;
        while !self.stopping {
            let ticking = self.sessions > 0 || !self.limbo.is_empty();
            let wake = match ticking {
                true => Some(next_tick.min(self.deadlines.soon_at())),
                false => self.deadlines.next(),
            };
            let mut command = match self.decided.is_empty() {
                true => self.wait(&commands, wake),
                false => commands.try_recv().ok(),
            };
            self.look_at_the_clock(wake);
            // All commands there are, but not past the next tick.
            while let Some(one) = command {
                // What was recorded before a command was given comes before it.
                self.look_at_attention();
                one(&mut self);
                if self.stopping || self.now >= next_tick {
                    break;
                }
                command = commands.try_recv().ok();
                // After it came: nothing is dated before it was asked for.
                self.look_at_the_clock(Some(next_tick));
            }
            if self.now >= next_tick {
                self.tick();
                next_tick = (self.now / TICK + 1) * TICK;
            } else if self.now >= self.deadlines.soon_at() {
                self.look_at_attention();
                self.visit_soon();
            }
            self.carry_out_for_a_tick();
        }
        self.shut_down();
    }

    fn wait(&self, commands: &Receiver<Command>, wake: Option<Nanos>) -> Option<Command> {
        loop {
            let command = commands.try_recv().ok();
            let left = wake.map(|wake| wake.saturating_sub(self.shared.now()));
            match left {
                _ if command.is_some() => return command,
                Some(0) => return None,
                Some(left) => park_timeout(Duration::from_nanos(left)),
                None => park(),
            }
        }
    }

    /// Brings `now` up to date. If the monitor should have been awake long ago, that time is
    /// taken out of the engine's: nobody is blamed for a silence the engine slept through.
    fn look_at_the_clock(&mut self, wake: Option<Nanos>) {
        let now = self.shared.now();
        // No more than since it last looked.
        let late = wake.map_or(0, |wake| now.saturating_sub(wake.max(self.now)));
        let taken_out = self.stalls.take_out(late, monotonic());
        if taken_out > 0 {
            self.shared.add_stall(taken_out);
            let [late, moved] = [late, taken_out].map(|nanos| nanos / 1_000_000);
            self.logger.log(Level::Warn, || {
                format!("the monitor stalled for {late} ms; deadlines move by {moved} ms")
            });
        }
        self.now = (now - taken_out).max(self.now);
        if taken_out > 0 || self.now >= self.compare_clocks_at {
            if self.wall.observe(self.now, SystemTime::now()) {
                self.shared.wall.store(Arc::new(self.wall.clone()));
            }
            self.compare_clocks_at = self.now + COMPARE_CLOCKS_EVERY;
        }
        let tick = self.now / TICK;
        if tick > self.stamps.current() {
            self.shared.clock.publish(tick * TICK);
            self.stamps.replace(tick, self.shared.now());
        }
    }

    fn tick(&mut self) {
        self.look_at_attention();
        self.visit_due();
        if self.now >= self.deadlines.soon_at() {
            self.visit_soon();
        }
        self.measure_rates();
        self.clear_limbo();
        self.router.free_retired();
    }

    fn visit_due(&mut self) {
        self.deadlines.bring_up(self.now, &self.stamps, &mut self.restless);
        self.visit_restless();
    }

    fn visit_restless(&mut self) {
        let mut restless = std::mem::take(&mut self.restless);
        for at in 0..restless.len() {
            if let Some(ahead) = restless.get(at + 24) {
                self.deadlines.prefetch(*ahead);
            }
            let counters = Entry::PREFETCH_COUNTERS.iter().enumerate();
            for (step, prefetch) in counters.chain(Entry::PREFETCH_DECISION.iter().enumerate()) {
                let ahead = at + 4 * (Entry::PREFETCH_COUNTERS.len() - step);
                if let Some(entry) = restless.get(ahead).and_then(|key| self.streams.get(*key)) {
                    prefetch(entry);
                }
            }
            if self.deadlines.is_due(restless[at], self.now) {
                self.visit(restless[at]);
            }
        }
        restless.clear();
        self.restless = restless;
    }

    /// Visits the streams whose deadline is within this tick, and may have come.
    fn visit_soon(&mut self) {
        self.deadlines.bring_up_soon(&mut self.restless);
        self.visit_restless();
    }

    /// A few streams' rates a tick: all of them once a second, unless they are very many.
    fn measure_rates(&mut self) {
        if self.measured == 0 && self.now < self.measure_at {
            return;
        }
        if self.measured == 0 {
            self.measure_at = self.now + WINDOW;
        }
        let end = (self.measured + MEASURED_PER_TICK).min(self.deadlines.end());
        for prefetch in Entry::PREFETCH_COUNTERS {
            (self.measured..end).filter_map(|index| self.streams.get(index)).for_each(prefetch);
        }
        for index in self.measured..end {
            if let Some(entry) = self.streams.get_mut(index) {
                entry.measure_rates(self.now);
                // What was only looked at since: not to keep two states for long.
                entry.publish();
            }
        }
        self.measured = if end == self.deadlines.end() { 0 } else { end };
    }

    fn look_at_attention(&mut self) {
        let mut attracted = Vec::new();
        self.shared.pool.attracted(|cell| attracted.push(cell));
        for cell in attracted {
            self.packet_awaited(cell);
        }
    }

    /// A cell says that the packet its session was waiting for has come.
    fn packet_awaited(&mut self, cell: usize) {
        let Some(index) = self.owners[cell].stream() else { return };
        let entry = &self.streams[index];
        let Some(session) = entry.session_of(self.shared.pool.cell(cell)) else { return };
        if entry.core().awaits(session) {
            let event = core::Stimulus::Packet { session };
            // A packet is never refused.
            let _ = self.decide(index, event);
        }
    }

    /// A stream's deadline may have come: unless packets have moved it. What is decided is to be
    /// carried out.
    fn visit(&mut self, index: usize) {
        let now = self.now;
        self.deadlines.disarm(index);
        self.look_at_cells(index);
        let entry = &self.streams[index];
        if entry.core().next_deadline().is_some_and(|deadline| deadline <= now) {
            // A tick is never refused.
            let _ = self.decide(index, core::Stimulus::Tick);
        } else {
            self.arm(index);
        }
    }

    pub(super) fn look_at_cells(&mut self, index: usize) {
        self.streams[index].look_at_cells(&self.stamps, self.now);
    }

    /// Sees to it that the stream is visited at its next deadline.
    pub(super) fn arm(&mut self, index: usize) {
        let entry = &self.streams[index];
        self.deadlines.arm(index, self.now, entry.core().deadlines(), entry.watched());
    }

    /// Tells a stream's core what happened, and does what it answers.
    fn drive(&mut self, index: usize, event: core::Stimulus) -> Result<(), Error> {
        let result = self.decide(index, event);
        self.carry_out_decided();
        result
    }

    /// Tells a stream's core what happened, publishes what it decided, and does what recording
    /// threads see of it. The rest is to be carried out.
    fn decide(&mut self, index: usize, event: core::Stimulus) -> Result<(), Error> {
        let updates_inputs = matches!(event, core::Stimulus::UpdateInputs(_));
        let entry = &mut self.streams[index];
        let before = if updates_inputs { entry.priorities() } else { Vec::new() };
        let core = entry.core_mut();
        let result = core.handle(event, self.now, &mut self.common);
        let actions = core.drain();
        if updates_inputs && result.is_ok() {
            self.match_inputs(index, &before);
        }
        self.streams[index].publish();
        self.take_up(index, actions);
        if result.is_ok() {
            self.arm(index);
        }
        result
    }

    /// Does at once what recording threads see; what the host is told of is to be carried out.
    fn take_up(&mut self, stream: usize, actions: impl Iterator<Item = Action>) {
        for action in actions {
            match action {
                Action::Gate { session, number } => {
                    self.streams[stream].move_gate(session, number);
                }
                Action::Await { session } => self.streams[stream].await_packet(session),
                action => self.decided.push_back(Decided { stream, at: self.now, action }),
            }
        }
    }

    /// Carries out what was decided, as far as it gets in a tick: when very many streams fail at
    /// once, the gates of those that come next do not wait for the events of these. But what
    /// waits does not grow without bound.
    pub(super) fn carry_out_for_a_tick(&mut self) {
        if self.decided.len() > DECIDED_OF_A_STREAM * (self.streams.len() + 1) {
            return self.carry_out_decided();
        }
        let end = self.shared.now() + TICK;
        while self.carry_out_next() && self.shared.now() < end {}
    }

    fn carry_out_decided(&mut self) {
        while self.carry_out_next() {}
    }

    /// Carries out what was decided of the next stream. False when there is nothing left.
    fn carry_out_next(&mut self) -> bool {
        let Some(stream) = self.decided.front().map(|next| next.stream) else { return false };
        let queue = self.queue.clone();
        let mut writer = queue.write();
        while self.decided.front().is_some_and(|next| next.stream == stream) {
            let next = self.decided.pop_front().expect("looked at");
            self.carry_out(next, &mut writer);
        }
        drop(writer);
        if self.decided.is_empty() {
            self.decided.shrink_to(DECIDED_KEPT);
        }
        true
    }

    fn carry_out(&mut self, decided: Decided, writer: &mut Writer<'_>) {
        let Decided { stream, at, action } = decided;
        let entry = &mut self.streams[stream];
        let kind = match action {
            Action::Start(start) => {
                entry.sessions += 1;
                self.sessions += 1;
                entry.restart_rates(start.input.priority, self.now);
                EventKind::Start(start)
            }
            Action::Stop(stop) => {
                entry.sessions -= 1;
                self.sessions -= 1;
                entry.restart_rates(stop.priority, self.now);
                EventKind::Stop(stop)
            }
            Action::Probe(probe) => EventKind::Probe(probe),
            Action::CancelProbe { probe } => return writer.cancel_probe(probe),
            // Were taken up at once.
            Action::Gate { .. } | Action::Await { .. } => return,
            Action::Notify(notice) => EventKind::Notice(notice),
        };
        self.emit(stream, at, kind, writer);
    }

    fn emit(&self, stream: usize, at: Nanos, kind: EventKind, writer: &mut Writer<'_>) {
        let core = self.streams[stream].core();
        let event = Event {
            stream: core.id().clone(),
            registration: core.registration(),
            at,
            wall: self.wall.at(at),
            kind,
        };
        let level = match &event.kind {
            EventKind::Notice(Notice::Exhausted { .. }) => Level::Error,
            EventKind::Notice(Notice::Degraded { .. }) | EventKind::Gap { .. } => Level::Warn,
            kind if kind.is_command() => Level::Debug,
            _ => Level::Info,
        };
        self.logger.log(level, || event.to_string());
        if writer.push(event) {
            self.logger.log(Level::Warn, || "the host is slow: events are dropped".into());
        }
    }

    fn clear_limbo(&mut self) {
        let limbo = &mut self.limbo;
        if let Some(batch) = &mut limbo.leaving {
            if !batch.absence.complete() {
                return;
            }
            batch.routes.drain(..).for_each(|route| self.router.free(route));
            for first in batch.pairs.drain(..) {
                [first, first + 1].iter().for_each(|cell| self.shared.pool.retire(*cell));
                self.free_pairs.push(first);
            }
            limbo.leaving = None;
        }
        if limbo.routes.is_empty() && limbo.pairs.is_empty() {
            return;
        }
        let (routes, pairs) = (std::mem::take(&mut limbo.routes), std::mem::take(&mut limbo.pairs));
        match self.shared.presences().inside() {
            Some(absence) => limbo.leaving = Some(Batch { routes, pairs, absence }),
            None => {
                // Somebody may be looking at them, for ever as far as can be known.
                let streams = routes.len();
                std::mem::forget(routes);
                self.logger.log(Level::Error, || {
                    format!(
                        "membarrier(2) is refused: {streams} unregistered or changed streams stay \
                         in memory"
                    )
                });
            }
        }
    }

    fn shut_down(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        let ids: Vec<_> = self.streams.iter().map(|(_, entry)| entry.core().id().clone()).collect();
        for id in ids {
            // Registered a moment ago.
            let _ = self.unregister(&id);
        }
        while !self.limbo.is_empty() {
            self.clear_limbo();
            std::thread::yield_now();
        }
    }
}

/// However the monitor ends, also by a panic: nobody waits for it any more.
impl Drop for Monitor {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.queue.close();
    }
}

/// The operations, as the monitor carries them out.
impl Monitor {
    fn index_of(&self, id: &str) -> Result<usize, Error> {
        self.router.find(id).map(|route| route.stream().index).ok_or(Error::UnknownStream)
    }

    pub(super) fn handle(&mut self, id: &str, event: core::Stimulus) -> Result<(), Error> {
        let index = self.index_of(id)?;
        self.drive(index, event)
    }

    /// What nobody waits for an answer to: it may concern a stream or a session that is gone.
    pub(super) fn note(&mut self, id: &str, event: core::Stimulus) {
        if let Ok(index) = self.index_of(id) {
            let _ = self.decide(index, event);
        }
    }

    pub(super) fn register(
        &mut self,
        id: Arc<str>,
        buffer_write_id: &str,
        inputs: Vec<Input>,
        config: Config,
    ) -> Result<u64, Error> {
        if self.router.find(&id).is_some() {
            return Err(Error::StreamExists);
        }
        let registration = self.registrations + 1;
        let registered = Registration {
            id,
            buffer_write_id: buffer_write_id.into(),
            number: registration,
            inputs,
            config,
            defaults: self.defaults,
        };
        let mut core = Stream::new(registered, self.now, &mut self.common)?;
        self.registrations = registration;
        let actions = core.drain();
        let index = self.add_stream(core);
        self.take_up(index, actions);
        self.arm(index);
        self.carry_out_decided();
        Ok(registration)
    }

    pub(super) fn unregister(&mut self, id: &str) -> Result<(), Error> {
        let index = self.index_of(id)?;
        self.drive(index, core::Stimulus::Unregister)?;
        self.remove_stream(index);
        Ok(())
    }

    pub(super) fn set_config(&mut self, id: Option<&str>, config: Config) -> Result<(), Error> {
        if let Some(id) = id {
            return self.handle(id, core::Stimulus::SetConfig(config));
        }
        config.validate()?;
        for (_, entry) in &self.streams {
            entry.core().check_defaults(&config)?;
        }
        self.defaults = config;
        let all: Vec<_> = self.streams.iter().map(|(index, _)| index).collect();
        for index in all {
            // Checked above.
            let _ = self.drive(index, core::Stimulus::SetDefaults(config));
        }
        Ok(())
    }

    pub(super) fn now(&self) -> Nanos {
        self.now
    }

    pub(super) fn streams(&self) -> Vec<Arc<str>> {
        self.streams.iter().map(|(_, entry)| entry.core().id().clone()).collect()
    }

    /// Decides everything that can be decided from what was recorded so far.
    pub(super) fn sync(&mut self) {
        self.tick();
        self.carry_out_decided();
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(super) fn push_marker(&self, marker: Marker) {
        self.queue.push_marker(marker);
    }

    pub(super) fn open_cell(
        &mut self,
        id: &str,
        priority: Priority,
        session: SessionId,
    ) -> Result<(usize, &'static Cell, Arc<StreamShared>), Error> {
        let index = self.index_of(id)?;
        self.open_cell_of(index, priority, session)
    }
}
