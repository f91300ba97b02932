//! The log: off by default, levelled, delivered on a thread of its own.

use super::threads::{in_callback, Thread};
use crate::poison::unpoisoned;
use crate::print::Urls;
use crate::vocabulary::{Error, Level};
use crossbeam::channel::{bounded, Sender, TrySendError};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Called with a level and one line.
pub type LogCallback = Box<dyn FnMut(Level, &str) + Send>;

/// Lines waiting for a slow callback; more are dropped and counted.
const BACKLOG: usize = 4096;

/// What they may take together, in bytes.
const BACKLOG_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Logger {
    /// The stack of its threads, in bytes.
    stack: usize,
    /// The level in force; 0 is off. Relaxed: a line more or less around a change is fine.
    level: AtomicU8,
    /// Relaxed, as above.
    full_urls: AtomicBool,
    dropped: AtomicU64,
    sink: Mutex<Option<Sink>>,
    /// Threads of replaced callbacks that nobody has waited for yet.
    replaced: Mutex<Vec<Thread>>,
}

impl Logger {
    pub(super) fn new(stack: usize) -> Self {
        Logger {
            stack,
            level: AtomicU8::default(),
            full_urls: AtomicBool::default(),
            dropped: AtomicU64::default(),
            sink: Mutex::default(),
            replaced: Mutex::default(),
        }
    }
}

#[derive(Debug)]
struct Sink {
    lines: Sender<(Level, String)>,
    /// Of the lines that wait.
    bytes: Arc<AtomicUsize>,
    thread: Thread,
}

impl Logger {
    pub(super) fn enabled(&self, level: Level) -> bool {
        level as u8 <= self.level.load(Ordering::Relaxed)
    }

    pub(super) fn set_full_urls(&self, full: bool) {
        self.full_urls.store(full, Ordering::Relaxed);
    }

    /// How much of URLs its lines may have.
    pub(super) fn urls(&self) -> Urls {
        if self.full_urls.load(Ordering::Relaxed) {
            Urls::Full
        } else {
            Urls::Safe
        }
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
        let bytes = line.len();
        // Only its callback's thread takes some off meanwhile.
        let fits = sink.bytes.load(Ordering::Relaxed) + bytes <= BACKLOG_BYTES;
        sink.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !fits || matches!(sink.lines.try_send((level, line)), Err(TrySendError::Full(_))) {
            sink.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.dropped.fetch_add(lost_if_full, Ordering::Relaxed);
        }
    }

    /// Replaces the callback. Returns after all previous callbacks have returned and are dropped; in a
    /// callback, whose own end they might be waiting for, at once.
    ///
    /// # Errors
    /// [`Error::System`], and nothing has changed; [`Error::Timeout`] if a previous callback has not
    /// returned by the deadline.
    pub(super) fn set(
        &self,
        callback: Option<(Level, LogCallback)>,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let (level, sink) = match callback {
            Some((level, callback)) => (level as u8, Some(Sink::open(self.stack, callback)?)),
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
        if in_callback() {
            return Ok(());
        }
        let waited_for = std::mem::take(&mut *replaced);
        drop(replaced);
        let late: Vec<_> =
            waited_for.into_iter().filter_map(|thread| thread.join(deadline).err()).collect();
        if late.is_empty() {
            return Ok(());
        }
        unpoisoned(self.replaced.lock()).extend(late);
        Err(Error::Timeout)
    }
}

impl Sink {
    fn open(stack: usize, mut callback: LogCallback) -> Result<Sink, Error> {
        let (lines, inbox) = bounded::<(Level, String)>(BACKLOG);
        let bytes = Arc::new(AtomicUsize::new(0));
        let waiting = bytes.clone();
        let thread = Thread::spawn_for_host_code("changeover-log", stack, move || {
            for (level, line) in inbox {
                waiting.fetch_sub(line.len(), Ordering::Relaxed);
                // A panicking log callback has nobody left to complain to.
                let _ = catch_unwind(AssertUnwindSafe(|| callback(level, &line)));
            }
        })?;
        Ok(Sink { lines, bytes, thread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::threads::CALLBACK_STACK;
    use std::sync::mpsc::channel;

    #[test]
    fn lines_that_wait_are_bounded_in_bytes() {
        let logger = Logger::new(CALLBACK_STACK);
        let ((go, gate), (tell, told)) = (channel::<()>(), channel());
        let callback = move |_: Level, line: &str| {
            tell.send(line.len()).unwrap();
            // Until it may go on, or for good.
            let _ = gate.recv();
        };
        logger.set(Some((Level::Info, Box::new(callback))), None).unwrap();
        logger.log(Level::Info, || "first".into());
        assert_eq!(told.recv().unwrap(), 5, "from here on it blocks");
        let line = || "x".repeat(BACKLOG_BYTES / 8);
        (0..100).for_each(|_| logger.log(Level::Info, line));
        drop(go);
        logger.set(None, None).unwrap();
        let waited: Vec<usize> = told.try_iter().collect();
        assert_eq!(waited, [BACKLOG_BYTES / 8; 8], "and the others are dropped");
    }
}
