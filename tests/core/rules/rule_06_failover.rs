//! Rule 6: failover commits at once. The dead cold session runs on behind the closed gate until
//! the new one delivers; if it delivers first, the switch is undone. Hot sessions are kept, and
//! restarted when silent for `probe_cooldown`. A failed start tries the next at once.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Status};

/// Input 0 was on air and is dead since 1000; its silence is noticed at 3000.
fn primary_dead(inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::new(inputs);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig
}

#[test]
fn the_gate_moves_and_the_new_input_is_started_at_once() {
    let mut rig = primary_dead([cold(0), cold(1)]);
    rig.until(3000);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 timeout",
    ]);
    assert_eq!(rig.stream.active(), Some(1));
    assert_eq!(rig.stream.pending(), None);
}

#[test]
fn to_a_hot_input_only_the_gate_moves() {
    let quick = Config::new().packet_timeout(ms(1950));
    let mut rig = primary_dead([cold(0).config(quick), hot(1)]);
    rig.until(3100);
    rig.tells(&[
        "2950 degraded 0 timeout",
        "2950 gate 1a",
        "2950 switch 0>1 timeout",
        "3000 active 1 after 50",
        "3000 stop 0a",
    ]);
}

#[test]
fn the_dead_session_is_stopped_when_the_new_one_delivers() {
    let mut rig = primary_dead([cold(0), cold(1)]);
    rig.until(3099);
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    rig.skip();
    rig.until(3100);
    rig.tells(&["3100 active 1 after 100", "3100 stop 0a"]);
    assert_eq!(rig.on_host(), ["1a"]);
}

#[test]
fn if_the_dead_session_delivers_first_the_switch_is_undone() {
    let mut rig = primary_dead([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(3500);
    rig.returns(0);
    rig.skip();
    rig.until(3600);
    rig.tells(&[
        "3600 recovered 0",
        "3600 gate 0a",
        "3600 stop 1a",
        "3600 switch 1>0 recovery",
        "3600 active 0 after 0",
    ]);
    assert_eq!(rig.status(0), Status::Active);
    assert_eq!(rig.status(1), Status::Idle);
}

#[test]
fn the_undone_switch_keeps_a_hot_input_running() {
    let mut rig = primary_dead([cold(0), hot(1)]);
    rig.until(2980);
    rig.dies(1);
    rig.until(3050);
    rig.returns(0);
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 1a",
        "3000 switch 0>1 timeout",
        "3100 recovered 0",
        "3100 gate 0a",
        "3100 switch 1>0 recovery",
        "3100 active 0 after 0",
    ]);
    assert_eq!(rig.running(1), Some("1a"));
}

/// 0, 1 and 2 were started one after the other and none of them delivers.
fn all_in_the_dark() -> Rig {
    let mut rig = primary_dead([cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.dies(2);
    rig.until(8000);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 timeout",
        "8000 degraded 1 timeout",
        "8000 gate 2a",
        "8000 start 2a",
        "8000 switch 1>2 timeout",
    ]);
    rig
}

#[test]
fn in_the_dark_all_that_was_started_runs_on() {
    let rig = all_in_the_dark();
    assert_eq!(rig.on_host(), ["0a", "1a", "2a"]);
}

#[test]
fn in_the_dark_the_first_of_all_can_undo_it_all() {
    let mut rig = all_in_the_dark();
    rig.returns(0);
    rig.until(8100);
    rig.tells(&[
        "8100 recovered 0",
        "8100 gate 0a",
        "8100 stop 2a",
        "8100 switch 2>0 recovery",
        "8100 active 0 after 0",
        "8100 stop 1a",
    ]);
}

#[test]
fn in_the_dark_the_one_between_can_undo_the_last_switch() {
    let mut rig = all_in_the_dark();
    rig.returns(1);
    rig.until(8100);
    rig.tells(&[
        "8100 recovered 1",
        "8100 gate 1a",
        "8100 stop 2a",
        "8100 switch 2>1 recovery",
        "8100 active 1 after 0",
        "8100 stop 0a",
    ]);
}

#[test]
fn in_the_dark_the_last_one_ends_it() {
    let mut rig = all_in_the_dark();
    rig.returns(2);
    rig.until(8100);
    rig.tells(&["8100 active 2 after 100", "8100 stop 0a", "8100 stop 1a"]);
}

#[test]
fn an_undone_switch_does_not_disturb_an_override_made_meanwhile() {
    let mut rig = all_in_the_dark();
    rig.switch_input(2).unwrap();
    rig.returns(0);
    rig.until(8500);
    // Not the undone switch, but rule 18: nothing was on air for longer than start_grace.
    rig.tells(&[
        "8100 recovered 0",
        "8100 gate 0a",
        "8100 switch 2>0 start_grace",
        "8100 active 0 after 0",
        "8100 stop 1a",
    ]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(2), Some(2)));
    rig.until(13_000);
    rig.tells(&["13000 degraded 2 timeout", "13000 stop 2a"]);
}

#[test]
fn hot_sessions_are_not_stopped_by_failover() {
    let mut rig = primary_dead([hot(0), cold(1)]);
    rig.until(5000);
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    assert_eq!(rig.status(0), Status::Degraded);
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn a_hot_session_silent_for_the_probe_cooldown_is_restarted() {
    let mut rig = primary_dead([hot(0), cold(1)]);
    let restarted = rig.reach("stop 0a");
    assert!((11_000.0..=12_000.0).contains(&restarted), "{restarted}");
    rig.tells(&["0 start 0b"]);
    rig.returns(0);
    rig.until(100);
    rig.tells(&["100 recovered 0"]);
}

#[test]
fn the_restarts_of_a_hot_session_back_off() {
    let mut rig = primary_dead([hot(0), cold(1)]);
    rig.reach("start 0b");
    // It has 5 s to connect; what follows is a failure.
    let second = rig.reach("start 0c");
    assert!((21_000.0..=23_000.0).contains(&second), "{second}");
    let third = rig.reach("start 0d");
    assert!((37_000.0..=41_000.0).contains(&third), "{third}");
    let fourth = rig.reach("start 0e");
    assert!((69_000.0..=77_000.0).contains(&fourth), "{fourth}");
    let fifth = rig.reach("start 0f");
    assert!((69_000.0..=77_000.0).contains(&fifth), "capped: {fifth}");
    assert_eq!((rig.errors(0).len(), rig.attempts(0).len()), (1, 4));
}

#[test]
fn a_hot_input_whose_restart_is_reported_bad_backs_off() {
    let mut rig = primary_dead([hot(0), cold(1)]);
    rig.reach("start 0b");
    rig.until(1000);
    rig.report(0, "gone").unwrap();
    rig.report(0, "gone").unwrap();
    let second = rig.reach("start 0c");
    assert!((17_000.0..=19_000.0).contains(&second), "{second}");
}

#[test]
fn a_hot_input_whose_start_fails_is_started_again_later() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), hot(1)], |rig| rig.start_fails(1));
    rig.tells(&[
        "0 gate 0a",
        "0 start 0a",
        "0 switch none>0 initial",
        "0 start 1a",
        "0 degraded 1 start_failed",
        "0 stop 1a",
    ]);
    rig.start_works(1);
    let again = rig.reach("start 1b");
    assert!((8000.0..=9000.0).contains(&again), "{again}");
    rig.until(100);
    rig.tells(&["100 recovered 1"]);
}

#[test]
fn when_a_start_fails_the_next_input_is_tried_at_once() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1), cold(2)], |rig| {
        rig.start_fails(0);
        rig.start_fails(1);
    });
    rig.until(100);
    rig.tells(&[
        "0 gate 0a",
        "0 start 0a",
        "0 switch none>0 initial",
        "0 degraded 0 start_failed",
        "0 stop 0a",
        "0 gate 1a",
        "0 start 1a",
        "0 switch 0>1 start_failed",
        "0 degraded 1 start_failed",
        "0 stop 1a",
        "0 gate 2a",
        "0 start 2a",
        "0 switch 1>2 start_failed",
        "100 active 2 after 100",
    ]);
    assert_eq!(&*rig.errors(0)[0].detail.text(), "refused");
    assert_eq!(rig.on_host(), ["2a"]);
}

#[test]
fn a_start_may_fail_late() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.dies(0));
    rig.until(1200);
    rig.skip();
    let session = rig.session("0a");
    rig.handle(Stimulus::StartResult { session, result: Err("no such host".into()) }).unwrap();
    rig.tells(&[
        "1200 degraded 0 start_failed",
        "1200 stop 0a",
        "1200 gate 1a",
        "1200 start 1a",
        "1200 switch 0>1 start_failed",
    ]);
}

#[test]
fn a_start_that_fails_after_its_deadline_is_one_failure_and_not_two() {
    let dead = || Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.dies(0));
    let mut usual = dead();
    usual.until(5000);
    let mut late = dead();
    late.until(5050);
    let session = late.session("0a");
    late.handle(Stimulus::StartResult { session, result: Err("gave up".into()) }).unwrap();
    assert_eq!(late.running(0), None);
    assert_eq!(usual.reach("probe 0"), late.reach("probe 0"));
}

#[test]
fn there_are_never_two_starts_for_one_decision() {
    let mut rig = primary_dead([cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.until(2990);
    rig.report(0, "gone").unwrap();
    rig.report(0, "gone").unwrap();
    rig.handle(Stimulus::Tick).unwrap();
    rig.until(4000);
    rig.tells(&["2990 degraded 0 error", "2990 gate 1a", "2990 start 1a", "2990 switch 0>1 error"]);
}

#[test]
fn with_overlap_off_the_dead_session_is_stopped_before_the_start() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 stop 0a",
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 timeout",
        "3100 active 1 after 100",
    ]);
}
