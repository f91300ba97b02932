//! The running engine: threads, delivery of events, and the public operations.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | the engine: taking its events, waiting for it, ending it |
//! | `control.rs` | what can be done with its streams and their inputs |
//! | `builder.rs` | how an engine is put together |
//! | `monitor/` | the monitor thread: ticks, decisions, and all that only it uses |
//! | `membership.rs` | calls by id, and what a thread keeps for them |
//! | `handle.rs`, `reports.rs` | an open input; errors reported through it |
//! | `shared.rs`, `pulse.rs` | what an engine's threads share; whether the monitor is alive |
//! | `published.rs`, `rates.rs` | what the monitor publishes of a stream; what is measured of an input |
//! | `meter.rs` | what is measured of a session |
//! | `status.rs`, `statuses.rs` | what a host can ask: the public shapes of what is published; of all streams |
//! | `counts.rs` | what the engine counts of itself |
//! | `event.rs`, `event_fields.rs`, `event_json.rs` | what the host is told; the same as a flat record and a line; as JSON |
//! | `queue.rs`, `marker.rs`, `eventfd.rs` | the ordered events on their way to it; how a caller waits for them; how a poller does |
//! | `tap.rs`, `tapped.rs`, `tap_ring.rs` | a reader beside the host; an event as it has it; how they come to it |
//! | `delivery.rs` | the event thread and the host's callbacks |
//! | `log.rs` | the log and its thread |
//! | `tracing.rs`, `recorder.rs` | the trace, and its way from the monitor to its file |
//! | `shadow.rs` | what would be decided under other settings, beside the engine |
//! | `threads.rs`, `wall.rs` | how threads are made; wall clock time for people |
//! | `simulation/` | all of it in virtual time, against a checker: tests |
//!
//! What crosses its threads has models for the model checkers, in a folder of their own.

mod builder;
mod control;
mod counts;
mod delivery;
mod event;
mod event_fields;
mod event_json;
mod eventfd;
mod handle;
mod log;
mod marker;
mod membership;
mod meter;
#[cfg(all(test, any(loom, shuttle)))]
mod models;
mod monitor;
mod published;
mod pulse;
mod queue;
mod rates;
mod recorder;
mod reports;
mod shadow;
mod shared;
#[cfg(all(test, not(any(loom, shuttle))))]
mod simulation;
mod status;
mod statuses;
mod tap;
mod tap_ring;
mod tapped;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
mod threads;
mod tracing;
mod wall;

pub use builder::EngineBuilder;
pub(crate) use counts::{Counts, Histogram};
pub use delivery::{Ingestor, StreamCallback};
pub use event::{Event, EventKind};
#[cfg(feature = "capi")]
pub(crate) use event_fields::EventFields;
#[cfg(feature = "capi")]
pub(crate) use event_json::EventJson;
pub use handle::InputHandle;
pub use log::LogCallback;
#[cfg(feature = "capi")]
pub(crate) use membership::record_known;
pub use status::{ConditionRecord, ErrorRecord, InputHealthSnapshot, RuntimeStatus, SwitchRecord};
pub use statuses::Statuses;
pub use tap::{Tap, TapOptions};
pub use tapped::Tapped;
pub(crate) use threads::{be_nice, Thread};

use crate::core::{self, Nanos};
use crate::hot::{is_inherited, monotonic};
use crate::poison::unpoisoned;
use crate::vocabulary::{Error, Level};
use delivery::Callbacks;
use log::Logger;
use marker::Marker;
use monitor::{Mailbox, Monitor};
use queue::{Item, Popped, Queue};
use recorder::Whose;
use shared::Shared;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tap_ring::Reader;
use threads::in_callback;

/// The failover engine. All operations may be called from any thread.
///
/// Operations said to *block for the monitor* return when their decision is made and published,
/// normally within a fraction of a millisecond; they never wait for host code, except
/// [`Engine::unregister`], [`Engine::sync`] and [`Engine::shutdown`] with callbacks. Besides the
/// errors they name, they answer [`Error::ShutDown`] after [`Engine::shutdown`],
/// [`Error::MonitorDied`] after a bug has ended the monitor ([`Engine::alive`]), [`Error::Panic`] if a
/// bug was met in the stream,
/// [`Error::Forked`] in a child of the process that made the engine, and [`Error::Timeout`] if
/// [`Engine::set_call_timeout`] bounds them.
///
/// Dropping the engine shuts it down, and waits as [`Engine::shutdown`] does; in a callback, whichever
/// engine's, it does not wait.
pub struct Engine {
    shared: Arc<Shared>,
    mailbox: Mailbox,
    queue: Arc<Queue>,
    logger: Arc<Logger>,
    callbacks: Arc<Callbacks>,
    with_callbacks: bool,
    threads: Mutex<Vec<Thread>>,
    /// Of those that write a trace, and of those of a shadow, the last one, and those that have not ended yet.
    recorded: Mutex<Vec<(Whose, Thread)>>,
    /// How long a call may wait, in nanoseconds, or [`NEVER`] less. Relaxed: a call about the time of a
    /// change may take the old one.
    call_timeout: AtomicU64,
}

/// No call is given up.
const NEVER: u64 = u64::MAX;

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with the library's defaults, whose events the host polls.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn new() -> Result<Engine, Error> {
        Engine::builder().build()
    }

    /// To choose settings, or delivery to callbacks.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Takes the next event, waiting at most `timeout` for one; `None` when none came. For
    /// engines without callbacks; any number of threads.
    ///
    /// # Errors
    /// [`Error::WrongMode`]; [`Error::ShutDown`] or [`Error::MonitorDied`] (and no event is left);
    /// [`Error::Forked`].
    pub fn next_event(&self, timeout: Duration) -> Result<Option<Event>, Error> {
        if self.with_callbacks {
            return Err(Error::WrongMode);
        }
        self.check_process()?;
        // Beyond the clock's range there is no deadline.
        let deadline = Instant::now().checked_add(timeout);
        self.shared.leftovers.end();
        loop {
            return match self.queue.pop(deadline) {
                Popped::Item(Item::Event(event)) => {
                    self.tell_taken(&event);
                    Ok(Some(event))
                }
                Popped::Item(Item::Marker(_)) => continue,
                Popped::TimedOut => Ok(None),
                Popped::Closed => Err(self.ended()),
            };
        }
    }

    /// A descriptor that is readable while [`Engine::next_event`] would return an event at once
    /// (or the engine is shut down). It is the engine's: wait on it, do not read from it.
    ///
    /// For poll, epoll, mio or an async runtime. When it is readable, take events with a timeout of
    /// zero until there are none: pollers that wait for an edge (tokio's `AsyncFd`) learn of the
    /// next event only then. `examples/tokio.rs` is a whole host in one async thread.
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine with callbacks.
    pub fn event_fd(&self) -> Result<BorrowedFd<'_>, Error> {
        if self.with_callbacks {
            return Err(Error::WrongMode);
        }
        Ok(self.queue.descriptor())
    }

    /// A reader that follows the engine's events, of all streams, beside whoever carries them out; with
    /// callbacks, too. Any number. While there is one the newest events are kept for it, else none are.
    /// Blocks for the monitor: the tap sees all that is decided after the call.
    ///
    /// # Errors
    /// [`Error::System`]: no descriptor is left.
    pub fn tap(&self, options: TapOptions) -> Result<Tap, Error> {
        self.check_process()?;
        let (shared, mailbox) = (self.shared.clone(), self.mailbox.clone());
        let reader = Arc::new(Reader::new()?);
        // Made there, so that it is closed if nobody waits for it any longer.
        self.call(move |monitor| {
            let (number, next) = monitor.open_tap(reader.clone(), options.keep, options.after);
            Ok(Tap::new(shared, mailbox, reader, number, next))
        })
    }

    /// Returns when everything before it, records included, is decided and published, and with
    /// callbacks delivered.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::InCallback`] in a callback, whichever engine's, log callbacks
    /// included.
    pub fn sync(&self, timeout: Duration) -> Result<(), Error> {
        if in_callback() {
            return Err(Error::InCallback);
        }
        // Beyond the clock's range there is no deadline.
        let deadline = Instant::now().checked_add(timeout);
        let (marker, waiter) = Marker::new();
        let deliver = self.with_callbacks;
        let queue = self.queue.clone();
        self.call_until(deadline, move |monitor| {
            monitor.sync();
            if deliver {
                queue.push_marker(marker);
            } else {
                marker.pass();
            }
            Ok(())
        })?;
        waiter.wait(deadline).map_err(|error| self.why(error))
    }

    /// How late the monitor's oldest duty is: a tick or a deadline that was due, or a call that was
    /// not carried out. Zero if there is none; in a healthy engine it is well below a millisecond, or
    /// as long as the machine keeps its threads waiting. For a watchdog. Wait-free.
    ///
    /// # Errors
    /// [`Error::ShutDown`]; [`Error::MonitorDied`]; [`Error::Forked`].
    pub fn alive(&self) -> Result<Duration, Error> {
        self.check_process()?;
        if self.shared.is_closed() || self.shared.pulse.has_died() {
            return Err(self.ended());
        }
        Ok(Duration::from_nanos(self.shared.pulse.late(monotonic())))
    }

    /// How long any call may wait from now on, for the monitor or for callbacks; `None`, as it is at
    /// first, is for as long as it takes. A call that is given up answers [`Error::Timeout`]; what it
    /// asked for may still be done. ([`Engine::sync`] and [`Engine::next_event`] have timeouts of their
    /// own.) Wait-free.
    ///
    /// Without it, a callback that never returns holds up [`Engine::unregister`] and
    /// [`Engine::shutdown`] for ever.
    pub fn set_call_timeout(&self, timeout: Option<Duration>) {
        let nanos = timeout.and_then(|timeout| timeout.as_nanos().try_into().ok());
        self.call_timeout.store(nanos.unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// The engine's clock, in monotonic nanoseconds: what events and statuses are stamped with.
    /// It pauses while the engine is stalled. Wait-free.
    pub fn now(&self) -> Nanos {
        self.shared.now()
    }

    /// What it counts of itself.
    pub(crate) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// How many informational events were dropped because the host was slow.
    pub(crate) fn events_dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// When the engine was made.
    pub fn started_at(&self) -> SystemTime {
        self.shared.started_at
    }

    /// Calls `callback` with the id of each stream that is exhausted, on the event thread, after
    /// [`Ingestor::notify`]. `None` removes it. The previous one is dropped, after its run if it is
    /// running.
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine whose events are polled.
    pub fn set_exhausted_callback(&self, callback: Option<StreamCallback>) -> Result<(), Error> {
        self.check_callbacks()?;
        self.callbacks.exhausted.set(callback);
        Ok(())
    }

    /// Calls `callback` with the id of each stream that is on air again; otherwise as
    /// [`Engine::set_exhausted_callback`].
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine whose events are polled.
    pub fn set_restored_callback(&self, callback: Option<StreamCallback>) -> Result<(), Error> {
        self.check_callbacks()?;
        self.callbacks.restored.set(callback);
        Ok(())
    }

    /// Logs lines up to a level, on a thread of its own; `None` ends that. Waits for the
    /// previous callback to return. Called from inside a callback, whichever engine's, it does not
    /// wait; [`Engine::shutdown`] then does.
    ///
    /// Lines that wait for a slow callback are at most 4,096, and 4 MiB; beyond it they are dropped,
    /// and the log says how many.
    ///
    /// # Errors
    /// [`Error::System`]. After [`Error::Timeout`] the new callback is in place.
    pub fn set_log_callback(&self, log: Option<(Level, LogCallback)>) -> Result<(), Error> {
        self.check_process()?;
        self.logger.set(log, self.call_deadline())
    }

    /// Whether the log has URLs in full, and those in texts; else they are as in
    /// [`printable_url`](crate::printable_url), which is the default. In force from the next line on.
    /// Does not wait.
    pub fn set_log_full_urls(&self, full: bool) {
        self.logger.set_full_urls(full);
    }

    /// Unregisters all streams and ends the engine's threads; with callbacks, after everything
    /// was delivered. Whatever waits for the monitor is [`Error::ShutDown`] from then on, no stream
    /// is registered, and open handles answer [`Verdict::DROP`](crate::Verdict::DROP). Calling it
    /// again has no effect.
    ///
    /// # Errors
    /// [`Error::InCallback`] in a callback, whichever engine's; [`Error::Forked`]. After
    /// [`Error::Timeout`] (see [`Engine::set_call_timeout`]) it is shut down but for the callbacks that
    /// have not returned; calling it again waits for them again.
    pub fn shutdown(&self) -> Result<(), Error> {
        self.check_caller()?;
        self.check_process()?;
        self.stop_threads()
    }

    /// Whether the caller may wait for callbacks: it is none.
    pub(crate) fn check_caller(&self) -> Result<(), Error> {
        if in_callback() {
            return Err(Error::InCallback);
        }
        Ok(())
    }

    /// In a callback, whose own end they might be waiting for, the threads end by themselves.
    fn stop_threads(&self) -> Result<(), Error> {
        // Once, or its sender waits below.
        self.mailbox.post(|monitor| monitor.stop());
        let deadline = self.call_deadline();
        let mut threads = self.lock_threads();
        self.shared.pulse.release();
        threads.iter().for_each(|thread| thread.thread().unpark());
        if !in_callback() {
            let all = std::mem::take(&mut *threads);
            threads.extend(all.into_iter().filter_map(|thread| thread.join(deadline).err()));
        }
        let late = !threads.is_empty() && !in_callback();
        drop(threads);
        // The monitor has ended, or will not be waited for.
        let late =
            late || self.wait_for_recorded(&[Whose::Trace, Whose::Shadow], deadline).is_err();
        self.shared.leftovers.end();
        self.logger.set(None, deadline)?;
        if late {
            Err(Error::Timeout)
        } else {
            Ok(())
        }
    }

    fn tell_taken(&self, event: &Event) {
        let what = match &event.kind {
            EventKind::Start(start) => core::Stimulus::StartTaken { session: start.session },
            EventKind::Probe(probe) => core::Stimulus::ProbeTaken { probe: probe.probe },
            _ => return,
        };
        let id = event.stream.clone();
        // Once for each event that the monitor has told.
        self.mailbox.post(move |monitor| monitor.note(&id, what));
    }

    fn call<R: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.call_until(self.call_deadline(), task)
    }

    fn call_until<R: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        task: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.check_process()?;
        let result = self.mailbox.call(deadline, task);
        // What came of the call may have been the end of a value of the host's.
        self.shared.leftovers.end();
        result.map_err(|error| self.why(error))
    }

    fn ended(&self) -> Error {
        self.shared.ended()
    }

    fn why(&self, error: Error) -> Error {
        if error == Error::ShutDown {
            self.ended()
        } else {
            error
        }
    }

    /// When a call that begins now is given up.
    fn call_deadline(&self) -> Option<Instant> {
        let timeout = self.call_timeout.load(Ordering::Relaxed);
        (timeout != NEVER).then(|| Instant::now().checked_add(Duration::from_nanos(timeout)))?
    }

    pub(crate) fn check_process(&self) -> Result<(), Error> {
        if is_inherited(self.shared.number) {
            return Err(Error::Forked);
        }
        Ok(())
    }

    fn check_callbacks(&self) -> Result<(), Error> {
        if self.with_callbacks {
            Ok(())
        } else {
            Err(Error::WrongMode)
        }
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        unpoisoned(self.threads.lock())
    }
}

/// For the C ABI.
#[cfg(feature = "capi")]
impl Engine {
    /// From 1 up, never given out again, not even in a forked child.
    pub(crate) fn number(&self) -> u64 {
        self.shared.number
    }

    /// Whether it is shut down, or about to be.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Writes a line to the log.
    pub(crate) fn log(&self, level: Level, line: impl FnOnce() -> String) {
        self.logger.log(level, line);
    }
}

/// Bugs that tests ask for. They return at once.
#[cfg(any(test, changeover_panic_hook))]
impl Engine {
    /// Whatever happens to this stream from now on meets a bug.
    pub(crate) fn plant_bug(&self, stream: &str) {
        let stream = stream.to_owned();
        self.mailbox.post(move |monitor| monitor.plant_bug(&stream));
    }

    /// Ends the monitor.
    pub(crate) fn end_monitor(&self) {
        self.mailbox.post(|_| panic!("planted"));
    }

    /// Has the monitor do nothing for so long.
    #[cfg(any(feature = "serve", changeover_panic_hook))]
    pub(crate) fn hang(&self, length: Duration) {
        self.mailbox.post(move |_| std::thread::sleep(length));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // In a forked child there are no threads to stop.
        if self.check_process().is_ok() {
            // Callbacks that do not return in time go on by themselves.
            let _ = self.stop_threads();
        }
    }
}
