//! Rule 25: an input that is disabled is as if it were not there. `rule_25_draining.rs` has how it gets off the
//! air.

use super::rig::*;
use super::rule_25_draining::{is_stopped, on_air};
use changeover::core::Stimulus;
use changeover::{Condition, Config, Error, Reason, Status};

/// Input 1 is disabled, 0 on air.
fn disabled() -> Rig {
    let mut rig = on_air([cold(0), hot(1)]);
    rig.disable(1);
    rig.skip();
    rig
}

#[test]
fn its_packets_and_errors_count_for_nothing() {
    let mut rig = disabled();
    rig.publishes(1);
    rig.report(1, "gone").unwrap();
    assert_eq!(
        rig.handle(Stimulus::SoftError { priority: 1, text: "thin".into() }),
        Ok(()),
        "input 0 is usable"
    );
    rig.says(1, Condition::Black, true);
    rig.until(60_000);
    rig.is_quiet();
    is_stopped(&rig, 1);
}

#[test]
fn it_is_no_other_input_to_go_to() {
    let mut rig = disabled();
    let soft = Stimulus::SoftError { priority: 0, text: "thin".into() };
    assert_eq!(rig.handle(soft), Err(Error::NoOtherInput));
    rig.dies(0);
    rig.until(60_000);
    assert!(rig.stream.exhausted());
    is_stopped(&rig, 1);
}

#[test]
fn it_is_not_probed() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.dies(1);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.disable(1);
    rig.tells(&["0 cancel probe"]);
    rig.until(600_000);
    rig.is_quiet();
    is_stopped(&rig, 1);
}

#[test]
fn stopped_it_is_an_error_to_choose_it() {
    let mut rig = disabled();
    assert_eq!(rig.switch_input(1), Err(Error::InputDisabled));
    assert_eq!(rig.force_input(1), Err(Error::InputDisabled));
    assert_eq!(rig.stream.override_input(), None);
    rig.is_quiet();
}

#[test]
fn an_update_leaves_it_so() {
    let mut rig = disabled();
    rig.update(replace(hot(1).option("user", "new"))).unwrap();
    rig.handle(Stimulus::UpdateBufferWriteId("b".into())).unwrap();
    rig.set_config(Config::new().packet_timeout(ms(500))).unwrap();
    rig.tells(&["1000 stop 0a", "1000 gate 0b", "1000 start 0b"]);
    is_stopped(&rig, 1);
    rig.enable(1);
    rig.tells(&["1000 start 1b"]);
    assert_eq!(rig.input(1).spec().options().len(), 1);
}

#[test]
fn a_disabled_input_is_removed_and_added_as_any() {
    let mut rig = disabled();
    rig.update(remove(1)).unwrap();
    rig.is_quiet();
    rig.update(add(hot(1))).unwrap();
    rig.tells(&["1000 start 1b"]);
    assert!(!rig.input(1).disabled());
}

#[test]
fn stopped_and_the_stream_is_unregistered() {
    let mut rig = disabled();
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["1000 stop 0a", "1000 gate closed", "1000 unregistered"]);
}

#[test]
fn it_ends_the_choice_of_it() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.skip();
    rig.disable(1);
    assert_eq!(rig.stream.override_input(), None);
    rig.until(2100);
    rig.tells(&[
        "2000 start 0b",
        "2100 gate 0b",
        "2100 stop 1a",
        "2100 switch 1>0 disabled",
        "2100 active 0 after 0",
    ]);
    // Of one that has not delivered yet, with its switch.
    rig.enable(1);
    rig.dies(1);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.disable(1);
    rig.tells(&["2100 stop 1b"]);
    assert_eq!((rig.stream.override_input(), rig.stream.pending()), (None, None));
}

#[test]
fn enabled_it_is_as_newly_added() {
    let mut rig = on_air([hot(0), cold(1)]);
    rig.disable(0);
    rig.until(2000);
    rig.skip();
    rig.enable(0);
    rig.enable(0);
    rig.until(2100);
    rig.tells(&[
        "2000 start 0b",
        "2100 gate 0b",
        "2100 stop 1a",
        "2100 switch 1>0 input_added",
        "2100 active 0 after 0",
    ]);
    assert_eq!(rig.stream.switches().last().unwrap().reason, Reason::InputAdded);
}

#[test]
fn enabled_it_does_not_end_the_choice_of_another() {
    let mut rig = on_air([cold(0), cold(1)]);
    rig.disable(0);
    rig.until(2000);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.enable(0);
    rig.until(600_000);
    rig.is_quiet();
}

#[test]
fn its_troubles_and_faults_are_forgotten() {
    let mut rig = on_air([hot(0), hot(1)]);
    for _ in 0..3 {
        rig.report(0, "gone").unwrap();
        rig.reach("recovered 0");
    }
    rig.dies(0);
    rig.reach("degraded 0 timeout");
    rig.disable(0);
    rig.returns(0);
    rig.enable(0);
    assert_eq!(rig.status(0), Status::Idle);
    assert_eq!(rig.input(0).errors().len(), 0);
    assert_eq!(rig.stream.held_until(0, rig.now()), None);
    rig.reach("switch 1>0 input_added");
}

#[test]
fn an_unknown_input_is_neither_disabled_nor_enabled() {
    let mut rig = disabled();
    for enabled in [true, false] {
        let unknown = Stimulus::SetInputEnabled { priority: 7, enabled };
        assert_eq!(rig.handle(unknown), Err(Error::UnknownInput));
    }
    rig.is_quiet();
}
