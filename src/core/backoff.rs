//! When a failed input may be tried again: doubling, capped, jittered.

use super::Nanos;

/// The longest wait is this many doublings of `probe_cooldown`: 8 times.
const MAX_DOUBLINGS: u32 = 3;

/// Up to an eighth is added to every wait, so that inputs which failed together are not all
/// tried again in the same instant.
const JITTER_DIVISOR: u64 = 8;

#[derive(Clone, Debug)]
pub(super) struct Backoff {
    doublings: u32,
    /// SplitMix64 state (Steele, Lea, Flood 2014).
    seed: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Backoff { doublings: 0, seed }
    }

    pub(super) fn is_reset(&self) -> bool {
        self.doublings == 0
    }

    pub(super) fn reset(&mut self) {
        self.doublings = 0;
    }

    pub(super) fn increase(&mut self) {
        self.doublings = (self.doublings + 1).min(MAX_DOUBLINGS);
    }

    pub(super) fn wait(&mut self, cooldown: Nanos) -> Nanos {
        let wait = cooldown << self.doublings;
        wait + self.random() % (wait / JITTER_DIVISOR + 1)
    }

    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
