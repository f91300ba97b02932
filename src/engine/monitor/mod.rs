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
//! | `driver.rs` | what streams are told, what comes of it, and what a step does |
//! | `driver/offers.rs` | rule 23: an open offer, while something else is decided |
//! | `driver/records.rs` | for whom is recorded what is decided, and what a shadow found |
//! | `cells.rs`, `limbo.rs` | whose each cell is; what waits to be freed |
//! | `deadlines.rs` | which streams a tick visits |
//! | `wheel.rs`, `watch.rs` | which come up in which tick; the few words that tell whether packets postponed it |
//! | `rates_round.rs` | when rates are measured |
//! | `looks.rs`, `turns.rs` | which sessions are measured; when each has its turn |
//! | `mass_failure.rs` | whether very many streams fail at once |
//! | `outbox.rs` | what was decided, on its way to the host |

mod bug;
mod cells;
mod deadlines;
mod door;
mod driver;
mod entry;
mod limbo;
mod looks;
mod mailbox;
mod mass_failure;
mod outbox;
mod rates_round;
mod stalls;
mod stamps;
mod streams;
mod time;
mod turns;
mod watch;
mod wheel;

pub(super) use mailbox::{Inbox, Mailbox};

use super::handle::Reporter;
use super::log::Logger;
use super::published::{OpenCell, StreamShared};
use super::queue::Queue;
use super::recorder::{Recorder, Whose};
use super::shared::Shared;
use super::tap_ring::Reader;
use super::threads::wake_exactly;
use crate::core::{Config, Nanos, Priority, Registration, SessionId, Stimulus};
use crate::hot::Router;
use crate::vocabulary::Error;
use crate::whatif::Difference;
use bug::contained;
use driver::Driver;
use mailbox::Task;
use std::sync::Arc;

pub(super) struct Monitor {
    shared: Arc<Shared>,
    driver: Driver,
    /// Those to be looked at again in the next tick.
    reporters: Vec<Reporter>,
    next_tick: Nanos,
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
        Monitor {
            driver: Driver::new(shared.clone(), router, queue, logger, defaults),
            reporters: Vec::new(),
            next_tick: 0,
            stopping: false,
            shared,
        }
    }

    /// The thread, until the engine is shut down.
    pub(super) fn run(mut self, inbox: Inbox) {
        wake_exactly();
        self.shared.leftovers.are_left_by_this_thread();
        if let Err(bug) = contained(|| self.carry_on(&inbox)) {
            self.die(&bug);
            // Who waits for an answer learns that there will be none.
            drop(inbox);
            self.shared.pulse.wait_for_release();
            self.driver.close_gates();
        }
    }

    fn carry_on(&mut self, inbox: &Inbox) {
        while !self.stopping {
            let wake = self.next_turn();
            let task = if self.is_at_rest() { inbox.wait(wake) } else { inbox.take() };
            self.turn(wake, task, inbox);
        }
        self.shut_down();
    }

    /// When the next turn is to be, unless a task comes before; `None`: only a task makes one.
    pub(super) fn next_turn(&mut self) -> Option<Nanos> {
        let wake = self.driver.next_step(self.next_tick, !self.reporters.is_empty());
        self.driver.hand_over_trace(wake);
        self.shared.pulse.sleep_until(wake.map(|wake| self.shared.monotonic_at(wake)));
        wake
    }

    /// Whether nothing is left to be done before the next turn.
    pub(super) fn is_at_rest(&self) -> bool {
        self.driver.is_at_rest()
    }

    /// A turn that was to be at `wake`, and begins with `task` if there is one.
    fn turn(&mut self, wake: Option<Nanos>, mut task: Option<Task>, inbox: &Inbox) {
        self.driver.begin_step(wake);
        // All tasks there are, but not past the next tick.
        while let Some(run) = task {
            // What was recorded and reported before a task was posted comes before it.
            self.driver.take_awaited_packets();
            if self.shared.reported_again.was_told() {
                self.look_at_reports();
            }
            run(self);
            if self.stopping || self.driver.now() >= self.next_tick {
                break;
            }
            task = inbox.take();
            // After it came: nothing is dated before it was asked for.
            self.driver.begin_step(Some(self.next_tick));
        }
        if self.driver.now() >= self.next_tick {
            self.tick();
            self.next_tick = self.driver.next_tick();
        } else {
            self.driver.between_ticks();
        }
        self.driver.end_step();
    }

    fn tick(&mut self) {
        self.driver.begin_tick();
        self.look_at_reports();
        self.driver.end_tick();
    }

    /// Decides what was reported since the last look; where nothing was, the next report is told.
    fn look_at_reports(&mut self) {
        for reporter in std::mem::take(&mut self.reporters) {
            self.look_at_reports_of(reporter);
        }
    }

    fn shut_down(&mut self) {
        self.shared.close();
        self.unregister_all();
        self.driver.free_all();
    }

    /// A turn on the caller's thread, in virtual time: a task is there, or the time it waits for has come.
    #[cfg(test)]
    pub(super) fn turn_here(&mut self, wake: Option<Nanos>, inbox: &Inbox) {
        let task = inbox.take();
        self.turn(wake, task, inbox);
    }

    /// The end of the thread, on the caller's.
    #[cfg(test)]
    pub(super) fn shut_down_here(&mut self) {
        self.shut_down();
    }

    fn die(&mut self, bug: &str) {
        self.shared.pulse.die();
        self.driver.end_by(bug);
        self.driver.hand_over_trace(None);
    }
}

/// However the monitor ends, even by a panic, nobody goes on waiting for it.
impl Drop for Monitor {
    fn drop(&mut self) {
        self.shared.close();
        self.driver.outbox().close();
    }
}

/// The operations, as the monitor carries them out.
impl Monitor {
    /// Tells a stream what happened, and the host what it decided.
    pub(super) fn handle(&mut self, id: &str, stimulus: Stimulus) -> Result<(), Error> {
        let index = self.driver.find(id)?;
        let result = self.driver.decide(index, stimulus);
        self.driver.tell_all();
        result
    }

    /// As `handle`, but nobody waits for an answer: the stream or the session may be gone.
    pub(super) fn note(&mut self, id: &str, stimulus: Stimulus) {
        if let Ok(index) = self.driver.find(id) {
            let _ = self.driver.decide(index, stimulus);
        }
    }

    /// What a handle reports next is looked at in the next tick.
    pub(super) fn look_at_reports_of(&mut self, reporter: Reporter) {
        // If the input is gone there is none, whatever is registered by its name now.
        let index = self.driver.owner(reporter.cell);
        let current = index.and_then(|index| self.driver.session_of(index, reporter.priority));
        if let Some(stimulus) = reporter.take(current) {
            if let Some(index) = index {
                // The session may be over.
                let _ = self.driver.decide(index, stimulus);
            }
            self.reporters.push(reporter);
        }
    }

    pub(super) fn register(&mut self, registration: Registration) -> Result<u64, Error> {
        let number = self.driver.register(registration)?;
        self.driver.tell_all();
        Ok(number)
    }

    pub(super) fn unregister(&mut self, id: &str) -> Result<(), Error> {
        let index = self.driver.find(id)?;
        self.driver.decide(index, Stimulus::Unregister)?;
        self.driver.remove(index);
        Ok(())
    }

    pub(super) fn unregister_all(&mut self) {
        for id in self.driver.ids() {
            // Registered a moment ago; one in which a bug is met is gone as well.
            let _ = self.unregister(&id);
        }
    }

    pub(super) fn set_config(&mut self, id: Option<&str>, config: Config) -> Result<(), Error> {
        if let Some(id) = id {
            return self.handle(id, Stimulus::SetConfig(config));
        }
        self.driver.set_defaults(&config)?;
        for id in self.driver.ids() {
            // It has accepted them; a bug costs only the stream.
            let _ = self.handle(&id, Stimulus::SetDefaults(config.clone()));
        }
        Ok(())
    }

    pub(super) fn stream_ids(&self) -> Vec<Arc<str>> {
        self.driver.ids()
    }

    /// Decides everything that can be decided from what was recorded so far.
    pub(super) fn sync(&mut self) {
        self.tick();
        self.driver.visit_the_rest();
        self.driver.tell_all();
    }

    /// Has a bug met in whatever happens to this stream from now on, and in no other.
    #[cfg(any(test, changeover_panic_hook))]
    pub(super) fn plant_bug(&mut self, stream: &str) {
        self.driver.plant_bug(stream);
    }

    #[cfg(test)]
    pub(super) fn begin_tick(&mut self) {
        self.driver.begin_tick();
    }

    #[cfg(test)]
    pub(super) fn end_step(&mut self) {
        self.driver.end_step();
    }

    /// Records what is decided from now on; `None`: nothing any more.
    pub(super) fn record(&mut self, whose: Whose, recorder: Option<Box<Recorder>>) {
        self.driver.record(whose, recorder);
    }

    /// Hands over all that was recorded before the answer, in engine time.
    pub(super) fn hand_over_records(&mut self) -> Nanos {
        self.driver.hand_over_records()
    }

    /// What a shadow decided otherwise, of which registrations.
    pub(super) fn tell_differences(&mut self, differences: Vec<(Arc<str>, u64, Difference)>) {
        // After what the streams have decided themselves.
        self.driver.tell_all();
        for (id, registration, difference) in differences {
            self.driver.tell_difference(&id, registration, difference);
        }
    }

    /// A shadow begins anew, for so many records were lost to it.
    pub(super) fn tell_shadow_gap(&mut self, dropped: u64) {
        self.driver.tell_shadow_gap(dropped);
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
        let index = self.driver.find(id)?;
        self.driver.open_cell(index, priority, session)
    }

    pub(super) fn close_cell(&mut self, number: usize) {
        self.driver.close_cell(number);
    }

    /// See [`Publisher::open`](super::tap_ring::Publisher::open).
    pub(super) fn open_tap(
        &mut self,
        reader: Arc<Reader>,
        keep: usize,
        after: Option<u64>,
    ) -> (usize, u64) {
        self.driver.tell_all();
        self.driver.outbox().taps().open(reader, keep, after)
    }

    pub(super) fn close_tap(&mut self, number: usize) {
        self.driver.outbox().taps().close(number);
    }
}
