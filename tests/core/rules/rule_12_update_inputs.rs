//! Rule 12: `update_inputs` is one change, validated first, applied removed, added, updated.

use super::rig::*;
use changeover::core::{InputsUpdate, ProbeOutcome, Stimulus};
use changeover::{Config, Error, Failback, Reason, Status};

fn change(
    removed: &[i32],
    added: impl IntoIterator<Item = changeover::Input>,
    updated: impl IntoIterator<Item = changeover::Input>,
) -> InputsUpdate {
    InputsUpdate {
        removed: removed.into(),
        added: added.into_iter().collect(),
        updated: updated.into_iter().collect(),
    }
}

fn on_air(inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::new(inputs);
    rig.until(1050);
    rig.skip();
    rig
}

#[test]
fn removing_the_active_input_fails_over() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(remove(0)).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 stop 0a",
        "1050 gate 1a",
        "1050 start 1a",
        "1050 switch 0>1 input_removed",
        "1150 active 1 after 100",
    ]);
}

#[test]
fn removing_a_standby_stops_it_and_switches_nothing() {
    let mut rig = on_air([cold(0), hot(1), cold(2)]);
    rig.update(change(&[2, 1], [], [])).unwrap();
    rig.tells(&["1050 stop 1a"]);
    assert_eq!(rig.stream.inputs().len(), 1);
}

#[test]
fn removing_a_probed_input_cancels_the_probe() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Never);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.update(remove(1)).unwrap();
    rig.tells(&["0 cancel probe"]);
}

#[test]
fn adding_a_better_input_is_a_planned_switch() {
    let mut rig = on_air([cold(1)]);
    rig.update(add(cold(0))).unwrap();
    assert_eq!(rig.stream.pending(), Some(0));
    rig.until(1150);
    rig.tells(&[
        "1050 start 0a",
        "1150 gate 0a",
        "1150 stop 1a",
        "1150 switch 1>0 input_added",
        "1150 active 0 after 0",
    ]);
}

#[test]
fn adding_a_better_input_needs_no_policy() {
    let config = Config::new().failback(Failback::Manual);
    let mut rig = Rig::with_config(config, [cold(1)]);
    rig.until(1050);
    rig.update(add(cold(0))).unwrap();
    rig.reach("switch 1>0 input_added");
}

#[test]
fn adding_a_worse_input_switches_nothing() {
    let mut rig = on_air([cold(1)]);
    rig.update(add(cold(2))).unwrap();
    rig.until(100_000);
    rig.is_quiet();
    assert_eq!(rig.status(2), Status::Idle);
}

#[test]
fn adding_a_worse_hot_input_starts_it() {
    let mut rig = on_air([cold(1)]);
    rig.update(add(hot(2))).unwrap();
    rig.until(2000);
    rig.tells(&["1050 start 2a"]);
}

#[test]
fn adding_a_better_hot_input_starts_it_once() {
    let mut rig = on_air([cold(1)]);
    rig.update(add(hot(0))).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 start 0a",
        "1150 gate 0a",
        "1150 stop 1a",
        "1150 switch 1>0 input_added",
        "1150 active 0 after 0",
    ]);
}

#[test]
fn adding_a_better_input_does_not_disturb_an_override() {
    let mut rig = on_air([cold(1), cold(2)]);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.skip();
    rig.update(add(cold(0))).unwrap();
    rig.until(600_000);
    rig.is_quiet();
    assert_eq!(rig.stream.active(), Some(2));
}

#[test]
fn of_several_added_inputs_the_best_is_taken() {
    let mut rig = on_air([cold(9)]);
    rig.update(change(&[], [cold(5), cold(3), cold(7)], [])).unwrap();
    rig.tells(&["1050 start 3a"]);
}

#[test]
fn an_added_input_that_does_not_deliver_is_abandoned() {
    let mut rig = on_air([cold(1)]);
    rig.dies(0);
    rig.update(add(cold(0))).unwrap();
    rig.until(6050);
    rig.tells(&["1050 start 0a", "6050 degraded 0 timeout", "6050 stop 0a"]);
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn an_updated_active_input_is_restarted() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(replace(cold(0).option("token", "new"))).unwrap();
    assert_eq!(rig.status(0), Status::Idle);
    rig.until(1150);
    rig.tells(&["1050 stop 0a", "1050 gate 0b", "1050 start 0b", "1150 active 0 after 100"]);
    assert_eq!(&*rig.input(0).spec().options()[0].1, "new");
}

#[test]
fn an_updated_active_input_has_a_deadline() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.dies(0);
    rig.update(replace(cold(0))).unwrap();
    rig.skip();
    rig.until(6050);
    rig.tells(&[
        "6050 degraded 0 timeout",
        "6050 gate 1a",
        "6050 start 1a",
        "6050 switch 0>1 timeout",
    ]);
}

#[test]
fn an_updated_hot_input_is_restarted() {
    let mut rig = on_air([cold(0), hot(1)]);
    rig.update(replace(hot(1))).unwrap();
    rig.tells(&["1050 stop 1a", "1050 start 1b"]);
}

#[test]
fn an_updated_pending_input_is_restarted_and_still_pending() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.dies(1);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.skip();
    rig.update(replace(cold(1))).unwrap();
    rig.tells(&["2000 stop 1a", "2000 start 1b"]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(1), Some(1)));
    rig.returns(1);
    rig.until(2100);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn an_updated_input_that_does_not_run_is_not_started() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(replace(cold(1))).unwrap();
    rig.until(100_000);
    rig.is_quiet();
}

#[test]
fn an_updated_input_becomes_hot_or_cold() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(replace(hot(1))).unwrap();
    rig.tells(&["1050 start 1a"]);
    rig.update(replace(cold(1))).unwrap();
    rig.tells(&["1050 stop 1a"]);
}

#[test]
fn an_updated_input_is_forgiven() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.dies(1);
    rig.report(1, "gone").unwrap();
    for _ in 0..4 {
        rig.reach("probe 1");
    }
    rig.update(replace(cold(1))).unwrap();
    assert_eq!(rig.status(1), Status::Idle);
    assert!(rig.errors(1).is_empty());
    rig.report(1, "gone").unwrap();
    rig.reach("degraded 1 error");
    let waited = rig.reach("probe 1");
    assert!((8000.0..=9000.0).contains(&waited), "backoff is cleared: {waited}");
}

#[test]
fn an_updated_input_may_be_probed_again() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.until(1000);
    rig.probes_are(1, Answer::Honest);
    rig.update(replace(cold(1))).unwrap();
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.until(50);
    rig.tells(&["50 recovered 1"]);
}

#[test]
fn results_for_what_was_replaced_are_ignored() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Never);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    let (probe, old) = (rig.probe_in_flight(1), rig.session("0a"));
    rig.update(change(&[], [], [cold(0), cold(1)])).unwrap();
    rig.report(1, "still gone").unwrap();
    rig.until(100);
    rig.skip();
    let late = [
        Stimulus::ProbeTaken { probe },
        Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Ok },
        Stimulus::StartTaken { session: old },
        Stimulus::StartResult { session: old, result: Ok(()) },
        Stimulus::StartResult { session: old, result: Err("late".into()) },
        Stimulus::SessionError { session: old, text: "late".into() },
    ];
    for event in late {
        assert_eq!(rig.handle(event), Err(Error::StaleSession));
    }
    rig.is_quiet();
    assert_eq!((rig.status(0), rig.status(1)), (Status::Active, Status::Degraded));
}

#[test]
fn removing_the_last_input_leaves_nothing_and_is_exhausted() {
    let mut rig = on_air([cold(0)]);
    rig.update(remove(0)).unwrap();
    rig.tells(&["1050 stop 0a", "1050 exhausted input_removed", "1050 gate closed"]);
    assert_eq!(rig.stream.active(), None);
    assert!(rig.stream.exhausted());
    assert_eq!(rig.deadline(), None);
    rig.update(add(cold(5))).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 gate 5a",
        "1050 start 5a",
        "1050 switch none>5 input_added",
        "1150 active 5 after 100",
        "1150 restored 5",
    ]);
}

#[test]
fn removing_the_active_input_when_the_others_are_degraded_is_exhausted() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.report(1, "gone").unwrap();
    rig.skip();
    rig.update(remove(0)).unwrap();
    rig.tells(&["1050 stop 0a", "1050 exhausted input_removed", "1050 gate closed"]);
    rig.reach("restored 1");
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn removing_the_last_session_of_an_exhausted_stream_closes_the_gate() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.report(1, "gone").unwrap();
    rig.dies(0);
    rig.until(3500);
    rig.skip();
    rig.update(remove(0)).unwrap();
    rig.tells(&["3500 stop 0a", "3500 gate closed"]);
    assert_eq!(rig.stream.active(), None);
    rig.reach("restored 1");
}

#[test]
fn removing_the_active_input_while_a_switch_waits_makes_it_the_failover() {
    let mut rig = on_air([cold(0), cold(1), cold(2)]);
    rig.switch_input(2).unwrap();
    rig.update(remove(0)).unwrap();
    rig.tells(&["1050 start 2a", "1050 stop 0a", "1050 gate 2a", "1050 switch 0>2 input_removed"]);
}

#[test]
fn an_input_may_be_removed_and_added_in_one_change() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(change(&[0], [cold(0).option("k", "v")], [])).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 stop 0a",
        "1050 gate 0b",
        "1050 start 0b",
        "1050 switch 0>0 input_removed",
        "1150 active 0 after 100",
    ]);
}

#[test]
fn removing_the_active_adding_a_better_and_updating_another_is_one_switch() {
    let mut rig = on_air([cold(1), hot(2)]);
    rig.update(change(&[1], [cold(0)], [hot(2)])).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 stop 1a",
        "1050 stop 2a",
        "1050 start 2b",
        "1050 gate 0a",
        "1050 start 0a",
        "1050 switch 1>0 input_removed",
        "1150 active 0 after 100",
    ]);
}

#[test]
fn updating_the_active_and_adding_a_better_one_restarts_the_one_and_switches_to_the_other() {
    let mut rig = on_air([cold(1)]);
    rig.update(change(&[], [cold(0)], [cold(1)])).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 start 0a",
        "1050 stop 1a",
        "1050 gate 1b",
        "1050 start 1b",
        "1150 gate 0a",
        "1150 stop 1b",
        "1150 switch 1>0 input_added",
        "1150 active 0 after 0",
    ]);
}

#[test]
fn an_empty_change_changes_nothing() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.update(InputsUpdate::default()).unwrap();
    rig.is_quiet();
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut rig = on_air([cold(0), cold(1), cold(2)]);
    rig.switch_input(1).unwrap();
    rig.skip();
    let foreign = cold(1).config(Config::new().failback_stable(ms(1)));
    let many = |n: i32| (10..10 + n).map(cold).collect::<Vec<_>>();
    let zero = cold(7).config(Config::new().probe_timeout(ms(0)));
    let refused = [
        (change(&[3], [], []), Error::UnknownInput),
        (change(&[-1], [], []), Error::Priority),
        (change(&[1, 1], [], []), Error::DuplicatePriority),
        (change(&[], [cold(1)], []), Error::DuplicatePriority),
        (change(&[], [cold(5), cold(5)], []), Error::DuplicatePriority),
        (change(&[], [cold(-5)], []), Error::Priority),
        (change(&[], [], [cold(3)]), Error::UnknownInput),
        (change(&[], [], [cold(1), cold(1)]), Error::DuplicatePriority),
        (change(&[1], [], [cold(1)]), Error::UnknownInput),
        (change(&[1], [cold(1), cold(1)], []), Error::DuplicatePriority),
        (change(&[0], [cold(9)], [cold(9)]), Error::UnknownInput),
        (change(&[0], [cold(9)], [foreign]), Error::Config),
        (change(&[0], [zero], []), Error::Config),
        (change(&[1; 257], [], []), Error::Limit),
        (change(&[], many(257), []), Error::Limit),
        (change(&[], [], many(257)), Error::Limit),
        (change(&[], many(254), []), Error::Limit),
    ];
    for (update, error) in refused {
        assert_eq!(rig.update(update.clone()), Err(error), "{update:?}");
        rig.is_quiet();
    }
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
    assert_eq!(rig.stream.inputs().len(), 3);
}

#[test]
fn with_overlap_off_hot_is_refused() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    assert_eq!(rig.update(add(hot(2))), Err(Error::HotWithoutOverlap));
    assert_eq!(rig.update(replace(hot(1))), Err(Error::HotWithoutOverlap));
    rig.is_quiet();
}

#[test]
fn with_overlap_off_an_added_better_input_commits_at_once() {
    let mut rig = Rig::with_config(overlap_off(), [cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.update(add(cold(0))).unwrap();
    rig.tells(&["1000 stop 1a", "1000 gate 0a", "1000 start 0a", "1000 switch 1>0 input_added"]);
}

#[test]
fn an_added_input_is_the_reason_only_if_it_is_the_one_chosen() {
    let reason = |added, updated| {
        let mut rig = Rig::new([cold(2)]);
        rig.until(1050);
        rig.report(2, "gone").unwrap();
        assert!(rig.stream.exhausted());
        let (added, updated) = (vec![cold(added)], vec![cold(updated)]);
        rig.update(InputsUpdate { added, updated, ..Default::default() }).unwrap();
        let switch = rig.stream.switches().last().unwrap();
        (switch.to, switch.reason)
    };
    assert_eq!(reason(5, 2), (2, Reason::Recovery));
    assert_eq!(reason(1, 2), (1, Reason::InputAdded));
}
