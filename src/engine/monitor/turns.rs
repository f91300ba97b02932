//! Whose turn it is to be looked at, and whether there is time for it.
//!
//! A stream comes up in a timing wheel as it is due, and queues for its look. Looks are rationed to what
//! the rest of the monitor leaves of a tenth of a core: when there is more to look at, the queue grows,
//! each stream waits for its turn, and so all are looked at less often, evenly.

use super::wheel::Wheel;
use crate::core::Nanos;
use crate::engine::shared::TICK;
use std::collections::VecDeque;

/// Of all time, the monitor takes no more than one part in so many, as far as that is up to looks: so
/// it stays below a tenth.
const SHARE: i64 = 11;

/// Whatever the rest of the monitor takes, looks may take one part in so many.
const LEAST_SHARE: i64 = 50;

/// Time for looks that was not used is kept up to this, and overdrawn as far.
const KEPT: i64 = 1_000_000;

/// A stream that waits for longer than this for its look is looked at less often than it should be.
const PATIENCE: Nanos = 100 * TICK;

pub(super) struct Turns {
    wheel: Wheel,
    /// Streams that came up and wait for their look, and since when.
    queue: VecDeque<(usize, Nanos)>,
    /// Scratch of `bring_up`.
    due: Vec<usize>,
    /// Nanoseconds that looks may take now, and until when these were granted.
    left: i64,
    granted_until: Nanos,
    /// What the monitor had taken then, and what looks have taken since.
    taken: Nanos,
    by_looks: i64,
    told: bool,
}

impl Turns {
    /// `taken` is the processor time that the monitor has taken so far.
    pub(super) fn new(now: Nanos, taken: Nanos) -> Turns {
        Turns {
            wheel: Wheel::new(now / TICK),
            queue: VecDeque::new(),
            due: Vec::new(),
            left: 0,
            granted_until: now,
            taken,
            by_looks: 0,
            told: false,
        }
    }

    /// Streams are less than this from now on.
    pub(super) fn grow(&mut self, streams: usize) {
        self.wheel.grow(streams);
    }

    /// The stream is to be looked at at `next`: rounded up, so never early.
    pub(super) fn schedule(&mut self, stream: usize, next: Nanos, now: Nanos) {
        self.wheel.set(stream, next.div_ceil(TICK).max(now / TICK + 1));
    }

    /// Takes up the streams whose look is due, and grants the time since it was last called, less what
    /// the rest of the monitor has taken of it; `taken` is the processor time that it has taken so far,
    /// looks included.
    pub(super) fn bring_up(&mut self, now: Nanos, taken: Nanos) {
        self.wheel.advance(now / TICK, &mut self.due);
        self.queue.extend(self.due.drain(..).map(|stream| (stream, now)));
        let passed = now.saturating_sub(self.granted_until) as i64;
        // Less than nothing, if looks were interrupted: then they have not taken what they told.
        let by_the_rest = taken.saturating_sub(self.taken) as i64 - self.by_looks;
        let left = self.left + passed / SHARE - by_the_rest;
        self.left = left.max(passed / LEAST_SHARE).min(KEPT);
        (self.granted_until, self.taken, self.by_looks) = (now, taken, 0);
    }

    /// Whether a stream waits for its look, and there is time left for it.
    pub(super) fn any(&self) -> bool {
        self.left > 0 && !self.queue.is_empty()
    }

    /// Whose turn it is. What its look takes is to be told with `took`.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.queue.pop_front().map(|(stream, _)| stream)
    }

    /// Whose turn it will be after so many others.
    pub(super) fn ahead(&self, others: usize) -> Option<usize> {
        self.queue.get(others).map(|(stream, _)| *stream)
    }

    /// So much time was taken for looks, and for what was decided by them.
    pub(super) fn took(&mut self, spent: Nanos) {
        self.by_looks += spent as i64;
        self.left = (self.left - spent as i64).max(-KEPT);
    }

    /// Whether looks have become rarer than they should be. True once.
    pub(super) fn thins_out(&mut self, now: Nanos) -> bool {
        let waits = self.queue.front().is_some_and(|(_, since)| now - since > PATIENCE);
        waits && !std::mem::replace(&mut self.told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;
    const EVERY: Nanos = SECOND / 10;
    const STREAMS: usize = 1000;

    /// What came of it.
    struct Played {
        looks: Vec<u32>,
        spent: Nanos,
        told: usize,
    }

    /// Each stream is to be looked at every 100 ms, for so many seconds. A look takes `cost`, and what
    /// else the monitor does in a tick `rest`.
    fn play(seconds: u64, cost: Nanos, rest: Nanos) -> Played {
        let began = 5 * SECOND + 300;
        let (mut now, mut taken) = (began, 7 * SECOND);
        let mut turns = Turns::new(now, taken);
        turns.grow(STREAMS);
        (0..STREAMS).for_each(|stream| turns.schedule(stream, now + stream as Nanos % EVERY, now));
        let mut played = Played { looks: vec![0; STREAMS], spent: 0, told: 0 };
        while now < began + seconds * SECOND {
            // A tick is late as often as looks take longer than a tick.
            now += TICK;
            taken += rest;
            turns.bring_up(now, taken);
            while turns.any() {
                let stream = turns.next().unwrap();
                played.looks[stream] += 1;
                turns.schedule(stream, now + EVERY, now);
                turns.took(cost);
                (played.spent, now, taken) = (played.spent + cost, now + cost, taken + cost);
            }
            played.told += usize::from(turns.thins_out(now));
        }
        played
    }

    #[test]
    fn what_fits_is_looked_at_in_time() {
        // 10,000 looks a second, 8 us each: 8 % of the time.
        let Played { looks, told, .. } = play(20, 8_000, 5_000);
        let (least, most) = (looks.iter().min().unwrap(), looks.iter().max().unwrap());
        assert!((190..=201).contains(least) && most - least <= 2, "{least} to {most}");
        assert_eq!(told, 0);
    }

    #[test]
    fn what_does_not_fit_thins_out_evenly_and_is_told_once() {
        // Six times as long as there is time for.
        let Played { looks, spent, told } = play(60, 60_000, 0);
        let (least, most) = (looks.iter().min().unwrap(), looks.iter().max().unwrap());
        assert!(most - least <= 1, "{least} to {most}");
        assert!(spent <= 60 * SECOND / SHARE as Nanos + KEPT as Nanos, "{spent} ns of 60 s");
        assert!(spent >= 59 * SECOND / SHARE as Nanos, "but that is used: {spent} ns of 60 s");
        assert_eq!(told, 1);
    }

    #[test]
    fn the_rest_of_the_monitor_is_within_the_tenth_too() {
        // 3 % of each tick.
        let Played { spent, .. } = play(60, 20_000, 30_000);
        let all = spent + spent_by_the_rest(60, spent, 30_000);
        assert!(all <= 60 * SECOND / SHARE as Nanos + KEPT as Nanos, "{all} ns of 60 s");
        assert!(all >= 59 * SECOND / SHARE as Nanos, "but that is used: {all} ns of 60 s");
    }

    #[test]
    fn looks_go_on_however_much_the_rest_takes() {
        let Played { looks, spent, .. } = play(60, 10_000, 500_000);
        let least = 60 * SECOND / LEAST_SHARE as Nanos;
        assert!((least * 9 / 10..=least * 2).contains(&spent), "{spent} ns of 60 s");
        assert!(looks.iter().all(|looks| *looks > 100));
    }

    /// In as many ticks as there are, where looks delay them.
    fn spent_by_the_rest(seconds: u64, by_looks: Nanos, rest: Nanos) -> Nanos {
        (seconds * SECOND - by_looks) / TICK * rest
    }
}
