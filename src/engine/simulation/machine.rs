//! An engine without threads: its monitor is run turn by turn, on the caller's thread.

use crate::core::{Config, Nanos, Priority, Registration, SessionId, Stimulus};
use crate::engine::delivery::Callbacks;
use crate::engine::log::Logger;
use crate::engine::monitor::{Inbox, Monitor};
use crate::engine::queue::Queue;
use crate::engine::recorder::{recorder, Recorder, Whose};
use crate::engine::shared::Shared;
use crate::engine::tap_ring::Reader;
use crate::engine::threads::{Thread, CALLBACK_STACK};
use crate::engine::{Engine, InputHandle, Tap, NEVER};
use crate::hot::{prepare_fences, simulated, watch_forks, Router};
use crate::trace::{TraceFile, TraceLimits};
use crate::user_data::Leftovers;
use crate::vocabulary::Error;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is asked of the monitor, as the engine's operations ask it.
pub(super) enum Asked {
    Register(Registration),
    Unregister(Arc<str>),
    UnregisterAll,
    Tell(Arc<str>, Stimulus),
    /// Nobody waits for the answer.
    Note(Arc<str>, Stimulus),
    SetConfig(Option<Arc<str>>, Config),
    Open(Arc<str>, Priority, SessionId),
    Sync,
    /// Whatever happens to this stream from now on meets a bug.
    PlantBug(Arc<str>),
}

pub(super) enum Answer {
    Done,
    Registered(u64),
    Opened(InputHandle),
}

/// What the monitor did about a call, in order, and after which of its events.
pub(super) enum Fact {
    Began { call: usize, after: u64 },
    Ended { call: usize, after: u64, result: Result<Answer, Error> },
}

/// An engine, and its monitor.
pub(crate) struct Machine {
    monitor: Monitor,
    inbox: Inbox,
    /// When the monitor wants its next turn, in engine time.
    wake: Option<Nanos>,
    /// When its last turn began.
    last_turn: Nanos,
    facts: Arc<Mutex<Vec<Fact>>>,
    trace: Option<Thread>,
    pub(super) engine: Arc<Engine>,
}

impl Machine {
    /// `limit`: how many notices are kept for the host.
    pub(super) fn new(defaults: Config, limit: usize, trace: Option<&Path>) -> Machine {
        watch_forks().unwrap();
        prepare_fences();
        let queue = Arc::new(Queue::new(limit).unwrap());
        let logger = Arc::new(Logger::new(CALLBACK_STACK));
        let router = Router::new();
        let shared = Arc::new(Shared::new(router.shared()));
        let (address, inbox) = Inbox::new(shared.clone());
        let monitor = Monitor::new(shared.clone(), router, queue.clone(), logger.clone(), defaults);
        let engine = Engine {
            mailbox: address.at(std::thread::current()),
            shared,
            queue,
            logger,
            callbacks: Arc::new(Callbacks::default()),
            with_callbacks: false,
            threads: Mutex::default(),
            recorded: Mutex::default(),
            call_timeout: AtomicU64::new(NEVER),
        };
        let engine = Arc::new(engine);
        let (facts, last_turn) = (Arc::default(), simulated::now());
        let mut machine =
            Machine { monitor, inbox, wake: None, last_turn, facts, trace: None, engine };
        if let Some(path) = trace {
            let limits = TraceLimits::default();
            let file = TraceFile::create(path, limits.clone()).expect("a trace can be written");
            let logger = machine.engine.logger.clone();
            let (recorder, writer) = recorder(file, &limits, logger);
            let write = move || writer.run();
            machine.trace = Some(Thread::spawn("changeover-rec", write).unwrap());
            machine.record(Whose::Trace, Some(recorder));
        }
        machine.wake = machine.monitor.next_turn();
        machine
    }

    /// Has what is decided recorded from now on; `None`: not any more.
    pub(super) fn record(&mut self, whose: Whose, recorder: Option<Recorder>) {
        self.monitor.record(whose, recorder.map(Box::new));
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.engine.shared
    }

    /// A reader of the engine's events, for which so many are kept.
    pub(super) fn tap(&mut self, keep: usize) -> Tap {
        let reader = Arc::new(Reader::new().unwrap());
        let (number, next) = self.monitor.open_tap(reader.clone(), keep, None);
        let Engine { shared, mailbox, .. } = &*self.engine;
        Tap::new(shared.clone(), mailbox.clone(), reader, number, next)
    }

    /// Posts what is asked; what becomes of it will be among the facts.
    pub(super) fn post(&self, call: usize, asked: Asked) {
        let (facts, engine) = (self.facts.clone(), self.engine.clone());
        self.engine.mailbox.post(move |monitor| {
            let add = |fact| facts.lock().unwrap().push(fact);
            let newest = || engine.shared.taps.newest();
            add(Fact::Began { call, after: newest() });
            let result = match asked {
                Asked::Register(registration) => {
                    monitor.register(registration).map(Answer::Registered)
                }
                Asked::Unregister(id) => monitor.unregister(&id).map(|()| Answer::Done),
                Asked::UnregisterAll => {
                    monitor.unregister_all();
                    Ok(Answer::Done)
                }
                Asked::Tell(id, stimulus) => monitor.handle(&id, stimulus).map(|()| Answer::Done),
                Asked::Note(id, stimulus) => {
                    monitor.note(&id, stimulus);
                    Ok(Answer::Done)
                }
                Asked::SetConfig(id, config) => {
                    monitor.set_config(id.as_deref(), config).map(|()| Answer::Done)
                }
                Asked::Open(id, priority, session) => {
                    monitor.open_cell(&id, priority, session).map(|open| {
                        let (shared, mailbox) = (engine.shared.clone(), engine.mailbox.clone());
                        let handle = InputHandle::new(open, priority, session, shared, mailbox);
                        Answer::Opened(handle)
                    })
                }
                Asked::Sync => {
                    monitor.sync();
                    Ok(Answer::Done)
                }
                Asked::PlantBug(id) => {
                    monitor.plant_bug(&id);
                    Ok(Answer::Done)
                }
            };
            add(Fact::Ended { call, after: newest(), result });
        });
    }

    /// When the monitor wants its next turn, by the virtual clock: at once if a task is there.
    pub(super) fn due(&self) -> Option<Nanos> {
        if self.inbox.has_task() || !self.monitor.is_at_rest() {
            return Some(0);
        }
        self.wake.map(|wake| self.shared().monotonic_at(wake))
    }

    /// Whether everything that was decided is told.
    pub(super) fn is_at_rest(&self) -> bool {
        self.monitor.is_at_rest()
    }

    /// One turn, if it is time for it. Answers how late it is.
    pub(super) fn turn(&mut self) -> Option<Nanos> {
        let now = simulated::now();
        let due = self.due()?;
        if due > now {
            return None;
        }
        let wake = self.wake.map(|wake| self.shared().monotonic_at(wake));
        let late = wake.map_or(0, |wake| now.saturating_sub(wake.max(self.last_turn)));
        self.last_turn = now;
        self.shared().leftovers.are_left_by_this_thread();
        self.monitor.turn_here(self.wake, &self.inbox);
        self.wake = self.monitor.next_turn();
        let left = Leftovers::of_nobody_else();
        assert!(left.is_none(), "the engine is still there");
        Some(late)
    }

    /// What the monitor did about calls since this was asked last.
    pub(super) fn take_facts(&self) -> Vec<Fact> {
        std::mem::take(&mut *self.facts.lock().unwrap())
    }

    /// The engine is shut down, and its trace written.
    pub(super) fn shut_down(&mut self) {
        self.monitor.shut_down_here();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.record(Whose::Trace, None);
        if let Some(trace) = self.trace.take() {
            let ended = trace.join(Some(std::time::Instant::now() + Duration::from_secs(60)));
            if ended.is_err() {
                eprintln!("the trace is not written after a minute");
            }
        }
    }
}
