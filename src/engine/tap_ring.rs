//! The newest events of an engine, for as long as somebody follows them. The monitor writes; neither
//! side ever waits for the other.

use super::event::Event;
use super::eventfd::EventFd;
use super::tapped::Numbered;
use crate::hot::sync::{ArcSwapOption, AtomicBool, AtomicU64, Ordering};
use crate::vocabulary::Error;
use slab::Slab;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

/// What the monitor and the readers share.
#[derive(Debug, Default)]
pub(super) struct Taps {
    /// There while there are readers.
    ring: ArcSwapOption<Ring>,
    /// The number of the newest event in the ring.
    newest: AtomicU64,
    /// There will be no more events.
    ended: AtomicBool,
}

impl Taps {
    /// The number of the newest event; it and those before it are in the ring, or were.
    pub(super) fn newest(&self) -> u64 {
        // Acquire: pairs with the Release in `Publisher::publish` and `Publisher::open`.
        self.newest.load(Ordering::Acquire)
    }

    pub(super) fn have_ended(&self) -> bool {
        // Acquire: pairs with the Release in `Publisher::end`.
        self.ended.load(Ordering::Acquire)
    }

    /// The event of this number, not above the newest's; if it is gone, the number of the oldest that
    /// is not.
    pub(super) fn find(&self, number: u64) -> Result<Arc<Numbered>, u64> {
        let ring = self.ring.load();
        let Some(ring) = &*ring else { return Err(self.newest() + 1) };
        ring.get(number).ok_or_else(|| ring.oldest(self.newest()))
    }
}

/// The newest events, each at its number modulo the length.
#[derive(Debug)]
struct Ring {
    /// The number of the first event that was put into it.
    first: u64,
    slots: Box<[ArcSwapOption<Numbered>]>,
}

impl Ring {
    fn new(length: usize, first: u64) -> Ring {
        Ring { first, slots: std::iter::repeat_with(Default::default).take(length).collect() }
    }

    fn slot(&self, number: u64) -> &ArcSwapOption<Numbered> {
        &self.slots[(number % self.slots.len() as u64) as usize]
    }

    fn put(&self, event: Arc<Numbered>) {
        self.slot(event.number).store(Some(event));
    }

    fn get(&self, number: u64) -> Option<Arc<Numbered>> {
        self.slot(number).load_full().filter(|event| event.number == number)
    }

    /// The number of the oldest event that is kept, if `newest` is the newest.
    fn oldest(&self, newest: u64) -> u64 {
        self.first.max((newest + 1).saturating_sub(self.slots.len() as u64))
    }

    /// With all that is in this one.
    fn grown(&self, length: usize, newest: u64) -> Ring {
        let ring = Ring::new(length, self.oldest(newest));
        (ring.first..=newest).filter_map(|number| self.get(number)).for_each(|one| ring.put(one));
        ring
    }
}

#[cfg(not(any(loom, shuttle)))]
impl Drop for Ring {
    /// To drop a slot is to ask each thread there was whether it is reading it: not where nothing is.
    fn drop(&mut self) {
        let slots = std::mem::take(&mut self.slots).into_vec();
        slots.into_iter().filter(|slot| slot.load().is_none()).for_each(std::mem::forget);
    }
}

/// One reader, as the monitor wakes it.
#[derive(Debug)]
pub(super) struct Reader {
    /// Readable when there may be something to take.
    event_fd: EventFd,
    /// Nothing was left when it looked: it is to be woken.
    waits: AtomicBool,
}

impl Reader {
    pub(super) fn new() -> Result<Reader, Error> {
        let event_fd = EventFd::new().map_err(|_| Error::System)?;
        let reader = Reader { event_fd, waits: AtomicBool::new(false) };
        // It may begin with what is there.
        reader.signal();
        Ok(reader)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.event_fd.descriptor()
    }

    /// From now on it is woken by what is published; what was before, it has to look for.
    pub(super) fn prepare_to_wait(&self) {
        self.event_fd.drain();
        // AcqRel: pairs with that in `wake`.
        self.waits.swap(true, Ordering::AcqRel);
    }

    /// Waits until it is woken; false at the deadline.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        self.event_fd.wait(deadline)
    }

    /// After something was published.
    fn wake(&self) {
        // AcqRel: pairs with that in `prepare_to_wait`.
        if self.waits.swap(false, Ordering::AcqRel) {
            self.signal();
        }
    }

    pub(super) fn signal(&self) {
        self.event_fd.signal();
    }
}

/// A reader's side: how far it has come.
#[derive(Debug)]
pub(super) struct Follower {
    taps: Arc<Taps>,
    reader: Arc<Reader>,
    /// The number of the next event.
    next: u64,
    /// How many were missed since the last that was taken.
    missed: u64,
}

/// What a [`Follower`] comes to.
#[derive(Debug)]
pub(super) enum Followed {
    /// After so many that were missed.
    Event(u64, Arc<Numbered>),
    /// None came until the deadline.
    TimedOut,
    /// None will come.
    Ended,
}

impl Follower {
    /// `next` is the number of its first event.
    pub(super) fn new(taps: Arc<Taps>, reader: Arc<Reader>, next: u64) -> Follower {
        Follower { taps, reader, next, missed: 0 }
    }

    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The next event, waiting for one until `deadline`, or for as long as it takes.
    pub(super) fn follow(&mut self, deadline: Option<Instant>) -> Followed {
        let mut waits = false;
        loop {
            // First: what was published before is taken before the end is told.
            let ended = self.taps.have_ended();
            if let Some(event) = self.take() {
                return Followed::Event(std::mem::take(&mut self.missed), event);
            }
            if ended {
                self.reader.signal();
                return Followed::Ended;
            }
            if !std::mem::replace(&mut waits, true) {
                // Then it is looked once more: who publishes from here on wakes it.
                self.reader.prepare_to_wait();
            } else if self.reader.wait(deadline) {
                waits = false;
            } else {
                return Followed::TimedOut;
            }
        }
    }

    pub(super) fn take(&mut self) -> Option<Arc<Numbered>> {
        loop {
            let newest = self.taps.newest();
            if self.next > newest {
                return None;
            }
            match self.taps.find(self.next) {
                Ok(event) => {
                    self.next += 1;
                    return Some(event);
                }
                Err(oldest) => {
                    // At least this one is gone.
                    let next = oldest.max(self.next + 1);
                    self.missed += next - self.next;
                    self.next = next;
                }
            }
        }
    }
}

/// The monitor's side: it alone publishes, and adds and removes readers.
#[derive(Debug)]
pub(super) struct Publisher {
    taps: Arc<Taps>,
    /// The same as theirs.
    ring: Option<Arc<Ring>>,
    readers: Slab<Arc<Reader>>,
    /// The number of the engine's newest event, published or not.
    newest: u64,
    /// Something was published of which readers that wait do not know.
    untold: bool,
}

impl Publisher {
    pub(super) fn new(taps: Arc<Taps>) -> Publisher {
        Publisher { taps, ring: None, readers: Slab::new(), newest: 0, untold: false }
    }

    /// The engine's next event. Readers are told by [`Publisher::wake`].
    pub(super) fn publish(&mut self, event: &Event) {
        self.newest += 1;
        if let Some(ring) = &self.ring {
            ring.put(Arc::new(Numbered::new(self.newest, event)));
            // Release: pairs with the Acquire in `Taps::newest`.
            self.taps.newest.store(self.newest, Ordering::Release);
            self.untold = true;
        }
    }

    /// Wakes the readers that wait for what was published. A system call for each of these.
    pub(super) fn wake(&mut self) {
        if std::mem::take(&mut self.untold) {
            self.readers.iter().for_each(|(_, reader)| reader.wake());
        }
    }

    /// Adds a reader for whom so many events are kept: its place, and the number of its first event.
    pub(super) fn open(
        &mut self,
        reader: Arc<Reader>,
        keep: usize,
        after: Option<u64>,
    ) -> (usize, u64) {
        let ring = match &self.ring {
            Some(ring) if ring.slots.len() >= keep => ring.clone(),
            Some(ring) => Arc::new(ring.grown(keep, self.newest)),
            None => Arc::new(Ring::new(keep, self.newest + 1)),
        };
        let next = match after {
            Some(seq) if seq <= self.newest => seq + 1,
            Some(_) => ring.oldest(self.newest),
            None => self.newest + 1,
        };
        // Release: pairs with the Acquire in `Taps::newest`.
        self.taps.newest.store(self.newest, Ordering::Release);
        self.taps.ring.store(Some(ring.clone()));
        self.ring = Some(ring);
        (self.readers.insert(reader), next)
    }

    /// Removes a reader.
    pub(super) fn close(&mut self, number: usize) {
        self.readers.try_remove(number);
        if self.readers.is_empty() {
            self.ring = None;
            self.taps.ring.store(None);
        }
    }

    /// Nothing more will be published.
    pub(super) fn end(&mut self) {
        // Release: pairs with the Acquire in `Taps::have_ended`.
        self.taps.ended.store(true, Ordering::Release);
        self.readers.iter().for_each(|(_, reader)| reader.signal());
    }
}
