//! How late a packet with a given stamp may have come.
//!
//! A packet's stamp is the time of the tick before it, so the packet came before the next tick
//! was published. If the monitor was scheduled late, so was that. By how much is kept here,
//! so that no input is taken for silent too early.

use crate::core::Nanos;
use crate::engine::shared::TICK;

/// Ticks remembered: more than pass in [`LOOK_EVERY`].
const TICKS: usize = 4096;

/// The stamps of what runs are looked at this often at least, before they are forgotten.
pub(super) const LOOK_EVERY: Nanos = 2_000_000_000;

/// When each of the last ticks was replaced by a later one.
#[derive(Debug)]
pub(super) struct Stamps {
    replaced: Box<[Replaced]>,
    /// The tick packets are stamped with.
    current: u64,
}

#[derive(Clone, Copy, Debug)]
struct Replaced {
    tick: u64,
    at: Nanos,
}

impl Stamps {
    /// `stamp` is what packets are stamped with so far.
    pub(super) fn new(stamp: Nanos) -> Stamps {
        let nothing = Replaced { tick: u64::MAX, at: 0 };
        Stamps { replaced: vec![nothing; TICKS].into(), current: stamp / TICK }
    }

    /// From `at` on, no packet is stamped with an earlier tick than `tick`.
    pub(super) fn replace(&mut self, tick: u64, at: Nanos) {
        if tick > self.current {
            let replaced = Replaced { tick: self.current, at };
            self.replaced[self.current as usize % TICKS] = replaced;
            self.current = tick;
        }
    }

    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// The latest instant, up to `now`, at which a packet with this stamp can have come.
    pub(super) fn latest(&self, stamp: Nanos, now: Nanos) -> Nanos {
        let tick = stamp / TICK;
        if tick >= self.current {
            return now;
        }
        let replaced = self.replaced[tick as usize % TICKS];
        // A stamp older than the table was already evaluated while its tick was in it.
        (if replaced.tick == tick { replaced.at } else { stamp + TICK }).min(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_tick_lengthens_the_one_before() {
        let mut stamps = Stamps::new(10 * TICK);
        let now = 20 * TICK;
        assert_eq!(stamps.latest(10 * TICK, now), now, "still in force");
        stamps.replace(11, 11 * TICK + 5);
        stamps.replace(11, 11 * TICK + 7);
        stamps.replace(15, 15 * TICK + 9);
        assert_eq!(stamps.latest(10 * TICK, now), 11 * TICK + 5);
        assert_eq!(stamps.latest(11 * TICK, now), 15 * TICK + 9);
        // Replaced long after, and one that is not known.
        stamps.replace(15 + TICKS as u64, 90_000 * TICK);
        assert_eq!(stamps.latest(15 * TICK, u64::MAX), 90_000 * TICK);
        assert_eq!(
            stamps.latest(11 * TICK + TICK * TICKS as u64, u64::MAX),
            12 * TICK + TICK * TICKS as u64
        );
    }
}
