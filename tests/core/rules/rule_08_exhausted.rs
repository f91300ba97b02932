//! Rule 8: without a candidate the stream is exhausted. The last session keeps the gate and runs
//! on; its packets are its recovery. Whatever becomes usable is started at once. Restored is told
//! at the first packet on air; the two strictly alternate.

use super::rig::*;
use changeover::core::InputsUpdate;
use changeover::{Config, Reason, Status};

/// Nothing is usable since 3000; 0 was the last one on air.
fn exhausted(inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    exhausted_with(Config::new(), inputs)
}

fn exhausted_with(config: Config, inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(1000);
    let others: Vec<_> = rig.stream.inputs().iter().map(|input| input.priority()).collect();
    for other in others {
        rig.dies(other);
        if other != 0 {
            rig.report(other, "gone").unwrap();
        }
    }
    rig.skip();
    rig.until(3000);
    assert!(rig.stream.exhausted());
    rig
}

#[test]
fn when_the_last_one_is_given_up_exhausted_is_told() {
    let mut rig = exhausted([cold(0)]);
    rig.tells(&["3000 degraded 0 timeout", "3000 exhausted timeout"]);
    assert_eq!(rig.stream.active(), Some(0), "the last one stays selected");
}

#[test]
fn the_gate_stays_on_the_last_session_and_it_runs_on() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.until(9000);
    assert_eq!(rig.stream.gate(), Some(rig.session("0a")));
    assert_eq!(rig.on_host(), ["0a"]);
    rig.skip();
}

#[test]
fn its_packets_are_its_recovery() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.skip();
    rig.returns(0);
    rig.until(3100);
    rig.tells(&[
        "3100 recovered 0",
        "3100 switch 0>0 recovery",
        "3100 active 0 after 0",
        "3100 restored 0",
    ]);
    assert!(!rig.stream.exhausted());
    let switch = rig.stream.switches().last().unwrap();
    assert_eq!((switch.from, switch.to, switch.reason), (Some(0), 0, Reason::Recovery));
}

#[test]
fn any_session_left_running_in_the_dark_can_end_it() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.dies(0);
    rig.until(8000);
    assert!(rig.stream.exhausted());
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    rig.skip();
    rig.returns(0);
    rig.until(8100);
    rig.tells(&[
        "8100 recovered 0",
        "8100 gate 0a",
        "8100 switch 1>0 recovery",
        "8100 active 0 after 0",
        "8100 restored 0",
        "8100 stop 1a",
    ]);
}

#[test]
fn an_input_that_recovers_by_a_probe_is_started_at_once() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.returns(1);
    rig.reach("probe 1");
    rig.until(150);
    rig.tells(&[
        "50 recovered 1",
        "50 gate 1a",
        "50 start 1a",
        "50 switch 0>1 recovery",
        "150 active 1 after 100",
        "150 restored 1",
        "150 stop 0a",
    ]);
}

#[test]
fn the_last_one_is_probed_too_and_started_anew() {
    // Its session is dead although the source is back.
    let mut rig = exhausted([cold(0)]);
    rig.reach("probe 0");
    rig.until(20);
    rig.returns(0);
    rig.until(150);
    rig.tells(&[
        "50 stop 0a",
        "50 recovered 0",
        "50 gate 0b",
        "50 start 0b",
        "50 switch 0>0 recovery",
        "150 active 0 after 100",
        "150 restored 0",
    ]);
}

#[test]
fn an_added_input_is_started_at_once() {
    let mut rig = exhausted([cold(0)]);
    rig.skip();
    rig.update(add(cold(7))).unwrap();
    rig.until(3100);
    rig.tells(&[
        "3000 gate 7a",
        "3000 start 7a",
        "3000 switch 0>7 input_added",
        "3100 active 7 after 100",
        "3100 restored 7",
        "3100 stop 0a",
    ]);
}

#[test]
fn an_updated_input_is_started_at_once() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.returns(1);
    rig.skip();
    rig.update(replace(cold(1))).unwrap();
    rig.until(3100);
    rig.tells(&[
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 recovery",
        "3100 active 1 after 100",
        "3100 restored 1",
        "3100 stop 0a",
    ]);
}

#[test]
fn the_last_one_updated_is_started_in_a_new_session() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.returns(0);
    rig.skip();
    rig.update(replace(cold(0))).unwrap();
    rig.until(3100);
    rig.tells(&[
        "3000 stop 0a",
        "3000 gate 0b",
        "3000 start 0b",
        "3000 switch 0>0 recovery",
        "3100 active 0 after 100",
        "3100 restored 0",
    ]);
}

#[test]
fn of_several_updated_inputs_the_best_is_started_and_only_that_one() {
    let mut rig = exhausted_with(Config::new(), [cold(0), cold(1), cold(2)]);
    rig.skip();
    let updated = vec![cold(2), cold(1), cold(0)];
    rig.update(InputsUpdate { updated, ..InputsUpdate::default() }).unwrap();
    rig.tells(&["3000 stop 0a", "3000 gate 0b", "3000 start 0b", "3000 switch 0>0 recovery"]);

    // The last on air is not the best of them.
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(1);
    rig.report(0, "gone").unwrap();
    rig.until(4000);
    rig.skip();
    let updated = vec![cold(1), cold(0)];
    rig.update(InputsUpdate { updated, ..InputsUpdate::default() }).unwrap();
    rig.tells(&["4000 stop 1a", "4000 gate 0b", "4000 start 0b", "4000 switch 1>0 recovery"]);
}

#[test]
fn restored_waits_for_the_first_packet() {
    let mut rig = exhausted([cold(0)]);
    rig.skip();
    rig.dies(1);
    rig.update(add(cold(1))).unwrap();
    rig.until(7999);
    assert!(rig.stream.exhausted(), "started is not restored");
    rig.tells(&["3000 gate 1a", "3000 start 1a", "3000 switch 0>1 input_added"]);
    rig.until(8000);
    rig.tells(&["8000 degraded 1 timeout"]);
    assert!(rig.stream.exhausted(), "and it is not told twice");
}

#[test]
fn exhausted_and_restored_alternate_however_often() {
    let mut rig = Rig::new([cold(0)]);
    rig.skip();
    for round in 0..50 {
        rig.until(1000 + round * 4000);
        rig.dies(0);
        rig.until(4000 + round * 4000);
        rig.returns(0);
    }
    // The rig panics when they do not alternate; here is that they are told at all.
    for _ in 0..49 {
        rig.reach("exhausted timeout");
        rig.reach("restored 0");
    }
}

#[test]
fn when_every_start_fails_it_is_told_once() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| {
        rig.start_fails(0);
        rig.start_fails(1);
    });
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
        "0 exhausted start_failed",
        "0 gate closed",
    ]);
    rig.until(3_600_000);
    let told = |rig: &mut Rig| rig.lines().filter(|line| line.starts_with("exhausted")).count();
    assert_eq!(told(&mut rig), 0);
}

#[test]
fn a_stream_whose_starts_all_failed_recovers_when_they_work_again() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| {
        rig.start_fails(0);
        rig.start_fails(1);
    });
    rig.until(100_000);
    rig.start_works(1);
    rig.skip();
    rig.reach("restored 1");
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn a_hot_input_is_restarted_while_exhausted_and_the_gate_follows() {
    let mut rig = exhausted([hot(0)]);
    rig.reach("stop 0a");
    rig.returns(0);
    rig.until(100);
    rig.tells(&[
        "0 gate 0b",
        "0 start 0b",
        "100 recovered 0",
        "100 switch 0>0 recovery",
        "100 active 0 after 0",
        "100 restored 0",
    ]);
}

#[test]
fn the_last_input_is_tried_when_probes_do_not_help() {
    let mut rig = exhausted([cold(0)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("probe 0");
    rig.until(60);
    rig.tells(&["50 stop 0a", "50 gate 0b", "50 start 0b"]);
    rig.returns(0);
    rig.until(150);
    rig.tells(&[
        "150 recovered 0",
        "150 switch 0>0 recovery",
        "150 active 0 after 0",
        "150 restored 0",
    ]);
}

#[test]
fn a_trial_of_another_input_that_failed_is_stopped() {
    let mut rig = exhausted([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.reach("start 1a");
    rig.until(5000);
    rig.skip();
    assert_eq!(rig.on_host(), ["0a"]);
}

#[test]
fn a_trial_that_failed_leaves_the_last_session_running() {
    let mut rig = exhausted([cold(0)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(7000);
    assert_eq!(rig.on_host(), ["0b"]);
    rig.is_quiet();
    rig.returns(0);
    rig.until(7100);
    rig.tells(&[
        "7100 recovered 0",
        "7100 switch 0>0 recovery",
        "7100 active 0 after 0",
        "7100 restored 0",
    ]);
}

#[test]
fn with_overlap_off_one_input_after_the_other_is_tried() {
    let mut rig = exhausted_with(overlap_off(), [cold(0), cold(1), cold(2)]);
    for priority in [0, 1, 2] {
        rig.probes_are(priority, Answer::Unsupported);
    }
    rig.until(120_000);
    let told: Vec<_> = rig.lines().collect();
    for priority in [0, 1, 2] {
        let tried = told.iter().filter(|l| l.starts_with(&format!("start {priority}"))).count();
        assert!(tried >= 3, "{priority} was tried {tried} times");
    }
    rig.returns(1);
    rig.reach("restored 1");
    assert_eq!(rig.on_host().len(), 1);
}

#[test]
fn with_overlap_off_a_trial_does_not_stop_what_was_just_chosen() {
    let mut rig = exhausted_with(overlap_off(), [cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.dies(2);
    rig.until(10_000);
    // 2 connects, slowly, when the others would be tried.
    rig.update(add(cold(2).config(Config::new().connect_timeout(ms(20_000))))).unwrap();
    rig.until(29_000);
    assert_eq!(rig.stream.active(), Some(2));
    assert_eq!(rig.on_host(), ["2a"]);
    rig.returns(2);
    rig.until(30_000);
    assert_eq!(rig.status(2), Status::Active);
}

#[test]
fn with_overlap_off_a_trial_that_made_way_is_repeated() {
    let mut rig = exhausted_with(overlap_off(), [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.returns(1);
    rig.update(replace(cold(1))).unwrap();
    assert_eq!(rig.running(0), None, "it made way for 1");
    rig.until(1000);
    assert_eq!(rig.status(1), Status::Active);
    rig.dies(1);
    rig.returns(0);
    rig.skip();
    rig.reach("restored 0");
}

#[test]
fn an_updated_hot_input_has_no_more_claim_than_a_cold_one() {
    // The last on air is hot, and not the best of those that are updated.
    let mut rig = Rig::new([hot(0), hot(1)]);
    rig.until(1050);
    rig.report(0, "gone").unwrap();
    rig.report(1, "gone").unwrap();
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(1), true));
    rig.update(InputsUpdate { updated: vec![hot(0), hot(1)], ..Default::default() }).unwrap();
    assert_eq!(rig.stream.active(), Some(0));

    for input in [cold, hot] {
        let mut rig = exhausted([input(0)]);
        rig.skip();
        rig.update(replace(input(0))).unwrap();
        rig.tells(&["3000 stop 0a", "3000 gate 0b", "3000 start 0b", "3000 switch 0>0 recovery"]);
    }
}
