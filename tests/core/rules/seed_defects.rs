//! Nine defects that stream managers behind locks are known to have; none may appear here.

use super::rig::*;
use changeover::core::{ProbeOutcome, Stimulus};
use changeover::{Config, Error, Status};

#[test]
fn a_replacement_whose_start_fails_is_replaced_in_turn() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.start_fails(1);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    assert!(rig.stream.exhausted());
    rig.start_works(1);
    rig.skip();
    rig.reach("restored 1");
}

#[test]
fn an_active_input_that_never_delivers_times_out() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.dies(0));
    rig.until(5100);
    assert_eq!(rig.status(0), Status::Degraded);
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn a_failed_probe_restarts_the_cooldown() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.reach("probe 0");
    rig.until(50 + 15_999);
    assert_eq!(rig.lines().filter(|line| line == "probe 0").count(), 0);
}

#[test]
fn one_packet_does_not_mark_a_degraded_standby_active() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(1100);
    assert_eq!(rig.status(1), Status::Idle);
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn a_registration_ends_without_anything_left_to_leak() {
    // Registering twice is refused by the engine; that nothing survives a registration is here.
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.report(2, "gone").unwrap();
    rig.reach("probe 2");
    rig.handle(Stimulus::Unregister).unwrap();
    assert!(rig.on_host().is_empty());
    assert_eq!(rig.deadline(), None);
}

#[test]
fn a_probe_result_is_not_applied_to_a_replaced_input() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.probes_are(1, Answer::Never);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    let probe = rig.probe_in_flight(1);
    rig.update(replace(cold(1))).unwrap();
    rig.report(1, "the new one is gone too").unwrap();
    let answer = Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Ok };
    assert_eq!(rig.handle(answer), Err(Error::StaleSession));
    assert_eq!(rig.status(1), Status::Degraded);
}

#[test]
fn exhausted_and_restored_are_told_in_order() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    for round in 0..20 {
        rig.dies(0);
        rig.dies(1);
        rig.reach("exhausted timeout");
        rig.returns(round % 2);
        rig.reach(&format!("restored {}", round % 2));
        rig.returns(0);
        rig.returns(1);
    }
}

#[test]
fn with_all_inputs_dead_it_does_not_switch_back_and_forth() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.until(600_000);
    let told: Vec<_> = rig.lines().filter(|line| line.starts_with("switch")).collect();
    assert_eq!(told, ["switch none>0 initial", "switch 0>1 timeout"]);
}

#[test]
fn one_failover_has_one_start_however_many_evaluations_see_it() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    for _ in 0..10 {
        rig.handle(Stimulus::Tick).unwrap();
        rig.report(0, "gone").unwrap();
        rig.clear_override();
    }
    assert_eq!(rig.lines().filter(|line| line.starts_with("start 1")).count(), 1);
}
