//! Drives the streams' cores: what one stream is told, what comes of it, and which streams a step
//! visits. When there is a step, and what is to be decided in it, is not known here.

use super::bug::contained;
use super::deadlines::Deadlines;
use super::looks::{Found, Looks};
use super::mass_failure::{tells_failure, MassFailures};
use super::outbox::Outbox;
use super::rates_round::RatesRound;
use super::streams::Streams;
use super::time::Time;
use crate::core::{Action, Config, Nanos, Priority, Registration, SessionId, Stimulus};
use crate::engine::log::Logger;
use crate::engine::published::{OpenCell, StreamShared};
use crate::engine::queue::Queue;
use crate::engine::shared::{Shared, TICK};
use crate::hot::{monotonic, Router};
use crate::vocabulary::Error;
use smallvec::SmallVec;
use std::slice;
use std::sync::Arc;

mod offers;
mod records;

/// With nothing running, how often it is looked whether a failed input without a session shows life.
/// (What records wakes nobody: that would be a system call.)
const LISTEN_EVERY: Nanos = 10 * TICK;

/// How long the streams whose deadlines have come are visited at a stretch.
const VISITS: Nanos = 5 * TICK;

/// How many are visited between two looks at the clock.
const VISITS_AT_LEAST: usize = 16;

/// For whom the line of deadlines is asked for while another one is looked at.
const LOOK_AHEAD: usize = 4;

/// The driver of `docs/rules.md`, for all streams: it alone tells a core anything.
pub(super) struct Driver {
    shared: Arc<Shared>,
    time: Time,
    streams: Streams,
    /// By the same numbers.
    deadlines: Deadlines,
    outbox: Outbox,
    looks: Looks,
    rates: RatesRound,
    mass_failures: MassFailures,
}

/// The steps.
impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        router: Router<StreamShared>,
        queue: Arc<Queue>,
        logger: Arc<Logger>,
        defaults: Config,
    ) -> Driver {
        let time = Time::new(shared.clone(), logger.clone());
        Driver {
            deadlines: Deadlines::new(time.now()),
            time,
            streams: Streams::new(shared.clone(), router, logger.clone(), defaults),
            looks: Looks::new(logger.clone()),
            rates: RatesRound::default(),
            mass_failures: MassFailures::default(),
            outbox: Outbox::new(queue, logger, shared.clone()),
            shared,
        }
    }

    /// The instant of this step.
    pub(super) fn now(&self) -> Nanos {
        self.time.now()
    }

    /// The next tick after this step.
    pub(super) fn next_tick(&self) -> Nanos {
        self.time.next_tick()
    }

    /// When the next step is to be; `None` if only a task makes one. `ticks`: there is more to be
    /// done in the tick that comes than is known here.
    pub(super) fn next_step(&self, next_tick: Nanos, ticks: bool) -> Option<Nanos> {
        if ticks
            || self.streams.any_running()
            || self.streams.any_unreachable()
            || self.time.is_holding()
            || self.mass_failures.is_counting()
        {
            return Some(next_tick.min(self.soon_at()));
        }
        let listen = self.streams.any_listening().then(|| self.now() + LISTEN_EVERY);
        self.deadlines.next().into_iter().chain(listen).min()
    }

    /// See [`Streams::hand_over_trace`].
    pub(super) fn hand_over_trace(&mut self, wake: Option<Nanos>) {
        self.streams.hand_over_trace(self.time.now(), wake);
    }

    /// Whether nothing is left to be done before the next step.
    pub(super) fn is_at_rest(&self) -> bool {
        self.outbox.is_empty() && !self.has_visits_left()
    }

    /// Begins a step that was to be at `wake`.
    pub(super) fn begin_step(&mut self, wake: Option<Nanos>) {
        self.time.advance(wake);
    }

    /// Publishes the rest of what was decided, and tells the host as far as that gets in a tick.
    pub(super) fn end_step(&mut self) {
        self.schedule_rest();
        self.streams.publish_rest();
        self.outbox.tell_for_a_tick(&mut self.streams, &self.time, &self.shared);
    }

    /// As [`Driver::end_step`], but the host is told all.
    pub(super) fn tell_all(&mut self) {
        self.streams.publish_rest();
        self.outbox.tell_all(&mut self.streams, &self.time);
    }

    /// What a tick does first, before anything that was reported is decided.
    pub(super) fn begin_tick(&mut self) {
        self.time.begin_tick();
        self.take_awaited_packets();
    }

    /// The rest of what a tick does.
    pub(super) fn end_tick(&mut self) {
        self.schedule_rest();
        if !self.time.is_holding() {
            self.deadlines.bring_up(self.now(), self.time.stamps());
            self.visit_restless();
            self.look();
        }
        if self.now() >= self.soon_at() {
            self.visit_soon();
        }
        if let Some(told) = self.mass_failures.take_told(self.now()) {
            self.outbox.tell_mass_failure(told, &self.time);
        }
        self.rates.measure(&mut self.streams, self.deadlines.end(), self.time.now());
        self.streams.free_unreachable();
    }

    /// What a step between two ticks does.
    pub(super) fn between_ticks(&mut self) {
        if self.now() >= self.soon_at() {
            self.take_awaited_packets();
            self.visit_soon();
        } else if self.has_visits_left() {
            self.take_awaited_packets();
            self.visit_restless();
        }
    }

    /// Visits all streams that were left to be visited.
    pub(super) fn visit_the_rest(&mut self) {
        while self.has_visits_left() {
            self.visit_restless();
        }
    }

    /// Waits until everything that was removed is freed.
    pub(super) fn free_all(&mut self) {
        while self.streams.any_unreachable() {
            self.streams.free_unreachable();
            std::thread::yield_now();
        }
    }

    /// A bug outside of the cores has ended the monitor. What was decided is told, as far as that can
    /// still be done.
    pub(super) fn end_by(&mut self, bug: &str) {
        self.streams.close_offers();
        let _ = contained(|| self.outbox.tell_all(&mut self.streams, &self.time));
        self.outbox.end_by(bug, &self.time);
    }

    /// What the host, and those who follow, are told.
    pub(super) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// No packet is admitted any more.
    pub(super) fn close_gates(&self) {
        self.streams.close_gates();
    }
}

/// What is asked for.
impl Driver {
    pub(super) fn find(&self, id: &str) -> Result<usize, Error> {
        self.streams.find(id)
    }

    /// The stream of an open input, unless that is gone.
    pub(super) fn owner(&self, cell: usize) -> Option<usize> {
        self.streams.owner(cell)
    }

    /// The current session of an input, if it has one.
    pub(super) fn session_of(&self, index: usize, priority: Priority) -> Option<SessionId> {
        self.streams.session_of(index, priority)
    }

    pub(super) fn ids(&self) -> Vec<Arc<str>> {
        self.streams.ids()
    }

    /// Registers a stream: the number of its registration.
    pub(super) fn register(&mut self, registration: Registration) -> Result<u64, Error> {
        let now = self.now();
        let (index, actions) = self.streams.register(registration, now)?;
        let number = self.streams.core(index).registration();
        self.deadlines.add(index);
        self.take_up(index, actions);
        self.looks.match_sessions(&self.streams, index, now);
        self.schedule(index);
        Ok(number)
    }

    /// See [`Streams::set_defaults`].
    pub(super) fn set_defaults(&mut self, defaults: &Config) -> Result<(), Error> {
        self.streams.set_defaults(defaults)
    }

    /// See [`Streams::open_cell`].
    pub(super) fn open_cell(
        &mut self,
        index: usize,
        priority: Priority,
        session: SessionId,
    ) -> Result<OpenCell, Error> {
        self.streams.open_cell(index, priority, session)
    }

    /// A handle was closed. A bug may cost the stream.
    pub(super) fn close_cell(&mut self, number: usize) {
        if let Some((index, priority, counters)) = self.streams.counted_before(number) {
            self.looks.exclude(index, priority, &counters);
        }
        if let Some(index) = self.streams.close_cell(number, &self.time) {
            match self.streams.take_bug() {
                Some(bug) => self.give_up(index, &bug),
                None => self.schedule(index),
            }
        }
    }

    #[cfg(any(test, changeover_panic_hook))]
    pub(super) fn plant_bug(&mut self, stream: &str) {
        self.streams.plant_bug(stream);
    }
}

/// How each of them is done.
impl Driver {
    /// Tells a stream what happened, publishes what it decided, and does what recording threads
    /// see of it. The host is to be told later.
    pub(super) fn decide(&mut self, index: usize, stimulus: Stimulus) -> Result<(), Error> {
        if stimulus.only_arms() {
            return self.arm(index, stimulus);
        }
        self.streams.tell_flags(index, self.time.now());
        let stands = self.streams.offer_stands(index, slice::from_ref(&stimulus), self.time.now());
        let decided =
            self.beside_offer(index, stands, |driver| driver.decide_settled(index, stimulus));
        decided.unwrap_or(Err(Error::Panic))
    }

    fn decide_settled(&mut self, index: usize, stimulus: Stimulus) -> Result<(), Error> {
        let is_packet = matches!(stimulus, Stimulus::Packet { .. });
        let (on_air, all_on_air) = (self.streams.core(index).on_air_input(), self.streams.on_air());
        let decided = self.streams.decide(index, stimulus, self.time.now());
        if let Some(bug) = self.streams.take_bug() {
            self.give_up(index, &bug);
            return Err(Error::Panic);
        }
        let actions = decided?;
        if is_packet && actions.len() == 0 {
            // A standby's first one: sessions and settings are as they were.
            self.deadlines.schedule_later(index);
            return Ok(());
        }
        let mut failed = false;
        self.take_up(index, actions.inspect(|action| failed |= tells_failure(action, on_air)));
        if failed {
            self.count_failure(index, all_on_air);
        }
        self.looks.match_sessions(&self.streams, index, self.time.now());
        self.schedule(index);
        Ok(())
    }

    /// Tells a stream of what [only arms a deadline](Stimulus::only_arms).
    fn arm(&mut self, index: usize, stimulus: Stimulus) -> Result<(), Error> {
        let armed = self.streams.arm(index, stimulus, self.time.now());
        if let Some(bug) = self.streams.take_bug() {
            self.give_up(index, &bug);
            return Err(Error::Panic);
        }
        self.deadlines.schedule_later(index);
        armed
    }

    /// Rule 26: a stream has failed that was on air, one of so many.
    fn count_failure(&mut self, index: usize, on_air: usize) {
        let (registration, share) =
            (self.streams.core(index).registration(), self.streams.mass_share());
        let now = self.time.now();
        let found = self.mass_failures.fail(registration, on_air, share, now);
        if let Some((since, until)) = found {
            self.streams.spread_waits(since, until, now);
        }
    }

    fn take_up(&mut self, index: usize, actions: impl IntoIterator<Item = Action>) {
        for action in actions {
            if let Some(action) = self.streams.entry(index).take_up(action) {
                self.outbox.push(index, self.time.now(), action);
            }
        }
    }

    /// Sees to it that the stream is visited at its next deadline.
    fn schedule(&mut self, index: usize) {
        let entry = self.streams.entry(index);
        match contained(|| entry.core().deadlines()) {
            Ok(deadlines) => {
                self.deadlines.schedule(index, self.time.now(), deadlines, entry.watched());
            }
            Err(bug) => self.give_up(index, &bug),
        }
    }

    /// Those that were to be scheduled later.
    fn schedule_rest(&mut self) {
        for index in self.deadlines.take_unscheduled() {
            if self.streams.get(index).is_some() {
                self.schedule(index);
            }
        }
    }

    /// A bug was met in a stream's core, which costs this stream and no other.
    fn give_up(&mut self, index: usize, bug: &str) {
        // What was taken of it ends in the same instant.
        self.streams.close_offer(index);
        let actions = self.streams.core(index).give_up(bug);
        self.take_up(index, actions);
        self.remove(index);
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.outbox.tell_all(&mut self.streams, &self.time);
        self.deadlines.cancel(index);
        self.streams.remove(index);
        self.looks.forget(index);
    }

    /// Some cells may say that the packet their session was waiting for has come.
    pub(super) fn take_awaited_packets(&mut self) {
        let attracted = self.streams.attracted();
        let awaited: SmallVec<[_; 8]> =
            attracted.iter().map(|cell| self.streams.awaited(*cell)).collect();
        for (cell, awaited) in attracted.into_iter().zip(awaited) {
            if let Some(index) = self.streams.committed(cell) {
                self.beside_offer(index, false, |_| ());
            }
            // Looked up again: a decision may end the session of the next cell, or begin another one,
            // and what came before that is not its packet.
            let now = self.streams.awaited(cell);
            if let Some((index, packet)) = now.filter(|_| now == awaited) {
                // A packet is never refused.
                let _ = self.decide(index, packet.stimulus());
            } else if let Some(index) = self.streams.ends_a_silence(cell, &self.time) {
                self.visit(index);
            }
        }
    }

    /// When streams are to be visited before the next tick; `Nanos::MAX` if there are none.
    fn soon_at(&self) -> Nanos {
        if self.time.is_holding() {
            return Nanos::MAX;
        }
        self.deadlines.soon_at()
    }

    /// Visits the streams whose deadline is within this tick, and may have come.
    fn visit_soon(&mut self) {
        self.deadlines.bring_up_soon();
        self.visit_restless();
    }

    /// Whether streams are left to be visited that the last slice had no time for.
    fn has_visits_left(&self) -> bool {
        self.deadlines.any_restless() && !self.time.is_holding()
    }

    /// Visits those whose deadline may have come, for as long as a slice allows: then operations and
    /// first packets have their turn, and the clock goes on.
    fn visit_restless(&mut self) {
        let mut restless = self.deadlines.take_restless();
        let end = self.time.read() + VISITS;
        let mut visited = restless.len();
        for at in 0..restless.len() {
            if let Some(ahead) = restless.get(at + 24) {
                self.deadlines.prefetch(*ahead);
            }
            self.streams.prefetch_ahead(&restless, at);
            if self.deadlines.is_due(restless[at], self.time.now()) {
                self.visit(restless[at]);
            }
            if at % VISITS_AT_LEAST == VISITS_AT_LEAST - 1 && self.time.read() >= end {
                visited = at + 1;
                break;
            }
        }
        restless.drain(..visited);
        self.deadlines.give_back_restless(restless);
    }

    /// A stream's deadline may have come, unless packets have postponed it. What is decided is to
    /// be told later.
    fn visit(&mut self, index: usize) {
        self.deadlines.cancel(index);
        self.streams.tell_newest_packets(index, &self.time);
        if let Some(bug) = self.streams.take_bug() {
            return self.give_up(index, &bug);
        }
        match contained(|| self.streams.core(index).next_deadline()) {
            Ok(Some(deadline)) if deadline <= self.time.now() => {
                // A tick is not refused, and a bug is dealt with.
                let _ = self.decide(index, Stimulus::Tick);
            }
            Ok(_) => {
                self.streams.publish_later(index);
                self.schedule(index);
            }
            Err(bug) => self.give_up(index, &bug),
        }
    }

    /// Looks at what is measured and due.
    fn look(&mut self) {
        self.looks.bring_up(self.now());
        while self.looks.any(self.now()) {
            let began = monotonic();
            // A few, before the clock is read again.
            for _ in 0..8 {
                if let Some(ahead) = self.looks.ahead(LOOK_AHEAD) {
                    self.deadlines.prefetch(ahead);
                }
                let next = self.looks.look_at_next(&self.streams, &self.time);
                let Some((index, found)) = next else { break };
                if !found.is_empty() {
                    self.tell_what_was_found(index, found);
                }
            }
            self.looks.took(monotonic().saturating_sub(began));
        }
    }

    fn tell_what_was_found(&mut self, index: usize, found: Found) {
        self.streams.tell_newest_packets(index, &self.time);
        let measured = |(session, measure)| Stimulus::Measured { session, measure };
        let found: SmallVec<[_; 2]> = found.into_iter().map(measured).collect();
        let stands = self.streams.offer_stands(index, &found, self.time.now());
        self.beside_offer(index, stands, |driver| driver.tell_measures(index, found));
    }

    fn tell_measures(&mut self, index: usize, found: impl IntoIterator<Item = Stimulus>) {
        for measured in found {
            let actions = self.streams.measured(index, measured, self.time.now());
            if let Some(bug) = self.streams.take_bug() {
                return self.give_up(index, &bug);
            }
            if !actions.is_empty() {
                self.take_up(index, actions);
                self.looks.match_sessions(&self.streams, index, self.time.now());
            }
        }
        self.schedule(index);
    }
}
