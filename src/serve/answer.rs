//! The body of an answer, as hyper takes it.

use super::connections::Answering;
use crate::site::{Body, Feed};
use hyper::body::{Bytes, Frame, SizeHint};
use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::Interest;
use tokio::time::{sleep, Instant, Sleep};

/// A client gets events together with those of so long after.
const PACE: Duration = Duration::from_millis(20);

/// The body of an answer, until it has been handed out.
pub(super) struct Answer {
    what: What,
    _answering: Answering,
}

enum What {
    Whole(Bytes),
    Events(Box<Events>),
    Nothing,
}

struct SharedText(Arc<String>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

struct Events {
    feed: AsyncFd<Feed>,
    /// Until then it rests; after that it waits for events, and at its end beats.
    timer: Pin<Box<Sleep>>,
    rests: bool,
}

impl Answer {
    /// For the thread with the sockets.
    pub(super) fn new(body: Body, answering: Answering) -> Answer {
        let what = match body {
            Body::Whole(Cow::Borrowed(bytes)) => What::Whole(Bytes::from_static(bytes)),
            Body::Whole(Cow::Owned(bytes)) => What::Whole(Bytes::from(bytes)),
            Body::Shared(text) => What::Whole(Bytes::from_owner(SharedText(text))),
            Body::Events(feed) => {
                // SAFETY: the descriptor is the feed's, which is not changed and lives as long.
                let feed = unsafe { AsyncFd::register_with_interest(*feed, Interest::READABLE) };
                // Or the system has no room for it; the client comes back.
                feed.map_or(What::Nothing, |feed| {
                    let timer = Box::pin(sleep(Duration::ZERO));
                    What::Events(Box::new(Events { feed, timer, rests: true }))
                })
            }
        };
        Answer { what, _answering: answering }
    }
}

impl Events {
    /// The next piece, or the end.
    fn poll(&mut self, context: &mut Context) -> Poll<Option<Bytes>> {
        if self.rests {
            ready!(self.timer.as_mut().poll(context));
            self.rests = false;
            self.timer.as_mut().reset(Instant::now() + Feed::BEAT_AFTER);
        }
        loop {
            match self.feed.get_mut().next(Duration::ZERO) {
                Ok(Some(piece)) => {
                    self.rests = true;
                    self.timer.as_mut().reset(Instant::now() + PACE);
                    return Poll::Ready(Some(piece.into()));
                }
                Ok(None) => {}
                Err(_) => return Poll::Ready(None),
            }
            match self.feed.poll_read_ready(context) {
                // It may have become so since, or be so from before: looked at once more.
                Poll::Ready(Ok(mut readable)) => readable.clear_ready(),
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        ready!(self.timer.as_mut().poll(context));
        self.timer.as_mut().reset(Instant::now() + Feed::BEAT_AFTER);
        Poll::Ready(Some(Bytes::from_static(Feed::BEAT.as_bytes())))
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut self.what {
            What::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            What::Events(events) => ready!(events.poll(context)),
            What::Nothing => None,
        };
        if bytes.is_none() {
            self.what = What::Nothing;
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.what {
            What::Whole(bytes) => bytes.is_empty(),
            What::Events(_) => false,
            What::Nothing => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.what {
            What::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            What::Events(_) => SizeHint::default(),
            What::Nothing => SizeHint::with_exact(0),
        }
    }
}
