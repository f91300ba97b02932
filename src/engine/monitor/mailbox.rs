//! The way to the monitor thread: operations are sent to it as tasks, and it sleeps until one
//! comes.

use super::Monitor;
use crate::core::Nanos;
use crate::vocabulary::Error;
use crossbeam::channel::{Receiver, Sender};
use std::thread::{park, park_timeout, Thread};
use std::time::Duration;

/// An operation, as the monitor thread runs it.
type Task = Box<dyn FnOnce(&mut Monitor) + Send>;

/// Where tasks are sent. The monitor sleeps parked and not in the channel, which spins for a while
/// before it sleeps: with a thousand ticks a second that was most of its work.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    tasks: Sender<Task>,
    monitor: Thread,
}

impl Mailbox {
    /// Runs `task` on the monitor thread soon, in the order of posting. Does nothing when the
    /// engine is shut down.
    pub(crate) fn post(&self, task: impl FnOnce(&mut Monitor) + Send + 'static) {
        if self.tasks.send(Box::new(task)).is_ok() {
            self.monitor.unpark();
        }
    }

    /// Runs `task` on the monitor thread and waits for its result.
    pub(crate) fn call<R: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Monitor) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let (reply, result) = crossbeam::channel::bounded(1);
        self.post(move |monitor| drop(reply.send(task(monitor))));
        result.recv().unwrap_or(Err(Error::ShutDown))
    }
}

/// The monitor's end.
#[derive(Debug)]
pub(crate) struct Inbox {
    tasks: Receiver<Task>,
}

/// Becomes a [`Mailbox`] as soon as the monitor has a thread.
pub(crate) struct Address {
    tasks: Sender<Task>,
}

impl Address {
    pub(crate) fn at(self, monitor: Thread) -> Mailbox {
        Mailbox { tasks: self.tasks, monitor }
    }
}

impl Inbox {
    pub(crate) fn new() -> (Address, Inbox) {
        let (sender, tasks) = crossbeam::channel::unbounded();
        (Address { tasks: sender }, Inbox { tasks })
    }

    /// The next task, if one is there.
    pub(super) fn take(&self) -> Option<Task> {
        self.tasks.try_recv().ok()
    }

    /// The next task; waits for one until `wake`, or for as long as it takes.
    pub(super) fn wait(&self, wake: Option<Nanos>, now: impl Fn() -> Nanos) -> Option<Task> {
        loop {
            let task = self.take();
            let left = wake.map(|wake| wake.saturating_sub(now()));
            match left {
                _ if task.is_some() => return task,
                Some(0) => return None,
                Some(left) => park_timeout(Duration::from_nanos(left)),
                None => park(),
            }
        }
    }
}
