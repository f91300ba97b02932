//! One facade over std's atomics and loom's, and the one-sided fence.
//!
//! By-id recording announces itself with a plain store and a compiler fence; the monitor, before
//! it frees anything, makes every running thread of the process execute a full fence with
//! `membarrier(2)` (Linux 4.14). Where the kernel refuses that, and under loom, both sides use a
//! full fence.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The cheap side: orders this thread's earlier stores before its later loads, as seen by
/// [`heavy_fence`].
#[inline(always)]
pub(crate) fn light_fence() {
    #[cfg(not(loom))]
    if membarrier::AVAILABLE.load(Ordering::Relaxed) {
        std::sync::atomic::compiler_fence(Ordering::SeqCst);
        return;
    }
    fence(Ordering::SeqCst);
}

/// The dear side: pairs with every [`light_fence`] of the process.
pub(crate) fn heavy_fence() {
    #[cfg(not(loom))]
    if membarrier::AVAILABLE.load(Ordering::Relaxed) {
        membarrier::run();
        return;
    }
    fence(Ordering::SeqCst);
}

/// Before the first by-id recording: asks the kernel for the one-sided fence.
pub(crate) fn prepare_fences() {
    #[cfg(not(loom))]
    membarrier::register();
}

#[cfg(not(loom))]
mod membarrier {
    use std::sync::atomic::AtomicBool;
    use std::sync::Once;

    /// Set once, before any engine exists, so both sides of every engine agree.
    pub(super) static AVAILABLE: AtomicBool = AtomicBool::new(false);

    // linux/membarrier.h
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    pub(super) fn register() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            if call(REGISTER_PRIVATE_EXPEDITED) == 0 && call(PRIVATE_EXPEDITED) == 0 {
                AVAILABLE.store(true, super::Ordering::Relaxed);
            }
        });
    }

    pub(super) fn run() {
        // It was tried when it was registered; the kernel has no later reason to refuse.
        let result = call(PRIVATE_EXPEDITED);
        assert_eq!(result, 0, "membarrier stopped working");
    }

    #[cfg(target_os = "linux")]
    fn call(command: libc::c_int) -> libc::c_long {
        // SAFETY: membarrier takes integers only and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
    }

    #[cfg(not(target_os = "linux"))]
    fn call(_command: libc::c_int) -> libc::c_long {
        -1
    }
}
