//! What an engine is made from, and how it is put together.

use super::delivery::{Callbacks, Delivery, Ingestor};
use super::log::{LogCallback, Logger};
use super::monitor::{Inbox, Monitor};
use super::queue::Queue;
use super::shared::Shared;
use super::threads::{Thread, CALLBACK_STACK};
use super::{Engine, NEVER};
use crate::core::{Config, Problem};
use crate::hot::{prepare_fences, watch_forks, Router};
use crate::trace::TraceLimits;
use crate::user_data::Leftovers;
use crate::vocabulary::{Error, Level};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// How many informational events are kept by default for a host that is slow to take them.
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
    callback_stack: Option<usize>,
    log: Option<(Level, LogCallback)>,
    trace: Option<(PathBuf, TraceLimits)>,
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

    /// How many informational events to keep for a host that is slow to take them, at least 1.
    /// Beyond that the oldest are dropped, and [`EventKind::Gap`](super::EventKind::Gap) tells how
    /// many. Default 65,536.
    pub fn event_limit(mut self, limit: usize) -> Self {
        self.event_limit = Some(limit.max(1));
        self
    }

    /// The stack of each thread that calls the host, in bytes; the system's least, if that is more.
    /// Default 2 MiB.
    pub fn callback_stack(mut self, bytes: usize) -> Self {
        self.callback_stack = Some(bytes);
        self
    }

    /// Logs lines up to this level. Default off. What others wrote in them is printed as by
    /// [`printable`](crate::printable) and [`printable_url`](crate::printable_url), see also
    /// [`Engine::set_log_full_urls`].
    pub fn log(mut self, level: Level, callback: impl FnMut(Level, &str) + Send + 'static) -> Self {
        self.log = Some((level, Box::new(callback)));
        self
    }

    /// Has a trace from the beginning, see [`Engine::trace_to`].
    pub fn trace_to(mut self, path: impl Into<PathBuf>, limits: TraceLimits) -> Self {
        self.trace = Some((path.into(), limits));
        self
    }

    /// Makes the engine and starts its threads.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::System`].
    pub fn build(self) -> Result<Engine, Error> {
        self.defaults.check().map_err(Problem::error)?;
        watch_forks().map_err(|_| Error::System)?;
        prepare_fences();
        let limit = self.event_limit.unwrap_or(EVENT_LIMIT);
        let queue = Arc::new(Queue::new(limit).map_err(|_| Error::System)?);
        let stack = self.callback_stack.unwrap_or(CALLBACK_STACK);
        let logger = Arc::new(Logger::new(stack));
        logger.set(self.log, None)?;
        let router = Router::new();
        let shared = Arc::new(Shared::new(router.shared()));
        let (address, inbox) = Inbox::new(shared.clone());
        let callbacks = Arc::new(Callbacks::default());
        let monitor =
            Monitor::new(shared.clone(), router, queue.clone(), logger.clone(), self.defaults);
        let monitor = Thread::spawn("changeover-mon", move || {
            monitor.run(inbox);
            if let Some(left) = Leftovers::of_nobody_else() {
                // The engine was dropped in a callback, which does not wait for this thread.
                let _ = Thread::spawn_for_host_code("changeover-end", stack, move || left.end());
            }
        })?;
        let mailbox = address.at(monitor.thread().clone());
        let engine = Engine {
            shared,
            mailbox,
            queue,
            logger,
            callbacks,
            with_callbacks: self.ingestor.is_some(),
            threads: Mutex::new(vec![monitor]),
            recorded: Mutex::default(),
            call_timeout: AtomicU64::new(NEVER),
        };
        if let Some((path, limits)) = self.trace {
            engine.trace_to(path, limits)?;
        }
        if let Some(ingestor) = self.ingestor {
            let delivery = Delivery {
                queue: engine.queue.clone(),
                mailbox: engine.mailbox.clone(),
                ingestor,
                callbacks: engine.callbacks.clone(),
                logger: engine.logger.clone(),
                shared: engine.shared.clone(),
            };
            let body = move || delivery.run();
            let thread = Thread::spawn_for_host_code("changeover-evt", stack, body)?;
            engine.lock_threads().push(thread);
        }
        Ok(engine)
    }
}
