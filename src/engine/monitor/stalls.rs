//! How much of a late tick is taken out of the engine's time. Taking it out does not belong here.
//!
//! While the process or the machine stands still, no input can be heard, so none may be blamed:
//! that time is taken out whole. But a merely busy machine makes ticks late all the time while
//! packets keep flowing; if all of that were taken out, the clock would crawl and a dead input
//! would stay on air. So only a share of short stalls is.

use crate::core::Nanos;

/// A tick later than this is a stall.
const STALL: Nanos = 20_000_000;

/// A stall this long is one of the process or the machine.
const STANDSTILL: Nanos = 250_000_000;

/// Of short stalls, at most one part in this many of all time.
const SHARE: Nanos = 20;

/// What short stalls can take out at once.
const LEEWAY: Nanos = 100_000_000;

#[derive(Debug)]
pub(super) struct Stalls {
    leeway: Nanos,
    refilled_at: Nanos,
}

impl Stalls {
    pub(super) fn new(now: Nanos) -> Stalls {
        Stalls { leeway: LEEWAY, refilled_at: now }
    }

    /// What to take out for a tick that came `late`, at `now` by a clock that runs on.
    pub(super) fn take_out(&mut self, late: Nanos, now: Nanos) -> Nanos {
        if late <= STALL {
            return 0;
        }
        if late >= STANDSTILL {
            return late;
        }
        let passed = now.saturating_sub(self.refilled_at);
        self.refilled_at = now;
        self.leeway = (self.leeway + passed / SHARE).min(LEEWAY);
        let taken = late.min(self.leeway);
        self.leeway -= taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn a_standstill_is_taken_out_whole() {
        let mut stalls = Stalls::new(0);
        assert_eq!(stalls.take_out(20 * MS, 0), 0);
        assert_eq!(stalls.take_out(5_000 * MS, 6_000 * MS), 5_000 * MS);
        assert_eq!(stalls.take_out(3_600_000 * MS, 4_000_000 * MS), 3_600_000 * MS);
    }

    #[test]
    fn a_rare_short_stall_is_taken_out_whole() {
        let mut stalls = Stalls::new(0);
        assert_eq!(stalls.take_out(90 * MS, 1_000 * MS), 90 * MS);
        assert_eq!(stalls.take_out(90 * MS, 4_000 * MS), 90 * MS);
    }

    #[test]
    fn on_a_busy_machine_the_clock_does_not_crawl() {
        let mut stalls = Stalls::new(0);
        // Every tick 40 ms late, for ten seconds.
        let taken: Nanos = (0..250).map(|n| stalls.take_out(39 * MS, n * 40 * MS)).sum();
        assert!(taken <= LEEWAY + 10_000 * MS / SHARE, "{taken}");
        assert!(taken >= 10_000 * MS / SHARE, "{taken}");
    }
}
