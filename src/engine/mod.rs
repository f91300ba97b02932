//! The running engine: threads, delivery of events, and the public operations.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | the public operations |
//! | `builder.rs` | how an engine is put together |
//! | `monitor/` | the monitor thread: ticks, decisions, and all that only it uses |
//! | `membership.rs` | calls by id, and what a thread keeps for them |
//! | `handle.rs` | an open input |
//! | `shared.rs` | what an engine's threads share |
//! | `published.rs`, `rates.rs` | what the monitor publishes of a stream; the rates of an input |
//! | `status.rs` | what a host can ask: the public shapes of what is published |
//! | `event.rs`, `queue.rs` | what the host is told; the ordered events on their way to it |
//! | `delivery.rs` | the event thread and the host's callbacks |
//! | `log.rs` | the log and its thread |
//! | `threads.rs`, `wall.rs` | how threads are made; wall clock time for people |

mod builder;
mod delivery;
mod event;
mod handle;
mod log;
mod membership;
mod monitor;
mod published;
mod queue;
mod rates;
mod shared;
mod status;
#[cfg(test)]
mod tests;
mod threads;
mod wall;

pub use builder::EngineBuilder;
pub use delivery::{Ingestor, StreamCallback};
pub use event::{Event, EventKind};
pub use handle::InputHandle;
pub use log::{Level, LogCallback};
#[cfg(feature = "capi")]
pub(crate) use membership::record_known;
pub use status::{ErrorRecord, InputHealthSnapshot, RuntimeStatus, SwitchRecord};

use crate::core::{
    self, Config, Error, Input, InputsUpdate, Nanos, Priority, ProbeId, ProbeOutcome, SessionId,
};
use crate::hot::{is_inherited, Flags, Packet, Verdict};
use crate::poison::unpoisoned;
use delivery::Callbacks;
use log::Logger;
use monitor::{Mailbox, Monitor};
use queue::{Item, Marker, Popped, Queue};
use shared::Shared;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

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
    callbacks: Arc<Callbacks>,
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
        let queue = self.queue.clone();
        self.call(move |monitor| {
            monitor.unregister(&id)?;
            if deliver {
                queue.push_marker(marker);
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
        membership::with_route(&self.shared, stream, |_| ()).is_ok()
    }

    /// The ids of all registered streams, in no order. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::ShutDown`], [`Error::Forked`].
    pub fn registered_streams(&self) -> Result<Vec<Arc<str>>, Error> {
        self.call(|monitor| Ok(monitor.stream_ids()))
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
    /// allocation, no system call, but for a thread's first call. (Each other thread that records the
    /// same input at that moment may cost a retry.) By [`Engine::open_input`] it is several times faster.
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
        membership::record(&self.shared, stream, priority, Packet { bytes, flags })
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
        let open = self.call(move |monitor| monitor.open_cell(&name, priority, session))?;
        let (shared, mailbox) = (self.shared.clone(), self.mailbox.clone());
        Ok(InputHandle::new(open, id, priority, session, shared, mailbox))
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
    /// [`Error::UnknownStream`], [`Error::StaleSession`] (too late, or no longer wanted).
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
        let queue = self.queue.clone();
        self.mailbox.post(move |monitor| {
            monitor.sync();
            if deliver {
                queue.push_marker(marker);
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
        let stream = membership::with_route(&self.shared, stream, |route| route.stream().clone())?;
        Ok(RuntimeStatus::read(&stream, &self.shared))
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
    /// previous callback to return. Called from inside a callback it does not wait;
    /// [`Engine::shutdown`] then does.
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
    /// is registered, and open handles answer [`Verdict::DROP`]. Calling it again
    /// has no effect.
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
        task: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.check_process()?;
        self.mailbox.call(task)
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

impl Drop for Engine {
    fn drop(&mut self) {
        // In a forked child there are no threads to stop.
        if self.check_process().is_ok() {
            self.stop_threads();
        }
    }
}
