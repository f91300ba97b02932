//! Rule 7: a planned switch is make-before-break: the old input stays on air until the new one
//! delivers, then everything changes together. Not delivered in time: abandoned. The old one
//! dies meanwhile: it becomes the failover. A newer request replaces it.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Failback, Status};

/// Input 0 is on air, the source of input 1 is down, and a switch to 1 waits since 1050.
fn waiting() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.until(1050);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.tells(&["1050 start 1a"]);
    rig
}

#[test]
fn the_old_input_stays_on_air_until_the_new_one_delivers() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1050);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.until(1149);
    assert_eq!(rig.stream.active(), Some(0));
    assert_eq!(rig.stream.pending(), Some(1), "the pending input is named meanwhile");
    assert_eq!(rig.status(0), Status::Active);
    assert_eq!(rig.stream.gate(), Some(rig.session("0a")));
    rig.until(1150);
    rig.tells(&[
        "1050 start 1a",
        "1150 gate 1a",
        "1150 stop 0a",
        "1150 switch 0>1 manual",
        "1150 active 1 after 0",
    ]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), None));
    assert_eq!(rig.status(0), Status::Idle);
}

#[test]
fn a_hot_target_needs_no_start_and_is_taken_at_its_next_packet() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1050);
    rig.skip();
    rig.switch_input(1).unwrap();
    assert_eq!(rig.stream.pending(), Some(1));
    rig.until(1100);
    rig.tells(&["1100 gate 1a", "1100 stop 0a", "1100 switch 0>1 manual", "1100 active 1 after 0"]);
}

#[test]
fn a_hot_target_that_has_just_died_does_not_go_on_air() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.until(2500);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.until(4000);
    rig.tells(&["3000 degraded 1 timeout"]);
    assert_eq!(rig.status(0), Status::Active, "nobody saw a gap");
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (None, None));
    assert_eq!(rig.running(1), Some("1a"), "hot, so it is kept");
}

#[test]
fn a_target_that_does_not_deliver_in_time_is_degraded_and_stopped() {
    let mut rig = waiting();
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.until(6049);
    rig.is_quiet();
    rig.until(6050);
    rig.tells(&["6050 degraded 1 timeout", "6050 stop 1a"]);
    assert_eq!(rig.stream.pending(), None, "the switch is abandoned");
    assert_eq!(rig.stream.override_input(), None, "its override is cleared");
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn a_target_whose_start_fails_is_degraded_and_the_switch_abandoned() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.start_fails(1);
    rig.until(1050);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.tells(&["1050 start 1a", "1050 degraded 1 start_failed", "1050 stop 1a"]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (None, None));
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn if_the_old_input_dies_meanwhile_it_becomes_the_failover_without_a_second_start() {
    let mut rig = waiting();
    rig.until(2000);
    rig.dies(0);
    rig.until(4000);
    rig.tells(&["4000 degraded 0 timeout", "4000 gate 1a", "4000 switch 0>1 timeout"]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), None));
    assert_eq!(rig.stream.override_input(), Some(1), "still what the operator chose");
    rig.returns(1);
    rig.until(4050);
    rig.tells(&["4050 active 1 after 50", "4050 stop 0a"]);
}

/// Input 2 is on air and the failback to input 1, which does not deliver, is pending. At 5550 input
/// 0 is usable again, too, and input 2 fails.
fn fails_with_a_better_input_than_the_pending_one(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.report(0, "gone").unwrap();
    rig.dies(1);
    rig.clear_override();
    rig.until(5000);
    assert_eq!(rig.stream.pending(), Some(1), "a failback");
    rig.update(replace(cold(0))).unwrap();
    rig.until(5550);
    rig.skip();
    rig.dies(2);
    rig.report(2, "gone").unwrap();
    rig
}

#[test]
fn a_better_input_that_is_usable_again_is_the_failover_and_not_the_pending_one() {
    let config = Config::new().switch_cooldown(ms(0));
    let mut rig = fails_with_a_better_input_than_the_pending_one(config);
    rig.tells(&["5550 degraded 2 error", "5550 gate 0b", "5550 start 0b", "5550 switch 2>0 error"]);
    rig.until(5650);
    rig.tells(&["5650 active 0 after 100", "5650 stop 1a", "5650 stop 2a"]);
}

#[test]
fn a_failover_is_not_left_again_in_the_same_instant() {
    let config = Config::new().switch_cooldown(ms(0)).failback_stable(ms(0));
    let mut rig = Rig::with_config(config, [cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.report(0, "gone").unwrap();
    rig.report(1, "gone").unwrap();
    rig.until(1200);
    rig.update(replace(cold(1))).unwrap();
    assert_eq!(rig.stream.pending(), Some(1), "a failback");
    rig.dies(2);
    rig.skip();
    let both = [Stimulus::UpdateInputs(replace(cold(0))), Stimulus::UpdateInputs(remove(2))];
    both.into_iter().for_each(|change| rig.handle(change).unwrap());
    let switches: Vec<_> = rig.lines().filter(|line| line.starts_with("switch")).collect();
    assert_eq!(switches, ["switch 2>0 input_removed"]);
}

#[test]
fn a_failover_made_of_a_planned_switch_keeps_the_connect_deadline() {
    let mut rig = waiting();
    rig.until(2000);
    rig.dies(0);
    rig.until(4000);
    rig.skip();
    rig.until(6050);
    rig.tells(&[
        "6050 degraded 1 timeout",
        "6050 gate 2a",
        "6050 start 2a",
        "6050 switch 1>2 timeout",
    ]);
}

#[test]
fn if_the_old_input_is_not_delivering_it_commits_at_once() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(50);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.until(150);
    rig.tells(&[
        "50 gate 1a",
        "50 start 1a",
        "50 stop 0a",
        "50 switch 0>1 manual",
        "150 active 1 after 100",
    ]);
}

#[test]
fn a_newer_request_replaces_it() {
    let mut rig = waiting();
    rig.until(2000);
    rig.switch_input(2).unwrap();
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(2), Some(2)));
    rig.until(2100);
    rig.tells(&[
        "2000 stop 1a",
        "2000 start 2a",
        "2100 gate 2a",
        "2100 stop 0a",
        "2100 switch 0>2 manual",
        "2100 active 2 after 0",
    ]);
    assert_eq!(rig.status(1), Status::Idle, "it has done nothing wrong");
}

#[test]
fn the_same_request_again_changes_nothing() {
    let mut rig = waiting();
    rig.until(2000);
    rig.switch_input(1).unwrap();
    rig.is_quiet();
    rig.until(6050);
    rig.tells(&["6050 degraded 1 timeout", "6050 stop 1a"]);
}

#[test]
fn choosing_the_active_input_again_replaces_it_too() {
    let mut rig = waiting();
    rig.switch_input(0).unwrap();
    rig.tells(&["1050 stop 1a"]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (None, Some(0)));
}

#[test]
fn a_replaced_hot_target_keeps_running() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1050);
    rig.dies(1);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.switch_input(2).unwrap();
    rig.tells(&["1050 start 2a"]);
    assert_eq!(rig.running(1), Some("1a"));
}

#[test]
fn a_manual_request_replaces_a_failback() {
    let config = Config::new().switch_cooldown(ms(0));
    let mut rig = Rig::with_config(config, [cold(0), cold(1), cold(2)]);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(0);
    rig.clear_override();
    rig.until(5000);
    assert_eq!(rig.stream.pending(), Some(0));
    rig.skip();
    rig.switch_input(2).unwrap();
    rig.tells(&["5000 stop 0b", "5000 start 2a"]);
}

#[test]
fn an_added_input_replaces_a_failback_to_a_worse_one() {
    let config = Config::new().switch_cooldown(ms(0));
    let mut rig = Rig::with_config(config, [cold(1), cold(2)]);
    rig.until(1050);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.dies(1);
    rig.clear_override();
    rig.until(5000);
    assert_eq!(rig.stream.pending(), Some(1));
    rig.skip();
    rig.update(add(cold(0))).unwrap();
    rig.until(5100);
    rig.tells(&[
        "5000 stop 1b",
        "5000 start 0a",
        "5100 gate 0a",
        "5100 stop 2a",
        "5100 switch 2>0 input_added",
        "5100 active 0 after 0",
    ]);
}

#[test]
fn if_old_and_new_die_in_the_same_instant_the_next_is_taken() {
    let mut rig = waiting();
    rig.until(4050);
    rig.dies(0);
    rig.until(6050);
    rig.tells(&[
        "6000 degraded 0 timeout",
        "6000 gate 1a",
        "6000 switch 0>1 timeout",
        "6050 degraded 1 timeout",
        "6050 gate 2a",
        "6050 start 2a",
        "6050 switch 1>2 timeout",
    ]);
}

#[test]
fn with_overlap_off_it_commits_at_once() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1050);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 stop 0a",
        "1050 gate 1a",
        "1050 start 1a",
        "1050 switch 0>1 manual",
        "1150 active 1 after 100",
    ]);
}

#[test]
fn with_overlap_off_a_target_that_does_not_deliver_is_left_again() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.until(6150);
    rig.tells(&[
        "6050 degraded 1 timeout",
        "6050 stop 1a",
        "6050 gate 0b",
        "6050 start 0b",
        "6050 switch 1>0 timeout",
        "6150 active 0 after 100",
    ]);
    assert_eq!(rig.stream.override_input(), None);
}

#[test]
fn all_three_kinds_are_planned() {
    // Manual and added are above; this is the failback.
    let config = Config::new().failback(Failback::Auto).switch_cooldown(ms(0));
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.until(3000);
    rig.skip();
    rig.clear_override();
    rig.until(4250);
    rig.tells(&[
        "3000 start 0b",
        "3100 gate 0b",
        "3100 stop 1a",
        "3100 switch 1>0 failback",
        "3100 active 0 after 0",
    ]);
}
