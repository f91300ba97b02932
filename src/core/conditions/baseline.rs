//! What an input usually delivers.

use crate::core::Nanos;
use serde::{Deserialize, Serialize};

/// Known after so much healthy delivery.
const LEARNED_AFTER: Nanos = 5_000_000_000;

/// From then on a lasting change is learned to two thirds in this time.
const MEMORY: Nanos = 120_000_000_000;

/// A value stands still no longer than this between two looks; what lies between was not seen.
const LONGEST_STEP: Nanos = 1_000_000_000;

/// Bits behind the point: a slow change must not be lost in rounding.
const FRACTION: u32 = 16;

/// An input's own usual value of a measure: at first the mean of 5 s, then a memory of minutes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// The sum over time until it is known; then the value with its fraction.
    #[serde(with = "halves")]
    value: u128,
    /// Of how much time it is, as long as it is not known.
    learned: Nanos,
    looked_at: Option<Nanos>,
}

impl Baseline {
    /// The usual value.
    pub(super) fn get(&self) -> Option<u64> {
        let value = || u64::try_from(self.value >> FRACTION).unwrap_or(u64::MAX);
        (self.learned >= LEARNED_AFTER).then(value)
    }

    /// A look at healthy delivery.
    pub(super) fn learn(&mut self, value: u64, now: Nanos) {
        let step = now - self.looked_at.replace(now).unwrap_or(now);
        let step = step.min(LONGEST_STEP);
        let value = u128::from(value) << FRACTION;
        if self.learned < LEARNED_AFTER {
            self.value += value * u128::from(step);
            self.learned += step;
            if self.learned >= LEARNED_AFTER {
                self.value /= u128::from(self.learned);
            }
            return;
        }
        let change = value.abs_diff(self.value) * u128::from(step) / u128::from(MEMORY);
        self.value = if value < self.value { self.value - change } else { self.value + change };
    }

    /// The next look comes after a time that was not healthy.
    pub(super) fn freeze(&mut self) {
        self.looked_at = None;
    }
}

/// In a record: no number of JSON is that large.
mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &u128, to: S) -> Result<S::Ok, S::Error> {
        [(value >> 64) as u64, *value as u64].serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let [high, low] = <[u64; 2]>::deserialize(from)?;
        Ok(u128::from(high) << 64 | u128::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Nanos = 100_000_000;

    fn learned(values: impl IntoIterator<Item = u64>) -> Baseline {
        let mut baseline = Baseline::default();
        for (look, value) in values.into_iter().enumerate() {
            baseline.learn(value, LOOK * look as u64);
        }
        baseline
    }

    #[test]
    fn it_is_the_mean_of_five_seconds() {
        assert_eq!(learned([1000; 50]).get(), None, "4.9 s");
        assert_eq!(learned([1000; 51]).get(), Some(1000));
        let rising = learned((0..51).map(|look| if look <= 25 { 1000 } else { 2000 }));
        assert_eq!(rising.get(), Some(1500));
    }

    #[test]
    fn it_is_learned_over_minutes() {
        let after = |looks: usize| {
            let values = std::iter::repeat_n(1000, 51).chain(std::iter::repeat_n(2000, looks));
            learned(values).get().unwrap()
        };
        assert!((1008..=1009).contains(&after(10)), "a second: {}", after(10));
        assert!((1630..=1634).contains(&after(1200)), "two minutes: {}", after(1200));
        assert_eq!(after(100_000), 1999, "it comes as close as numbers do");
    }

    #[test]
    fn what_was_not_seen_is_not_learned() {
        let mut baseline = learned([1000; 51]);
        let before = baseline.get();
        baseline.freeze();
        baseline.learn(0, 1 << 60);
        assert_eq!(baseline.get(), before);
        // A look that is late counts for a second.
        baseline.learn(0, (1 << 60) + (1 << 50));
        assert_eq!(baseline.get(), Some(991));
    }

    #[test]
    fn it_is_learned_to_the_clocks_end() {
        let mut baseline = Baseline::default();
        for look in (0..60).rev() {
            baseline.learn(1000, u64::MAX - LOOK * look);
        }
        assert_eq!(baseline.get(), Some(1000));
    }

    #[test]
    fn a_month_of_silence_is_one_step() {
        let mut baseline = learned([1000; 51]);
        baseline.learn(0, LOOK * 51 + 30 * 86_400_000_000_000);
        // A second's worth: 1000 − 1000 / 120.
        assert_eq!(baseline.get(), Some(991));
    }

    #[test]
    fn no_value_is_too_large() {
        assert_eq!(learned(std::iter::repeat_n(u64::MAX, 100)).get(), Some(u64::MAX));
    }

    #[test]
    fn it_survives_its_record() {
        let baseline = Baseline { value: u128::MAX - 5, learned: 7, looked_at: Some(9) };
        let record = serde_json::to_value(&baseline).unwrap();
        let read: Baseline = serde_json::from_value(record).unwrap();
        assert_eq!((read.value, read.learned, read.looked_at), (u128::MAX - 5, 7, Some(9)));
    }
}
