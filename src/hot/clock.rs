//! Time: the system's monotonic clock, and the copy of it that packets are stamped with.

use super::sync::{fence, AtomicU64, Ordering};
use crate::units::Nanos;

/// `CLOCK_MONOTONIC` in nanoseconds.
pub(crate) fn monotonic() -> Nanos {
    read(libc::CLOCK_MONOTONIC)
}

/// The processor time that the calling thread has taken, in nanoseconds. A system call.
pub(crate) fn thread_time() -> Nanos {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> Nanos {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec for the call to fill in.
    let result = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(result, 0, "both clocks exist on every supported system");
    time.tv_sec as Nanos * 1_000_000_000 + time.tv_nsec as Nanos
}

/// The engine's time, published by the monitor once per tick while anything runs. Alone on its
/// cache line, because every recording thread reads it for every packet.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Clock {
    now: AtomicU64,
}

// `include/changeover_inline.h` loads it as a word; see `Cell`.
#[cfg(not(loom))]
const _: () = assert!(std::mem::offset_of!(Clock, now) == 0);

impl Clock {
    pub(crate) fn new(now: Nanos) -> Self {
        Clock { now: AtomicU64::new(now) }
    }

    /// The time of the last tick.
    #[inline(always)]
    pub(crate) fn now(&self) -> Nanos {
        // Relaxed: only the number counts; nothing is read on the strength of it.
        self.now.load(Ordering::Relaxed)
    }

    pub(crate) fn publish(&self, now: Nanos) {
        self.now.store(now, Ordering::Relaxed);
        // SeqCst: pairs with nothing; it drains the store, so that whoever reads a time later
        // than what the caller reads from here on also reads this stamp or a later one.
        fence(Ordering::SeqCst);
    }
}
