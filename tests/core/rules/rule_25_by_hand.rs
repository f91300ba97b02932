//! Rule 25: a manual choice may end by itself, and a return may be asked for.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Commit, Condition, Config, Error, Failback, Input, Role, Status};
use std::time::Duration;

// A choice for so long.

fn chosen_for(lasts: Duration) -> Rig {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.switch_input_for(1, lasts).unwrap();
    rig
}

#[test]
fn it_ends_as_if_it_were_cleared() {
    let mut rig = chosen_for(ms(60_000));
    assert_eq!(rig.stream.override_ends(), Some(rig.at(61_000)));
    rig.until(60_999);
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.skip();
    rig.until(61_000);
    assert_eq!((rig.stream.override_input(), rig.stream.override_ends()), (None, None));
    rig.until(61_200);
    rig.tells(&[
        "61000 start 0b",
        "61100 gate 0b",
        "61100 stop 1a",
        "61100 switch 1>0 failback",
        "61100 active 0 after 0",
    ]);
}

#[test]
fn of_a_choice_that_is_kept_nothing_is_told_at_its_end() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.switch_input_for(0, ms(5000)).unwrap();
    rig.until(600_000);
    rig.is_quiet();
    assert_eq!(rig.stream.override_input(), None);
}

#[test]
fn pending_at_its_end_the_switch_is_abandoned() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.skip();
    rig.switch_input_for(1, ms(3000)).unwrap();
    rig.until(10_000);
    rig.tells(&["1000 start 1a", "4000 stop 1a"]);
    assert_eq!((rig.status(1), rig.stream.pending()), (Status::Idle, None));
}

#[test]
fn pending_at_its_end_its_offer_is_closed() {
    let config = Config::new().commit(Commit::KeyFrame);
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(1000);
    rig.sends_key_frame(0);
    rig.is_flagged(1, true, false);
    rig.switch_input_for(1, ms(3000)).unwrap();
    rig.until(3999);
    let offer = rig.stream.offer().expect("a key frame is waited for");
    rig.until(4000);
    assert_eq!((rig.stream.offer(), rig.stream.active()), (None, Some(0)));
    let committed = Stimulus::Committed { number: offer.number };
    assert_eq!(rig.handle(committed), Err(Error::StaleSession));
}

#[test]
fn pending_its_target_fails() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.skip();
    rig.switch_input_for(1, ms(60_000)).unwrap();
    rig.until(6000);
    rig.tells(&["1000 start 1a", "6000 degraded 1 timeout", "6000 stop 1a"]);
    assert_eq!((rig.stream.override_input(), rig.stream.override_ends()), (None, None));
}

#[test]
fn pending_its_target_is_impaired_and_heals() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1000);
    rig.skip();
    rig.switch_input_for(1, ms(60_000)).unwrap();
    rig.says(1, Condition::Silent, true);
    rig.says(1, Condition::Silent, false);
    rig.until(4500);
    rig.tells(&["1000 start 1a", "1000 degraded 1 silent", "4000 recovered 1"]);
    assert_eq!((rig.stream.override_input(), rig.stream.pending()), (Some(1), Some(1)));
}

#[test]
fn a_better_input_has_to_wait_for_its_end() {
    let mut rig = chosen_for(ms(60_000));
    rig.until(2000);
    rig.skip();
    rig.update(remove(0)).unwrap();
    rig.update(add(cold(0))).unwrap();
    rig.until(60_999);
    rig.is_quiet();
    rig.until(62_000);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn pending_another_is_chosen() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.until(1000);
    rig.switch_input_for(1, ms(3000)).unwrap();
    rig.skip();
    rig.switch_input(2).unwrap();
    rig.until(600_000);
    assert_eq!((rig.stream.override_input(), rig.stream.override_ends()), (Some(2), None));
    assert_eq!(rig.stream.active(), Some(2));
}

#[test]
fn choosing_it_again_sets_a_new_end() {
    let mut rig = chosen_for(ms(3000));
    rig.until(3000);
    rig.switch_input_for(1, ms(3000)).unwrap();
    assert_eq!(rig.stream.override_ends(), Some(rig.at(6000)));
    rig.switch_input(1).unwrap();
    assert_eq!(rig.stream.override_ends(), None);
    rig.until(600_000);
    assert_eq!(rig.stream.override_input(), Some(1));
    rig.skip();
    rig.force_input(1).unwrap();
    assert_eq!((rig.stream.override_input(), rig.stream.override_ends()), (Some(1), None));
}

#[test]
fn its_end_is_of_one_choice_only() {
    let mut rig = chosen_for(ms(3000));
    rig.clear_override();
    assert_eq!(rig.stream.override_ends(), None);
    rig.switch_input(1).unwrap();
    rig.until(600_000);
    assert_eq!(rig.stream.override_input(), Some(1));
}

#[test]
fn its_input_is_removed_disabled_or_unregistered() {
    for how in 0..3 {
        let mut rig = chosen_for(ms(3000));
        rig.until(2000);
        match how {
            0 => rig.update(remove(1)).unwrap(),
            1 => rig.disable(1),
            _ => rig.handle(Stimulus::Unregister).unwrap(),
        }
        assert_eq!((rig.stream.override_input(), rig.stream.override_ends()), (None, None));
    }
}

#[test]
fn an_update_of_its_input_leaves_it() {
    let mut rig = chosen_for(ms(3000));
    rig.until(2000);
    rig.update(replace(cold(1))).unwrap();
    assert_eq!(rig.stream.override_ends(), Some(rig.at(4000)));
}

#[test]
fn it_lasts_from_a_millisecond_to_a_year() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    let no_longer = Config::NEVER + Duration::from_nanos(1);
    for wrong in [Duration::ZERO, Duration::from_nanos(999_999), no_longer, Duration::MAX] {
        assert_eq!(rig.switch_input_for(1, wrong), Err(Error::Config));
    }
    rig.is_quiet();
    assert_eq!(rig.stream.override_input(), None);
    rig.switch_input_for(1, Config::NEVER).unwrap();
    assert_eq!(rig.stream.override_input(), Some(1));
}

// A return that was asked for.

/// Input 0 failed and has just recovered, 1 is on air.
fn returnable(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [hot(0), hot(1)]);
    rig.until(1000);
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    rig.skip();
    rig
}

#[test]
fn it_does_not_wait() {
    let mut rig = returnable(Config::new());
    rig.until(50);
    rig.fail_back().unwrap();
    rig.until(100);
    rig.tells(&["100 gate 0a", "100 switch 1>0 failback", "100 active 0 after 0"]);
    assert_eq!(rig.stream.override_input(), None, "nothing is pinned");
}

#[test]
fn it_needs_no_policy_and_outlives_new_settings() {
    let manual = Config::new().failback(Failback::Manual).commit(Commit::KeyFrame);
    let mut rig = returnable(manual.clone());
    rig.sends_key_frame(1);
    rig.fail_back().unwrap();
    rig.until(500);
    rig.set_config(manual.packet_timeout(ms(1500))).unwrap();
    assert_eq!(rig.stream.pending(), Some(0));
    rig.sends_key_frame(0);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn held_it_is_forgiven() {
    let mut rig = returnable(Config::new());
    for _ in 0..3 {
        rig.fail_back().unwrap();
        rig.reach("active 0 after 0");
        rig.report(0, "gone").unwrap();
        rig.reach("recovered 0");
    }
    // The same by itself, twice: now it is held.
    let mut rig = returnable(Config::new().switch_cooldown(ms(0)));
    rig.reach("switch 1>0 failback");
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    assert!(rig.stream.held_until(0, rig.now()).is_some());
    rig.fail_back().unwrap();
    assert_eq!(rig.stream.held_until(0, rig.now()), None);
    rig.until(100);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn none_better_is_an_error() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    assert_eq!(rig.fail_back(), Err(Error::NoBetterInput));
    rig.is_quiet();
    // Degraded, disabled, a fill: none of them is.
    let slate = Input::new(0, "slate").config(Config::new().role(Role::Fill));
    let mut rig = Rig::new([slate, cold(1), cold(2), cold(3)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.disable(2);
    rig.until(2000);
    assert_eq!(rig.stream.active(), Some(3));
    rig.skip();
    assert_eq!(rig.fail_back(), Err(Error::NoBetterInput));
    rig.is_quiet();
    // With nothing usable left there is nothing to return to.
    let mut rig = Rig::prepared(Config::new(), [cold(0)], |rig| rig.dies(0));
    rig.until(6000);
    assert_eq!(rig.fail_back(), Err(Error::NoBetterInput));
}

#[test]
fn an_error_leaves_the_override() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(0).unwrap();
    assert_eq!(rig.fail_back(), Err(Error::NoBetterInput));
    assert_eq!(rig.stream.override_input(), Some(0));
}

#[test]
fn it_ends_the_choice_of_another() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.skip();
    rig.fail_back().unwrap();
    assert_eq!(rig.stream.override_input(), None);
    rig.until(2100);
    rig.tells(&[
        "2000 start 0b",
        "2100 gate 0b",
        "2100 stop 1a",
        "2100 switch 1>0 failback",
        "2100 active 0 after 0",
    ]);
}

#[test]
fn a_hot_input_that_has_not_delivered_yet_is_not_healthy() {
    let mut rig = Rig::new([cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.set_config(Config::new().failback(Failback::Manual)).unwrap();
    rig.update(add(hot(0))).unwrap();
    rig.switch_input(1).unwrap();
    assert_eq!(rig.fail_back(), Err(Error::NoBetterInput));
    rig.returns(0);
    rig.until(1200);
    assert_eq!(rig.fail_back(), Ok(()));
}

#[test]
fn away_from_an_impaired_input_its_condition_is_the_reason() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(0).unwrap();
    rig.says(0, Condition::Silent, true);
    rig.skip();
    rig.fail_back().unwrap();
    rig.until(1100);
    rig.tells(&[
        "1000 start 1a",
        "1100 gate 1a",
        "1100 stop 0a",
        "1100 switch 0>1 silent",
        "1100 active 1 after 0",
    ]);
}
