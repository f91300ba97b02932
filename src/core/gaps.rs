//! Rule 22: the longest gaps of a session, and the limit on silence that they ask for.

use super::Nanos;
use serde::{Deserialize, Serialize};

const MINUTE: Nanos = 60_000_000_000;

/// How many of them are remembered.
const MINUTES: usize = 5;

/// The longest gaps of a session, as looks show them: of a gap with looks in it, the last of these saw
/// how long it had lasted at least, and the first one after it, how long at most. The limit is both
/// together, which is twice the gap within the time between two looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gaps {
    /// Never less than what the last minutes ask for.
    pub(super) limit: Nanos,
    /// What each of the last minutes asks for, the present one first.
    asked_for: [Nanos; MINUTES],
    minute_ends: Nanos,
    /// The last look, and the newest packet that it saw.
    looked_at: Nanos,
    newest: Nanos,
}

impl Gaps {
    /// At the first look at a session that delivers, whose limit is the `longest` there may be.
    pub(super) fn new(longest: Nanos, now: Nanos, newest: Nanos) -> Gaps {
        let minute_ends = now + MINUTE;
        Gaps { limit: longest, asked_for: [0; MINUTES], minute_ends, looked_at: now, newest }
    }

    /// A look, and the newest packet that it sees. No gap asks for more than `most`.
    pub(super) fn look(&mut self, now: Nanos, newest: Nanos, most: Nanos) {
        if newest > self.newest {
            let at_least = self.looked_at.saturating_sub(self.newest);
            let at_most = newest - self.newest;
            let asked_for = at_least.saturating_add(at_most).min(most);
            self.asked_for[0] = self.asked_for[0].max(asked_for);
            self.limit = self.limit.max(asked_for);
        }
        (self.looked_at, self.newest) = (now, newest);
        if now >= self.minute_ends {
            self.end_minute(now);
        }
    }

    /// A longer gap raises the limit at once; what is forgotten lowers it by half in each minute.
    fn end_minute(&mut self, now: Nanos) {
        let asked_for = self.asked_for.into_iter().max().unwrap_or(0);
        self.limit = asked_for.max(self.limit / 2);
        self.asked_for.rotate_right(1);
        self.asked_for[0] = 0;
        self.minute_ends = now.saturating_add(MINUTE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;
    const LOOK: Nanos = 100 * MS;

    const MOST: Nanos = 2000 * MS;

    /// Looks for `millis` at packets `every` so many milliseconds; answers the limit, in milliseconds.
    fn runs(gaps: &mut Gaps, now: &mut Nanos, every: u64, millis: u64) -> u64 {
        let end = *now + millis * MS;
        while *now < end {
            *now += LOOK;
            gaps.look(*now, *now / (every * MS) * (every * MS), MOST);
        }
        gaps.limit / MS
    }

    fn begun() -> (Gaps, Nanos) {
        let now = 1_000_000 * MS;
        (Gaps::new(MOST, now, now), now)
    }

    #[test]
    fn calm_halves_it_each_minute() {
        let (mut gaps, mut now) = begun();
        let minutes = [1; 6].map(|_| runs(&mut gaps, &mut now, 40, 60_000));
        assert_eq!(minutes, [1000, 500, 250, 140, 140, 140], "twice 40 ms, and less than a look");
    }

    #[test]
    fn a_longer_gap_raises_it_at_once_and_is_remembered_for_minutes() {
        let (mut gaps, mut now) = begun();
        runs(&mut gaps, &mut now, 40, 300_000);
        let before = now / (40 * MS) * (40 * MS);
        // Looks within a gap of 730 ms, and one after it.
        for silent in 1..=7 {
            gaps.look(now + silent * LOOK, before, MOST);
        }
        now += 8 * LOOK;
        gaps.look(now, before + 730 * MS, MOST);
        let raised = gaps.limit / MS;
        assert!((1400..=1500).contains(&raised), "{raised}");
        assert_eq!(runs(&mut gaps, &mut now, 40, 240_000), raised, "for four minutes at least");
        assert_eq!(runs(&mut gaps, &mut now, 40, 60_000), raised, "and five at most");
        assert_eq!(runs(&mut gaps, &mut now, 40, 60_000), raised / 2);
    }

    #[test]
    fn an_outage_of_any_length_is_forgotten_like_the_longest_gap_there_may_be() {
        let (mut gaps, mut now) = begun();
        runs(&mut gaps, &mut now, 40, 300_000);
        now += 3_600_000 * MS;
        let minutes = [1; 8].map(|_| runs(&mut gaps, &mut now, 40, 60_000));
        assert_eq!(minutes, [2000, 2000, 2000, 2000, 2000, 1000, 500, 250]);
    }

    #[test]
    fn a_gap_between_two_looks_is_taken_for_as_long_as_it_may_have_been() {
        let (mut gaps, now) = begun();
        gaps.limit = 0;
        gaps.look(now + LOOK, now + 20 * MS, MOST);
        gaps.look(now + 2 * LOOK, now + 190 * MS, MOST);
        assert_eq!(gaps.limit, 250 * MS, "80 ms at least, 170 ms at most");
    }

    #[test]
    fn a_silence_that_lasts_is_no_gap_yet() {
        let (mut gaps, now) = begun();
        gaps.limit = 0;
        for silent in 1..=9 {
            gaps.look(now + silent * LOOK, now, MOST);
        }
        assert_eq!(gaps.limit, 0);
    }

    #[test]
    fn no_time_is_too_long() {
        let (mut gaps, now) = begun();
        gaps.look(u64::MAX - MINUTE, now, u64::MAX);
        gaps.look(u64::MAX - MINUTE, u64::MAX - MINUTE, u64::MAX);
        assert_eq!(gaps.limit, u64::MAX);
    }
}
