//! One facade over std's atomics, locks and threads and those of the model checkers (loom, shuttle); and
//! the one-sided fence.
//!
//! By-id recording announces itself with a plain store and a compiler fence; the monitor, before
//! it frees anything, makes every running thread of the process execute a full fence with
//! `membarrier(2)` (Linux 4.14). Where the kernel refuses that, and under the model checkers, both sides
//! use a full fence.

#[cfg(any(loom, shuttle))]
mod modelled;
#[cfg(loom)]
pub(crate) mod weakened;

#[cfg(not(any(loom, shuttle)))]
pub(crate) use arc_swap::{ArcSwap, ArcSwapOption};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use crossbeam::channel;
#[cfg(any(loom, shuttle))]
pub(crate) use modelled::*;
pub(crate) use std::sync::atomic::Ordering;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::atomic::{fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::thread;
#[cfg(not(shuttle))]
pub(crate) use std::thread_local;

/// The cheap side: orders this thread's earlier stores before its later loads, as seen by
/// [`heavy_fence`].
#[inline(always)]
pub(crate) fn light_fence() {
    #[cfg(not(any(loom, shuttle)))]
    if membarrier::is_available() {
        return std::sync::atomic::compiler_fence(Ordering::SeqCst);
    }
    full_fence();
}

/// Apart, so that nothing is jumped over where there is no need for it.
#[cold]
#[inline(never)]
fn full_fence() {
    fence(Ordering::SeqCst);
}

/// The expensive side: pairs with every [`light_fence`] of the process. False if the kernel refuses it,
/// which it does when the process has locked itself in (`seccomp(2)`) since it was asked.
#[must_use]
pub(crate) fn heavy_fence() -> bool {
    #[cfg(not(any(loom, shuttle)))]
    if membarrier::is_available() {
        return membarrier::run();
    }
    fence(Ordering::SeqCst);
    true
}

/// Before the first by-id recording: asks the kernel for the one-sided fence.
pub(crate) fn prepare_fences() {
    #[cfg(not(any(loom, shuttle)))]
    membarrier::prepare();
}

#[cfg(not(any(loom, shuttle)))]
mod membarrier {
    use super::Ordering;
    use std::sync::atomic::AtomicU32;

    const UNKNOWN: u32 = 0;
    const REFUSED: u32 = 1;
    const AVAILABLE: u32 = 2;

    /// Decided once, before any engine exists, so both sides of every engine agree. Not by a lock,
    /// which a thread of a forked child's parent may hold.
    static STATE: AtomicU32 = AtomicU32::new(UNKNOWN);

    // linux/membarrier.h
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    #[inline(always)]
    pub(super) fn is_available() -> bool {
        STATE.load(Ordering::Relaxed) == AVAILABLE
    }

    pub(super) fn prepare() {
        if STATE.load(Ordering::Relaxed) == UNKNOWN {
            let works = call(REGISTER_PRIVATE_EXPEDITED) && run();
            let state = if works { AVAILABLE } else { REFUSED };
            // Relaxed, here and above: the state is all there is to know. Whoever is first decides.
            let relaxed = Ordering::Relaxed;
            let _ = STATE.compare_exchange(UNKNOWN, state, relaxed, relaxed);
        }
    }

    pub(super) fn run() -> bool {
        call(PRIVATE_EXPEDITED)
    }

    fn call(command: libc::c_int) -> bool {
        if cfg!(miri) {
            // It knows no such call.
            return false;
        }
        // SAFETY: membarrier takes integers only and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}
