//! Rule 26: whether a great share of the streams on air fails at once. Counts, and says so once; what
//! follows for the streams is the core's.

use crate::core::{Action, Nanos, Notice, Priority};
use foldhash::HashMap;
use std::collections::VecDeque;

const SECOND: Nanos = 1_000_000_000;

/// Fewer failures than this are no mass failure.
const AT_LEAST: usize = 10;

/// For how many failures room is kept.
const ROOM_KEPT: usize = 1024;

/// For how long it has to be quiet before another is told.
const QUIET: Nanos = 10 * SECOND;

/// What is told of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MassFailure {
    /// Streams that failed within a second.
    pub(super) failed: usize,
    /// More than so many had to.
    pub(super) limit: usize,
    /// Of so many.
    pub(super) on_air: usize,
}

/// A stream that failed while it was on air.
#[derive(Debug)]
struct Failure {
    at: Nanos,
    registration: u64,
    /// How many streams were on air then, itself included.
    on_air: usize,
}

/// The failures of the last second.
#[derive(Debug, Default)]
pub(super) struct MassFailures {
    failures: VecDeque<Failure>,
    /// The newest of each registration: a stream that fails twice counts once.
    failed: HashMap<u64, Nanos>,
    /// The last time that too many were found.
    found_at: Option<Nanos>,
    /// When the second began of which is to be told.
    counting: Option<(Nanos, MassFailure)>,
}

impl MassFailures {
    /// A stream has failed that was on air, as one of so many; `share` is in percent, 0 for none. If
    /// too many have by now, answers from when until when their waits are to be spread.
    pub(super) fn fail(
        &mut self,
        registration: u64,
        on_air: usize,
        share: u64,
        now: Nanos,
    ) -> Option<(Nanos, Nanos)> {
        self.forget(now);
        self.failures.push_back(Failure { at: now, registration, on_air });
        let first_of_it = self.failed.insert(registration, now).is_none();
        if let Some((since, counting)) = &mut self.counting {
            counting.failed += usize::from(first_of_it && now < *since + SECOND);
        }
        let first = self.failures.front().filter(|_| share != 0)?;
        let (failed, limit) = (self.failed.len(), limit(first.on_air, share));
        if failed < AT_LEAST || failed <= limit {
            return None;
        }
        let quiet = self.found_at.is_none_or(|found_at| found_at + QUIET <= now);
        if quiet && self.counting.is_none() {
            let on_air = first.on_air;
            self.counting = Some((first.at, MassFailure { failed, limit, on_air }));
        }
        self.found_at = Some(now);
        Some((first.at, now + QUIET))
    }

    /// Whether something will have to be told.
    pub(super) fn is_counting(&self) -> bool {
        self.counting.is_some()
    }

    /// What was a second ago.
    fn forget(&mut self, now: Nanos) {
        let MassFailures { failures, failed, .. } = self;
        while let Some(old) = failures.front().filter(|first| first.at + SECOND <= now) {
            if failed.get(&old.registration) == Some(&old.at) {
                failed.remove(&old.registration);
            }
            failures.pop_front();
        }
        if failures.is_empty() && failures.capacity() > ROOM_KEPT {
            (*failures, *failed) = Default::default();
        }
    }

    /// What is to be told, when its second is over. To be asked in each tick.
    pub(super) fn take_told(&mut self, now: Nanos) -> Option<MassFailure> {
        self.forget(now);
        let (_, told) = self.counting.take_if(|(since, _)| *since + SECOND <= now)?;
        Some(told)
    }
}

fn limit(on_air: usize, share: u64) -> usize {
    let limit = on_air as u128 * u128::from(share) / 100;
    limit.try_into().unwrap_or(usize::MAX)
}

/// Whether this tells that the input on air failed.
pub(super) fn tells_failure(action: &Action, on_air: Option<Priority>) -> bool {
    match action {
        Action::Notify(Notice::Degraded { priority, error }) => {
            Some(*priority) == on_air && !error.reason.is_condition()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    const MS: Nanos = 1_000_000;

    /// These streams fail at once, of so many on air; how many it took to find that, 0 if it was not.
    fn fail(mass: &mut MassFailures, streams: Range<u64>, on_air: usize, at: u64) -> usize {
        let mut found = 0;
        for (before, registration) in streams.enumerate() {
            let spread = mass.fail(registration, on_air - before, 30, at * MS);
            if spread.is_some() && found == 0 {
                found = before + 1;
            }
        }
        found
    }

    fn told(failed: usize, limit: usize, on_air: usize) -> Option<MassFailure> {
        Some(MassFailure { failed, limit, on_air })
    }

    #[test]
    fn it_takes_more_than_the_share() {
        let mut mass = MassFailures::default();
        assert_eq!(fail(&mut mass, 0..30, 100, 0), 0);
        assert_eq!(fail(&mut mass, 30..31, 70, 999), 1);
        assert_eq!(mass.take_told(999 * MS), None, "its second is not over");
        assert_eq!(mass.take_told(1000 * MS), told(31, 30, 100));
        assert_eq!(mass.take_told(2000 * MS), None, "told once");
    }

    #[test]
    fn it_takes_ten_streams() {
        let mut mass = MassFailures::default();
        assert_eq!(fail(&mut mass, 0..9, 9, 0), 0);
        assert!(!mass.is_counting());
        let mut mass = MassFailures::default();
        assert_eq!(fail(&mut mass, 0..10, 10, 0), 10);
        assert_eq!(mass.take_told(1000 * MS), told(10, 3, 10));
    }

    #[test]
    fn it_takes_a_second() {
        let mut mass = MassFailures::default();
        assert_eq!(fail(&mut mass, 0..30, 100, 0), 0);
        assert_eq!(fail(&mut mass, 30..60, 70, 1000), 22, "21 of 70 are not enough");
        let mut mass = MassFailures::default();
        for n in 0..100 {
            assert_eq!(fail(&mut mass, n..n + 1, 100, n * 40), 0, "25 a second");
        }
    }

    #[test]
    fn who_is_on_air_again_was_one_of_them() {
        // Each fails over at once: 100 stay on air.
        let mut mass = MassFailures::default();
        let found = (0..100).find(|n| mass.fail(*n, 100, 30, n * MS).is_some());
        assert_eq!(found, Some(30));
    }

    #[test]
    fn a_stream_that_fails_again_and_again_counts_once() {
        let mut mass = MassFailures::default();
        assert!((0..1000).all(|n| mass.fail(n % 10, 100, 30, n * MS).is_none()));
    }

    #[test]
    fn a_stream_that_failed_before_and_in_the_second_is_one_of_it() {
        let mut mass = MassFailures::default();
        fail(&mut mass, 0..1, 20, 0);
        fail(&mut mass, 1..2, 20, 500);
        fail(&mut mass, 0..1, 20, 600);
        // The first failure is a second ago, so the second that counts begins with the next.
        assert_eq!(fail(&mut mass, 2..10, 20, 1000), 8, "10 of 20 failed from 500 to 1000");
        fail(&mut mass, 0..1, 20, 1100);
        fail(&mut mass, 10..11, 20, 1200);
        assert_eq!(mass.take_told(1500 * MS), told(11, 6, 20), "each once");
    }

    #[test]
    fn the_whole_second_is_counted() {
        let mut mass = MassFailures::default();
        fail(&mut mass, 0..40, 100, 0);
        fail(&mut mass, 40..100, 60, 999);
        // Later ones are not, but they are spread.
        assert!(mass.fail(100, 100, 30, 1000 * MS).is_some());
        assert_eq!(mass.take_told(1001 * MS), told(100, 30, 100));
    }

    #[test]
    fn it_is_told_again_after_ten_quiet_seconds() {
        let mut mass = MassFailures::default();
        fail(&mut mass, 0..31, 100, 0);
        assert_eq!(mass.take_told(1000 * MS), told(31, 30, 100));
        assert_eq!(fail(&mut mass, 100..131, 100, 9999), 31, "found");
        assert!(!mass.is_counting(), "and not told");
        fail(&mut mass, 200..231, 100, 19_998);
        assert!(!mass.is_counting(), "not quiet for ten seconds");
        fail(&mut mass, 300..331, 100, 29_998);
        assert_eq!(mass.take_told(30_998 * MS), told(31, 30, 100));
    }

    #[test]
    fn waits_are_spread_from_the_first_of_them_until_it_is_quiet() {
        let mut mass = MassFailures::default();
        fail(&mut mass, 0..30, 100, 500);
        let spread = mass.fail(30, 70, 30, 700 * MS);
        assert_eq!(spread, Some((500 * MS, 10_700 * MS)));
    }

    #[test]
    fn a_share_of_0_turns_it_off_and_one_of_100_is_never_reached() {
        let mut mass = MassFailures::default();
        assert!((0..100).all(|n| mass.fail(n, 100, 0, 0).is_none()));
        assert!((0..100).all(|n| mass.fail(n, 100, 100, 5000 * MS).is_none()));
    }
}
