//! Markers among the events: how a caller waits until everything before has been delivered.

use crate::hot::sync::channel::{bounded, Receiver, RecvTimeoutError, Sender};
use crate::vocabulary::Error;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// Passed when everything before it has been delivered.
#[derive(Debug)]
pub(super) struct Marker {
    passed: Sender<()>,
    /// Gone when nobody waits any longer.
    waiting: Weak<()>,
}

/// The waiting side of a marker; dropping it gives up.
#[derive(Debug)]
pub(super) struct Waiter {
    passed: Receiver<()>,
    _waiting: Arc<()>,
}

impl Marker {
    pub(super) fn new() -> (Marker, Waiter) {
        let (done, passed) = bounded(1);
        let waiting = Arc::new(());
        let marker = Marker { passed: done, waiting: Arc::downgrade(&waiting) };
        (marker, Waiter { passed, _waiting: waiting })
    }

    /// Whether anybody still waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        self.waiting.strong_count() > 0
    }

    /// Wakes the waiting side.
    pub(super) fn pass(self) {
        // If nobody is waiting any longer, there is nothing to do.
        let _ = self.passed.send(());
    }
}

impl Waiter {
    /// Waits until the marker is passed: until `deadline`, or for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::ShutDown`] when it will not be passed.
    pub(super) fn wait(self, deadline: Option<Instant>) -> Result<(), Error> {
        let Some(deadline) = deadline else {
            return self.passed.recv().map_err(|_| Error::ShutDown);
        };
        self.passed.recv_deadline(deadline).map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::Timeout,
            RecvTimeoutError::Disconnected => Error::ShutDown,
        })
    }
}
