//! Whether the monitor is alive: what it is to do next and since when, for whoever asks. Relaxed
//! throughout: nothing is read on the strength of it.

use crate::core::Nanos;
use crate::hot::sync::{thread, AtomicBool, AtomicU64, Ordering};

/// No duty.
const NONE: Nanos = Nanos::MAX;

/// By the system's monotonic clock.
#[derive(Debug)]
pub(super) struct Pulse {
    /// When the monitor is to be awake next; what it was woken for, while it is.
    tick: AtomicU64,
    /// When the oldest task was posted that is not carried out.
    task: AtomicU64,
    died: AtomicBool,
    released: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse {
            tick: AtomicU64::new(NONE),
            task: AtomicU64::new(NONE),
            died: AtomicBool::default(),
            released: AtomicBool::default(),
        }
    }
}

impl Pulse {
    /// The monitor is to be awake at `tick`, if there is no task before.
    pub(super) fn sleep_until(&self, tick: Option<Nanos>) {
        self.tick.store(tick.unwrap_or(NONE), Ordering::Relaxed);
    }

    /// A task is about to be posted, and is the oldest unless there are others.
    pub(super) fn post(&self, now: Nanos) {
        if self.task.load(Ordering::Relaxed) == NONE {
            let (new, old) = (now, NONE);
            // If another is there by now, that one is the oldest.
            let _ = self.task.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The monitor has carried out all the tasks it has taken, and looks for the next.
    pub(super) fn look(&self) {
        self.task.store(NONE, Ordering::Relaxed);
    }

    /// It has taken one that was posted then.
    pub(super) fn take(&self, posted: Nanos) {
        self.task.store(posted, Ordering::Relaxed);
    }

    /// How late the oldest duty is.
    pub(super) fn late(&self, now: Nanos) -> Nanos {
        let [tick, task] = [&self.tick, &self.task].map(|word| word.load(Ordering::Relaxed));
        now.saturating_sub(tick.min(task))
    }

    /// The monitor has ended by a bug.
    pub(super) fn die(&self) {
        self.died.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_died(&self) -> bool {
        self.died.load(Ordering::Relaxed)
    }

    /// The engine's owner wants its threads to end.
    pub(super) fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
    }

    /// A thread that has nothing to do any more waits until its engine is freed.
    pub(super) fn wait_for_release(&self) {
        while !self.released.load(Ordering::Relaxed) {
            thread::park();
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_duty_counts() {
        let pulse = Pulse::default();
        assert_eq!(pulse.late(1_000), 0);
        pulse.sleep_until(Some(2_000));
        assert_eq!((pulse.late(2_000), pulse.late(2_300)), (0, 300));
        pulse.post(1_900);
        pulse.post(2_200);
        assert_eq!(pulse.late(2_300), 400);
        // The second is there when the first was taken, and hangs.
        pulse.look();
        pulse.take(1_900);
        pulse.sleep_until(None);
        pulse.look();
        pulse.take(2_200);
        assert_eq!(pulse.late(2_300), 100);
        pulse.look();
        assert_eq!(pulse.late(9_000), 0);
    }
}
