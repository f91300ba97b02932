//! Rule 21: what may happen to an input that is held, idle or chosen nevertheless.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Status};

/// Input 0 has failed twice and is healthy again; it is held for 6 s from its recovery on, which is
/// where the story goes on. Input 1 is on air.
fn held() -> Rig {
    let config = Config::new().switch_cooldown(ms(0)).damping_period(ms(3_600_000));
    let mut rig = Rig::with_config(config, [hot(0), hot(1), hot(2)]);
    rig.until(3000);
    for _ in 0..2 {
        rig.report(0, "gone").unwrap();
        rig.reach("recovered 0");
        if rig.stream.held_until(0, rig.now()).is_none() {
            rig.reach("switch 1>0 failback");
        }
    }
    rig.skip();
    is_held(&rig, 6000);
    rig
}

#[track_caller]
fn is_held(rig: &Rig, millis: u64) {
    assert_eq!(rig.stream.held_until(0, rig.now()), Some(rig.now() + millis * MS));
}

#[track_caller]
fn is_free(rig: &Rig) {
    assert_eq!(rig.stream.held_until(0, rig.now()), None);
}

/// All others have failed: input 0 is chosen, though it is held.
fn chosen() -> Rig {
    let mut rig = held();
    for priority in [1, 2] {
        rig.dies(priority);
        rig.report(priority, "gone").unwrap();
    }
    rig.until(50);
    assert_eq!(rig.stream.active(), Some(0));
    rig.skip();
    rig
}

#[test]
fn idle_it_fails_and_nothing_is_counted() {
    let mut rig = held();
    rig.until(1000);
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    is_held(&rig, 6000);
}

#[test]
fn idle_it_is_the_better_one_and_waits() {
    let mut rig = held();
    rig.until(5999);
    rig.is_quiet();
    assert_eq!(rig.reach("switch 1>0 failback"), 6000.0);
}

#[test]
fn idle_another_is_chosen_by_hand_and_that_ends() {
    let mut rig = held();
    rig.switch_input_for(2, ms(3000)).unwrap();
    // Then to the best that is not held, and to it when it no longer is.
    assert_eq!(rig.reach("switch 2>1 failback"), 3000.0);
    is_held(&rig, 3000);
    assert_eq!(rig.reach("switch 1>0 failback"), 3000.0);
}

#[test]
fn idle_the_choice_outlives_the_hold() {
    let mut rig = held();
    rig.switch_input_for(2, ms(20_000)).unwrap();
    rig.until(19_999);
    is_free(&rig);
    assert_eq!(rig.stream.active(), Some(2));
    assert_eq!(rig.reach("switch 2>0 failback"), 20_000.0);
}

#[test]
fn idle_it_is_chosen_by_hand() {
    let mut rig = held();
    rig.until(50);
    rig.switch_input(0).unwrap();
    is_free(&rig);
    rig.until(200);
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn idle_it_is_removed_disabled_or_unregistered() {
    let mut rig = held();
    rig.update(remove(0)).unwrap();
    assert_eq!(rig.stream.held_until(0, rig.now()), None);
    let mut rig = held();
    rig.disable(0);
    is_free(&rig);
    rig.until(50);
    rig.enable(0);
    is_free(&rig);
    let mut rig = held();
    rig.handle(Stimulus::Unregister).unwrap();
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn chosen_it_fails_and_the_next_is_taken() {
    let mut rig = chosen();
    rig.returns(1);
    rig.reach("recovered 1");
    rig.skip();
    rig.report(0, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(1));
    rig.reach("recovered 0");
    is_held(&rig, 12_000);
}

#[test]
fn chosen_what_is_worse_recovers_and_it_stays() {
    let mut rig = chosen();
    rig.returns(1);
    rig.reach("recovered 1");
    rig.skip();
    rig.until(600_000);
    rig.skip();
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn chosen_another_is_chosen_by_hand() {
    let mut rig = chosen();
    rig.returns(1);
    rig.reach("recovered 1");
    rig.switch_input_for(1, ms(3000)).unwrap();
    rig.reach("switch 0>1 manual");
    // Without a fault of its own, it is as healthy as before.
    rig.reach("switch 1>0 failback");
}

#[test]
fn chosen_it_is_chosen_by_hand_too() {
    let mut rig = chosen();
    rig.switch_input(0).unwrap();
    is_free(&rig);
    rig.is_quiet();
    assert_eq!(rig.stream.override_input(), Some(0));
}

#[test]
fn chosen_it_is_removed_disabled_or_unregistered() {
    let mut rig = chosen();
    rig.update(remove(0)).unwrap();
    assert!(rig.stream.exhausted());
    let mut rig = chosen();
    rig.disable(0);
    assert!(rig.stream.exhausted());
    assert_eq!(rig.status(0), Status::Stopped);
    let mut rig = chosen();
    rig.handle(Stimulus::Unregister).unwrap();
}
