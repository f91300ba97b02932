//! From engine time to wall clock time, for people. No decision reads it.

use crate::core::Nanos;
use std::time::{Duration, SystemTime};

/// The wall clock, read.
pub(super) fn wall_time() -> SystemTime {
    #[cfg(test)]
    if let Some(time) = crate::hot::simulated::wall() {
        return time;
    }
    SystemTime::now()
}

/// The engine's time pauses during stalls and the wall clock is set now and then; each such step
/// begins a new piece, so that what was stamped before keeps its wall time.
#[derive(Clone, Debug, Default)]
pub(super) struct WallClock {
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Nanos,
    /// Wall clock (since 1970) at engine time 0, if the two had always run alike.
    zero: i128,
}

const PIECES_KEPT: usize = 128;

/// A smaller difference is the time between the two clock readings, not a step.
const STEP: u128 = 5_000_000;

impl WallClock {
    /// Compares the clocks; to be called now and then, and after every stall. True if there was
    /// a step.
    pub(super) fn observe(&mut self, now: Nanos, wall: SystemTime) -> bool {
        let since_1970 = wall.duration_since(SystemTime::UNIX_EPOCH);
        let zero = since_1970.map_or(0, |d| d.as_nanos() as i128) - now as i128;
        if self.pieces.last().is_some_and(|last| last.zero.abs_diff(zero) < STEP) {
            return false;
        }
        if self.pieces.len() == PIECES_KEPT {
            self.pieces.remove(self.least_missed(now));
        }
        self.pieces.push(Piece { from: now, zero });
        true
    }

    /// The piece without which wall times are least off, for how long ago it was: where a CPU limit makes
    /// a step each tenth of a second, what was stamped hours ago still has about its wall time.
    fn least_missed(&self, now: Nanos) -> usize {
        let missed = |at: &usize| {
            let [before, piece] = [self.pieces[at - 1], self.pieces[*at]];
            piece.zero.abs_diff(before.zero) as f64 / now.saturating_sub(piece.from).max(1) as f64
        };
        let least = (1..self.pieces.len()).min_by(|a, b| missed(a).total_cmp(&missed(b)));
        least.unwrap_or(0)
    }

    /// Wall clock time of an instant of engine time.
    pub(super) fn at(&self, at: Nanos) -> SystemTime {
        let piece = self.pieces.iter().rev().find(|piece| piece.from <= at);
        let zero = piece.or(self.pieces.first()).map_or(0, |piece| piece.zero);
        let nanos = u64::try_from(zero + at as i128).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_does_not_move_what_was_stamped_before() {
        let second = |n: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(n);
        let mut wall = WallClock::default();
        wall.observe(10_000_000_000, second(1000));
        assert_eq!(wall.at(11_000_000_000), second(1001));
        // Two seconds of engine time and seven of wall clock later: a stall of five.
        wall.observe(12_000_000_000, second(1007));
        assert_eq!(wall.at(11_000_000_000), second(1001));
        assert_eq!(wall.at(13_000_000_000), second(1008));
    }

    #[test]
    fn many_stalls_move_what_was_stamped_long_before_by_little() {
        let millis = |n: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(n);
        let mut wall = WallClock::default();
        // Half of an hour is stalls: 50 ms of each 100.
        for n in 0..36_000 {
            wall.observe(n * 50_000_000, millis(n * 100));
        }
        assert!(wall.pieces.len() <= PIECES_KEPT);
        assert_eq!(wall.at(0), millis(0));
        for minute in 1..30 {
            let shown = wall.at(minute * 60_000_000_000).duration_since(SystemTime::UNIX_EPOCH);
            let off = shown.unwrap().as_secs().abs_diff(2 * minute * 60);
            assert!(off <= 2 * (30 - minute) * 60 / 10, "minute {minute} is off by {off} s");
        }
        assert_eq!(wall.at(36_000 * 50_000_000), millis(35_999 * 100 + 50));
    }

    #[test]
    fn the_distance_of_two_readings_is_not_a_step() {
        let mut wall = WallClock::default();
        wall.observe(1_000_000_000, SystemTime::UNIX_EPOCH + Duration::from_millis(5_000));
        wall.observe(2_000_000_000, SystemTime::UNIX_EPOCH + Duration::from_millis(6_001));
        assert_eq!(wall.pieces.len(), 1);
    }
}
