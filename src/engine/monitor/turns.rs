//! Whose turn it is to be looked at, and whether there is time for it.
//!
//! A stream comes up in a timing wheel as it is due, and queues for its look. What looks take is
//! rationed to a tenth of the time: when there is more to look at, the queue grows, each stream waits
//! for its turn, and so all are looked at less often, evenly.

use super::wheel::Wheel;
use crate::core::Nanos;
use crate::engine::shared::TICK;
use std::collections::VecDeque;

/// Of all time, looks take no more than one part in so many.
const SHARE: i64 = 10;

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
    told: bool,
}

impl Turns {
    pub(super) fn new(now: Nanos) -> Turns {
        Turns {
            wheel: Wheel::new(now / TICK),
            queue: VecDeque::new(),
            due: Vec::new(),
            left: 0,
            granted_until: now,
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

    /// Takes up the streams whose look is due, and grants the time since it was last called.
    pub(super) fn bring_up(&mut self, now: Nanos) {
        self.wheel.advance(now / TICK, &mut self.due);
        self.queue.extend(self.due.drain(..).map(|stream| (stream, now)));
        let granted = now.saturating_sub(self.granted_until) as i64 / SHARE;
        self.left = (self.left + granted).min(KEPT);
        self.granted_until = now;
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

    /// Each stream is to be looked at every 100 ms, for so many seconds, and a look takes `cost`.
    fn play(seconds: u64, cost: Nanos) -> Played {
        let began = 5 * SECOND + 300;
        let mut now = began;
        let mut turns = Turns::new(now);
        turns.grow(STREAMS);
        (0..STREAMS).for_each(|stream| turns.schedule(stream, now + stream as Nanos % EVERY, now));
        let mut played = Played { looks: vec![0; STREAMS], spent: 0, told: 0 };
        while now < began + seconds * SECOND {
            // A tick is late as often as looks take longer than a tick.
            now += TICK;
            turns.bring_up(now);
            while turns.any() {
                let stream = turns.next().unwrap();
                played.looks[stream] += 1;
                turns.schedule(stream, now + EVERY, now);
                turns.took(cost);
                (played.spent, now) = (played.spent + cost, now + cost);
            }
            played.told += usize::from(turns.thins_out(now));
        }
        played
    }

    #[test]
    fn what_fits_is_looked_at_in_time() {
        // 10,000 looks a second, 9 us each: 9 % of the time.
        let Played { looks, told, .. } = play(20, 9_000);
        let (least, most) = (looks.iter().min().unwrap(), looks.iter().max().unwrap());
        assert!((190..=201).contains(least) && most - least <= 2, "{least} to {most}");
        assert_eq!(told, 0);
    }

    #[test]
    fn what_does_not_fit_thins_out_evenly_and_is_told_once() {
        // Six times as long as there is time for.
        let Played { looks, spent, told } = play(60, 60_000);
        let (least, most) = (looks.iter().min().unwrap(), looks.iter().max().unwrap());
        assert!(most - least <= 1, "{least} to {most}");
        assert!(spent <= 60 * SECOND / 10 + KEPT as Nanos, "{spent} ns of 60 s");
        assert!(spent >= 59 * SECOND / 10, "but that is used: {spent} ns of 60 s");
        assert_eq!(told, 1);
    }
}
