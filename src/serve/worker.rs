//! The threads that make answers, so that the one with the sockets never waits: not for the monitor, which has a
//! thread of its own wait, and not for a list of many streams.

use crate::engine::Thread;
use crate::site::{Request, Response, Site};
use crate::vocabulary::Error;
use crossbeam::channel::{bounded, Receiver, Sender};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A request that is kept.
pub(super) struct OwnedRequest {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) fetch_site: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) last_event_id: Option<String>,
    pub(super) body: Vec<u8>,
}

impl OwnedRequest {
    pub(super) fn borrow(&self) -> Request<'_> {
        Request {
            method: &self.method,
            target: &self.target,
            host: self.host.as_deref(),
            origin: self.origin.as_deref(),
            fetch_site: self.fetch_site.as_deref(),
            authorization: self.authorization.as_deref(),
            last_event_id: self.last_event_id.as_deref(),
            body: &self.body,
        }
    }
}

struct Job {
    request: OwnedRequest,
    answer: oneshot::Sender<Response>,
}

/// The way to the worker, which ends when this is dropped.
pub(super) struct Worker {
    jobs: Sender<Job>,
}

impl Worker {
    /// Starts the thread, for at most so many requests at a time.
    ///
    /// # Errors
    /// [`Error::System`].
    pub(super) fn spawn(
        name: &str,
        site: Arc<Site>,
        most: usize,
        nice: i32,
    ) -> Result<(Worker, Thread), Error> {
        let (jobs, inbox) = bounded(most);
        let thread = Thread::spawn(name, move || {
            crate::engine::be_nice(nice);
            work(&site, &inbox);
        })?;
        Ok((Worker { jobs }, thread))
    }

    /// Has a request answered; `None` if there are too many. Closed without an answer where a bug was met.
    pub(super) fn ask(&self, request: OwnedRequest) -> Option<oneshot::Receiver<Response>> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job { request, answer }).ok()?;
        Some(answered)
    }
}

fn work(site: &Site, inbox: &Receiver<Job>) {
    for Job { request, answer } in inbox {
        if answer.is_closed() {
            // Whoever asked has gone.
            continue;
        }
        // What a panic leaves behind is sound: the site has nothing but whole values behind locks.
        let answered = catch_unwind(AssertUnwindSafe(|| site.answer(&request.borrow())));
        if let Ok(response) = answered {
            // Gone meanwhile, or not.
            let _ = answer.send(response);
        }
    }
}
