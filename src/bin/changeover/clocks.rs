//! Which wall clock time an engine time was, as a trace has it. The engine's clock stands still while its process
//! does, so one is not the other and a number more.

use changeover::Nanos;
use std::time::{Duration, SystemTime};

/// A smaller difference is the time between two readings of clocks.
const STEP: Duration = Duration::from_millis(5);

/// Since each engine time, what the wall clock was.
#[derive(Default)]
pub(crate) struct Clocks(Vec<(Nanos, SystemTime)>);

impl Clocks {
    /// It was `wall` at `at`, which is not before what was noted last.
    pub(crate) fn note(&mut self, at: Nanos, wall: SystemTime) {
        let known = self.0.last().is_some_and(|(since, then)| {
            let expected = *then + Duration::from_nanos(at.saturating_sub(*since));
            let apart = wall.duration_since(expected).unwrap_or_else(|early| early.duration());
            apart < STEP
        });
        if !known {
            self.0.push((at, wall));
        }
    }

    /// The first that was noted.
    pub(crate) fn begin(&self) -> Option<(Nanos, SystemTime)> {
        self.0.first().copied()
    }

    /// The wall clock time of an engine time, by what was noted nearest to it: that one of them stood still, is
    /// known only from the next one on.
    pub(crate) fn wall(&self, at: Nanos) -> SystemTime {
        let Some((since, wall)) =
            self.nearest(|(since, _)| *since <= at, |(since, _)| since.abs_diff(at))
        else {
            return SystemTime::UNIX_EPOCH;
        };
        match at.checked_sub(since) {
            Some(later) => wall + Duration::from_nanos(later),
            None => wall.checked_sub(Duration::from_nanos(since - at)).unwrap_or(wall),
        }
    }

    /// The engine time of a wall clock time.
    pub(crate) fn engine(&self, at: SystemTime) -> Nanos {
        let apart = |wall: SystemTime| {
            let apart = at.duration_since(wall).unwrap_or_else(|error| error.duration());
            Nanos::try_from(apart.as_nanos()).unwrap_or(Nanos::MAX)
        };
        let Some((since, wall)) = self.nearest(|(_, wall)| *wall <= at, |(_, wall)| apart(*wall))
        else {
            return 0;
        };
        match wall <= at {
            true => since.saturating_add(apart(wall)),
            false => since.saturating_sub(apart(wall)),
        }
    }

    /// Of those before and after some time the nearer one; of two that are equally near, the later one.
    fn nearest(
        &self,
        is_before: impl Fn(&(Nanos, SystemTime)) -> bool,
        apart: impl Fn(&(Nanos, SystemTime)) -> Nanos,
    ) -> Option<(Nanos, SystemTime)> {
        let after = self.0.partition_point(is_before);
        let around = &self.0[after.saturating_sub(1)..self.0.len().min(after + 1)];
        around.iter().rev().min_by_key(|clock| apart(clock)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_told_by_the_clock_that_was_noted_next_to_it() {
        const SECOND: Nanos = 1_000_000_000;
        let wall = |millis: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(50_000 + millis);
        let mut clocks = Clocks::default();
        clocks.note(10 * SECOND, wall(0));
        clocks.note(11 * SECOND, wall(1004));
        // It stood still for a second.
        clocks.note(12 * SECOND, wall(3000));
        for (at, millis) in [(10, 0), (11, 2000), (12, 3000), (14, 5000)] {
            assert_eq!(clocks.wall(at * SECOND), wall(millis));
            assert_eq!(clocks.engine(wall(millis)), at * SECOND);
        }
        assert_eq!(clocks.wall(9 * SECOND), SystemTime::UNIX_EPOCH + Duration::from_secs(49));
        assert_eq!(clocks.engine(SystemTime::UNIX_EPOCH), 0);
        assert_eq!(clocks.begin(), Some((10 * SECOND, wall(0))));
    }
}
