//! Which streams are to be visited, because a deadline of theirs may have come.
//!
//! What comes up in the wheel is a group of neighbours. Once one of them is looked at, the others
//! are cheap: their lines follow each other. And it postpones the deadlines of all that deliver, so
//! that a group comes up once in a timeout and not each stream in a tick of its own. (The neighbours
//! of a stream with a short timeout are looked at as often as that: up to eight times the lines.)
//! What a visit does is not decided here.

use super::stamps::{Stamps, LOOK_EVERY};
use super::watch::Watch;
use super::wheel::{Wheel, NEVER};
use crate::core::Nanos;
use crate::engine::shared::TICK;
use crate::hot::{prefetch, Cell};
use crate::trace::SILENCES_FROM;

/// Streams in a group: those of the same number divided by this.
const GROUP: usize = 8;

/// The deadlines of all streams, by the streams' numbers.
#[derive(Debug)]
pub(super) struct Deadlines {
    groups: Vec<[Watch; GROUP]>,
    /// A group comes up no later than any of its streams is scheduled, except those that are in
    /// `soon` or were just brought up.
    wheel: Wheel,
    /// How many streams are scheduled.
    scheduled: usize,
    /// Streams whose deadline is within this tick, and the first of these deadlines.
    soon: Vec<usize>,
    soon_at: Nanos,
    /// To be scheduled before this step ends.
    unscheduled: Vec<usize>,
    /// Brought up, and not taken yet.
    restless: Vec<usize>,
    /// Scratch of `bring_up`.
    due: Vec<usize>,
    /// What is watched is looked at as often as this.
    look_every: Nanos,
}

impl Deadlines {
    pub(super) fn new(now: Nanos) -> Deadlines {
        Deadlines {
            groups: Vec::new(),
            wheel: Wheel::new(now / TICK),
            scheduled: 0,
            soon: Vec::new(),
            soon_at: Nanos::MAX,
            unscheduled: Vec::new(),
            restless: Vec::new(),
            due: Vec::new(),
            look_every: LOOK_EVERY,
        }
    }

    /// Whether a stream is to be visited, too, when an input of it has been silent for so long that a
    /// trace has to have that.
    pub(super) fn look_for_silences(&mut self, wanted: bool) {
        self.look_every = if wanted { SILENCES_FROM } else { LOOK_EVERY };
    }

    /// A new stream, of this number, which is not scheduled.
    pub(super) fn add(&mut self, stream: usize) {
        let groups = self.groups.len().max(stream / GROUP + 1);
        self.groups.resize(groups, [Watch::NOTHING; GROUP]);
        self.wheel.grow(groups);
        let watch = &mut self.groups.as_flattened_mut()[stream];
        debug_assert!(watch.scheduled_for == NEVER, "its number was in use");
        *watch = Watch::NOTHING;
    }

    /// More than the largest number a stream had so far.
    pub(super) fn end(&self) -> usize {
        self.groups.as_flattened().len()
    }

    /// An instant before which none will come; `None` when none is to come at all.
    pub(super) fn next(&self) -> Option<Nanos> {
        // With none scheduled, what is left in the wheel is nobody's deadline.
        let waiting = (self.scheduled > 0).then(|| self.wheel.next());
        waiting.map(|next| next.map_or(Nanos::MAX, |tick| tick * TICK).min(self.soon_at))
    }

    /// The first deadline within this tick; `Nanos::MAX` if there is none.
    pub(super) fn soon_at(&self) -> Nanos {
        self.soon_at
    }

    /// Schedules the stream for `next`, which must be the earliest of `fixed` and the silence
    /// deadlines of `watched` (a cell and the limit of each input); `Nanos::MAX` cancels
    /// it.
    pub(super) fn schedule(
        &mut self,
        stream: usize,
        now: Nanos,
        (next, fixed): (Nanos, Nanos),
        watched: impl Iterator<Item = (&'static Cell, Nanos)>,
    ) {
        let watch = &mut self.groups.as_flattened_mut()[stream];
        watch.set(fixed, watched);
        if next == Nanos::MAX {
            return self.cancel(stream);
        }
        let look = if watch.is_watching() { now + self.look_every } else { Nanos::MAX };
        let next = next.min(look);
        // Rounded down; the rest is waited for within that tick: neither early nor a tick late.
        let tick = next / TICK;
        let is_soon = tick <= now / TICK;
        if tick < watch.scheduled_for {
            self.scheduled += usize::from(watch.scheduled_for == NEVER);
            watch.scheduled_for = tick;
            if is_soon {
                self.soon.push(stream);
            } else {
                self.bring_up_at(tick, stream / GROUP);
            }
        }
        if is_soon {
            self.soon_at = self.soon_at.min(next);
        }
    }

    /// Has the stream scheduled before this step ends. Of one with many inputs, many first packets come
    /// together and many starts are taken: its deadlines are looked through once for all of them.
    pub(super) fn schedule_later(&mut self, stream: usize) {
        self.unscheduled.push(stream);
    }

    /// Those, each once. Some may be gone.
    pub(super) fn take_unscheduled(&mut self) -> Vec<usize> {
        self.unscheduled.sort_unstable();
        self.unscheduled.dedup();
        std::mem::take(&mut self.unscheduled)
    }

    /// The stream needs no visit.
    pub(super) fn cancel(&mut self, stream: usize) {
        let watch = &mut self.groups.as_flattened_mut()[stream];
        self.scheduled -= usize::from(watch.scheduled_for != NEVER);
        watch.scheduled_for = NEVER;
    }

    fn bring_up_at(&mut self, tick: u64, group: usize) {
        if tick < self.wheel.due(group) {
            self.wheel.set(group, tick);
        }
    }

    /// Adds to the restless the streams whose deadline packets have not postponed beyond this tick,
    /// except those that `bring_up_soon` will bring up later in it.
    pub(super) fn bring_up(&mut self, now: Nanos, stamps: &Stamps) {
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
            self.sort_out(due[at], now, stamps);
        }
        due.clear();
        self.due = due;
    }

    /// Which streams of a group that came up are restless, and when it comes up again.
    fn sort_out(&mut self, group: usize, now: Nanos, stamps: &Stamps) {
        let mut next = NEVER;
        for (at, watch) in self.groups[group].iter_mut().enumerate() {
            if watch.scheduled_for == NEVER {
                continue;
            }
            // A stamp is the tick before the packet: it may have come almost a tick later, and
            // still later if that tick was late.
            let quiet_until = watch.quiet_until(self.look_every, |stamp| stamp + TICK);
            if quiet_until / TICK > now / TICK {
                watch.scheduled_for = watch.scheduled_for.max(quiet_until / TICK);
            }
            if watch.scheduled_for > now / TICK {
                next = next.min(watch.scheduled_for);
                continue;
            }
            let stream = group * GROUP + at;
            let came = |stamp| stamps.latest(stamp, now);
            let quiet_until = watch.quiet_until(self.look_every, came);
            if quiet_until > now && quiet_until / TICK == now / TICK {
                self.soon_at = self.soon_at.min(quiet_until);
                self.soon.push(stream);
            } else {
                self.restless.push(stream);
            }
        }
        if next != NEVER {
            self.bring_up_at(next, group);
        }
    }

    /// Adds to the restless the streams whose deadline is within this tick, and may have come.
    pub(super) fn bring_up_soon(&mut self) {
        self.soon_at = Nanos::MAX;
        self.restless.append(&mut self.soon);
    }

    /// The streams that were brought up, to be visited. The list is to be given back.
    pub(super) fn take_restless(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.restless)
    }

    /// What is left of them, to be visited before any others; and the list's memory.
    pub(super) fn give_back_restless(&mut self, restless: Vec<usize>) {
        debug_assert!(self.restless.is_empty(), "brought up during visits");
        self.restless = restless;
    }

    /// Whether some were brought up and not taken, or given back.
    pub(super) fn any_restless(&self) -> bool {
        !self.restless.is_empty()
    }

    /// Whether the stream, once brought up, still has to be visited: not if it was, or if its
    /// deadline was postponed.
    pub(super) fn is_due(&self, stream: usize, now: Nanos) -> bool {
        self.groups.as_flattened()[stream].scheduled_for <= now / TICK
    }

    /// Asks the processor for the line `is_due` will read.
    pub(super) fn prefetch(&self, stream: usize) {
        prefetch(&self.groups.as_flattened()[stream]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::{CellPool, Clock, OwnedGate};
    use crate::vocabulary::Flags;
    use proptest::prelude::*;

    const STREAMS: usize = 2 * GROUP + 3;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Packet {
            stream: usize,
        },
        /// A deadline so many nanoseconds ahead, and perhaps an input with such a timeout.
        Schedule {
            stream: usize,
            fixed: Nanos,
            timeout: Option<Nanos>,
        },
        Cancel {
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
                .prop_map(|(stream, fixed, timeout)| Step::Schedule { stream, fixed, timeout }),
            1 => stream().prop_map(|stream| Step::Cancel { stream }),
            3 => prop_oneof![0..5u64, 0..300u64].prop_map(Step::Ticks),
        ];
        proptest::collection::vec(step, 1..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Each scheduled stream comes up in the tick of its deadline, and in no tick before.
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
            // What each scheduled stream waits for.
            let mut scheduled = [None::<(Nanos, Option<Nanos>)>; STREAMS];
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
                    Step::Schedule { stream, fixed, timeout } => {
                        record(stream);
                        let waits = (now + fixed, timeout);
                        scheduled[stream] = Some(waits);
                        deadlines.cancel(stream);
                        let next = deadline(stream, waits);
                        let watched = timeout.map(|timeout| (cells[stream], timeout));
                        deadlines.schedule(stream, now, (next, waits.0), watched.into_iter());
                    }
                    Step::Cancel { stream } => {
                        scheduled[stream] = None;
                        deadlines.cancel(stream);
                    }
                    Step::Ticks(ticks) => for _ in 0..ticks {
                        now += TICK;
                        clock.publish(now);
                        stamps.replace(now / TICK, now);
                        if scheduled.iter().any(Option::is_some) {
                            let next = deadlines.next().expect("something is scheduled");
                            let first = (0..STREAMS).filter_map(|n| Some(deadline(n, scheduled[n]?)));
                            let first = first.min().expect("something is scheduled");
                            prop_assert!(next / TICK <= (first / TICK).max(now / TICK));
                        } else {
                            prop_assert_eq!(deadlines.next(), None);
                        }
                        deadlines.bring_up(now, &stamps);
                        deadlines.bring_up_soon();
                        let mut up = deadlines.take_restless();
                        up.retain(|stream| deadlines.is_due(*stream, now));
                        up.sort_unstable();
                        up.dedup();
                        let is_due = |n: &usize| {
                            scheduled[*n].is_some_and(|it| deadline(*n, it) / TICK <= now / TICK)
                        };
                        let due: Vec<_> = (0..STREAMS).filter(is_due).collect();
                        prop_assert_eq!(&up, &due);
                        for stream in up {
                            scheduled[stream] = None;
                            deadlines.cancel(stream);
                        }
                    }
                }
            }
        }
    }
}
