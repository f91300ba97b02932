//! Rule 23: a planned switch away from an input on air commits on a key frame.

use super::rig::*;
use changeover::core::{InputsUpdate, Offer, Stimulus};
use changeover::{Commit, Config, Error, Status};

fn on_key_frames() -> Config {
    Config::new().commit(Commit::KeyFrame)
}

/// Input 0 is on air and has sent key frames; a switch to 1 was asked for at 1050, and its packets
/// come from 1150 on, every 100 ms.
fn waiting() -> Rig {
    waiting_with(on_key_frames())
}

fn waiting_with(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [cold(0), cold(1), cold(2)]);
    rig.until(1050);
    rig.sends_key_frame(0);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.tells(&["1050 start 1a"]);
    rig
}

fn offer(rig: &Rig) -> Offer {
    rig.stream.offer().expect("one is made")
}

#[test]
fn the_old_input_stays_on_air_until_the_key_frame_commits() {
    let mut rig = waiting();
    let Offer { session, number, to_any_packet } = offer(&rig);
    assert_eq!(session, rig.session("1a"));
    assert_eq!((number, to_any_packet), (rig.stream.switch_number() + 1, false));
    rig.until(1520);
    rig.tells(&[]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
    assert_eq!((rig.status(0), rig.status(1)), (Status::Active, Status::Idle));
    rig.sends_key_frame(1);
    rig.tells(&["1520 gate 1a", "1520 stop 0a", "1520 switch 0>1 manual", "1520 active 1 after 0"]);
    assert_eq!((rig.stream.switch_number(), rig.stream.offer()), (number, None));
    assert_eq!(rig.stream.switches().last().unwrap().number, number);
}

#[test]
fn the_first_packet_commits_when_it_is_a_key_frame() {
    let mut rig = waiting();
    rig.until(1120);
    rig.sends_key_frame(1);
    rig.tells(&["1120 gate 1a", "1120 stop 0a", "1120 switch 0>1 manual", "1120 active 1 after 0"]);
}

#[test]
fn nothing_is_waited_for_where_neither_has_sent_key_frames() {
    let mut rig = Rig::with_config(on_key_frames(), [cold(0), cold(1)]);
    rig.until(1050);
    // Sound is flagged so too.
    rig.is_flagged(0, false, true);
    rig.skip();
    rig.switch_input(1).unwrap();
    assert_eq!(rig.stream.offer(), None);
    rig.until(1150);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn at_once_is_on_the_first_packet() {
    let mut rig = waiting_with(Config::new().commit(Commit::AtOnce));
    assert_eq!(rig.stream.offer(), None);
    rig.until(1150);
    assert_eq!(rig.stream.active(), Some(1));
    // Also of one that waits already.
    let mut rig = waiting();
    rig.until(1200);
    rig.set_config(Config::new().commit(Commit::AtOnce)).unwrap();
    assert_eq!((rig.stream.active(), rig.stream.offer()), (Some(0), None));
    rig.until(1250);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn after_key_wait_any_packet_commits() {
    let mut rig = waiting();
    rig.until(1150);
    rig.is_flagged(1, true, false);
    rig.until(11_149);
    assert!(!offer(&rig).to_any_packet);
    assert_eq!(rig.stream.active(), Some(0));
    rig.until(11_150);
    assert_eq!(rig.stream.active(), Some(0), "the stream itself commits nothing");
    assert!(offer(&rig).to_any_packet);
    rig.tells(&[]);
    rig.until(11_250);
    rig.tells(&[
        "11250 gate 1a",
        "11250 stop 0a",
        "11250 switch 0>1 manual",
        "11250 active 1 after 0",
    ]);
}

#[test]
fn a_target_without_video_is_waited_for_as_long_as_it_is_measured() {
    let mut rig = waiting();
    rig.until(2149);
    assert!(!offer(&rig).to_any_packet);
    rig.until(2250);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn key_wait_may_be_zero() {
    let mut rig = waiting_with(on_key_frames().key_wait(ms(0)));
    rig.until(1250);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn when_the_old_one_fails_meanwhile_it_commits_at_once_under_the_same_number() {
    let mut rig = waiting();
    let number = offer(&rig).number;
    rig.until(1450);
    rig.report(0, "gone").unwrap();
    rig.tells(&[
        "1450 degraded 0 error",
        "1450 gate 1a",
        "1450 switch 0>1 error",
        "1450 active 1 after 0",
        "1450 stop 0a",
    ]);
    assert_eq!((rig.stream.switch_number(), rig.stream.offer()), (number, None));
}

#[test]
fn when_the_target_fails_it_is_abandoned_and_its_number_skipped() {
    let mut rig = waiting();
    let number = offer(&rig).number;
    rig.until(1450);
    rig.report(1, "gone").unwrap();
    assert_eq!((rig.stream.offer(), rig.stream.pending()), (None, None));
    assert_eq!(rig.stream.switch_number(), number - 1);
    assert_eq!(rig.stream.gate(), Some(rig.session("0a")), "it is not shut out");
    rig.switch_input(2).unwrap();
    assert_eq!(offer(&rig).number, number + 1);
    rig.report(0, "gone").unwrap();
    assert_eq!(rig.stream.switch_number(), number + 1);
}

#[test]
fn a_newer_request_has_a_number_of_its_own() {
    let mut rig = waiting();
    let number = offer(&rig).number;
    rig.until(1450);
    rig.switch_input(2).unwrap();
    assert_eq!(offer(&rig).number, number + 1);
    assert_eq!(offer(&rig).session, rig.session("2a"));
    let late = Stimulus::Committed { number };
    assert_eq!(rig.handle(late), Err(Error::StaleSession));
    rig.sends_key_frame(2);
    assert_eq!((rig.stream.active(), rig.stream.switch_number()), (Some(2), number + 1));
}

#[test]
fn the_same_request_again_leaves_the_offer_as_it_is() {
    let mut rig = waiting();
    rig.until(1450);
    let before = offer(&rig);
    rig.switch_input(1).unwrap();
    assert_eq!(offer(&rig), before);
    rig.clear_override();
    assert_eq!((rig.stream.offer(), rig.stream.pending()), (None, None));
}

#[test]
fn a_target_or_an_old_input_in_a_new_session_gets_a_new_number() {
    let mut rig = waiting();
    let number = offer(&rig).number;
    rig.until(1450);
    let updated = InputsUpdate { updated: vec![cold(1)], ..InputsUpdate::default() };
    rig.update(updated).unwrap();
    assert_eq!(
        offer(&rig),
        Offer { session: rig.session("1b"), number: number + 1, to_any_packet: false }
    );
    rig.handle(Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
    // The old one is not on air until it delivers again: nothing is waited for meanwhile.
    assert_eq!(rig.stream.offer(), None);
    assert!(rig.stream.switch_number() > number + 1);
}

#[test]
fn removing_the_target_or_the_stream_ends_the_offer() {
    let mut rig = waiting();
    rig.until(1450);
    rig.update(remove(1)).unwrap();
    assert_eq!((rig.stream.offer(), rig.stream.active()), (None, Some(0)));
    let mut rig = waiting();
    rig.handle(Stimulus::Unregister).unwrap();
    assert_eq!(rig.stream.offer(), None);
}

#[test]
fn a_failback_waits_too() {
    let mut rig = Rig::with_config(on_key_frames(), [cold(0), hot(1)]);
    rig.until(1050);
    rig.sends_key_frame(1);
    rig.report(0, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(1));
    rig.skip();
    // A failover waits for nothing; the return does.
    rig.reach("start 0b");
    rig.until(900);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), Some(0)));
    rig.sends_key_frame(0);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn the_key_frame_of_a_forced_input_is_its_recovery() {
    let mut rig = waiting();
    rig.until(1450);
    rig.report(1, "gone").unwrap();
    rig.force_input(1).unwrap();
    rig.until(1500);
    rig.sends_key_frame(1);
    assert_eq!((rig.stream.active(), rig.status(1)), (Some(1), Status::Active));
    assert_eq!(rig.input(1).errors().len(), 0);
}
