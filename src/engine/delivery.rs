//! Delivery of events to callbacks, on a thread of its own. Apart from the log, the engine calls
//! the host only here.

use super::event::{Event, EventKind};
use super::log::Logger;
use super::monitor::Mailbox;
use super::queue::{Item, Popped, Queue};
use super::shared::Shared;
use crate::core::{self, Notice, Probe, ProbeOutcome, Start, Stop};
use crate::poison::unpoisoned;
use crate::vocabulary::Level;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

/// The host's side: it can start, stop and probe an input.
///
/// All methods are called on the engine's event thread, one at a time, with no lock of the
/// engine held. They may call any operation of the engine except `sync` and `shutdown`, which
/// are errors there. A slow method delays the events behind it and nothing else: detection, gates
/// and status go on. A panic is caught and logged, and counts as a failure.
pub trait Ingestor: Send {
    /// Starts an input. `Err` with a text gives the input up; *stop* follows in either case.
    ///
    /// # Errors
    /// The host's reason, kept with the input.
    fn start(&mut self, event: &Event, start: &Start) -> Result<(), String>;

    /// Stops a session. Called exactly once for each start.
    fn stop(&mut self, event: &Event, stop: &Stop);

    /// Finds out whether an input works. `None` means the answer will come by
    /// [`crate::Engine::probe_result`].
    fn probe(&mut self, event: &Event, probe: &Probe) -> Option<ProbeOutcome> {
        let _ = (event, probe);
        Some(ProbeOutcome::Unsupported)
    }

    /// Everything that is not a command.
    fn notify(&mut self, event: &Event) {
        let _ = event;
    }
}

/// Called with a stream's id.
pub type StreamCallback = Box<dyn FnMut(&str) + Send>;

/// A callback that can be replaced while it runs; it is dropped after that run.
#[derive(Default)]
pub(super) struct Replaceable {
    state: Mutex<ReplaceableState>,
}

#[derive(Default)]
struct ReplaceableState {
    callback: Option<StreamCallback>,
    replaced: u64,
}

impl Replaceable {
    pub(super) fn set(&self, callback: Option<StreamCallback>) {
        let mut state = unpoisoned(self.state.lock());
        state.replaced += 1;
        let old = std::mem::replace(&mut state.callback, callback);
        // The old one's destructor is host code: not under our lock.
        drop(state);
        drop(old);
    }

    /// Calls it, and drops it if it was replaced meanwhile. `guard` calls what it is given, which is
    /// host code.
    fn call(&self, stream: &str, guard: impl Fn(&mut dyn FnMut())) {
        let mut state = unpoisoned(self.state.lock());
        let Some(mut callback) = state.callback.take() else { return };
        let replaced = state.replaced;
        drop(state);
        guard(&mut || callback(stream));
        let mut state = unpoisoned(self.state.lock());
        if state.replaced == replaced {
            state.callback = Some(callback);
            return;
        }
        drop(state);
        let mut replaced = Some(callback);
        guard(&mut || drop(replaced.take()));
    }
}

/// Callbacks besides the ingestor's.
#[derive(Default)]
pub(super) struct Callbacks {
    pub(super) exhausted: Replaceable,
    pub(super) restored: Replaceable,
}

pub(super) struct Delivery {
    pub(super) queue: Arc<Queue>,
    pub(super) mailbox: Mailbox,
    pub(super) ingestor: Box<dyn Ingestor>,
    pub(super) callbacks: Arc<Callbacks>,
    pub(super) logger: Arc<Logger>,
    pub(super) shared: Arc<Shared>,
}

impl Delivery {
    /// The event thread: until the queue is closed and empty, and the engine freed.
    pub(super) fn run(mut self) {
        loop {
            self.shared.leftovers.end();
            match self.queue.pop(None) {
                Popped::Item(Item::Event(event)) => self.deliver(&event),
                Popped::Item(Item::Marker(marker)) => marker.pass(),
                Popped::TimedOut => {}
                Popped::Closed => break,
            }
        }
        // What is the host's ends when the engine is freed, even if the monitor has ended before.
        self.shared.pulse.wait_for_release();
        self.callbacks.exhausted.set(None);
        self.callbacks.restored.set(None);
        self.shared.leftovers.end();
    }

    pub(super) fn deliver(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Start(start) => {
                let session = start.session;
                self.tell(event, core::Stimulus::StartTaken { session });
                let result = self
                    .guarded(event, |ingestor| ingestor.start(event, start))
                    .unwrap_or_else(|| Err("the host's start panicked".into()));
                if let Err(text) = result {
                    self.tell(event, core::Stimulus::StartResult { session, result: Err(text) });
                }
            }
            EventKind::Stop(stop) => {
                self.guarded(event, |ingestor| ingestor.stop(event, stop));
            }
            EventKind::Probe(probe) => {
                let id = probe.probe;
                self.tell(event, core::Stimulus::ProbeTaken { probe: id });
                let outcome = self
                    .guarded(event, |ingestor| ingestor.probe(event, probe))
                    .unwrap_or_else(|| Some(ProbeOutcome::Failed("the probe panicked".into())));
                if let Some(outcome) = outcome {
                    self.tell(event, core::Stimulus::ProbeResult { probe: id, outcome });
                }
            }
            kind => {
                self.guarded(event, |ingestor| ingestor.notify(event));
                let callback = match kind {
                    EventKind::Notice(Notice::Exhausted { .. }) => &self.callbacks.exhausted,
                    EventKind::Notice(Notice::Restored { .. }) => &self.callbacks.restored,
                    _ => return,
                };
                let logger = &self.logger;
                callback.call(&event.stream, |call| {
                    if catch_unwind(AssertUnwindSafe(call)).is_err() {
                        log_panic(logger, event);
                    }
                });
            }
        }
    }

    fn tell(&self, event: &Event, what: core::Stimulus) {
        let stream = event.stream.clone();
        // Twice at most for each event that the monitor has told.
        self.mailbox.post(move |monitor| monitor.note(&stream, what));
    }

    fn guarded<R>(&mut self, event: &Event, f: impl FnOnce(&mut dyn Ingestor) -> R) -> Option<R> {
        let ingestor = &mut *self.ingestor;
        let result = catch_unwind(AssertUnwindSafe(|| f(ingestor)));
        if result.is_err() {
            log_panic(&self.logger, event);
        }
        result.ok()
    }
}

fn log_panic(logger: &Logger, event: &Event) {
    logger.log(Level::Error, || format!("a callback of the host panicked at: {event}"));
}
