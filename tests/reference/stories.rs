//! Sources that behave in some way, a host that answers late, and an operator: the other generator of
//! traces. It shares no code with the first.

use crate::model::told::{Answer, Update};
use crate::settings::Set;
use crate::steps::{Step, Trace};
use changeover::core::{Nanos, Priority};
use fastrand::Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const MILLI: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MILLI;

/// What a source is like.
#[derive(Clone, Copy, Debug)]
enum Nature {
    Steady,
    /// It ends, and comes back or not.
    Dies {
        at: Nanos,
        back: Option<Nanos>,
    },
    /// The pause between its packets grows.
    ThinsOut,
    Flaps {
        up: Nanos,
        down: Nanos,
    },
    /// Its packets come just before, in or just after the instant in which it would be given up.
    Borders,
    /// The host can't start it, for a while.
    Unstartable {
        until: Nanos,
    },
    /// It is started, and never delivers.
    Hangs,
    /// Its server drops it from time to time, and the host says so.
    Dropped,
}

/// How the host answers a probe of it.
#[derive(Clone, Copy, Debug)]
enum Word {
    Honest,
    AlwaysGood,
    AlwaysBad,
    CannotTell,
    Nothing,
}

struct Source {
    priority: Priority,
    set: Set,
    nature: Nature,
    word: Word,
    /// Between two of its packets.
    pace: Nanos,
}

pub fn trace(seed: u64) -> Trace {
    let mut dice = Rng::with_seed(seed ^ 0x5707_1e50);
    let defaults = Set {
        packet_timeout: Some([500 * MILLI, SECOND, 2 * SECOND][dice.usize(..3)]),
        connect_timeout: Some([SECOND, 2 * SECOND, 5 * SECOND][dice.usize(..3)]),
        probe_cooldown: Some([SECOND, 3 * SECOND, 8 * SECOND][dice.usize(..3)]),
        probe_timeout: Some([300 * MILLI, SECOND][dice.usize(..2)]),
        switch_cooldown: Some([0, 2 * SECOND, 12 * SECOND][dice.usize(..3)]),
        failback_stable: Some([0, SECOND, 3 * SECOND][dice.usize(..3)]),
        failback_by_request: (dice.u8(..5) == 0).then_some(true),
        ..Set::default()
    };
    let one_at_a_time = dice.u8(..6) == 0;
    let stream = Set { overlap_off: one_at_a_time.then_some(true), ..Set::default() };
    let length = dice.u64(10..60) * SECOND;
    let sources: Vec<_> = (0..dice.i32(1..=4))
        .map(|rank| source(&mut dice, rank * 10, one_at_a_time, length))
        .collect();
    let mut script = Script::default();
    for source in &sources {
        script.plays(source, &defaults, &mut dice, length);
    }
    script.host(&mut dice, length);
    script.operator(&mut dice, &sources, one_at_a_time, length);
    Trace {
        registration: seed,
        first_switch: 1 + ((seed % 3) << 30),
        defaults,
        stream,
        inputs: sources.iter().map(|source| (source.priority, source.set)).collect(),
        steps: script.steps(),
    }
}

fn source(dice: &mut Rng, priority: Priority, one_at_a_time: bool, length: Nanos) -> Source {
    let nature = match dice.u8(..10) {
        0 | 1 => Nature::Steady,
        2 | 3 => {
            let at = dice.u64(..length);
            let back = (dice.u8(..3) > 0).then(|| at + dice.u64(..length));
            Nature::Dies { at, back }
        }
        4 => Nature::ThinsOut,
        5 => Nature::Flaps {
            up: dice.u64(SECOND..8 * SECOND),
            down: dice.u64(SECOND / 2..8 * SECOND),
        },
        6 => Nature::Borders,
        7 => Nature::Unstartable { until: dice.u64(..length) },
        8 => Nature::Hangs,
        _ => Nature::Dropped,
    };
    let word = match dice.u8(..7) {
        0 | 1 => Word::Honest,
        2 => Word::AlwaysGood,
        3 => Word::AlwaysBad,
        4 | 5 => Word::CannotTell,
        _ => Word::Nothing,
    };
    let hot = (!one_at_a_time && dice.u8(..3) == 0).then_some(true);
    Source {
        priority,
        set: Set { hot, ..Set::default() },
        nature,
        word,
        pace: dice.u64(100..400) * MILLI,
    }
}

/// What happens when, in any order.
#[derive(Default)]
struct Script {
    lines: Vec<Step>,
    /// When, and which line.
    agenda: BinaryHeap<Reverse<(Nanos, usize)>>,
}

impl Script {
    fn at(&mut self, when: Nanos, what: Step) {
        self.agenda.push(Reverse((when, self.lines.len())));
        self.lines.push(what);
    }

    fn plays(&mut self, source: &Source, defaults: &Set, dice: &mut Rng, length: Nanos) {
        let Source { priority, nature, pace, .. } = *source;
        let border = defaults.packet_timeout.unwrap_or(2 * SECOND);
        let mut now = dice.u64(..pace);
        let mut pause = pace;
        while now < length {
            match nature {
                Nature::Steady | Nature::Dropped => {}
                Nature::ThinsOut => pause += pause / 16,
                Nature::Borders => pause = border - 1 + dice.u64(..3),
                Nature::Dies { .. } | Nature::Flaps { .. } => {}
                Nature::Unstartable { until } if now < until => {
                    self.at(now, Step::StartFailed(priority, "404 not found"));
                }
                Nature::Unstartable { .. } | Nature::Hangs => {}
            }
            if up(nature, now) {
                self.at(now, Step::Packet(priority));
                if matches!(nature, Nature::Dropped) && dice.u8(..) < 4 {
                    // In a loop, as those do that retry.
                    for _ in 0..dice.u8(1..4) {
                        self.at(now, Step::Error(priority, "connection reset"));
                    }
                }
            }
            now += pause;
        }
        let mut asked = 0;
        while asked < length {
            asked += dice.u64(50 * MILLI..900 * MILLI);
            let says = match source.word {
                Word::Honest if up(nature, asked) => Answer::Ok,
                Word::Honest | Word::AlwaysBad => Answer::Failed("no route"),
                Word::AlwaysGood => Answer::Ok,
                Word::CannotTell => Answer::Unsupported,
                Word::Nothing => continue,
            };
            self.at(asked, Step::Probed(priority, says));
        }
        // A host that says twice that it went well, or once what it said before.
        for _ in 0..dice.u8(..3) {
            let when = dice.u64(..length);
            self.at(when, Step::Started(priority));
            self.at(when, Step::Started(priority));
            self.at(when + SECOND, Step::Stale);
        }
    }

    /// It takes what is queued, promptly or when it gets round to it.
    fn host(&mut self, dice: &mut Rng, length: Nanos) {
        let slow = dice.u8(..4) == 0;
        let mut now = 0;
        while now < length {
            self.at(now, Step::TakeAll);
            now += match slow {
                true => dice.u64(100 * MILLI..3 * SECOND),
                false => dice.u64(MILLI..100 * MILLI),
            };
        }
        for _ in 0..dice.u8(..3) {
            self.at(dice.u64(..length), Step::Sleep(dice.u64(MILLI..4 * SECOND)));
        }
    }

    fn operator(&mut self, dice: &mut Rng, sources: &[Source], one_at_a_time: bool, length: Nanos) {
        for _ in 0..dice.u8(..8) {
            let when = dice.u64(..length);
            let one = &sources[dice.usize(..sources.len())];
            let (priority, set) = (one.priority, one.set);
            match dice.u8(..13) {
                10 => self.at(when, Step::Switch(priority, Some(dice.u64(MILLI..20 * SECOND)))),
                11 => self.at(when, Step::FailBack),
                12 => {
                    self.at(when, Step::Enable(priority, false));
                    self.at(when + dice.u64(..20 * SECOND), Step::Enable(priority, true));
                }
                0..3 => {
                    self.at(when, Step::Switch(priority, None));
                    self.at(when + dice.u64(..10 * SECOND), Step::ClearOverride);
                }
                3 => self.at(when, Step::SoftError(priority, "bad stream")),
                4 | 5 => {
                    let updated = vec![(priority, set)];
                    self.at(when, Step::Update(Update { updated, ..Update::default() }));
                }
                6 => {
                    let (removed, added) = (vec![priority], vec![(priority, set)]);
                    self.at(when, Step::Update(Update { removed, ..Update::default() }));
                    self.at(
                        when + dice.u64(..20 * SECOND),
                        Step::Update(Update { added, ..Update::default() }),
                    );
                }
                7 => {
                    let added = vec![(priority + dice.i32(1..9), Set::default())];
                    self.at(when, Step::Update(Update { added, ..Update::default() }));
                }
                8 => self.at(when, Step::Buffer("there")),
                _ => {
                    let failback_by_request = Some(dice.bool());
                    let overlap_off = one_at_a_time.then_some(true);
                    self.at(
                        when,
                        Step::Config(Set { failback_by_request, overlap_off, ..Set::default() }),
                    );
                }
            }
        }
        if dice.u8(..3) == 0 {
            self.at(length, Step::Unregister);
        }
    }

    /// In the order of time.
    fn steps(mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut now = 0;
        while let Some(Reverse((when, line))) = self.agenda.pop() {
            if when > now {
                steps.push(Step::Wait(when - now));
                now = when;
            }
            steps.push(self.lines[line].clone());
        }
        steps
    }
}

/// Whether it would deliver to a session.
fn up(nature: Nature, now: Nanos) -> bool {
    match nature {
        Nature::Steady | Nature::ThinsOut | Nature::Borders | Nature::Dropped => true,
        Nature::Dies { at, back } => now < at || back.is_some_and(|back| now >= back),
        Nature::Flaps { up, down } => now % (up + down) < up,
        Nature::Unstartable { until } => now >= until,
        Nature::Hangs => false,
    }
}
