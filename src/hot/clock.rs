//! Time: the system's monotonic clock, and the copy of it that packets are stamped with.

use super::sync::{fence, AtomicU64, Ordering};
use crate::units::Nanos;

/// `CLOCK_MONOTONIC` in nanoseconds.
#[cfg(not(shuttle))]
pub(crate) fn monotonic() -> Nanos {
    read(libc::CLOCK_MONOTONIC)
}

#[cfg(shuttle)]
pub(crate) use super::sync::time::now as monotonic;

/// The processor time that the calling thread has taken, in nanoseconds. A system call.
pub(crate) fn thread_time() -> Nanos {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> Nanos {
    #[cfg(test)]
    if let Some(time) = simulated::read(clock) {
        return time;
    }
    read_system(clock)
}

fn read_system(clock: libc::clockid_t) -> Nanos {
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
#[cfg(not(any(loom, shuttle)))]
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
        // SeqCst: pairs with nothing; it drains the store, so that a thread whose reading of the
        // system's clock is later than the caller's next one also sees this stamp or a newer one.
        fence(Ordering::SeqCst);
    }
}

/// A clock of the calling thread's own, for tests in virtual time.
#[cfg(test)]
pub(crate) mod simulated {
    use super::Nanos;
    use std::cell::Cell;
    use std::time::{Duration, SystemTime};

    #[derive(Clone, Copy)]
    struct Simulated {
        now: Nanos,
        /// What a reading costs.
        step: Nanos,
        /// The processor time that was taken: all steps together.
        taken: Nanos,
        /// How far the wall clock was set since.
        wall: u64,
    }

    /// 2026, in seconds since 1970.
    const WALL: u64 = 1_767_225_600;

    thread_local! {
        static CLOCK: Cell<Option<Simulated>> = const { Cell::new(None) };
    }

    /// From now on this thread's clock stands at `now`, but that each reading takes `step`.
    pub(crate) fn begin(now: Nanos, step: Nanos) {
        CLOCK.set(Some(Simulated { now, step, taken: 0, wall: WALL }));
    }

    /// The thread has the system's clocks again.
    pub(crate) fn end() {
        CLOCK.set(None);
    }

    /// The time, without the cost of a reading.
    pub(crate) fn now() -> Nanos {
        CLOCK.get().expect("the clock is simulated").now
    }

    /// Time passes. It never goes back.
    pub(crate) fn advance_to(now: Nanos) {
        let clock = CLOCK.get().expect("the clock is simulated");
        CLOCK.set(Some(Simulated { now: now.max(clock.now), ..clock }));
    }

    /// The processor time that this thread has really taken.
    pub(crate) fn real_thread_time() -> Nanos {
        super::read_system(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Somebody sets the wall clock: so far ahead of what it was at first.
    pub(crate) fn set_wall(seconds: u64) {
        let clock = CLOCK.get().expect("the clock is simulated");
        CLOCK.set(Some(Simulated { wall: WALL + seconds, ..clock }));
    }

    /// The wall clock, if it is simulated.
    pub(crate) fn wall() -> Option<SystemTime> {
        let Simulated { now, wall, .. } = CLOCK.get()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(wall) + Duration::from_nanos(now))
    }

    #[inline]
    pub(super) fn read(clock: libc::clockid_t) -> Option<Nanos> {
        let Simulated { now, step, taken, wall } = CLOCK.get()?;
        let after = Simulated { now: now + step, step, taken: taken + step, wall };
        CLOCK.set(Some(after));
        Some(if clock == libc::CLOCK_MONOTONIC { after.now } else { after.taken })
    }
}
