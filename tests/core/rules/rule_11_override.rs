//! Rule 11: `switch_input` sets the override. Unknown or degraded inputs are an error and change
//! nothing. Choosing the active one only pins it. The override ends when its input degrades or is
//! removed, or by `clear_override`; then rule 10 applies.

use super::rig::*;
use changeover::{Error, Status};

#[test]
fn a_manual_choice_holds() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.switch_input(1).unwrap();
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.until(600_000);
    rig.tells(&[
        "1000 start 1a",
        "1100 gate 1a",
        "1100 stop 0a",
        "1100 switch 0>1 manual",
        "1100 active 1 after 0",
    ]);
}

#[test]
fn an_unknown_input_is_an_error_and_nothing_changes() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.skip();
    for unknown in [2, -1, i32::MIN, i32::MAX] {
        assert_eq!(rig.switch_input(unknown), Err(Error::UnknownInput));
    }
    rig.is_quiet();
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(1), Some(1)));
}

#[test]
fn a_degraded_input_is_an_error_and_nothing_changes() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.report(1, "gone").unwrap();
    rig.skip();
    assert_eq!(rig.switch_input(1), Err(Error::InputDegraded));
    rig.is_quiet();
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(2), Some(2)));
}

#[test]
fn choosing_the_active_input_only_pins_it() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(4000);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.is_quiet();
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.returns(0);
    rig.until(600_000);
    assert_eq!(rig.stream.active(), Some(1), "no failback from a pinned input");
}

#[test]
fn the_override_ends_when_its_input_degrades() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(1);
    rig.until(3999);
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.until(4000);
    assert_eq!(rig.stream.override_input(), None);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn the_override_does_not_come_back_with_its_input() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(1);
    rig.until(4500);
    rig.returns(1);
    rig.until(600_000);
    assert_eq!(rig.status(1), Status::Idle);
    assert_eq!(rig.stream.override_input(), None);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn the_override_ends_when_its_input_is_removed() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.skip();
    rig.update(remove(1)).unwrap();
    assert_eq!(rig.stream.override_input(), None);
    rig.tells(&["2000 stop 1a", "2000 gate 0b", "2000 start 0b", "2000 switch 1>0 input_removed"]);
}

#[test]
fn the_override_of_a_pending_input_ends_with_its_removal() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.update(remove(1)).unwrap();
    rig.tells(&["1000 stop 1a"]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (None, None));
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn clearing_it_lets_failback_decide() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(5000);
    rig.skip();
    rig.clear_override();
    assert_eq!(rig.stream.override_input(), None);
    rig.until(13_200);
    rig.tells(&[
        "13100 start 0b",
        "13200 gate 0b",
        "13200 stop 1a",
        "13200 switch 1>0 failback",
        "13200 active 0 after 0",
    ]);
}

#[test]
fn clearing_it_abandons_a_manual_switch_that_waits() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.clear_override();
    rig.tells(&["1000 stop 1a"]);
    assert_eq!(rig.stream.pending(), None);
    assert_eq!(rig.status(1), Status::Idle);
}

#[test]
fn clearing_it_does_not_disturb_a_failback_that_waits() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(0);
    rig.clear_override();
    rig.until(13_100);
    assert_eq!(rig.stream.pending(), Some(0));
    rig.skip();
    rig.clear_override();
    rig.is_quiet();
    assert_eq!(rig.stream.pending(), Some(0));
}

#[test]
fn clearing_what_is_not_set_changes_nothing() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.clear_override();
    rig.until(2000);
    rig.is_quiet();
}

#[test]
fn an_override_survives_the_death_of_another_input() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(0);
    rig.until(10_000);
    assert_eq!(rig.stream.override_input(), Some(1));
}

#[test]
fn a_recovered_trial_session_is_not_kept_beside_an_override() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    rig.tells(&["0 stop 0b"]);
}
