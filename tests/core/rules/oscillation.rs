//! Nothing oscillates: what goes on flapping comes to rest (rule 21).
//!
//! ```text
//! CHANGEOVER_OSCILLATION_HOURS=24 cargo test --release --test core oscillation -- --nocapture
//! ```
//!
//! prints the table of a simulated day that `docs/health.md` shows.

use super::rig::*;
use changeover::{Condition, Config, Input, Overlap, Role};

/// In milliseconds: a day is more than tests have time for.
fn duration() -> u64 {
    let hours = std::env::var("CHANGEOVER_OSCILLATION_HOURS");
    let hours = hours.map_or(0.6, |hours| hours.parse::<f64>().expect("a number of hours"));
    (hours * 3_600_000.0) as u64
}

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

fn quick() -> Config {
    Config::new().switch_cooldown(ms(0)).packet_timeout(ms(500))
}

/// Something that is good for so many milliseconds, and then bad for so many, all day long.
struct Flapping {
    what: String,
    good: u64,
    bad: u64,
    begin: fn() -> Rig,
    turn: fn(&mut Rig, bool),
}

impl Flapping {
    fn new(
        what: &str,
        [good, bad]: [u64; 2],
        begin: fn() -> Rig,
        turn: fn(&mut Rig, bool),
    ) -> Flapping {
        let seconds = |millis: u64| millis as f64 / 1000.0;
        let what = format!("{what}: {} s good, {} s bad", seconds(good), seconds(bad));
        Flapping { what, good, bad, begin, turn }
    }

    /// How many switches there were, and how many of them in the second half of the time.
    fn play(&self) -> [u64; 2] {
        let (mut rig, end) = ((self.begin)(), duration());
        let (mut at, mut good, mut switches) = (3000, true, [0, 0]);
        rig.until(at);
        rig.skip();
        while at < end {
            at += if good { self.good } else { self.bad };
            rig.until(at);
            good = !good;
            (self.turn)(&mut rig, good);
            let told = rig.lines().filter(|line| line.starts_with("switch")).count() as u64;
            switches[0] += told;
            switches[1] += if at > end / 2 { told } else { 0 };
        }
        switches
    }

    /// What rule 21 says. Each leaving is a fault, and asks for twice as much health: 3, 6, 12, 24, 48 s.
    /// What is never healthy for that long is left six times, and then never returned to. A minute of
    /// health takes a fault off: then there are at most two switches in each turn, and less than two a
    /// minute.
    fn bound(&self) -> [u64; 2] {
        const FORGIVEN: u64 = 60_000;
        let mut returns = (0..).take_while(|faults| (3000 << faults) <= self.good).count() as u64;
        if self.good >= FORGIVEN {
            returns = duration() / (self.good + self.bad) + 1;
        }
        let all = 2 * (returns + 1);
        [all, if self.good >= FORGIVEN { all } else { 0 }]
    }
}

/// Plays them all, prints the rows of the table, and holds each to its bound.
fn rest(all: &[Flapping]) {
    let played: Vec<_> = std::thread::scope(|scope| {
        let played: Vec<_> = all.iter().map(|one| scope.spawn(|| one.play())).collect();
        played.into_iter().map(|one| one.join().expect("it is played")).collect()
    });
    let hours = duration() as f64 / 3_600_000.0;
    let rows = all.iter().zip(&played).map(|(one, [switches, late])| {
        let [most, _] = one.bound();
        let rate = *switches as f64 / hours;
        format!("| {} | {switches} | {most} | {rate:.1} | {late} |\n", one.what)
    });
    let head = "| | switches | at most | an hour | in the second half |\n|---|---|---|---|---|\n";
    println!("{head}{}", rows.collect::<String>());
    for (one, [switches, late]) in all.iter().zip(&played) {
        let [most, most_late] = one.bound();
        assert!(*switches <= most && *late <= most_late, "{}: {switches}, {late}", one.what);
    }
}

fn up(rig: &mut Rig, up: bool) {
    if up {
        rig.returns(0)
    } else {
        rig.dies(0)
    }
}

#[test]
fn a_flapper_of_every_period_comes_to_rest() {
    let periods = [
        100, 300, 1000, 3000, 5000, 8000, 10_000, 20_000, 30_000, 60_000, 85_000, 100_000, 200_000,
        300_000,
    ];
    let shares = periods
        .map(|period| [[period * 3 / 10, period * 7 / 10], [period * 7 / 10, period * 3 / 10]]);
    let begin = || Rig::with_config(quick(), [hot(0), hot(1)]);
    let all =
        shares.as_flattened().iter().map(|times| Flapping::new("a flapper", *times, begin, up));
    rest(&all.collect::<Vec<_>>());
}

#[test]
fn a_flapper_behind_a_slate_comes_to_rest() {
    let begin = || Rig::with_config(quick(), [hot(0), fill(1)]);
    let times = [[5000, 3000], [300, 700], [30_000, 5000], [50_000, 10_000]];
    rest(&times.map(|times| Flapping::new("behind a slate", times, begin, up)));
}

#[test]
fn two_poor_inputs_in_antiphase_come_to_rest() {
    let begin = || {
        let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
        rig.until(3000);
        rig.says("1a", Condition::Silent, true);
        rig
    };
    let turn = |rig: &mut Rig, first: bool| {
        rig.says("0a", Condition::Silent, !first);
        rig.says("1a", Condition::Silent, first);
    };
    let times = [5000, 10_000, 30_000].map(|half| [half, half]);
    rest(&times.map(|times| Flapping::new("two poor in antiphase", times, begin, turn)));
}

#[test]
fn a_black_source_behind_a_slate_comes_to_rest() {
    let begin = || Rig::with_config(quick(), [hot(0), fill(1)]);
    let turn = |rig: &mut Rig, good: bool| rig.says("0a", Condition::Black, !good);
    let times = [5000, 10_000, 30_000].map(|half| [half, half]);
    rest(&times.map(|times| Flapping::new("black, behind a slate", times, begin, turn)));
}

#[test]
fn with_overlap_off_what_nobody_can_ask_takes_the_air_from_a_slate_ever_more_rarely() {
    let quick = quick().probe_cooldown(ms(1000)).connect_timeout(ms(1000));
    let mut rig = Rig::prepared(quick.overlap(Overlap::Off), [cold(0), fill(1)], |rig| {
        rig.probes_are(0, Answer::Unsupported);
        rig.dies(0);
    });
    rig.until(duration());
    let switches = rig.lines().filter(|line| line.starts_with("switch")).count() as u64;
    println!("a dead source without probes, overlap off, a slate: {switches} switches");
    // A minute of health takes a fault off, and another one comes with each switch in vain.
    let most = 2 * (8 + duration() / 60_000);
    assert!((20..=most).contains(&switches), "{switches}, at most {most}");
}
