//! Which streams are to be visited, because a deadline of theirs may have come.
//!
//! What comes up in the wheel is a group of neighbours. To look at the others is cheap once one
//! is looked at: their lines follow each other. And it puts off the deadlines of all that deliver,
//! so that a group of them comes up once in a timeout and not each in a tick of its own. (A stream
//! of a short timeout has its neighbours looked at as often: up to eight times the lines.)

use super::stamps::{Stamps, LOOK_EVERY};
use super::watch::Watch;
use super::wheel::{Wheel, NEVER, TICK};
use crate::core::Nanos;
use crate::hot::{prefetch, Cell};

/// Streams in a group: those of the same number divided by this.
const GROUP: usize = 8;

/// Streams by their numbers.
#[derive(Debug)]
pub(super) struct Deadlines {
    groups: Vec<[Watch; GROUP]>,
    /// A group comes up no later than any of its streams is armed for, except those that are in
    /// `soon` or were just brought up.
    wheel: Wheel,
    /// How many streams are armed.
    armed: usize,
    /// Streams whose deadline is within this tick, and the first of these deadlines.
    soon: Vec<usize>,
    soon_at: Nanos,
    /// Scratch of `bring_up`.
    due: Vec<usize>,
}

impl Deadlines {
    pub(super) fn new(now: Nanos) -> Deadlines {
        Deadlines {
            groups: Vec::new(),
            wheel: Wheel::new(now / TICK),
            armed: 0,
            soon: Vec::new(),
            soon_at: Nanos::MAX,
            due: Vec::new(),
        }
    }

    /// A new stream, of this number: nothing is armed.
    pub(super) fn add(&mut self, stream: usize) {
        let groups = self.groups.len().max(stream / GROUP + 1);
        self.groups.resize(groups, [Watch::NOTHING; GROUP]);
        self.wheel.grow(groups);
        let watch = &mut self.groups.as_flattened_mut()[stream];
        debug_assert!(watch.armed_for == NEVER, "its number was in use");
        *watch = Watch::NOTHING;
    }

    /// More than the largest number a stream had so far.
    pub(super) fn end(&self) -> usize {
        self.groups.as_flattened().len()
    }

    /// An instant before which none will come; `None` when none is to come at all.
    pub(super) fn next(&self) -> Option<Nanos> {
        // Without any armed, what is left in the wheel is nobody's deadline any more.
        let waiting = (self.armed > 0).then(|| self.wheel.next());
        waiting.map(|next| next.map_or(Nanos::MAX, |tick| tick * TICK).min(self.soon_at))
    }

    /// The first deadline within this tick; `Nanos::MAX` if there is none.
    pub(super) fn soon_at(&self) -> Nanos {
        self.soon_at
    }

    /// Sees to it that the stream comes up at `next`, its next deadline (or never, if that is
    /// `Nanos::MAX`), of which `fixed` and what is `watched` are all the reasons.
    pub(super) fn arm(
        &mut self,
        stream: usize,
        now: Nanos,
        (next, fixed): (Nanos, Nanos),
        watched: impl Iterator<Item = (&'static Cell, Nanos)>,
    ) {
        let watch = &mut self.groups.as_flattened_mut()[stream];
        watch.set(fixed, watched);
        if next == Nanos::MAX {
            return self.disarm(stream);
        }
        let look = if watch.is_watching() { now + LOOK_EVERY } else { Nanos::MAX };
        let next = next.min(look);
        // Rounded down; the rest is waited for within that tick: neither early nor a tick late.
        let tick = next / TICK;
        let is_soon = tick <= now / TICK;
        if tick < watch.armed_for {
            self.armed += usize::from(watch.armed_for == NEVER);
            watch.armed_for = tick;
            match is_soon {
                true => self.soon.push(stream),
                false => self.bring_up_at(tick, stream / GROUP),
            }
        }
        if is_soon {
            self.soon_at = self.soon_at.min(next);
        }
    }

    pub(super) fn disarm(&mut self, stream: usize) {
        let watch = &mut self.groups.as_flattened_mut()[stream];
        self.armed -= usize::from(watch.armed_for != NEVER);
        watch.armed_for = NEVER;
    }

    fn bring_up_at(&mut self, tick: u64, group: usize) {
        if tick < self.wheel.due(group) {
            self.wheel.set(group, tick);
        }
    }

    /// Appends to `restless` the streams that packets have not put off until after this tick, except
    /// those that `bring_up_soon` will bring up, later in it.
    pub(super) fn bring_up(&mut self, now: Nanos, stamps: &Stamps, restless: &mut Vec<usize>) {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.advance(now / TICK, &mut due);
        for at in 0..due.len() {
            // With many streams these lines are in no cache; they are asked for in time.
            if let Some(group) = due.get(at + 4).and_then(|group| self.groups.get(*group)) {
                prefetch(group);
            }
            if let Some(group) = due.get(at + 2).and_then(|group| self.groups.get(*group)) {
                group.iter().for_each(Watch::prefetch_cells);
            }
            self.look_at(due[at], now, stamps, restless);
        }
        due.clear();
        self.due = due;
    }

    fn look_at(&mut self, group: usize, now: Nanos, stamps: &Stamps, restless: &mut Vec<usize>) {
        let mut next = NEVER;
        for (at, watch) in self.groups[group].iter_mut().enumerate() {
            if watch.armed_for == NEVER {
                continue;
            }
            // A stamp is the tick before the packet: it may have come almost a tick later, and
            // still later if that tick was late.
            let quiet_until = watch.quiet_until(|stamp| stamp + TICK);
            if quiet_until / TICK > now / TICK {
                watch.armed_for = watch.armed_for.max(quiet_until / TICK);
            }
            if watch.armed_for > now / TICK {
                next = next.min(watch.armed_for);
                continue;
            }
            let stream = group * GROUP + at;
            let quiet_until = watch.quiet_until(|stamp| stamps.latest(stamp, now));
            if quiet_until > now && quiet_until / TICK == now / TICK {
                self.soon_at = self.soon_at.min(quiet_until);
                self.soon.push(stream);
            } else {
                restless.push(stream);
            }
        }
        if next != NEVER {
            self.bring_up_at(next, group);
        }
    }

    /// Appends to `restless` the streams whose deadline is within this tick, and may have come.
    pub(super) fn bring_up_soon(&mut self, restless: &mut Vec<usize>) {
        self.soon_at = Nanos::MAX;
        restless.append(&mut self.soon);
    }

    /// Whether the stream, once brought up, still is to be visited: not if it was, or put off.
    pub(super) fn is_due(&self, stream: usize, now: Nanos) -> bool {
        self.groups.as_flattened()[stream].armed_for <= now / TICK
    }

    /// Asks the processor for the line `is_due` will read.
    pub(super) fn prefetch(&self, stream: usize) {
        prefetch(&self.groups.as_flattened()[stream]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::{CellPool, Clock, Flags, OwnedGate};
    use proptest::prelude::*;

    const STREAMS: usize = 2 * GROUP + 3;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Packet {
            stream: usize,
        },
        /// A deadline so many nanoseconds ahead, and perhaps an input with such a timeout.
        Arm {
            stream: usize,
            fixed: Nanos,
            timeout: Option<Nanos>,
        },
        Disarm {
            stream: usize,
        },
        Ticks(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let stream = || 0..STREAMS;
        let span = || prop_oneof![0..3 * TICK, 0..100 * TICK, 0..6_000 * TICK];
        let step = prop_oneof![
            8 => stream().prop_map(|stream| Step::Packet { stream }),
            3 => (stream(), span(), proptest::option::of(span()))
                .prop_map(|(stream, fixed, timeout)| Step::Arm { stream, fixed, timeout }),
            1 => stream().prop_map(|stream| Step::Disarm { stream }),
            3 => prop_oneof![0..5u64, 0..300u64].prop_map(Step::Ticks),
        ];
        proptest::collection::vec(step, 1..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Each armed stream comes up in the tick of its deadline, and in no tick before.
        #[test]
        fn streams_come_up_when_they_are_due(steps in steps()) {
            let (pool, gate) = (CellPool::new(), OwnedGate::new());
            let first = pool.grow().start;
            let cells: Vec<&'static Cell> = (0..STREAMS).map(|n| pool.cell(first + n)).collect();
            let mut now = 10_000 * TICK;
            let clock = Clock::new(now);
            let mut stamps = Stamps::new(now);
            let mut deadlines = Deadlines::new(now);
            (0..STREAMS).for_each(|stream| deadlines.add(stream));
            // What each armed stream waits for.
            let mut armed = [None::<(Nanos, Option<Nanos>)>; STREAMS];
            let record = |stream: usize| {
                let _ = cells[stream].record(1, Flags::NONE, &clock, gate.get());
            };
            let deadline = |stream: usize, (fixed, timeout): (Nanos, Option<Nanos>)| {
                let quiet = timeout.map(|t| cells[stream].last_packet() + TICK + t.min(LOOK_EVERY));
                quiet.map_or(fixed, |quiet| quiet.min(fixed))
            };
            for step in steps {
                match step {
                    Step::Packet { stream } => record(stream),
                    Step::Arm { stream, fixed, timeout } => {
                        record(stream);
                        let waits = (now + fixed, timeout);
                        armed[stream] = Some(waits);
                        deadlines.disarm(stream);
                        let next = deadline(stream, waits);
                        let watched = timeout.map(|timeout| (cells[stream], timeout));
                        deadlines.arm(stream, now, (next, waits.0), watched.into_iter());
                    }
                    Step::Disarm { stream } => {
                        armed[stream] = None;
                        deadlines.disarm(stream);
                    }
                    Step::Ticks(ticks) => for _ in 0..ticks {
                        now += TICK;
                        clock.publish(now);
                        stamps.replace(now / TICK, now);
                        if armed.iter().any(Option::is_some) {
                            let next = deadlines.next().expect("something is armed");
                            let first = (0..STREAMS).filter_map(|n| Some(deadline(n, armed[n]?)));
                            let first = first.min().expect("something is armed");
                            prop_assert!(next / TICK <= (first / TICK).max(now / TICK));
                        } else {
                            prop_assert_eq!(deadlines.next(), None);
                        }
                        let mut up = Vec::new();
                        deadlines.bring_up(now, &stamps, &mut up);
                        deadlines.bring_up_soon(&mut up);
                        up.retain(|stream| deadlines.is_due(*stream, now));
                        up.sort_unstable();
                        up.dedup();
                        let is_due = |n: &usize| {
                            armed[*n].is_some_and(|it| deadline(*n, it) / TICK <= now / TICK)
                        };
                        let due: Vec<_> = (0..STREAMS).filter(is_due).collect();
                        prop_assert_eq!(&up, &due);
                        for stream in up {
                            armed[stream] = None;
                            deadlines.disarm(stream);
                        }
                    }
                }
            }
        }
    }
}
