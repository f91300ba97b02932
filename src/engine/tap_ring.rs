//! The newest events of an engine, for as long as somebody follows them. The monitor writes; neither
//! side ever waits for the other.

use super::event::Event;
use super::tapped::Numbered;
use crate::vocabulary::Error;
use arc_swap::ArcSwapOption;
use slab::Slab;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
        self.newest.load(Ordering::Acquire)
    }

    pub(super) fn have_ended(&self) -> bool {
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

/// One reader, as the monitor wakes it.
#[derive(Debug)]
pub(super) struct Reader {
    /// Readable when there may be something to take.
    descriptor: OwnedFd,
    /// Nothing was left when it looked: it is to be woken.
    waits: AtomicBool,
}

impl Reader {
    pub(super) fn new() -> Result<Reader, Error> {
        // SAFETY: eventfd takes integers only.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(Error::System);
        }
        // SAFETY: a fresh descriptor nobody else owns.
        let descriptor = unsafe { OwnedFd::from_raw_fd(fd) };
        let reader = Reader { descriptor, waits: AtomicBool::new(false) };
        // It may begin with what is there.
        reader.signal();
        Ok(reader)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// From now on it is woken by what is published; what was before, it has to look for.
    pub(super) fn prepare_to_wait(&self) {
        let mut count = [0u8; 8];
        // SAFETY: reads at most 8 bytes into a valid buffer; non-blocking.
        unsafe { libc::read(self.descriptor.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
        self.waits.swap(true, Ordering::AcqRel);
    }

    /// Waits until it is woken; false at the deadline.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        let fd = self.descriptor.as_raw_fd();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        loop {
            let left = deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(Instant::now());
                let seconds = left.as_secs().try_into().unwrap_or(libc::time_t::MAX);
                libc::timespec { tv_sec: seconds, tv_nsec: left.subsec_nanos().into() }
            });
            let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: one valid pollfd; `left` is null or valid during the call.
            match unsafe { libc::ppoll(&mut poll, 1, left, std::ptr::null()) } {
                0 => return false,
                // By a signal, if at all.
                ready if ready < 0 => {}
                _ => return true,
            }
        }
    }

    /// After something was published.
    fn wake(&self) {
        if self.waits.swap(false, Ordering::AcqRel) {
            self.signal();
        }
    }

    pub(super) fn signal(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: writes 8 bytes from a valid buffer to our own descriptor; non-blocking.
        unsafe { libc::write(self.descriptor.as_raw_fd(), one.as_ptr().cast(), one.len()) };
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
        self.taps.ended.store(true, Ordering::Release);
        self.readers.iter().for_each(|(_, reader)| reader.signal());
    }
}
