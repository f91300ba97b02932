//! The log: off by default, levelled, delivered on a thread of its own.

use super::threads::spawn;
use crate::poison::unpoisoned;
use crate::vocabulary::{Error, Level};
use crossbeam::channel::{bounded, Sender, TrySendError};
use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, AtomicU8, Ordering};
use std::sync::Mutex;
use std::thread::JoinHandle;

/// Called with a level and one line.
pub type LogCallback = Box<dyn FnMut(Level, &str) + Send>;

/// Lines waiting for a slow callback; more are dropped and counted.
const BACKLOG: usize = 4096;

#[derive(Debug)]
pub(super) struct Logger {
    number: u64,
    /// The level in force; 0 is off. Relaxed: a line more or less around a change is fine.
    level: AtomicU8,
    dropped: AtomicU64,
    sink: Mutex<Option<Sink>>,
    /// Threads of replaced callbacks that nobody has waited for yet.
    replaced: Mutex<Vec<JoinHandle<()>>>,
}

thread_local! {
    /// On a log thread: the number of its logger.
    static LOGGER: Cell<u64> = const { Cell::new(0) };
}

impl Default for Logger {
    fn default() -> Self {
        static LOGGERS: AtomicU64 = AtomicU64::new(1);
        Logger {
            number: LOGGERS.fetch_add(1, Ordering::Relaxed),
            level: AtomicU8::default(),
            dropped: AtomicU64::default(),
            sink: Mutex::default(),
            replaced: Mutex::default(),
        }
    }
}

#[derive(Debug)]
struct Sink {
    lines: Sender<(Level, String)>,
    thread: JoinHandle<()>,
}

impl Logger {
    pub(super) fn enabled(&self, level: Level) -> bool {
        level as u8 <= self.level.load(Ordering::Relaxed)
    }

    pub(super) fn log(&self, level: Level, line: impl FnOnce() -> String) {
        if !self.enabled(level) {
            return;
        }
        let sink = unpoisoned(self.sink.lock());
        if let Some(sink) = &*sink {
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                let lost = format!("{dropped} log lines dropped: the callback is slow");
                self.send(sink, Level::Warn, lost, dropped);
            }
            self.send(sink, level, line(), 1);
        }
    }

    fn send(&self, sink: &Sink, level: Level, line: String, lost_if_full: u64) {
        if let Err(TrySendError::Full(_)) = sink.lines.try_send((level, line)) {
            self.dropped.fetch_add(lost_if_full, Ordering::Relaxed);
        }
    }

    /// Replaces the callback. With `wait` it returns after all previous callbacks have returned and
    /// are dropped; never ask for that on a thread they might be waiting for.
    pub(super) fn set(
        &self,
        callback: Option<(Level, LogCallback)>,
        wait: bool,
    ) -> Result<(), Error> {
        let (level, sink) = match callback {
            Some((level, callback)) => (level as u8, Some(Sink::open(self.number, callback)?)),
            None => (0, None),
        };
        self.level.store(level, Ordering::Relaxed);
        let mut slot = unpoisoned(self.sink.lock());
        let old = std::mem::replace(&mut *slot, sink);
        drop(slot);
        let mut replaced = unpoisoned(self.replaced.lock());
        replaced.retain(|thread| !thread.is_finished());
        // It ends when it has written what was there.
        replaced.extend(old.map(|Sink { thread, .. }| thread));
        let waited_for = if wait { std::mem::take(&mut *replaced) } else { Vec::new() };
        drop(replaced);
        for thread in waited_for {
            // Its panics are caught.
            let _ = thread.join();
        }
        Ok(())
    }

    /// Whether the calling thread runs a callback, even one that was replaced.
    pub(super) fn is_this_thread(&self) -> bool {
        LOGGER.get() == self.number
    }
}

impl Sink {
    fn open(logger: u64, mut callback: LogCallback) -> Result<Sink, Error> {
        let (lines, inbox) = bounded::<(Level, String)>(BACKLOG);
        let thread = spawn("changeover-log", move || {
            LOGGER.set(logger);
            for (level, line) in inbox {
                // A panicking log callback has nobody left to complain to.
                let _ = catch_unwind(AssertUnwindSafe(|| callback(level, &line)));
            }
        })?;
        Ok(Sink { lines, thread })
    }
}
