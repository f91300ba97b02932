//! When a failed input may be tried again: doubling, capped, jittered.

use super::Nanos;
use serde::{Deserialize, Serialize};

/// The longest wait is this many doublings of `probe_cooldown`: 8 times.
const MAX_DOUBLINGS: u32 = 3;

/// Up to an eighth is added to every wait, so that inputs which failed together are not all
/// tried again in the same instant.
const JITTER_DIVISOR: u64 = 8;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Backoff {
    doublings: u32,
    /// SplitMix64 state (Steele, Lea, Flood 2014), from the first wait on.
    state: Option<u64>,
}

impl Backoff {
    pub(super) fn is_reset(&self) -> bool {
        self.doublings == 0
    }

    pub(super) fn reset(&mut self) {
        self.doublings = 0;
    }

    pub(super) fn increase(&mut self) {
        self.doublings = (self.doublings + 1).min(MAX_DOUBLINGS);
    }

    /// Rule 9f: how long to wait this time. Different seeds give different jitter.
    pub(super) fn wait(&mut self, cooldown: Nanos, seed: u64) -> Nanos {
        let wait = cooldown << self.doublings;
        wait + self.random(seed) % (wait / JITTER_DIVISOR + 1)
    }

    /// Rule 26b: what is added to such a wait when very many begin at once, less than the same again.
    pub(super) fn share(&mut self, cooldown: Nanos, seed: u64) -> Nanos {
        self.random(seed) % (cooldown << self.doublings).max(1)
    }

    fn random(&mut self, seed: u64) -> u64 {
        let state = self.state.get_or_insert(seed);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 1_234_567;

    /// What SplitMix64 gives for this seed.
    const RANDOM: [u64; 5] = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];

    #[test]
    fn the_jitter_comes_from_splitmix64() {
        let mut backoff = Backoff::default();
        assert_eq!(RANDOM.map(|_| backoff.random(SEED)), RANDOM, "or old traces end differently");
    }

    #[test]
    fn a_wait_doubles_three_times_and_an_eighth_at_most_is_added() {
        let mut backoff = Backoff::default();
        let waits = RANDOM.map(|random| {
            let wait = backoff.wait(8000, SEED);
            backoff.increase();
            (wait, random)
        });
        for ((wait, random), plain) in waits.into_iter().zip([8000, 16_000, 32_000, 64_000, 64_000])
        {
            assert_eq!(wait, plain + random % (plain / 8 + 1));
        }
        assert!(!backoff.is_reset());
        backoff.reset();
        assert!(backoff.is_reset());
    }

    #[test]
    fn a_share_is_less_than_the_wait_that_it_is_added_to() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.share(8000, SEED), RANDOM[0] % 8000);
        backoff.increase();
        assert_eq!(backoff.share(8000, SEED), RANDOM[1] % 16_000);
        assert_eq!(backoff.share(0, SEED), 0);
    }
}
