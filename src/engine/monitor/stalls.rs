//! What becomes of a late tick: how much of it is taken out of the engine's time, and how long
//! nothing is given up after it. Taking it out, and giving up, do not belong here.
//!
//! While the process or the machine stands still, no input can be heard, so none may be blamed: a
//! stall is taken out whole, however long it is. On a machine that stalls all the time (a container's
//! CPU limit) the clock would crawl, and a dead input would stay on air: so a stall that follows
//! another too closely leaves the clock a quarter of its speed.
//!
//! After a stall, packets still lie in sockets. So nothing is given up until the recording threads
//! have had [`GRACE`] to read them; and if stalls never leave them that, at least every [`LONGEST`].

use crate::core::Nanos;

/// A tick later than this is a stall.
const STALL: Nanos = 20_000_000;

/// A stall so long after the end of the last one stands by itself.
const APART: Nanos = 1_000_000_000;

/// After one that does not, the time since the end of the last has passed by at least one part in so
/// many.
const SLOWEST: Nanos = 4;

/// How long the monitor has to be in time before anything is given up.
const GRACE: Nanos = 50_000_000;

/// What has waited so long for that waits no more.
const LONGEST: Nanos = 250_000_000;

#[derive(Debug, Default)]
pub(super) struct Stalls {
    /// When the last one ended, by a clock that runs on.
    last_ended: Option<Nanos>,
    hold: Option<Hold>,
}

/// In engine time.
#[derive(Clone, Copy, Debug)]
struct Hold {
    /// Nothing was given up since then.
    since: Nanos,
    until: Nanos,
}

impl Stalls {
    /// What to take out for a tick that came `late`, at `now` by a clock that runs on.
    pub(super) fn take_out(&mut self, late: Nanos, now: Nanos) -> Nanos {
        if late <= STALL {
            return 0;
        }
        let last_ended = self.last_ended.replace(now);
        let since_last = last_ended.map_or(Nanos::MAX, |ended| now.saturating_sub(ended));
        if since_last.saturating_sub(late) >= APART {
            return late;
        }
        late.min(since_last - since_last.div_ceil(SLOWEST))
    }

    /// A stall is over, at `now` of engine time; the last step before it was at `before`.
    pub(super) fn hold(&mut self, before: Nanos, now: Nanos) {
        let since = self.hold.map_or(before, |hold| hold.since);
        self.hold = Some(Hold { since, until: now + GRACE });
    }

    /// Whether nothing may be given up in this tick, at `now` of engine time.
    pub(super) fn holds(&mut self, now: Nanos) -> bool {
        let Some(hold) = &mut self.hold else { return false };
        if now >= hold.until {
            self.hold = None;
            return false;
        }
        if now >= hold.since + LONGEST {
            hold.since = now;
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Nanos = 1_000_000;

    /// A monitor that ticks each millisecond, and stalls when it is told to.
    #[derive(Default)]
    struct Machine {
        real: Nanos,
        engine: Nanos,
        stalls: Stalls,
        inputs: Vec<Input>,
    }

    struct Input {
        timeout: Nanos,
        /// Of engine time.
        last_packet: Nanos,
        /// Dead: none come. Alive: one each [`PERIOD`], and so long after a stall.
        lag: Option<Nanos>,
        /// In real time, and engine time.
        given_up: Option<(Nanos, Nanos)>,
    }

    const PERIOD: Nanos = 20 * MS;

    impl Machine {
        fn with(inputs: impl IntoIterator<Item = (Nanos, Option<Nanos>)>) -> Machine {
            let input = |(timeout, lag)| Input { timeout, last_packet: 0, lag, given_up: None };
            Machine { inputs: inputs.into_iter().map(input).collect(), ..Machine::default() }
        }

        /// In time for so long.
        fn run(&mut self, length: Nanos) {
            for ran in (MS..=length).step_by(MS as usize) {
                self.real += MS;
                self.engine += MS;
                let stalled = self.stalls.last_ended.is_some();
                for input in &mut self.inputs {
                    let lag = input.lag.map(|lag| if stalled { lag } else { 0 });
                    if lag.is_some_and(|lag| ran >= lag && (ran - lag) % PERIOD == 0) {
                        input.last_packet = self.engine;
                    }
                }
                self.tick();
            }
        }

        fn stall(&mut self, length: Nanos) {
            self.real += length;
            let taken = self.stalls.take_out(length, self.real);
            let before = self.engine;
            self.engine += length - taken;
            if taken > 0 {
                self.stalls.hold(before, self.engine);
            }
            self.tick();
        }

        fn tick(&mut self) {
            let holds = self.stalls.holds(self.engine);
            for input in &mut self.inputs {
                let overdue = self.engine - input.last_packet >= input.timeout;
                if !holds && overdue && input.given_up.is_none() {
                    input.given_up = Some((self.real, self.engine));
                }
            }
        }

        fn given_up(&self) -> usize {
            self.inputs.iter().filter(|input| input.given_up.is_some()).count()
        }
    }

    /// The longest that a dead input stays, while stalls follow each other: until the first tick
    /// after that.
    fn longest(timeout: Nanos) -> Nanos {
        SLOWEST * (timeout + LONGEST)
    }

    #[test]
    fn without_stalls_silence_is_found_in_its_tick() {
        let mut machine = Machine::with([(60 * MS, None)]);
        machine.run(100 * MS);
        // What is late, but no stall, is not held against anybody either way.
        machine.stall(20 * MS);
        assert_eq!(machine.inputs[0].given_up, Some((60 * MS, 60 * MS)));
        assert_eq!(machine.engine, machine.real);
    }

    #[test]
    fn a_pause_of_any_length_counts_for_nothing() {
        let mut stalls = Stalls::default();
        assert_eq!(stalls.take_out(20 * MS, 0), 0);
        assert_eq!(stalls.take_out(21 * MS, 0), 21 * MS, "the first of all, at once");
        assert_eq!(stalls.take_out(200 * MS, 1_221 * MS), 200 * MS);
        assert_eq!(stalls.take_out(3_600_000 * MS, 4_000_000 * MS), 3_600_000 * MS);
    }

    #[test]
    fn of_stalls_in_a_row_a_quarter_counts() {
        let mut stalls = Stalls::default();
        let _ = stalls.take_out(100 * MS, 100 * MS);
        assert_eq!(stalls.take_out(50 * MS, 200 * MS), 50 * MS, "half the time it was in time");
        assert_eq!(stalls.take_out(95 * MS, 300 * MS), 75 * MS);
        assert_eq!(stalls.take_out(100 * MS, 400 * MS), 75 * MS);
        assert_eq!(stalls.take_out(60_000 * MS, 61_000 * MS), 45_450 * MS);
    }

    #[test]
    fn the_last_in_line_is_still_read() {
        // One pause: whatever the timeout, who records within the grace is not given up.
        let lags = [0, 10, 30, 49].map(|lag| (25 * MS, Some(lag * MS)));
        let mut machine = Machine::with(lags);
        for pause in [21, 50, 200, 249, 250, 5_000, 3_600_000] {
            machine.run(2_000 * MS);
            assert_eq!(machine.given_up(), 0, "before a pause of {pause} ms");
            machine.stall(pause * MS);
        }
        machine.run(1_000 * MS);
        assert_eq!(machine.given_up(), 0);
    }

    #[test]
    fn a_share_of_the_processor_is_enough() {
        // Milliseconds of running, and of standing still: what a limit of CPU time does.
        for (runs, stands) in [(75, 25), (50, 50), (25, 75), (60, 140)] {
            let mut machine = Machine::with([(60 * MS, Some(10 * MS)), (60 * MS, None)]);
            for _ in 0..1_000 {
                machine.run(runs * MS);
                machine.stall(stands * MS);
            }
            assert_eq!(machine.inputs[0].given_up, None, "{runs} and {stands}");
            let (at, _) = machine.inputs[1].given_up.expect("a dead input is given up");
            assert!(at <= longest(60 * MS) + stands * MS, "{runs} and {stands}: {at}");
        }
    }

    fn row() -> impl Strategy<Value = Vec<(Nanos, Nanos)>> {
        let run = prop_oneof![Just(0), 0..5 * MS, 0..80 * MS, 0..900 * MS];
        let stall = prop_oneof![21 * MS..40 * MS, 21 * MS..300 * MS, 21 * MS..5_000 * MS];
        let whole = |(run, stall): (Nanos, Nanos)| (run / MS * MS, stall);
        proptest::collection::vec((run, stall).prop_map(whole), 200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// However the stalls follow each other.
        #[test]
        fn a_dead_input_does_not_stay(row in row(), timeout in 1..2_000u64) {
            let timeout = timeout * MS;
            let mut machine = Machine::with([(timeout, None)]);
            machine.stall(21 * MS);
            let began = machine.real;
            machine.inputs[0].last_packet = machine.engine;
            for (run, stall) in row {
                machine.run(run);
                if machine.given_up() == 0 {
                    prop_assert!(machine.real - began < longest(timeout));
                    machine.stall(stall);
                }
            }
            // At its first tick after the longest time: in the last stall it could do nothing.
            prop_assert_eq!(machine.given_up(), 1);
        }

        /// Pauses that stand by themselves, whatever their lengths.
        #[test]
        fn a_live_input_stays(
            pauses in proptest::collection::vec((APART..3 * APART, 1..100_000 * MS), 50),
            lag in 0..GRACE / MS,
            timeout in PERIOD / MS + 1..2_000,
        ) {
            let mut machine = Machine::with([(timeout * MS, Some(lag * MS))]);
            machine.run(PERIOD);
            for (run, pause) in pauses {
                machine.stall((STALL + 1).max(pause));
                machine.run(run / PERIOD * PERIOD + PERIOD);
            }
            prop_assert_eq!(machine.given_up(), 0);
        }
    }
}
