//! Which process this is: a forked child is not its parent.
//!
//! The child has its parent's memory but none of its threads: no monitor answers, and a lock that a
//! thread held is never given back. So one sequence numbers engines, handles and, at each fork, the
//! child itself: whatever has a smaller number than its process is an ancestor's
//! ([`is_inherited`]), and what engines share behind locks begins anew in a child ([`PerProcess`]).
//!
//! The child is numbered by a handler of pthread_atfork. `vfork`, `_Fork` and clone(2) call none;
//! their child may do no more than execute another program.

use super::sync::{AtomicPtr, Ordering};
#[cfg(not(any(loom, shuttle)))]
use crate::poison::unpoisoned;
use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU64};
#[cfg(not(any(loom, shuttle)))]
use std::sync::{Mutex, MutexGuard};

static LAST_NUMBER: AtomicU64 = AtomicU64::new(0);

/// This process's own number; 0 unless it is a child.
static PROCESS: AtomicU64 = AtomicU64::new(0);

/// A number from 1 up that neither this process nor one it was forked from has given out before.
/// Wait-free.
pub(crate) fn next_number() -> u64 {
    LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1
}

/// Whether a number was given out by a process that this one was forked from. Wait-free.
#[inline(always)]
pub(crate) fn is_inherited(number: u64) -> bool {
    number <= PROCESS.load(Ordering::Relaxed)
}

/// Has every fork from here on noticed in the child. Called before an engine is made.
///
/// # Errors
/// The system's, which has no memory left.
pub(crate) fn watch_forks() -> io::Result<()> {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if !WATCHING.load(Ordering::Relaxed) {
        // Two threads may both come here: a child then takes two numbers. Waiting for each other
        // might never end, in a child.
        // SAFETY: the handler lives as long as this library, with which it is removed; it only
        // changes atomics, which is allowed there.
        match unsafe { libc::pthread_atfork(None, None, Some(number_this_process)) } {
            0 => WATCHING.store(true, Ordering::Relaxed),
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    Ok(())
}

/// In the child, while it has one thread. Threads that it starts see what is stored here.
unsafe extern "C" fn number_this_process() {
    PROCESS.store(next_number(), Ordering::Relaxed);
}

/// A value that engines share, and in a forked child another one: a thread of the parent may hold
/// a lock in it.
pub(crate) struct PerProcess<T> {
    /// Made at first use, and never freed.
    current: AtomicPtr<Owned<T>>,
}

struct Owned<T> {
    process: u64,
    value: T,
}

impl<T: Default + Send + Sync + 'static> PerProcess<T> {
    #[cfg(not(any(loom, shuttle)))]
    pub(crate) const fn new() -> Self {
        PerProcess { current: AtomicPtr::new(null_mut()) }
    }

    /// What it makes is never freed: a model keeps it small.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn new() -> Self {
        PerProcess { current: AtomicPtr::new(null_mut()) }
    }

    /// This process's. Lock-free; the first call in a process allocates.
    pub(crate) fn get(&self) -> &'static T {
        let process = PROCESS.load(Ordering::Relaxed);
        // Acquire, here and below: pairs with the Release that published it.
        let mut current = self.current.load(Ordering::Acquire);
        loop {
            // SAFETY: NULL, or made by `Box::into_raw` below and, once published, never freed.
            match unsafe { current.as_ref() } {
                Some(owned) if owned.process == process => return &owned.value,
                _ => current = self.replace(current, process),
            }
        }
    }

    /// The one that is published in the end, by this thread or another.
    fn replace(&self, before: *mut Owned<T>, process: u64) -> *mut Owned<T> {
        let fresh = Box::into_raw(Box::new(Owned { process, value: T::default() }));
        // The Release pairs with the Acquire in `get`; both Acquires, with the Release of another thread here.
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.current.compare_exchange(before, fresh, success, failure).map_or_else(
            |other| {
                // SAFETY: made just above and seen by nobody else.
                drop(unsafe { Box::from_raw(fresh) });
                other
            },
            |_| fresh,
        )
    }
}

#[cfg(not(any(loom, shuttle)))]
impl<T: Default + Send + 'static> PerProcess<Mutex<T>> {
    pub(super) fn lock(&self) -> MutexGuard<'static, T> {
        unpoisoned(self.get().lock())
    }
}

/// Whether `check` is true in a forked child; one that hangs or panics says no.
#[cfg(all(test, not(any(loom, shuttle)), not(miri)))]
pub(crate) fn is_true_in_a_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls what it may after a fork of threads, and ends without cleaning up.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: takes an integer only. A hang is a failure.
        unsafe { libc::alarm(20) };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
        // SAFETY: takes an integer only, and does not return.
        unsafe { libc::_exit(i32::from(!result.unwrap_or(false))) };
    }
    let mut status = -1;
    // SAFETY: our child, and a valid place for its status.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status == 0
}

#[cfg(all(test, not(any(loom, shuttle)), not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_childs_numbers_are_its_own_and_its_parents_are_inherited() {
        watch_forks().unwrap();
        let parents = next_number();
        assert!(!is_inherited(parents));
        assert!(is_true_in_a_child(|| {
            let childs = next_number();
            let own = is_inherited(parents) && !is_inherited(childs) && childs > parents;
            own && is_true_in_a_child(|| is_inherited(childs) && !is_inherited(next_number()))
        }));
        assert!(!is_inherited(parents));
    }

    #[test]
    fn a_child_does_not_wait_for_a_lock_of_its_parent() {
        static SHARED: PerProcess<Mutex<Vec<u32>>> = PerProcess::new();
        watch_forks().unwrap();
        let mut parents = SHARED.lock();
        parents.push(1);
        assert!(is_true_in_a_child(|| SHARED.lock().is_empty()));
        parents.push(2);
        drop(parents);
        assert_eq!(*SHARED.lock(), [1, 2]);
    }
}
