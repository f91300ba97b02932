//! The thread that follows the engine for the site: keeps what became of each stream, and samples bitrates
//! while somebody looks.

use super::fresh::Fresh;
use super::history::History;
use super::listing::Listing;
use super::spark::{Reading, Sparks, STEP};
use super::timeline::Differing;
use crate::engine::{be_nice, Engine, Tap, TapOptions, Thread};
use crate::hot::{is_inherited, next_number};
use crate::poison::unpoisoned;
use crate::vocabulary::Error;
use std::collections::HashSet;
use std::io::{pipe, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant, SystemTime};

/// Events are looked at together with those of so long after: a stream whose events come in a rush is asked for
/// its status once.
const PACE: Duration = Duration::from_millis(25);

/// What is kept longer than it is shown is given back so often.
const TIDY: Duration = Duration::from_secs(60);

/// The events of a failure of everything are not to be missed while it works.
const EVENTS: usize = 65_536;

/// After it has had to look at all streams it rests for so many times as long as that took: all that comes
/// meanwhile is looked at together.
const REST: u32 = 10;

/// Its end is waited for so long.
const END: Duration = Duration::from_secs(2);

/// Somebody looks, for so long after having asked.
const LOOKING: Duration = Duration::from_secs(5 * 60);

/// What is known of the streams besides their statuses.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) history: History,
    pub(super) sparks: Sparks,
    asked: Option<Instant>,
}

/// The follower. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Follower {
    seen: Arc<Mutex<Seen>>,
    /// Closed, it ends; one byte wakes it.
    end: Option<PipeWriter>,
    thread: Option<Thread>,
    number: u64,
}

impl Follower {
    /// # Errors
    /// [`Error::System`]; the engine's.
    pub(super) fn new(
        engine: &Arc<Engine>,
        listing: Arc<Fresh<Listing>>,
        metrics: Arc<Fresh<String>>,
        nice: i32,
    ) -> Result<Follower, Error> {
        let seen = Arc::<Mutex<Seen>>::default();
        // Before the statuses are read, so that nothing falls between.
        let tap = engine.tap(TapOptions::new().keep(EVENTS))?;
        let (ended, end) = pipe().map_err(|_| Error::System)?;
        let (engine, of_thread) = (Arc::downgrade(engine), seen.clone());
        let thread = Thread::spawn("changeover-see", move || {
            be_nice(nice);
            let from = SystemTime::now();
            Follow { engine, seen: of_thread, listing, metrics, tap, ended, from }.run();
        })?;
        let (end, thread, number) = (Some(end), Some(thread), next_number());
        Ok(Follower { seen, end, thread, number })
    }

    pub(super) fn with<R>(&self, look: impl FnOnce(&Seen) -> R) -> R {
        let seen = unpoisoned(self.seen.lock());
        look(&seen)
    }

    /// Somebody looks at the page.
    pub(super) fn is_looked_at(&self) {
        let before = unpoisoned(self.seen.lock()).asked.replace(Instant::now());
        let looked = before.is_some_and(|before| before.elapsed() < LOOKING);
        if let (false, Some(end)) = (looked, &self.end) {
            // To be sampled from now on. A pipe that is full has bytes enough.
            let _ = (&*end).write(&[0]);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.end = None;
        // A forked child has no such thread.
        if !is_inherited(self.number) {
            let deadline = Instant::now().checked_add(END);
            // It waits for nobody, so it has ended; or the machine is very busy, and it will.
            let _ = self.thread.take().map(|thread| thread.join(deadline));
        }
    }
}

struct Follow {
    engine: Weak<Engine>,
    seen: Arc<Mutex<Seen>>,
    listing: Arc<Fresh<Listing>>,
    metrics: Arc<Fresh<String>>,
    tap: Tap,
    ended: PipeReader,
    /// From here on all that happens is seen.
    from: SystemTime,
}

/// The site is gone, or its engine.
struct Ended;

/// Which streams are to be looked at.
enum Changed {
    These(HashSet<Arc<str>>),
    /// Some events were missed.
    All,
}

impl Follow {
    fn run(mut self) {
        // Whatever it was that ended it.
        let _ = self.follow();
    }

    fn follow(&mut self) -> Result<(), Ended> {
        self.look(Changed::All)?;
        let mut next_sample = None;
        let mut last_tidied = Instant::now();
        loop {
            let asked = unpoisoned(self.seen.lock()).asked;
            if asked.is_some_and(|asked| asked.elapsed() < LOOKING) {
                if next_sample.is_none_or(|at| Instant::now() >= at) {
                    self.sample()?;
                    next_sample = Some(Instant::now() + STEP);
                }
            } else if next_sample.take().is_some() {
                unpoisoned(self.seen.lock()).sparks.clear();
            }
            let to_sample = next_sample.map(|at| at.saturating_duration_since(Instant::now()));
            let to_tidy = TIDY.saturating_sub(last_tidied.elapsed());
            if self.wait(true, to_sample.unwrap_or(to_tidy).min(to_tidy))? {
                let changed = self.take()?;
                let (begin, all) = (Instant::now(), matches!(changed, Changed::All));
                self.look(changed)?;
                let rest = if all { begin.elapsed() * REST } else { PACE };
                self.wait(false, rest.max(PACE))?;
            }
            if last_tidied.elapsed() >= TIDY {
                unpoisoned(self.seen.lock()).history.tidy(SystemTime::now());
                self.listing.tidy();
                self.metrics.tidy();
                last_tidied = Instant::now();
            }
        }
    }

    /// Waits for an event, if one is waited for, for somebody who looks, or for so long; whether there may be
    /// an event.
    fn wait(&self, for_events: bool, timeout: Duration) -> Result<bool, Ended> {
        let poll = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut descriptors = [poll(self.ended.as_raw_fd()), poll(self.tap.event_fd().as_raw_fd())];
        let len = if for_events { 2 } else { 1 };
        // Rounded up, or the last millisecond would be spent awake.
        let millis = timeout.as_millis() as i32 + 1;
        // SAFETY: `descriptors` has at least `len` elements; the descriptors are open as long as `self`.
        unsafe { libc::poll(descriptors.as_mut_ptr(), len, millis) };
        if descriptors[0].revents != 0 {
            let read = (&self.ended).read(&mut [0; 64]);
            if !matches!(read, Ok(1..)) {
                return Err(Ended);
            }
        }
        Ok(descriptors[1].revents != 0)
    }

    /// The streams of all events there are.
    fn take(&mut self) -> Result<Changed, Ended> {
        let (mut streams, mut missed) = (HashSet::new(), false);
        loop {
            match self.tap.next(Duration::ZERO) {
                Ok(Some(tapped)) => {
                    missed |= tapped.missed() > 0;
                    let event = tapped.event();
                    if let Some(differing) = Differing::of(event) {
                        let history = &mut unpoisoned(self.seen.lock()).history;
                        history.differs(&event.stream, event.registration, differing);
                    } else if !event.stream.is_empty() {
                        streams.insert(event.stream.clone());
                    }
                }
                Ok(None) => break,
                Err(_) => return Err(Ended),
            }
        }
        Ok(if missed { Changed::All } else { Changed::These(streams) })
    }

    /// Looks at streams whose state has changed, or may have.
    fn look(&mut self, changed: Changed) -> Result<(), Ended> {
        let engine = self.engine.upgrade().ok_or(Ended)?;
        let now = SystemTime::now();
        match changed {
            Changed::These(streams) => {
                for stream in streams {
                    let status = engine.runtime_status(&stream);
                    let history = &mut unpoisoned(self.seen.lock()).history;
                    match status {
                        Ok(status) => history.observe(&status, self.from, now),
                        Err(_) => history.end(&stream),
                    }
                }
            }
            Changed::All => {
                self.from = now;
                unpoisoned(self.seen.lock()).history.miss(now);
                let mut there = HashSet::new();
                for status in engine.statuses(None, usize::MAX) {
                    unpoisoned(self.seen.lock()).history.observe(&status, self.from, now);
                    there.insert(status.stream);
                }
                unpoisoned(self.seen.lock()).history.keep(|stream| there.contains(stream));
            }
        }
        Ok(())
    }

    fn sample(&self) -> Result<(), Ended> {
        let engine = self.engine.upgrade().ok_or(Ended)?;
        let now = SystemTime::now();
        let mut readings = Vec::new();
        for status in engine.statuses(None, usize::MAX) {
            // Not everything that changes is an event.
            unpoisoned(self.seen.lock()).history.observe(&status, self.from, now);
            readings.push(Reading::of(&status));
        }
        unpoisoned(self.seen.lock()).sparks.sample(readings, now);
        Ok(())
    }
}
