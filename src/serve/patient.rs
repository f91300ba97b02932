//! A socket whose other end may not be slow for ever.

use super::connections::Place;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{ready, Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, Sleep};

/// So many bytes a client takes at least within its time, if there are as many.
const LEAST: usize = 16 << 10;

/// Writing fails when the client takes too little. (How long reading may take depends on what is read:
/// `http.rs`.)
pub(super) struct Patient {
    inner: TokioIo<TcpStream>,
    /// Is told when nothing waits to be written any more.
    place: Rc<Place>,
    patience: Duration,
    /// The end of its time, from when it first let us wait.
    end: Option<Pin<Box<Sleep>>>,
    /// What it has taken since.
    taken: usize,
    /// The last thing that happened is that it let us wait.
    waiting: bool,
}

impl Patient {
    pub(super) fn new(stream: TcpStream, place: Rc<Place>, patience: Duration) -> Patient {
        let inner = TokioIo::new(stream);
        Patient { inner, place, patience, end: None, taken: 0, waiting: false }
    }

    /// What writing has come to.
    fn judge(
        &mut self,
        context: &mut Context,
        written: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        if let Poll::Ready(result) = written {
            self.waiting = false;
            self.taken += result.as_ref().map_or(0, |bytes| *bytes);
            if self.taken >= LEAST {
                self.end = None;
            }
            return Poll::Ready(result);
        }
        // What was a while ago does not count against it now.
        let over = self.end.as_ref().is_some_and(|end| end.is_elapsed());
        if self.end.is_none() || (over && !self.waiting) {
            self.end = Some(Box::pin(sleep(self.patience)));
            self.taken = 0;
        }
        self.waiting = true;
        if let Some(end) = &mut self.end {
            ready!(end.as_mut().poll(context));
        }
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client takes too little")))
    }
}

impl Read for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: ReadBufCursor,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        pieces: &[std::io::IoSlice],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.judge(context, written)
    }

    /// Is called when all that there was has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<()>> {
        self.place.has_sent();
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
