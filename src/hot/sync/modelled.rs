//! What the facade leads to under a model checker.
//!
//! arc-swap and crossbeam know of no model checker. What is used of them in code that has models is here
//! made of atomics and locks that one knows, with the orderings that those crates promise. Deadlines of
//! channels never come.

use crate::poison::unpoisoned;
use std::sync::Arc;

#[cfg(loom)]
pub(crate) use super::weakened::{fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64};
#[cfg(loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(shuttle)]
pub(crate) use shuttle::{
    sync::{
        atomic::{fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64},
        Condvar, Mutex, MutexGuard,
    },
    thread_local,
};

pub(crate) mod thread {
    #[cfg(loom)]
    pub(crate) use loom::thread::*;
    #[cfg(shuttle)]
    pub(crate) use shuttle::thread::*;

    #[cfg(loom)]
    pub(crate) fn park_timeout(_: std::time::Duration) {
        park();
    }

    /// The time it waits for has come at once, and others may run.
    #[cfg(shuttle)]
    pub(crate) fn park_timeout(length: std::time::Duration) {
        super::time::pass(length.as_nanos() as u64);
        yield_now();
    }
}

/// The monotonic clock: it goes on when it is read, and where a thread waits for it.
#[cfg(shuttle)]
pub(crate) mod time {
    use std::cell::Cell;

    std::thread_local! {
        static NOW: Cell<u64> = const { Cell::new(1_000_000_000) };
    }

    pub(crate) fn pass(nanos: u64) {
        NOW.set(NOW.get() + nanos);
    }

    pub(crate) fn now() -> u64 {
        pass(1_000);
        NOW.get()
    }
}

/// Model checkers know nothing of the kernel. Whoever passes sees what all before it saw.
#[derive(Debug, Default)]
pub(crate) struct KernelLock(AtomicU64);

impl KernelLock {
    pub(crate) fn pass(&self) {
        self.0.fetch_add(1, super::Ordering::AcqRel);
    }
}

/// Keeps all it ever had, so that a load may find any value that the memory model allows.
#[derive(Debug)]
pub(crate) struct ArcSwapOption<T> {
    /// The place of the newest one, from 1 on; 0: none.
    newest: AtomicU64,
    had: Had<T>,
}

/// (No thread is held up in it: nothing is done under the lock that a model checker sees.)
#[derive(Debug)]
struct Had<T>(std::sync::Mutex<Vec<Arc<T>>>);

impl<T> ArcSwapOption<T> {
    pub(crate) fn load_full(&self) -> Option<Arc<T>> {
        let place = self.newest.load(super::Ordering::Acquire) as usize;
        let Had(had) = &self.had;
        (place > 0).then(|| unpoisoned(had.lock())[place - 1].clone())
    }

    /// As a guard.
    pub(crate) fn load(&self) -> Box<Option<Arc<T>>> {
        Box::new(self.load_full())
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        let Had(had) = &self.had;
        let place = value.map_or(0, |value| {
            let mut had = unpoisoned(had.lock());
            had.push(value);
            had.len()
        });
        self.newest.swap(place as u64, super::Ordering::AcqRel);
    }
}

impl<T> Default for ArcSwapOption<T> {
    fn default() -> Self {
        ArcSwapOption { newest: AtomicU64::new(0), had: Had(std::sync::Mutex::default()) }
    }
}

/// That, with a value from the beginning.
#[derive(Debug)]
pub(crate) struct ArcSwap<T>(ArcSwapOption<T>);

impl<T> ArcSwap<T> {
    pub(crate) fn new(value: Arc<T>) -> Self {
        let option = ArcSwapOption::default();
        option.store(Some(value));
        ArcSwap(option)
    }

    pub(crate) fn from_pointee(value: T) -> Self {
        ArcSwap::new(Arc::new(value))
    }

    pub(crate) fn load_full(&self) -> Arc<T> {
        self.0.load_full().expect("there is one from the beginning")
    }

    /// As a guard.
    pub(crate) fn load(&self) -> Box<Arc<T>> {
        Box::new(self.load_full())
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        self.0.store(Some(value));
    }
}

/// crossbeam's channels, as far as they are used.
pub(crate) mod channel {
    use super::{unpoisoned, Arc, Condvar, Mutex, MutexGuard};
    pub(crate) use crossbeam::channel::{
        RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError,
    };
    use std::collections::VecDeque;
    use std::time::Instant;

    struct Channel<T>(Mutex<State<T>>, Condvar);

    struct State<T> {
        queue: VecDeque<T>,
        room: usize,
        senders: usize,
        receivers: usize,
    }

    pub(crate) struct Sender<T>(Arc<Channel<T>>);

    pub(crate) struct Receiver<T>(Arc<Channel<T>>);

    impl<T> std::fmt::Debug for Sender<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Sender")
        }
    }

    impl<T> std::fmt::Debug for Receiver<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Receiver")
        }
    }

    pub(crate) fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
        bounded(usize::MAX)
    }

    /// (There is always room for one.)
    pub(crate) fn bounded<T>(room: usize) -> (Sender<T>, Receiver<T>) {
        let state = State { queue: VecDeque::new(), room: room.max(1), senders: 1, receivers: 1 };
        let channel = Arc::new(Channel(Mutex::new(state), Condvar::new()));
        (Sender(channel.clone()), Receiver(channel))
    }

    impl<T> Channel<T> {
        fn lock(&self) -> MutexGuard<'_, State<T>> {
            unpoisoned(self.0.lock())
        }

        /// Changes the state, and has those look who wait for a change.
        fn change<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
            let result = change(&mut self.lock());
            self.1.notify_all();
            result
        }
    }

    impl<T> Sender<T> {
        pub(crate) fn send(&self, value: T) -> Result<(), SendError<T>> {
            let mut state = self.0.lock();
            while state.queue.len() >= state.room && state.receivers > 0 {
                state = unpoisoned(self.0 .1.wait(state));
            }
            if state.receivers == 0 {
                return Err(SendError(value));
            }
            state.queue.push_back(value);
            drop(state);
            self.0 .1.notify_all();
            Ok(())
        }

        pub(crate) fn send_deadline(
            &self,
            value: T,
            _: Instant,
        ) -> Result<(), SendTimeoutError<T>> {
            self.send(value).map_err(|SendError(value)| SendTimeoutError::Disconnected(value))
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
            let mut state = self.0.lock();
            let Some(value) = state.queue.pop_front() else {
                let disconnected = state.senders == 0;
                return Err(if disconnected {
                    TryRecvError::Disconnected
                } else {
                    TryRecvError::Empty
                });
            };
            let was_full = state.queue.len() + 1 == state.room;
            drop(state);
            if was_full {
                self.0 .1.notify_all();
            }
            Ok(value)
        }

        pub(crate) fn recv(&self) -> Result<T, RecvError> {
            loop {
                let state = self.0.lock();
                if state.queue.is_empty() && state.senders > 0 {
                    drop(unpoisoned(self.0 .1.wait(state)));
                    continue;
                }
                drop(state);
                match self.try_recv() {
                    Ok(value) => return Ok(value),
                    Err(TryRecvError::Disconnected) => return Err(RecvError),
                    // Another one was faster.
                    Err(TryRecvError::Empty) => {}
                }
            }
        }

        pub(crate) fn recv_deadline(&self, _: Instant) -> Result<T, RecvTimeoutError> {
            self.recv().map_err(|RecvError| RecvTimeoutError::Disconnected)
        }
    }

    impl<T> Clone for Sender<T> {
        fn clone(&self) -> Self {
            self.0.change(|state| state.senders += 1);
            Sender(self.0.clone())
        }
    }

    impl<T> Clone for Receiver<T> {
        fn clone(&self) -> Self {
            self.0.change(|state| state.receivers += 1);
            Receiver(self.0.clone())
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.0.change(|state| state.senders -= 1);
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            // What nobody will take ends here.
            let left = self.0.change(|state| {
                state.receivers -= 1;
                let alone = state.receivers == 0;
                alone.then(|| std::mem::take(&mut state.queue))
            });
            drop(left);
        }
    }
}
