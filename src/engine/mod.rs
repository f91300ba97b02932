//! The running engine: threads, delivery of events, and the public operations.
//!
//! | file | job |
//! |---|---|
//! | `monitor.rs` | the monitor thread: commands, ticks, decisions |
//! | `streams.rs` | a stream as the monitor keeps it: core, cells, published state |
//! | `deadlines.rs` | which streams a tick visits |
//! | `wheel.rs`, `watch.rs` | what comes up in which tick; the few words that tell whether it was put off |
//! | `stamps.rs`, `stalls.rs` | how late a packet may have come; what is not blamed on inputs |
//! | `shared.rs` | what recording threads and readers of status share with the monitor |
//! | `membership.rs` | what a thread keeps for calls by id |
//! | `handle.rs` | an open input |
//! | `queue.rs`, `event.rs` | the ordered events on their way to the host |
//! | `delivery.rs` | the event thread and the host's callbacks |
//! | `status.rs`, `wall.rs` | what a host can ask; wall clock time for people |
//! | `log.rs`, `threads.rs` | the log thread; how threads are made |

mod deadlines;
mod delivery;
mod event;
mod handle;
mod log;
mod membership;
mod monitor;
mod queue;
mod shared;
mod stalls;
mod stamps;
mod status;
mod streams;
#[cfg(test)]
mod tests;
mod threads;
mod wall;
mod watch;
mod wheel;

pub use delivery::{Ingestor, StreamCallback};
pub use event::{Event, EventKind};
pub use handle::InputHandle;
pub use log::{Level, LogCallback};
pub use status::{ErrorRecord, InputHealthSnapshot, RuntimeStatus, SwitchRecord};

use crate::core::{
    self, Config, Error, Input, InputsUpdate, Nanos, Priority, ProbeId, ProbeOutcome, SessionId,
};
use crate::hot::{is_inherited, prepare_fences, watch_forks, Flags, Router, Verdict};
use delivery::{Delivery, Slots};
use log::Logger;
use monitor::{Mailbox, Monitor};
use queue::{Item, Marker, Popped, Queue};
use shared::Shared;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// Informational events kept for a host that is slow to take them, unless set otherwise.
const EVENT_LIMIT: usize = 65_536;

/// What an engine is made from.
///
/// ```
/// use changeover::{Config, Engine};
/// use std::time::Duration;
/// let engine = Engine::builder()
///     .defaults(Config::new().packet_timeout(Duration::from_millis(500)))
///     .build()?;
/// # Ok::<(), changeover::Error>(())
/// ```
#[derive(Default)]
#[must_use = "an engine is made by `build`"]
pub struct EngineBuilder {
    defaults: Config,
    ingestor: Option<Box<dyn Ingestor>>,
    event_limit: Option<usize>,
    log: Option<(Level, LogCallback)>,
}

impl EngineBuilder {
    /// Settings for all streams; what is unset has the library's defaults.
    pub fn defaults(mut self, defaults: Config) -> Self {
        self.defaults = defaults;
        self
    }

    /// Delivers events to callbacks. Without an ingestor the host polls ([`Engine::next_event`]).
    pub fn ingestor(mut self, ingestor: impl Ingestor + 'static) -> Self {
        self.ingestor = Some(Box::new(ingestor));
        self
    }

    /// How many informational events to keep for a host that is slow to take them, at least 1;
    /// beyond that the oldest are dropped, which [`EventKind::Gap`] tells. Default 65,536.
    pub fn event_limit(mut self, limit: usize) -> Self {
        self.event_limit = Some(limit.max(1));
        self
    }

    /// Has lines up to this level logged. Default off.
    pub fn log(mut self, level: Level, callback: impl FnMut(Level, &str) + Send + 'static) -> Self {
        self.log = Some((level, Box::new(callback)));
        self
    }

    /// Makes the engine and starts its threads.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::System`].
    pub fn build(self) -> Result<Engine, Error> {
        self.defaults.validate()?;
        watch_forks().map_err(|_| Error::System)?;
        prepare_fences();
        let limit = self.event_limit.unwrap_or(EVENT_LIMIT);
        let queue = Arc::new(Queue::new(limit).map_err(|_| Error::System)?);
        let logger = Arc::new(Logger::default());
        logger.set(self.log, true)?;
        let router = Router::new();
        let shared = Arc::new(Shared::new(router.shared()));
        let (commands, inbox) = crossbeam::channel::unbounded();
        let slots = Arc::new(Slots::default());
        let monitor =
            Monitor::new(shared.clone(), router, queue.clone(), logger.clone(), self.defaults);
        let monitor = threads::spawn("changeover-mon", move || monitor.run(inbox))?;
        let mailbox = Mailbox::new(commands, monitor.thread().clone());
        let mut engine = Engine {
            shared,
            mailbox,
            queue,
            logger,
            slots,
            event_thread: None,
            threads: Mutex::new(vec![monitor]),
        };
        if let Some(ingestor) = self.ingestor {
            let delivery = Delivery {
                queue: engine.queue.clone(),
                mailbox: engine.mailbox.clone(),
                ingestor,
                slots: engine.slots.clone(),
                logger: engine.logger.clone(),
            };
            let thread = threads::spawn("changeover-evt", move || delivery.run())?;
            engine.event_thread = Some(thread.thread().id());
            engine.lock_threads().push(thread);
        }
        Ok(engine)
    }
}

/// The failover engine. All operations may be called from any thread.
///
/// Operations said to *block for the monitor* return when their decision is made and published,
/// normally within a fraction of a millisecond; they never wait for host code, except
/// [`Engine::unregister`], [`Engine::sync`] and [`Engine::shutdown`] with callbacks. Besides the
/// errors they name, they answer [`Error::ShutDown`] after [`Engine::shutdown`], and
/// [`Error::Forked`] in a child of the process that made the engine.
///
/// Dropping the engine shuts it down.
pub struct Engine {
    shared: Arc<Shared>,
    mailbox: Mailbox,
    queue: Arc<Queue>,
    logger: Arc<Logger>,
    slots: Arc<Slots>,
    /// Set with callbacks.
    event_thread: Option<ThreadId>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

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

    /// Registers a stream, selects its best input and starts it, and every hot one. Returns the
    /// number of this registration. An empty `buffer_write_id` means the stream's id. Blocks for
    /// the monitor.
    ///
    /// # Errors
    /// [`Error::StreamId`], [`Error::StreamExists`], [`Error::Priority`],
    /// [`Error::DuplicatePriority`], [`Error::Config`], [`Error::HotWithoutOverlap`].
    pub fn register(
        &self,
        stream: &str,
        buffer_write_id: &str,
        inputs: Vec<Input>,
        config: Config,
    ) -> Result<u64, Error> {
        let (id, buffer) = (Arc::from(stream), buffer_write_id.to_owned());
        self.call(move |monitor| monitor.register(id, &buffer, inputs, config))
    }

    /// Ends a registration: emits its *stops*, then [`EventKind::Unregistered`]. With callbacks
    /// it returns after that was delivered; on the event thread it returns at once.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn unregister(&self, stream: &str) -> Result<(), Error> {
        let id = stream.to_owned();
        let deliver = self.event_thread.is_some() && !self.on_event_thread();
        let (marker, waiter) = Marker::new();
        self.call(move |monitor| {
            monitor.unregister(&id)?;
            if deliver {
                monitor.push_marker(marker);
            }
            Ok(())
        })?;
        if deliver {
            // Disconnected: the engine was shut down meanwhile, so it is delivered or will be.
            let _ = waiter.passed.recv();
        }
        Ok(())
    }

    /// Whether a stream is registered. Wait-free, but for a thread's first call by id.
    pub fn is_registered(&self, stream: &str) -> bool {
        self.shared.with_route(stream, |_| ()).is_ok()
    }

    /// The ids of all registered streams, in no order. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::ShutDown`], [`Error::Forked`].
    pub fn registered_streams(&self) -> Result<Vec<Arc<str>>, Error> {
        self.call(|monitor| Ok(monitor.streams()))
    }

    /// Changes the settings of a stream, or with `None` the engine's. What is unset inherits
    /// again. Running deadlines move at once. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::Config`], [`Error::HotWithoutOverlap`] (of any stream).
    pub fn set_config(&self, stream: Option<&str>, config: Config) -> Result<(), Error> {
        let id = stream.map(str::to_owned);
        self.call(move |monitor| monitor.set_config(id.as_deref(), config))
    }

    /// Puts an input on air and keeps it there while it is healthy. Blocks for the monitor, not
    /// for the input: the old one stays on air until the new one delivers.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::InputDegraded`].
    pub fn switch_input(&self, stream: &str, priority: Priority) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::SwitchInput { priority })
    }

    /// Ends a manual choice; failback is free again. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn clear_override(&self, stream: &str) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::ClearOverride)
    }

    /// Removes, adds and updates inputs, in this order, as one change. An updated input that runs
    /// is restarted. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::DuplicatePriority`],
    /// [`Error::Priority`], [`Error::Config`], [`Error::HotWithoutOverlap`].
    pub fn update_inputs(&self, stream: &str, update: InputsUpdate) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::UpdateInputs(update))
    }

    /// Has every running session restarted onto another buffer; empty means the stream's id.
    /// Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn update_buffer_write_id(&self, stream: &str, buffer_write_id: &str) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::UpdateBufferWriteId(buffer_write_id.to_owned()))
    }

    /// Counts one packet of an input's current session, from any thread. Wait-free; no lock, no
    /// allocation, no system call, but for a thread's first call. By [`Engine::open_input`] it is
    /// several times faster.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    #[inline]
    pub fn record_packet(
        &self,
        stream: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        self.shared.record(stream, priority, bytes, flags)
    }

    /// Opens an input for recording: bound to `session` (from [`Start`]), or with 0 following
    /// whichever session is current. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::StaleSession`].
    pub fn open_input(
        &self,
        stream: &str,
        priority: Priority,
        session: SessionId,
    ) -> Result<InputHandle, Error> {
        let id: Arc<str> = stream.into();
        let name = id.clone();
        let (number, cell, stream) =
            self.call(move |monitor| monitor.open_cell(&name, priority, session))?;
        let (shared, mailbox) = (self.shared.clone(), self.mailbox.clone());
        Ok(InputHandle::new(number, cell, stream, shared, id, priority, session, mailbox))
    }

    /// Reports an error of an input's current session, or of an input that never ran: it is
    /// given up at once. The text is kept up to 255 bytes. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    pub fn report_input_error(
        &self,
        stream: &str,
        priority: Priority,
        text: &str,
    ) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::InputError { priority, text: text.to_owned() })
    }

    /// Says how a *start* went. Success needs no word: the first packet tells. Blocks for the
    /// monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::StaleSession`].
    pub fn start_result(
        &self,
        stream: &str,
        session: SessionId,
        result: Result<(), String>,
    ) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::StartResult { session, result })
    }

    /// Answers a [`Probe`]. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::StaleSession`] (too late, or not wanted any more).
    pub fn probe_result(
        &self,
        stream: &str,
        probe: ProbeId,
        outcome: ProbeOutcome,
    ) -> Result<(), Error> {
        self.handle(stream, core::Stimulus::ProbeResult { probe, outcome })
    }

    /// Takes the next event, waiting at most `timeout` for one; `None` when none came. For
    /// engines without callbacks; any number of threads.
    ///
    /// # Errors
    /// [`Error::WrongMode`], [`Error::ShutDown`] (and no event is left), [`Error::Forked`].
    pub fn next_event(&self, timeout: Duration) -> Result<Option<Event>, Error> {
        if self.event_thread.is_some() {
            return Err(Error::WrongMode);
        }
        self.check_process()?;
        // A deadline beyond the clock's range is none.
        let deadline = Instant::now().checked_add(timeout);
        loop {
            return match self.queue.pop(deadline) {
                Popped::Item(Item::Event(event)) => {
                    self.tell_taken(&event);
                    Ok(Some(event))
                }
                Popped::Item(Item::Marker(_)) => continue,
                Popped::TimedOut => Ok(None),
                Popped::Closed => Err(Error::ShutDown),
            };
        }
    }

    /// A descriptor that is readable while [`Engine::next_event`] would return an event at once
    /// (or the engine is shut down). It is the engine's: wait on it, do not read from it.
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine with callbacks.
    pub fn event_fd(&self) -> Result<BorrowedFd<'_>, Error> {
        if self.event_thread.is_some() {
            return Err(Error::WrongMode);
        }
        Ok(self.queue.descriptor())
    }

    /// Returns when everything before it, records included, is decided and published, and with
    /// callbacks delivered.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::InCallback`] in a callback of this engine, a log callback
    /// included.
    pub fn sync(&self, timeout: Duration) -> Result<(), Error> {
        if self.in_callback() {
            return Err(Error::InCallback);
        }
        self.check_process()?;
        let (marker, waiter) = Marker::new();
        let deliver = self.event_thread.is_some();
        self.mailbox.post(move |monitor| {
            monitor.sync();
            if deliver {
                monitor.push_marker(marker);
            } else {
                marker.pass();
            }
        });
        use crossbeam::channel::RecvTimeoutError;
        waiter.passed.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::Timeout,
            RecvTimeoutError::Disconnected => Error::ShutDown,
        })
    }

    /// The engine's clock, in monotonic nanoseconds: what events and statuses are stamped with.
    /// It pauses while the engine is stalled. Wait-free.
    pub fn now(&self) -> Nanos {
        self.shared.now()
    }

    /// The state of a stream. Does not wait for the monitor; counters and `last_packet_at` are
    /// live.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn runtime_status(&self, stream: &str) -> Result<RuntimeStatus, Error> {
        self.shared.status(stream)
    }

    /// Has `callback` called with the id of each stream that is exhausted, on the event thread,
    /// after [`Ingestor::notify`]. `None` removes it. The one before is dropped, if it is running
    /// then after that.
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine whose events are polled.
    pub fn set_exhausted_callback(&self, callback: Option<StreamCallback>) -> Result<(), Error> {
        self.check_callbacks()?;
        self.slots.exhausted.set(callback);
        Ok(())
    }

    /// Has `callback` called with the id of each stream that is on air again; otherwise as
    /// [`Engine::set_exhausted_callback`].
    ///
    /// # Errors
    /// [`Error::WrongMode`] on an engine whose events are polled.
    pub fn set_restored_callback(&self, callback: Option<StreamCallback>) -> Result<(), Error> {
        self.check_callbacks()?;
        self.slots.restored.set(callback);
        Ok(())
    }

    /// Has lines up to a level logged, on a thread of its own; `None` ends that. Waits until the
    /// callback before has returned, unless a callback is what calls; [`Engine::shutdown`] does.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn set_log_callback(&self, log: Option<(Level, LogCallback)>) -> Result<(), Error> {
        self.check_process()?;
        // In a callback it can't wait: the old callback may be waiting for this thread.
        self.logger.set(log, !self.in_callback())
    }

    /// Unregisters all streams and ends the engine's threads; with callbacks, after everything
    /// was delivered. Whatever waits for the monitor is [`Error::ShutDown`] from then on, no stream
    /// is registered any more, and open handles answer [`Verdict::DROP`]. Doing it again is nothing.
    ///
    /// # Errors
    /// [`Error::InCallback`] in a callback of this engine; [`Error::Forked`].
    pub fn shutdown(&self) -> Result<(), Error> {
        if self.in_callback() {
            return Err(Error::InCallback);
        }
        self.check_process()?;
        self.stop_threads();
        Ok(())
    }

    fn stop_threads(&self) {
        self.mailbox.post(|monitor| monitor.stop());
        let current = std::thread::current().id();
        for thread in std::mem::take(&mut *self.lock_threads()) {
            // The engine's owner may be a callback: that thread ends by itself.
            if thread.thread().id() != current {
                // A panic of the monitor was printed; there is nothing more to do about it.
                let _ = thread.join();
            }
        }
        // Without its thread, no log is a success.
        let _ = self.logger.set(None, !self.in_callback());
    }

    fn tell_taken(&self, event: &Event) {
        let what = match &event.kind {
            EventKind::Start(start) => core::Stimulus::StartTaken { session: start.session },
            EventKind::Probe(probe) => core::Stimulus::ProbeTaken { probe: probe.probe },
            _ => return,
        };
        let id = event.stream.clone();
        self.mailbox.post(move |monitor| monitor.note(&id, what));
    }

    fn handle(&self, stream: &str, event: core::Stimulus) -> Result<(), Error> {
        let id = stream.to_owned();
        self.call(move |monitor| monitor.handle(&id, event))
    }

    fn call<R: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.check_process()?;
        self.mailbox.call(command)
    }

    fn check_process(&self) -> Result<(), Error> {
        if is_inherited(self.shared.number) {
            return Err(Error::Forked);
        }
        Ok(())
    }

    fn check_callbacks(&self) -> Result<(), Error> {
        self.event_thread.map(|_| ()).ok_or(Error::WrongMode)
    }

    fn on_event_thread(&self) -> bool {
        self.event_thread == Some(std::thread::current().id())
    }

    fn in_callback(&self) -> bool {
        self.on_event_thread() || self.logger.is_this_thread()
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For the C ABI.
#[cfg(feature = "capi")]
impl Engine {
    /// From 1 up, never given out again, not even in a forked child.
    pub(crate) fn number(&self) -> u64 {
        self.shared.number
    }

    /// [`Engine::record_packet`] without an engine at hand; see [`Shared::record_known`].
    #[inline]
    pub(crate) fn record_known(
        engine: u64,
        stream: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Option<Result<Verdict, Error>> {
        Shared::record_known(engine, stream, priority, bytes, flags)
    }

    /// Whether it is shut down, or about to be.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Writes a line to the log.
    pub(crate) fn log(&self, level: Level, line: impl FnOnce() -> String) {
        self.logger.log(level, line);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // In a forked child there are no threads to stop.
        if self.check_process().is_ok() {
            self.stop_threads();
        }
    }
}
