//! Rule 2: the first packet of the selected session makes its input `Active`; recovery clears
//! the error list. Packets of an input that is not selected never make it `Active`.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::Status;

#[test]
fn the_first_packet_makes_the_selected_input_active() {
    let mut rig = Rig::new([cold(0)]);
    rig.skip();
    rig.until(99);
    assert_eq!(rig.status(0), Status::Idle);
    rig.until(100);
    rig.tells(&["100 active 0 after 100"]);
    assert_eq!(rig.status(0), Status::Active);
    assert_eq!(rig.input(0).state_since(), rig.now());
}

#[test]
fn further_packets_change_nothing() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(100);
    rig.skip();
    rig.until(60_000);
    rig.is_quiet();
}

#[test]
fn recovery_clears_the_error_list() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    assert_eq!(rig.errors(0).len(), 1);
    rig.returns(0);
    rig.until(3100);
    assert_eq!(rig.status(0), Status::Active);
    assert!(rig.errors(0).is_empty());
}

#[test]
fn packets_of_a_standby_do_not_make_it_active() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(5000);
    assert_eq!(rig.status(0), Status::Active);
    assert_eq!(rig.status(1), Status::Idle);
}

#[test]
fn packets_of_a_better_hot_standby_do_not_make_it_active() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(50);
    rig.switch_input(1).unwrap();
    rig.until(5000);
    assert_eq!(rig.status(0), Status::Idle);
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn packets_of_a_degraded_standby_make_it_idle_and_not_active() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.until(3500);
    rig.returns(1);
    rig.skip();
    rig.until(4000);
    rig.tells(&["3600 recovered 1"]);
    assert_eq!(rig.status(1), Status::Idle);
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn a_packet_of_a_session_that_is_over_is_nobodys() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    let old = rig.session("0a");
    rig.update(replace(cold(0))).unwrap();
    rig.skip();
    rig.handle(Stimulus::Packet { session: old }).unwrap();
    rig.handle(Stimulus::Packet { session: 0 }).unwrap();
    rig.handle(Stimulus::Packet { session: u64::MAX }).unwrap();
    rig.is_quiet();
    assert_eq!(rig.status(0), Status::Idle);
}

#[test]
fn packets_seen_later_make_nothing_active() {
    let mut rig = Rig::prepared(changeover::Config::new(), [cold(0)], |rig| rig.dies(0));
    let session = rig.session("0a");
    rig.until(1000);
    rig.skip();
    rig.handle(Stimulus::Seen { session, at: rig.now() }).unwrap();
    rig.is_quiet();
    assert_eq!(rig.status(0), Status::Idle);
}
