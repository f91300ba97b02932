//! What the engines of a process share, behind a lock.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value behind a lock, and in a forked child another one: a thread of the parent may hold the
/// lock, and there is none in the child to give it back.
pub(super) struct PerProcess<T> {
    /// Made at first use, and never freed.
    current: AtomicPtr<Owned<T>>,
}

struct Owned<T> {
    process: u32,
    value: Mutex<T>,
}

impl<T: Default + Send + 'static> PerProcess<T> {
    pub(super) const fn new() -> Self {
        PerProcess { current: AtomicPtr::new(null_mut()) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'static, T> {
        let process = std::process::id();
        // Acquire, here and below: pairs with the Release that published it.
        let mut current = self.current.load(Ordering::Acquire);
        loop {
            // SAFETY: NULL, or made by `Box::into_raw` below and, once published, never freed.
            match unsafe { current.as_ref() } {
                Some(owned) if owned.process == process => {
                    return owned.value.lock().unwrap_or_else(PoisonError::into_inner);
                }
                _ => current = self.replace(current, process),
            }
        }
    }

    /// The one that is published in the end, by this thread or another.
    fn replace(&self, before: *mut Owned<T>, process: u32) -> *mut Owned<T> {
        let fresh = Box::into_raw(Box::new(Owned { process, value: Mutex::default() }));
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

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_child_does_not_wait_for_a_lock_of_its_parent() {
        static SHARED: PerProcess<Vec<u32>> = PerProcess::new();
        let mut parents = SHARED.lock();
        parents.push(1);
        // SAFETY: the child calls what it may after a fork of threads, and ends without cleaning up.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: takes integers only. A hang is a failure.
            unsafe { libc::alarm(20) };
            let is_empty = SHARED.lock().is_empty();
            // SAFETY: takes an integer only, and does not return.
            unsafe { libc::_exit(i32::from(!is_empty)) };
        }
        let mut status = -1;
        // SAFETY: our child, and a valid place for its status.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        parents.push(2);
        drop(parents);
        assert_eq!(*SHARED.lock(), [1, 2]);
    }
}
