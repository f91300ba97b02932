//! Rule 14: `unregister` emits the *stops*, then `unregistered`, the last of the registration.

use super::rig::*;
use changeover::core::{InputsUpdate, Stimulus};
use changeover::{Condition, Config, Error, Status};

#[test]
fn the_stops_come_first_then_unregistered() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.skip();
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["1000 stop 0a", "1000 stop 1a", "1000 gate closed", "1000 unregistered"]);
    assert!(rig.on_host().is_empty());
    assert!(rig.stream.inputs().iter().all(|input| input.status() == Status::Stopped));
}

#[test]
fn probes_are_cancelled() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.probes_are(1, Answer::Never);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["0 stop 0a", "0 cancel probe", "0 gate closed", "0 unregistered"]);
}

#[test]
fn a_switch_that_waits_is_over() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["1050 stop 0a", "1050 stop 1a", "1050 gate closed", "1050 unregistered"]);
    assert_eq!(rig.stream.pending(), None);
}

#[test]
fn starts_the_host_never_took_vanish_with_their_stops() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), hot(1)], Rig::host_is_stuck);
    rig.handle(Stimulus::Unregister).unwrap();
    rig.host_wakes();
    assert!(rig.on_host().is_empty());
}

#[test]
fn an_exhausted_stream_is_not_restored_by_it() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(5000);
    rig.skip();
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["5000 stop 0a", "5000 gate closed", "5000 unregistered"]);
}

#[test]
fn a_stream_without_inputs_ends_too() {
    let mut rig = Rig::new([]);
    rig.handle(Stimulus::Unregister).unwrap();
    rig.tells(&["0 gate closed", "0 unregistered"]);
}

#[test]
fn nothing_comes_after_it() {
    let mut rig = Rig::new([hot(0), cold(1), cold(2)]);
    rig.until(1000);
    let session = rig.session("0a");
    rig.report(2, "gone").unwrap();
    rig.dies(0);
    rig.until(3500);
    rig.returns(0);
    rig.until(4100);
    rig.handle(Stimulus::Unregister).unwrap();
    rig.skip();
    assert_eq!(rig.deadline(), None);
    let late = [
        Stimulus::Tick,
        Stimulus::Packet { session },
        Stimulus::Seen { session, at: rig.now() },
        Stimulus::StartTaken { session },
        Stimulus::StartResult { session, result: Err("late".into()) },
        Stimulus::SessionError { session, text: "late".into() },
        Stimulus::InputError { priority: 0, text: "late".into() },
        Stimulus::SwitchInput { priority: 1, lasts: None },
        Stimulus::ClearOverride,
        Stimulus::UpdateInputs(add(cold(9))),
        Stimulus::UpdateInputs(InputsUpdate::default()),
        Stimulus::UpdateBufferWriteId("late".into()),
        Stimulus::SetConfig(Config::new()),
        Stimulus::SetDefaults(Config::new()),
        Stimulus::Unregister,
    ];
    for event in late {
        let shown = format!("{event:?}");
        assert_eq!(rig.handle(event), Err(Error::UnknownStream), "{shown}");
        rig.is_quiet();
    }
    rig.until(3_600_000);
    rig.is_quiet();
}

#[test]
fn an_impaired_input_leaves_no_deadline_behind() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.says("0a", Condition::Silent, true);
    rig.says("0a", Condition::Silent, false);
    rig.handle(Stimulus::Unregister).unwrap();
    assert_eq!(rig.deadline(), None);
}
