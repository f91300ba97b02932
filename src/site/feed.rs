//! `/api/events`: events as they come, in the form of server-sent events.

use crate::engine::Tap;
use crate::vocabulary::Error;
use std::fmt::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

/// A piece of it has about so many bytes at most.
const PIECE: usize = 64 << 10;

/// The body of an answer that goes on: events as they come. For one thread at a time.
///
/// What a client does not take in time it misses, which it is told.
#[derive(Debug)]
pub struct Feed {
    tap: Tap,
    /// Events of this stream only.
    stream: Option<Box<str>>,
    /// Nothing was handed out yet.
    begins: bool,
}

impl Feed {
    /// After so long without a piece, [`Feed::BEAT`] is to be sent, so that both ends know the other is there.
    pub const BEAT_AFTER: Duration = Duration::from_secs(15);

    /// A comment.
    pub const BEAT: &'static str = ":\n\n";

    pub(super) fn new(tap: Tap, stream: Option<&str>) -> Feed {
        Feed { tap, stream: stream.map(Box::from), begins: true }
    }

    /// The next piece, waiting at most `timeout` for one; `None` when none came.
    ///
    /// # Errors
    /// At its end: [`Error::ShutDown`], [`Error::MonitorDied`], [`Error::Forked`].
    pub fn next(&mut self, timeout: Duration) -> Result<Option<String>, Error> {
        let mut piece = String::new();
        if std::mem::take(&mut self.begins) {
            // A client that lost it comes back after a second.
            piece.push_str("retry: 1000\n\n");
        }
        while piece.len() < PIECE {
            let wait = if piece.is_empty() { timeout } else { Duration::ZERO };
            let tapped = match self.tap.next(wait) {
                Ok(Some(tapped)) => tapped,
                Ok(None) => break,
                // It is told the next time.
                Err(_) if !piece.is_empty() => break,
                Err(error) => return Err(error),
            };
            if tapped.missed() > 0 {
                // Writing to a string can't fail.
                let missed = tapped.missed();
                let _ = write!(piece, "event: missed\ndata: {{\"missed\":{missed}}}\n\n");
            }
            let event = tapped.event();
            if self.stream.as_deref().is_none_or(|stream| *event.stream == *stream) {
                let (seq, kind, json) = (tapped.seq(), event.kind.name(), tapped.json());
                let _ = write!(piece, "id: {seq}\nevent: {kind}\ndata: {json}\n\n");
            }
        }
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}

/// Readable while there may be a piece: take until there is none.
impl AsFd for Feed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tap.event_fd()
    }
}

impl AsRawFd for Feed {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
