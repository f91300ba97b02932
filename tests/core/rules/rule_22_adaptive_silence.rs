//! Rule 22: how long an input may be silent follows its own gaps.
//!
//! The rig's sources deliver every 100 ms, and are looked at as often.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Silence, Status};

const MINUTE: u64 = 60_000;

fn adaptive() -> Config {
    Config::new().silence(Silence::Adaptive)
}

/// One input, on air since 100.
fn watched(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [cold(0)]);
    rig.until(1000);
    rig.skip();
    rig
}

/// In milliseconds.
fn limit(rig: &Rig) -> u64 {
    rig.input(0).silence_limit() / MS
}

/// Its packets stay out for so long, counted from its last one.
fn is_silent_for(rig: &mut Rig, millis: u64) {
    let now = rig.now();
    rig.dies(0);
    rig.until((now - rig.at(0)) / MS + millis - 50);
    rig.returns(0);
    rig.until((now - rig.at(0)) / MS + millis + 200);
}

#[test]
fn it_is_fixed_and_not_measured_unless_that_is_set() {
    let mut rig = watched(Config::new());
    rig.until(10 * MINUTE);
    assert_eq!((limit(&rig), rig.input(0).meter_window()), (2000, None));
    assert!(watched(adaptive()).input(0).meter_window().is_some());
}

#[test]
fn it_begins_at_packet_timeout_and_calm_lowers_it_over_minutes() {
    let mut rig = watched(adaptive());
    assert_eq!(limit(&rig), 2000);
    let each_minute = [1, 2, 3, 4, 5, 6].map(|minutes| {
        rig.until(minutes * MINUTE + 500);
        limit(&rig)
    });
    assert_eq!(each_minute, [1000, 500, 250, 125, 100, 100], "the gaps are of 100 ms");
}

#[test]
fn who_is_silent_for_longer_is_given_up_with_the_limit_in_force() {
    let mut rig = Rig::with_config(adaptive(), [cold(0), hot(1)]);
    rig.until(2 * MINUTE + 500);
    rig.dies(0);
    rig.skip();
    rig.until(2 * MINUTE + 999);
    rig.is_quiet();
    rig.until(2 * MINUTE + 1000);
    assert_eq!(rig.stream.active(), Some(1));
    let error = &rig.errors(0)[0].detail;
    assert_eq!((error.measured() / MS, error.limit() / MS), (500, 500));
    assert_eq!(&*error.text(), "no packet for 500.0 ms, adaptive limit 500.0 ms");
}

#[test]
fn a_longer_gap_raises_it_at_once_and_is_remembered_for_minutes() {
    let mut rig = watched(adaptive());
    rig.until(2 * MINUTE + 500);
    is_silent_for(&mut rig, 400);
    let raised = limit(&rig);
    assert!((700..=900).contains(&raised), "twice 400 ms, within a look: {raised}");
    rig.until(6 * MINUTE + 500);
    assert_eq!(limit(&rig), raised);
    rig.until(8 * MINUTE + 500);
    assert_eq!(limit(&rig), raised / 2);
}

#[test]
fn it_stays_between_its_bounds() {
    let mut rig = watched(adaptive().packet_timeout_min(ms(300)).packet_timeout(ms(900)));
    rig.until(6 * MINUTE);
    assert_eq!(limit(&rig), 300);
    is_silent_for(&mut rig, 250);
    is_silent_for(&mut rig, 350);
    is_silent_for(&mut rig, 550);
    assert_eq!(limit(&rig), 900);
    // A minimum above `packet_timeout` is that.
    rig.set_config(adaptive().packet_timeout_min(ms(300)).packet_timeout(ms(200))).unwrap();
    assert_eq!(limit(&rig), 200);
}

#[test]
fn packets_that_come_back_after_it_are_counted_and_raise_it() {
    let mut rig = watched(adaptive());
    rig.until(5 * MINUTE + 500);
    assert_eq!((limit(&rig), rig.input(0).silence_returns()), (100, 0));
    is_silent_for(&mut rig, 500);
    assert_eq!((rig.status(0), rig.input(0).silence_returns()), (Status::Active, 1));
    assert!((900..=1100).contains(&limit(&rig)), "{}", limit(&rig));
    is_silent_for(&mut rig, 1500);
    assert_eq!(rig.input(0).silence_returns(), 2);
    rig.dies(0);
    rig.until(10 * MINUTE);
    let said = rig.errors(0)[0].detail.text();
    assert!(said.ends_with("after which packets came back 2 times"), "{said}");
}

#[test]
fn a_fixed_one_counts_them_too() {
    let mut rig = watched(Config::new());
    is_silent_for(&mut rig, 3000);
    assert_eq!(rig.input(0).silence_returns(), 1);
    rig.report(0, "broken").unwrap();
    rig.until(10_000);
    assert_eq!(rig.input(0).silence_returns(), 1, "after an error they tell nothing");
}

#[test]
fn a_new_session_begins_anew_and_an_update_forgets_all() {
    let mut rig = watched(adaptive());
    rig.until(5 * MINUTE);
    is_silent_for(&mut rig, 500);
    rig.handle(Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
    assert_eq!((limit(&rig), rig.input(0).silence_returns()), (2000, 1));
    rig.update(replace(cold(0))).unwrap();
    assert_eq!(rig.input(0).silence_returns(), 0);
}

#[test]
fn while_the_stream_runs_it_becomes_fixed_and_adaptive_again() {
    let mut rig = watched(adaptive());
    rig.until(3 * MINUTE + 500);
    rig.set_config(Config::new()).unwrap();
    assert_eq!(limit(&rig), 2000);
    rig.set_config(adaptive()).unwrap();
    rig.until(4 * MINUTE);
    assert_eq!(limit(&rig), 2000, "what it was is forgotten");
    rig.until(5 * MINUTE);
    assert_eq!(limit(&rig), 1000);
}
