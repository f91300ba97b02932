//! Rule 5: a healthy override, else the lowest priority number that is neither `Degraded` nor
//! `Stopped`.

use super::rig::*;

#[test]
fn the_best_usable_input_is_chosen_not_the_next_one() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2), cold(3)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.dies(2);
    rig.skip();
    rig.until(4000);
    rig.tells(&[
        "4000 degraded 2 timeout",
        "4000 gate 0b",
        "4000 start 0b",
        "4000 switch 2>0 timeout",
    ]);
}

#[test]
fn degraded_inputs_are_passed_over() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.dies(0);
    rig.until(3000);
    assert_eq!(rig.stream.active(), Some(2));
}

#[test]
fn a_worse_input_is_better_than_none() {
    let mut rig = Rig::new([cold(0), cold(i32::MAX)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    assert_eq!(rig.stream.active(), Some(i32::MAX));
}

#[test]
fn a_healthy_override_goes_before_priority() {
    let mut rig = Rig::new([cold(0), cold(1), hot(2)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(60_000);
    assert_eq!(rig.stream.active(), Some(2));
    assert_eq!(rig.stream.override_input(), Some(2));
}

#[test]
fn an_override_that_dies_falls_back_to_priority() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.dies(2);
    rig.until(4000);
    assert_eq!(rig.stream.active(), Some(0));
    assert_eq!(rig.stream.override_input(), None);
}
