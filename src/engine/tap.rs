//! Readers that follow an engine's events, beside the one who carries them out.

use super::monitor::Mailbox;
use super::shared::Shared;
use super::tap_ring::{Followed, Follower, Reader};
use super::tapped::Tapped;
use crate::hot::is_inherited;
use crate::vocabulary::Error;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many events are kept by default for readers that are slow.
const KEPT: usize = 8_192;

/// How many may be kept.
const KEPT_AT_MOST: usize = 65_536;

/// How a [`Tap`] begins.
#[derive(Clone, Copy, Debug)]
pub struct TapOptions {
    pub(super) keep: usize,
    pub(super) after: Option<u64>,
}

impl TapOptions {
    /// From now on, with 8,192 events kept.
    pub fn new() -> TapOptions {
        TapOptions { keep: KEPT, after: None }
    }

    /// How many of the newest events are kept for readers that are slow, or come back; at least 1, at
    /// most 65,536. All taps of an engine share what is kept: it is as many as any of them wants, until
    /// the last of them is dropped. An event takes about half a kilobyte.
    #[must_use]
    pub fn keep(self, events: usize) -> TapOptions {
        TapOptions { keep: events.clamp(1, KEPT_AT_MOST), ..self }
    }

    /// To go on after the event of this number, [`Tapped::seq`]; 0: with all that is kept. What is not
    /// kept any more counts as missed. A number that no event of this engine has had yet is another
    /// engine's: then the tap begins with the oldest that is kept.
    #[must_use]
    pub fn after(self, seq: u64) -> TapOptions {
        TapOptions { after: Some(seq), ..self }
    }
}

impl Default for TapOptions {
    fn default() -> Self {
        TapOptions::new()
    }
}

/// Follows an engine's events, beside whoever takes them to carry them out: commands and notices, in
/// the engine's order, of all streams. [`Engine::tap`](crate::Engine::tap) makes it; there may be any
/// number.
///
/// It never holds up the engine. A reader that is too slow loses the oldest events, and is told how
/// many. What the engine's queue takes back for a host that is slow (a *start* with its *stop*) is seen
/// here, and [`EventKind::Gap`](crate::EventKind::Gap), which tells of that host, is not.
///
/// It may move between threads, and outlives its engine. Dropping it ends it.
#[derive(Debug)]
pub struct Tap {
    shared: Arc<Shared>,
    mailbox: Mailbox,
    follower: Follower,
    /// Its place in the monitor.
    number: usize,
}

impl Tap {
    /// `next` is the number of its first event.
    pub(super) fn new(
        shared: Arc<Shared>,
        mailbox: Mailbox,
        reader: Arc<Reader>,
        number: usize,
        next: u64,
    ) -> Tap {
        let follower = Follower::new(shared.taps.clone(), reader, next);
        Tap { shared, mailbox, follower, number }
    }

    /// The next event, waiting at most `timeout` for one; `None` when none came.
    ///
    /// # Errors
    /// [`Error::ShutDown`] or [`Error::MonitorDied`], when no event is left; [`Error::Forked`].
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Tapped>, Error> {
        if is_inherited(self.shared.number) {
            return Err(Error::Forked);
        }
        // Beyond the clock's range there is no deadline.
        let deadline = Instant::now().checked_add(timeout);
        match self.follower.follow(deadline) {
            Followed::Event(missed, event) => Ok(Some(Tapped { missed, event })),
            Followed::TimedOut => Ok(None),
            Followed::Ended => Err(self.shared.ended()),
        }
    }

    /// A descriptor that is readable while [`Tap::next`] would return at once; for poll, epoll, mio or an
    /// async runtime. When it is readable, take events with a timeout of zero until there are none. It is
    /// the tap's: wait on it, do not read from it.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.follower.reader().descriptor()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let number = self.number;
        // Once for each tap, and opening it has waited for the monitor.
        self.mailbox.post(move |monitor| monitor.close_tap(number));
    }
}
