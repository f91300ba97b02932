//! The way to the monitor thread: operations are sent to it as tasks, and it sleeps until one
//! comes.
//!
//! The way itself is not bounded, so every caller of [`Mailbox::post`] says what bounds it. A call
//! without a deadline is bounded by its caller, who waits for the answer; one that may be given up, by
//! a permit that its task keeps.

use super::Monitor;
use crate::core::Nanos;
use crate::engine::shared::Shared;
use crate::hot::monotonic;
use crate::hot::sync::channel::{bounded, unbounded, Receiver, RecvTimeoutError, Sender};
use crate::hot::sync::thread::{park, park_timeout, Thread};
use crate::vocabulary::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An operation, as the monitor thread runs it.
pub(super) type Task = Box<dyn FnOnce(&mut Monitor) + Send>;

/// A task, and when it was posted, by the system's monotonic clock.
type Posted = (Nanos, Task);

/// How many calls with a deadline may have a task on the way, those included that were given up.
const PERMITS: usize = 256;

/// Where tasks are sent. The monitor sleeps parked and not in the channel, which spins for a while
/// before it sleeps: with a thousand ticks a second that was most of its work.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    tasks: Sender<Posted>,
    monitor: Thread,
    shared: Arc<Shared>,
    permits: Permits,
}

/// A permit is a place in this channel.
#[derive(Clone, Debug)]
struct Permits {
    places: Sender<()>,
    taken: Receiver<()>,
}

/// Given back when it is dropped.
struct Permit(Receiver<()>);

impl Permits {
    fn new() -> Permits {
        let (places, taken) = bounded(PERMITS);
        Permits { places, taken }
    }

    fn take(&self, deadline: Instant) -> Result<Permit, Error> {
        self.places.send_deadline((), deadline).map_err(|_| Error::Timeout)?;
        Ok(Permit(self.taken.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Its place is one of those taken.
        let _ = self.0.try_recv();
    }
}

impl Mailbox {
    /// Runs `task` on the monitor thread soon, in the order of posting. Does nothing when the
    /// engine is shut down.
    pub(crate) fn post(&self, task: impl FnOnce(&mut Monitor) + Send + 'static) {
        let now = monotonic();
        self.shared.pulse.post(now);
        if self.tasks.send((now, Box::new(task))).is_ok() {
            self.monitor.unpark();
        }
    }

    /// Runs `task` on the monitor thread and waits for its result, until `deadline` or for as long as it
    /// takes. Given up, the task may still be run.
    pub(crate) fn call<R: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        task: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let permit = deadline.map(|deadline| self.permits.take(deadline)).transpose()?;
        let (reply, result) = bounded(1);
        // If it is dropped instead of run, then in this order: what the task owns ends before the caller
        // learns of it.
        let call = (task, reply);
        self.post(move |monitor| {
            drop(permit);
            let (task, reply) = call;
            drop(reply.send(task(monitor)));
        });
        match deadline {
            None => result.recv().unwrap_or(Err(Error::ShutDown)),
            Some(deadline) => match result.recv_deadline(deadline) {
                Ok(result) => result,
                Err(RecvTimeoutError::Timeout) => Err(Error::Timeout),
                Err(RecvTimeoutError::Disconnected) => Err(Error::ShutDown),
            },
        }
    }
}

/// The monitor's end.
#[derive(Debug)]
pub(crate) struct Inbox {
    tasks: Receiver<Posted>,
    shared: Arc<Shared>,
}

/// Becomes a [`Mailbox`] as soon as the monitor has a thread.
pub(crate) struct Address {
    tasks: Sender<Posted>,
    shared: Arc<Shared>,
}

impl Address {
    pub(crate) fn at(self, monitor: Thread) -> Mailbox {
        let Address { tasks, shared } = self;
        Mailbox { tasks, monitor, shared, permits: Permits::new() }
    }
}

impl Inbox {
    pub(crate) fn new(shared: Arc<Shared>) -> (Address, Inbox) {
        let (sender, tasks) = unbounded();
        (Address { tasks: sender, shared: shared.clone() }, Inbox { tasks, shared })
    }

    /// The next task, if one is there.
    pub(crate) fn take(&self) -> Option<Task> {
        self.shared.pulse.look();
        let (posted, task) = self.tasks.try_recv().ok()?;
        self.shared.pulse.take(posted);
        Some(task)
    }

    /// Whether a task is there.
    #[cfg(all(test, not(any(loom, shuttle))))]
    pub(crate) fn has_task(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// The next task; waits for one until `wake`, or for as long as it takes.
    pub(crate) fn wait(&self, wake: Option<Nanos>) -> Option<Task> {
        loop {
            let task = self.take();
            let left = wake.map(|wake| wake.saturating_sub(self.shared.now()));
            match left {
                _ if task.is_some() => return task,
                Some(0) => return None,
                Some(left) => park_timeout(Duration::from_nanos(left)),
                None => park(),
            }
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::hot::Router;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Its end takes a while, and sees whether the caller had its answer by then.
    struct Last {
        answered: Arc<AtomicBool>,
        too_early: Arc<AtomicBool>,
    }

    impl Drop for Last {
        fn drop(&mut self) {
            (0..1000).for_each(|_| std::thread::yield_now());
            self.too_early.store(self.answered.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    }

    #[test]
    fn what_a_task_owns_that_is_not_run_ends_before_its_caller_has_an_answer() {
        let (address, inbox) = Inbox::new(Arc::new(Shared::new(Router::new().shared())));
        let mailbox = address.at(std::thread::current());
        let (answered, too_early) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        let last = Last { answered: answered.clone(), too_early: too_early.clone() };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let call = mailbox.call::<()>(None, move |_| {
                    drop(last);
                    Ok(())
                });
                answered.store(true, Ordering::SeqCst);
                assert_eq!(call, Err(Error::ShutDown));
            });
            while inbox.tasks.is_empty() {
                std::thread::yield_now();
            }
            drop(inbox);
        });
        assert!(answered.load(Ordering::SeqCst) && !too_early.load(Ordering::SeqCst));
    }
}
