//! Rule 21: an input that fails often has to prove itself for longer.

use super::Nanos;

const MOST_FAULTS: u32 = 8;

/// The faults of one input.
#[derive(Clone, Debug, Default)]
pub(super) struct Damping {
    faults: u32,
    /// When the last of them was.
    last: Nanos,
}

impl Damping {
    /// Rule 21a: it left the air for a fault of its own.
    pub(super) fn add(&mut self, now: Nanos, period: Nanos) {
        self.faults = (self.faults(now, period) + 1).min(MOST_FAULTS);
        self.last = now;
    }

    /// Those that count: each period without one takes one off.
    pub(super) fn faults(&self, now: Nanos, period: Nanos) -> u32 {
        let calm = (now - self.last).checked_div(period).unwrap_or(Nanos::MAX);
        self.faults.saturating_sub(calm.try_into().unwrap_or(u32::MAX))
    }

    /// Rule 21b: when an input that is healthy `since` will have proved itself, as faults are
    /// forgotten meanwhile.
    pub(super) fn proven_at(&self, since: Nanos, stable: Nanos, period: Nanos) -> Nanos {
        if period == 0 {
            return 0;
        }
        let proven_with = |faults: u32| {
            let forgotten = self.last + u64::from(self.faults - faults) * period;
            match faults {
                0 => forgotten,
                _ => forgotten.max(since.saturating_add(stable.saturating_mul(1 << (faults - 1)))),
            }
        };
        if self.faults == 0 {
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
        (0..faults).for_each(|_| damping.add(100 * S, 60 * S));
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
        let left = |at| damping.faults(at, 60 * S);
        assert_eq!([160 * S - 1, 160 * S, 220 * S, 280 * S, 1 << 62].map(left), [3, 2, 1, 0, 0]);
    }

    #[test]
    fn what_is_asked_falls_while_it_waits() {
        // 4 faults ask for 80 s; after 60 s one is forgotten, and 3 ask for 40 s.
        assert_eq!(after(4).proven_at(110 * S, 10 * S, 60 * S), 160 * S);
        assert_eq!(after(4).proven_at(130 * S, 10 * S, 60 * S), 170 * S);
        // However it fails meanwhile, once all is forgotten nothing is asked.
        assert_eq!(after(2).proven_at(10_000 * S, 10 * S, 60 * S), 220 * S);
    }

    #[test]
    fn without_a_period_nothing_counts() {
        assert_eq!(after(8).proven_at(100 * S, 3 * S, 0), 0);
        assert_eq!(after(8).faults(100 * S, 0), 0);
    }
}
