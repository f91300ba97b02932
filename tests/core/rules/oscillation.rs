//! Nothing oscillates: what goes on flapping comes to rest (rule 21).
//!
//! ```text
//! CHANGEOVER_OSCILLATION_HOURS=24 cargo test --release --test core oscillation -- --nocapture
//! ```
//!
//! prints the table of a simulated day.

use super::rig::*;
use changeover::{Condition, Config, Input, Role};

fn hours() -> f64 {
    let given = std::env::var("CHANGEOVER_OSCILLATION_HOURS");
    given.map_or(0.4, |hours| hours.parse().expect("a number of hours"))
}

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

fn quick() -> Config {
    Config::new().switch_cooldown(ms(0)).packet_timeout(ms(500))
}

/// Lets `flip` change the world after `first` and after `second` milliseconds, in turn. Prints and
/// answers how many switches there were, and how many in the second half of the time.
fn play(
    what: &str,
    rig: &mut Rig,
    [first, second]: [u64; 2],
    mut flip: impl FnMut(&mut Rig, bool),
) -> [usize; 2] {
    let end = (hours() * 3_600_000.0) as u64;
    let (mut at, mut on) = (3000, true);
    let [mut all, mut late] = [0, 0];
    rig.until(at);
    rig.skip();
    while at < end {
        at += if on { first } else { second };
        rig.until(at);
        on = !on;
        flip(rig, on);
        let switches = rig.lines().filter(|line| line.starts_with("switch")).count();
        all += switches;
        late += if at > end / 2 { switches } else { 0 };
    }
    let rate = all as f64 / hours();
    println!("{what:<44} {all:>5} switches, {late:>4} in the second half, {rate:>6.1} an hour");
    [all, late]
}

/// A source that delivers for a while and then does not, behind something else.
fn flapper(what: &str, other: Input, times: [u64; 2]) -> [usize; 2] {
    let mut rig = Rig::with_config(quick(), [hot(0), other]);
    play(what, &mut rig, times, |rig, up| if up { rig.returns(0) } else { rig.dies(0) })
}

#[test]
fn a_flapper_of_every_period_comes_to_rest() {
    for period in [100, 300, 1000, 3000, 8000, 10_000, 30_000, 60_000, 100_000] {
        let times = [period * 3 / 10, period * 7 / 10];
        let [all, late] = flapper(&format!("30 % of each {period} ms"), fill(1), times);
        assert!(all <= 12 && late <= 2, "{period} ms: {all}, {late}");
    }
    // Three minutes of health are worth a return: two switches in each period at most.
    let [all, _] = flapper("30 % of each 600000 ms", hot(1), [180_000, 420_000]);
    assert!(all <= 2 * (hours() * 6.0) as usize + 2, "{all}");
}

#[test]
fn five_seconds_on_three_off_behind_a_slate_is_two_returns_at_most() {
    let [all, late] = flapper("5 s on, 3 s off, behind a slate", fill(1), [5000, 3000]);
    assert!(all <= 5 && late == 0, "{all}, {late}");
}

#[test]
fn two_poor_inputs_in_antiphase_come_to_rest() {
    for half in [5000, 10_000, 30_000] {
        let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
        rig.until(3000);
        rig.says("1a", Condition::Silent, true);
        let what = format!("two poor in antiphase, {half} ms each");
        let [all, late] = play(&what, &mut rig, [half, half], |rig, first| {
            rig.says("0a", Condition::Silent, !first);
            rig.says("1a", Condition::Silent, first);
        });
        assert!(all <= 12 && late == 0, "{half} ms: {all}, {late}");
    }
}

#[test]
fn a_black_source_behind_a_slate_comes_to_rest() {
    for half in [5000, 10_000, 30_000] {
        let mut rig = Rig::with_config(quick(), [hot(0), fill(1)]);
        let what = format!("black every other {half} ms, behind a slate");
        let [all, late] = play(&what, &mut rig, [half, half], |rig, good| {
            rig.says("0a", Condition::Black, !good)
        });
        assert!(all <= 12 && late == 0, "{half} ms: {all}, {late}");
    }
}
