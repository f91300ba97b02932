//! The monitor thread: the only writer of decisions.
//!
//! It sleeps until a task comes, the next tick, or (with nothing running) the next deadline. A tick
//! publishes the clock, takes the packets that were awaited, visits the streams whose deadline has
//! come, and frees what no thread can be looking at any longer. What was decided is told between
//! the ticks. The order of all that, and the operations, belong here; how each is done does not:
//!
//! | file | job |
//! |---|---|
//! | `mailbox.rs` | how operations reach the monitor, and how it sleeps |
//! | `time.rs` | the engine's time, step by step |
//! | `stalls.rs`, `stamps.rs` | what is taken out of it; how late a packet may have come |
//! | `streams.rs`, `entry.rs` | all streams; one stream |
//! | `door.rs`, `bug.rs` | the one door into `core`; what is known of a bug met there |
//! | `decide.rs` | one thing told to one stream |
//! | `cells.rs`, `limbo.rs` | whose each cell is; what waits to be freed |
//! | `deadlines.rs` | which streams a tick visits |
//! | `wheel.rs`, `watch.rs` | which come up in which tick; the few words that tell whether packets postponed it |
//! | `rates_round.rs` | when rates are measured |
//! | `looks.rs` | which sessions are measured when |
//! | `outbox.rs` | what was decided, on its way to the host |

mod bug;
mod cells;
mod deadlines;
mod decide;
mod door;
mod entry;
mod limbo;
mod looks;
mod mailbox;
mod outbox;
mod rates_round;
mod stalls;
mod stamps;
mod streams;
mod time;
mod watch;
mod wheel;

pub(super) use mailbox::{Inbox, Mailbox};

use super::handle::Reporter;
use super::log::Logger;
use super::published::{OpenCell, StreamShared};
use super::queue::Queue;
use super::shared::{Shared, TICK};
use super::threads::wake_exactly;
use crate::core::{Action, Config, Input, Nanos, Priority, SessionId, Stimulus};
use crate::hot::{monotonic, Router};
use crate::vocabulary::Error;
use bug::contained;
use deadlines::Deadlines;
use looks::{Found, Looks};
use outbox::Outbox;
use rates_round::RatesRound;
use std::sync::Arc;
use streams::Streams;
use time::Time;

/// With nothing running, how often it is looked whether a failed input without a session shows life.
/// (What records wakes nobody: that would be a system call.)
const LISTEN_EVERY: Nanos = 10_000_000;

/// How long the streams whose deadlines have come are visited at a stretch.
const VISITS: Nanos = 5 * TICK;

/// How many are visited between two looks at the clock.
const VISITS_AT_LEAST: usize = 16;

pub(super) struct Monitor {
    shared: Arc<Shared>,
    time: Time,
    streams: Streams,
    /// By the same numbers.
    deadlines: Deadlines,
    outbox: Outbox,
    rates: RatesRound,
    looks: Looks,
    /// Those to be looked at again in the next tick.
    reporters: Vec<Reporter>,
    stopping: bool,
}

impl Monitor {
    pub(super) fn new(
        shared: Arc<Shared>,
        router: Router<StreamShared>,
        queue: Arc<Queue>,
        logger: Arc<Logger>,
        defaults: Config,
    ) -> Monitor {
        let time = Time::new(shared.clone(), logger.clone());
        Monitor {
            deadlines: Deadlines::new(time.now()),
            time,
            streams: Streams::new(shared.clone(), router, logger.clone(), defaults),
            looks: Looks::new(logger.clone()),
            outbox: Outbox::new(queue, logger),
            rates: RatesRound::default(),
            reporters: Vec::new(),
            stopping: false,
            shared,
        }
    }

    /// The thread, until the engine is shut down.
    pub(super) fn run(mut self, inbox: Inbox) {
        wake_exactly();
        if let Err(bug) = contained(|| self.carry_on(&inbox)) {
            self.die(&bug);
            // Who waits for an answer learns that there will be none.
            drop(inbox);
            self.shared.pulse.wait_for_release();
            self.streams.close_gates();
        }
    }

    fn carry_on(&mut self, inbox: &Inbox) {
        let mut next_tick = 0;
        while !self.stopping {
            let ticking = self.streams.any_running()
                || self.streams.any_unreachable()
                || self.time.is_holding()
                || !self.reporters.is_empty();
            let wake = if ticking {
                Some(next_tick.min(self.soon_at()))
            } else if self.streams.any_listening() {
                let look = self.time.now() + LISTEN_EVERY;
                Some(self.deadlines.next().map_or(look, |next| next.min(look)))
            } else {
                self.deadlines.next()
            };
            self.shared.pulse.sleep_until(wake.map(|wake| self.shared.monotonic_at(wake)));
            let at_rest = self.outbox.is_empty() && !self.has_visits_left();
            let mut task = if at_rest { inbox.wait(wake) } else { inbox.take() };
            self.time.advance(wake);
            // All tasks there are, but not past the next tick.
            while let Some(run) = task {
                // What was recorded and reported before a task was posted comes before it.
                self.take_awaited_packets();
                if self.shared.was_reported_again() {
                    self.look_at_reports();
                }
                run(self);
                if self.stopping || self.time.now() >= next_tick {
                    break;
                }
                task = inbox.take();
                // After it came: nothing is dated before it was asked for.
                self.time.advance(Some(next_tick));
            }
            if self.time.now() >= next_tick {
                self.tick();
                next_tick = self.time.next_tick();
            } else if self.time.now() >= self.soon_at() {
                self.take_awaited_packets();
                self.visit_soon();
            } else if self.has_visits_left() {
                self.take_awaited_packets();
                self.visit_restless();
            }
            self.streams.publish_rest();
            self.tell_for_a_tick();
        }
        self.shut_down();
    }

    fn tick(&mut self) {
        self.time.begin_tick();
        self.take_awaited_packets();
        self.look_at_reports();
        if !self.time.is_holding() {
            self.deadlines.bring_up(self.time.now(), self.time.stamps());
            self.visit_restless();
            self.look();
        }
        if self.time.now() >= self.soon_at() {
            self.visit_soon();
        }
        self.rates.measure(&mut self.streams, self.deadlines.end(), self.time.now());
        self.streams.free_unreachable();
    }

    /// Some cells may say that the packet their session was waiting for has come.
    fn take_awaited_packets(&mut self) {
        for cell in self.streams.attracted() {
            // Looked up one by one: a decision may end the session of the next cell.
            if let Some(index) = self.streams.committed(cell) {
                self.settle_offer(index);
                self.streams.open_offer(index);
            }
            if let Some((index, packet)) = self.streams.awaited(cell) {
                // A packet is never refused.
                let _ = self.decide(index, packet);
            }
        }
    }

    /// Decides what was reported since the last look; where nothing was, the next report is told.
    fn look_at_reports(&mut self) {
        for reporter in std::mem::take(&mut self.reporters) {
            self.look_at_reports_of(reporter);
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
        let end = self.shared.now() + VISITS;
        let mut visited = restless.len();
        for at in 0..restless.len() {
            if let Some(ahead) = restless.get(at + 24) {
                self.deadlines.prefetch(*ahead);
            }
            self.streams.prefetch_ahead(&restless, at);
            if self.deadlines.is_due(restless[at], self.time.now()) {
                self.visit(restless[at]);
            }
            if at % VISITS_AT_LEAST == VISITS_AT_LEAST - 1 && self.shared.now() >= end {
                visited = at + 1;
                break;
            }
        }
        restless.drain(..visited);
        self.deadlines.give_back_restless(restless);
    }

    /// Looks at what is measured and due.
    fn look(&mut self) {
        self.looks.bring_up(self.time.now());
        while self.looks.any_due() {
            let began = monotonic();
            // A few, before the clock is read again.
            for _ in 0..8 {
                let Some((index, found)) = self.looks.look_at_next(&self.streams, &self.time)
                else {
                    return self.looks.took(began);
                };
                if !found.is_empty() {
                    self.tell_what_was_found(index, found);
                }
            }
            self.looks.took(began);
        }
    }

    fn tell_what_was_found(&mut self, index: usize, found: Found) {
        self.settle_offer(index);
        if self.streams.get(index).is_none() {
            return;
        }
        self.streams.tell_newest_packets(index, &self.time);
        for one in found {
            let actions = self.streams.measured(index, one, self.time.now());
            if let Some(bug) = self.streams.take_bug() {
                return self.give_up(index, &bug);
            }
            if !actions.is_empty() {
                self.take_up(index, actions);
                self.looks.match_sessions(&self.streams, index, self.time.now());
            }
        }
        self.streams.open_offer(index);
        self.schedule(index);
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
            Ok(_) => self.schedule(index),
            Err(bug) => self.give_up(index, &bug),
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

    fn take_up(&mut self, index: usize, actions: impl IntoIterator<Item = Action>) {
        for action in actions {
            if let Some(action) = self.streams.entry(index).take_up(action) {
                self.outbox.push(index, self.time.now(), action);
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

    fn remove(&mut self, index: usize) {
        self.outbox.tell_all(&mut self.streams, &self.time);
        self.deadlines.cancel(index);
        self.streams.remove(index);
        self.looks.forget(index);
    }

    /// Tells the host what was decided, as far as it gets in a tick.
    pub(super) fn tell_for_a_tick(&mut self) {
        self.outbox.tell_for_a_tick(&mut self.streams, &self.time, &self.shared);
    }

    fn shut_down(&mut self) {
        self.shared.close();
        for id in self.streams.ids() {
            // Registered a moment ago.
            let _ = self.unregister(&id);
        }
        while self.streams.any_unreachable() {
            self.streams.free_unreachable();
            std::thread::yield_now();
        }
    }

    /// The monitor has met a bug. What it had decided is told, as far as that can still be done.
    fn die(&mut self, bug: &str) {
        self.shared.pulse.die();
        self.streams.close_offers();
        let _ = contained(|| self.outbox.tell_all(&mut self.streams, &self.time));
        self.outbox.end_by(bug, &self.time);
    }
}

/// However the monitor ends, even by a panic, nobody goes on waiting for it.
impl Drop for Monitor {
    fn drop(&mut self) {
        self.shared.close();
        self.outbox.close();
    }
}

/// The operations, as the monitor carries them out.
impl Monitor {
    /// Tells a stream what happened, and the host what it decided.
    pub(super) fn handle(&mut self, id: &str, stimulus: Stimulus) -> Result<(), Error> {
        let index = self.streams.find(id)?;
        let result = self.decide(index, stimulus);
        self.outbox.tell_all(&mut self.streams, &self.time);
        result
    }

    /// As `handle`, but nobody waits for an answer: the stream or the session may be gone.
    pub(super) fn note(&mut self, id: &str, stimulus: Stimulus) {
        if let Ok(index) = self.streams.find(id) {
            let _ = self.decide(index, stimulus);
        }
    }

    /// What a handle reports next is looked at in the next tick.
    pub(super) fn look_at_reports_of(&mut self, reporter: Reporter) {
        if let Some(stimulus) = reporter.take() {
            self.note(&reporter.id, stimulus);
            self.reporters.push(reporter);
        }
    }

    pub(super) fn register(
        &mut self,
        id: Arc<str>,
        buffer_write_id: &str,
        inputs: Vec<Input>,
        config: Config,
    ) -> Result<u64, Error> {
        let now = self.time.now();
        let (index, actions) = self.streams.register(id, buffer_write_id, inputs, config, now)?;
        let registration = self.streams.core(index).registration();
        self.deadlines.add(index);
        self.take_up(index, actions);
        self.looks.match_sessions(&self.streams, index, self.time.now());
        self.schedule(index);
        self.outbox.tell_all(&mut self.streams, &self.time);
        Ok(registration)
    }

    pub(super) fn unregister(&mut self, id: &str) -> Result<(), Error> {
        let index = self.streams.find(id)?;
        self.decide(index, Stimulus::Unregister)?;
        self.remove(index);
        Ok(())
    }

    pub(super) fn set_config(&mut self, id: Option<&str>, config: Config) -> Result<(), Error> {
        if let Some(id) = id {
            return self.handle(id, Stimulus::SetConfig(config));
        }
        self.streams.set_defaults(&config)?;
        for id in self.streams.ids() {
            // It has accepted them; a bug costs only the stream.
            let _ = self.handle(&id, Stimulus::SetDefaults(config.clone()));
        }
        Ok(())
    }

    pub(super) fn stream_ids(&self) -> Vec<Arc<str>> {
        self.streams.ids()
    }

    /// Decides everything that can be decided from what was recorded so far.
    pub(super) fn sync(&mut self) {
        self.tick();
        while self.has_visits_left() {
            self.visit_restless();
        }
        self.streams.publish_rest();
        self.outbox.tell_all(&mut self.streams, &self.time);
    }

    /// Has a bug met in whatever happens to this stream from now on, and in no other.
    #[cfg(any(test, changeover_panic_hook))]
    pub(super) fn plant_bug(&mut self, stream: &str) {
        self.streams.plant_bug(stream);
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(super) fn open_cell(
        &mut self,
        id: &str,
        priority: Priority,
        session: SessionId,
    ) -> Result<OpenCell, Error> {
        let index = self.streams.find(id)?;
        self.streams.open_cell(index, priority, session)
    }

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
}
