//! Rule 21: an input that fails often has to prove itself for longer.

use super::Nanos;
use serde::{Deserialize, Serialize};

const MOST_FAULTS: u32 = 8;

/// The faults of one input.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Damping {
    faults: u32,
    /// When they were last counted: at a fault, or because the input was no longer healthy.
    last: Nanos,
}

impl Damping {
    /// Rule 21a: it left the air for a fault of its own.
    pub(super) fn add(&mut self) {
        self.faults = (self.faults + 1).min(MOST_FAULTS);
    }

    /// An input that was healthy since `since` no longer is. What is forgotten stays forgotten.
    pub(super) fn settle(&mut self, since: Option<Nanos>, now: Nanos, period: Nanos) {
        self.faults = self.faults(since, now, period);
        self.last = now;
    }

    /// The faults that count while an input is healthy, since `since`: each period of that takes one off.
    pub(super) fn faults(&self, since: Option<Nanos>, now: Nanos, period: Nanos) -> u32 {
        let Some(since) = since.filter(|_| period != 0) else { return self.faults };
        let calm = now.saturating_sub(since.max(self.last)) / period;
        self.faults.saturating_sub(calm.try_into().unwrap_or(u32::MAX))
    }

    /// Rule 21b: when an input that is healthy since `since` will have proved itself; faults are
    /// forgotten meanwhile.
    pub(super) fn proven_at(&self, since: Nanos, stable: Nanos, period: Nanos) -> Nanos {
        let proven_with = |faults: u32| {
            let calm = since.max(self.last);
            let forgotten = calm.saturating_add(u64::from(self.faults - faults) * period);
            match faults {
                0 => forgotten,
                _ => forgotten.max(since.saturating_add(stable.saturating_mul(1 << (faults - 1)))),
            }
        };
        if self.faults == 0 || period == 0 {
            return 0;
        }
        (0..=self.faults).map(proven_with).min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    fn after(faults: u32) -> Damping {
        let mut damping = Damping::default();
        damping.settle(None, 100 * S, 60 * S);
        (0..faults).for_each(|_| damping.add());
        damping
    }

    #[test]
    fn each_fault_doubles_what_is_asked() {
        let asked = |faults| after(faults).proven_at(100 * S, 3 * S, 1 << 60) / S - 100;
        assert_eq!([1, 2, 3, 4, 5].map(asked), [3, 6, 12, 24, 48]);
        assert_eq!(asked(8), asked(9), "up to eight");
        assert_eq!(after(0).proven_at(100 * S, 3 * S, 60 * S), 0, "nothing is asked");
    }

    #[test]
    fn each_period_takes_one_off() {
        let damping = after(3);
        let left = |at| damping.faults(Some(0), at, 60 * S);
        assert_eq!([160 * S - 1, 160 * S, 220 * S, 280 * S, 1 << 62].map(left), [3, 2, 1, 0, 0]);
        // Of health, not of time.
        assert_eq!(damping.faults(None, 1 << 62, 60 * S), 3);
        assert_eq!(damping.faults(Some(200 * S), 259 * S, 60 * S), 3);
    }

    #[test]
    fn what_is_forgotten_stays_forgotten() {
        let mut damping = after(3);
        damping.settle(Some(100 * S), 230 * S, 60 * S);
        assert_eq!(damping.faults(Some(240 * S), 250 * S, 60 * S), 1);
        assert_eq!(damping.faults(Some(240 * S), 300 * S, 60 * S), 0);
    }

    #[test]
    fn what_is_asked_falls_while_it_waits() {
        // 4 faults ask for 80 s; after 60 s of health one is forgotten, and 3 ask for 40 s.
        assert_eq!(after(4).proven_at(110 * S, 10 * S, 60 * S), 170 * S);
        // 8 ask for 1280 s, but after 180 s three are forgotten, and 5 ask for 160 s.
        assert_eq!(after(8).proven_at(110 * S, 10 * S, 60 * S), 290 * S);
    }

    #[test]
    fn without_a_period_nothing_counts() {
        assert_eq!(after(8).proven_at(100 * S, 3 * S, 0), 0);
    }
}
