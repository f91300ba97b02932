//! Rule 25, on air: an input that is disabled first drains. It is left by planned switches, and stopped when
//! another has taken its place or there is none to try.

use super::rig::*;
use changeover::core::{InputHealth, Stimulus};
use changeover::{Commit, Condition, Config, Error, Failback, Input, Role, Status};

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

/// Input 0 on air, the others are there for it.
pub fn on_air(inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::new(inputs);
    rig.until(1000);
    rig.skip();
    rig
}

/// Input 0 on air and disabled, input 1 is started for it and does not deliver yet.
fn draining() -> Rig {
    let mut rig = on_air([cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.disable(0);
    rig.tells(&["1000 start 1a"]);
    assert_eq!((rig.status(0), rig.stream.pending()), (Status::Active, Some(1)));
    assert!(rig.input(0).disabled());
    rig
}

#[track_caller]
pub fn is_stopped(rig: &Rig, priority: i32) {
    let input: &InputHealth = rig.input(priority);
    assert!(input.disabled());
    assert_eq!((input.status(), input.session()), (Status::Stopped, None));
    assert_eq!((input.errors().len(), input.conditions().count()), (0, 0));
    assert!(!rig.stream.awaits_input(priority) && !input.listening());
}

/// The session `to`, which delivers, takes the place of `from`, and nothing else has happened.
#[track_caller]
fn is_left(rig: &mut Rig, at: u64, from: &str, to: &str, reason: &str) {
    let (old, new) = (&from[..1], &to[..1]);
    rig.tells(&[
        &format!("{at} gate {to}"),
        &format!("{at} stop {from}"),
        &format!("{at} switch {old}>{new} {reason}"),
        &format!("{at} active {new} after 0"),
    ]);
    is_stopped(rig, old.parse().unwrap());
}

#[test]
fn on_air_it_is_left_by_a_planned_switch() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.disable(0);
    rig.tells(&["1000 start 1a"]);
    rig.until(20_000);
    is_left(&mut rig, 1100, "0a", "1a", "disabled");
}

#[test]
fn a_hot_one_is_stopped_as_well() {
    let mut rig = on_air([hot(0), hot(1)]);
    rig.until(1050);
    rig.disable(0);
    rig.until(20_000);
    is_left(&mut rig, 1100, "0a", "1a", "disabled");
}

#[test]
fn it_waits_for_a_key_frame() {
    let config = Config::new().commit(Commit::KeyFrame);
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(1000);
    rig.sends_key_frame(0);
    rig.is_flagged(1, true, false);
    rig.disable(0);
    rig.until(5000);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
    rig.sends_key_frame(1);
    assert_eq!(rig.stream.active(), Some(1));
    is_stopped(&rig, 0);
}

#[test]
fn an_idle_one_is_only_stopped() {
    let mut rig = on_air([cold(0), hot(1)]);
    rig.disable(1);
    rig.tells(&["1000 stop 1a"]);
    is_stopped(&rig, 1);
    rig.disable(1);
    rig.is_quiet();
}

#[test]
fn what_starts_and_is_not_on_air_is_left_at_once() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.dies(0));
    rig.until(1000);
    rig.skip();
    rig.disable(0);
    rig.tells(&["1000 stop 0a", "1000 gate 1a", "1000 start 1a", "1000 switch 0>1 disabled"]);
    is_stopped(&rig, 0);
}

#[test]
fn with_overlap_off_the_stop_comes_before_the_start() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    rig.disable(0);
    rig.tells(&["1000 stop 0a", "1000 gate 1a", "1000 start 1a", "1000 switch 0>1 disabled"]);
    is_stopped(&rig, 0);
}

#[test]
fn another_is_tried_when_the_first_does_not_deliver() {
    let mut rig = draining();
    rig.until(6050);
    rig.tells(&["6000 degraded 1 timeout", "6000 stop 1a", "6000 start 2a"]);
    assert_eq!((rig.status(0), rig.stream.pending()), (Status::Active, Some(2)));
    rig.until(6100);
    is_left(&mut rig, 6100, "0a", "2a", "disabled");
}

#[test]
fn it_is_stopped_when_none_is_left_to_try() {
    let mut rig = draining();
    rig.dies(2);
    rig.until(11_050);
    rig.tells(&[
        "6000 degraded 1 timeout",
        "6000 stop 1a",
        "6000 start 2a",
        "11000 degraded 2 timeout",
        "11000 stop 2a",
        "11000 stop 0a",
        "11000 exhausted disabled",
        "11000 gate closed",
    ]);
    is_stopped(&rig, 0);
    assert_eq!((rig.stream.active(), rig.stream.gate()), (None, None));
    rig.returns(1);
    rig.reach("switch none>1 recovery");
    rig.reach("restored 1");
}

#[test]
fn the_only_one_is_stopped_at_once() {
    let mut rig = on_air([cold(0)]);
    rig.disable(0);
    rig.tells(&["1000 stop 0a", "1000 exhausted disabled", "1000 gate closed"]);
    rig.enable(0);
    rig.until(2000);
    rig.tells(&[
        "1000 gate 0b",
        "1000 start 0b",
        "1000 switch none>0 input_added",
        "1100 active 0 after 100",
        "1100 restored 0",
    ]);
}

#[test]
fn the_last_source_is_drained_to_a_fill() {
    let mut rig = on_air([cold(0), fill(1)]);
    rig.disable(0);
    rig.until(20_000);
    rig.tells(&[
        "1000 start 1a",
        "1100 gate 1a",
        "1100 stop 0a",
        "1100 switch 0>1 disabled",
        "1100 active 1 after 0",
        "1100 exhausted disabled",
    ]);
    // Also an idle one, behind a fill that was chosen by hand.
    let mut rig = on_air([cold(0), fill(1)]);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.skip();
    rig.disable(0);
    rig.tells(&["2000 exhausted disabled"]);
}

#[test]
fn a_switch_that_waits_already_is_the_way_out() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.clear_override();
    rig.dies(0);
    // Failback begins, and input 0 does not deliver.
    rig.until(13_100);
    assert_eq!(rig.stream.pending(), Some(0));
    rig.skip();
    rig.disable(1);
    rig.is_quiet();
    // No policy calls it back now.
    rig.set_config(Config::new().failback(Failback::Manual)).unwrap();
    rig.is_quiet();
    rig.returns(0);
    rig.until(13_200);
    is_left(&mut rig, 13_200, "1a", "0b", "disabled");
}

// Draining, and what happens meanwhile.

#[test]
fn draining_it_falls_silent() {
    let mut rig = draining();
    rig.dies(0);
    rig.until(3000);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 stop 0a",
        "3000 gate 1a",
        "3000 switch 0>1 timeout",
    ]);
    is_stopped(&rig, 0);
}

#[test]
fn draining_an_error_of_it_is_reported() {
    let mut rig = draining();
    rig.report(0, "gone").unwrap();
    rig.tells(&["1000 degraded 0 error", "1000 stop 0a", "1000 gate 1a", "1000 switch 0>1 error"]);
    is_stopped(&rig, 0);
}

#[test]
fn draining_its_condition_begins_and_heals() {
    let mut rig = draining();
    rig.says(0, Condition::Black, true);
    rig.says(0, Condition::Black, false);
    rig.until(5000);
    rig.tells(&["1000 degraded 0 black", "4000 recovered 0"]);
    assert_eq!(rig.stream.pending(), Some(1));
    rig.returns(1);
    rig.until(5100);
    is_left(&mut rig, 5100, "0a", "1a", "disabled");
}

#[test]
fn draining_a_better_one_is_added() {
    let mut rig = on_air([cold(1), cold(2)]);
    rig.dies(2);
    rig.disable(1);
    rig.skip();
    rig.update(add(cold(0))).unwrap();
    rig.tells(&["1000 stop 2a", "1000 start 0a"]);
    rig.until(1100);
    is_left(&mut rig, 1100, "1a", "0a", "disabled");
}

#[test]
fn draining_another_is_chosen_by_hand() {
    let mut rig = draining();
    rig.switch_input(2).unwrap();
    rig.tells(&["1000 stop 1a", "1000 start 2a"]);
    rig.until(1100);
    is_left(&mut rig, 1100, "0a", "2a", "manual");
}

#[test]
fn draining_the_choice_of_another_is_taken_back() {
    let mut rig = draining();
    rig.dies(2);
    rig.switch_input(2).unwrap();
    rig.skip();
    rig.clear_override();
    rig.tells(&["1000 stop 2a", "1000 start 1b"]);
    assert_eq!((rig.status(0), rig.stream.pending()), (Status::Active, Some(1)));
}

#[test]
fn draining_it_is_an_error_to_choose_it() {
    let mut rig = draining();
    assert_eq!(rig.switch_input(0), Err(Error::InputDisabled));
    assert_eq!(rig.force_input(0), Err(Error::InputDisabled));
    rig.is_quiet();
    assert_eq!(rig.stream.pending(), Some(1));
}

#[test]
fn draining_it_is_removed() {
    let mut rig = draining();
    rig.update(remove(0)).unwrap();
    rig.tells(&["1000 stop 0a", "1000 gate 1a", "1000 switch 0>1 input_removed"]);
}

#[test]
fn draining_it_is_updated() {
    let mut rig = draining();
    rig.update(replace(hot(0))).unwrap();
    rig.tells(&["1000 stop 0a", "1000 gate 1a", "1000 switch 0>1 disabled"]);
    is_stopped(&rig, 0);
}

#[test]
fn draining_the_target_is_removed_or_disabled() {
    for by_removal in [true, false] {
        let mut rig = draining();
        if by_removal {
            rig.update(remove(1)).unwrap();
        } else {
            rig.disable(1);
            is_stopped(&rig, 1);
        }
        rig.tells(&["1000 stop 1a", "1000 start 2a"]);
        rig.disable(2);
        rig.tells(&["1000 stop 2a", "1000 stop 0a", "1000 exhausted disabled", "1000 gate closed"]);
    }
}

#[test]
fn draining_the_buffer_is_changed() {
    let mut rig = draining();
    rig.handle(Stimulus::UpdateBufferWriteId("b".into())).unwrap();
    rig.tells(&[
        "1000 stop 0a",
        "1000 stop 1a",
        "1000 start 1b",
        "1000 gate 1b",
        "1000 switch 0>1 disabled",
    ]);
    is_stopped(&rig, 0);
}

#[test]
fn draining_the_stream_is_unregistered() {
    let mut rig = draining();
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["1000 stop 0a", "1000 stop 1a", "1000 gate closed", "1000 unregistered"]);
}

#[test]
fn draining_it_is_enabled_again() {
    let mut rig = draining();
    rig.enable(0);
    rig.tells(&["1000 stop 1a"]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), None));
    rig.until(600_000);
    rig.is_quiet();
}

#[test]
fn draining_by_a_manual_switch_it_is_enabled_again() {
    let mut rig = draining();
    rig.switch_input(2).unwrap();
    rig.skip();
    rig.enable(0);
    rig.is_quiet();
    assert_eq!(rig.stream.pending(), Some(2), "the choice stands");
}
