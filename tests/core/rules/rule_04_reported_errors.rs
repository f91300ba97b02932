//! Rule 4: a reported error degrades at once, with the host's text cut at 255 bytes on a
//! character boundary; if the input is active, failover. Twice is the same as once.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Error, Reason, Status};

#[test]
fn an_error_on_the_active_input_fails_over_at_once() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig.until(1050);
    rig.report(0, "connection reset by peer").unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 degraded 0 error",
        "1050 gate 1a",
        "1050 start 1a",
        "1050 switch 0>1 error",
        "1150 active 1 after 100",
        "1150 stop 0a",
    ]);
    let error = &rig.errors(0)[0];
    assert_eq!((&*error.detail.text(), error.reason), ("connection reset by peer", Reason::Error));
    assert_eq!((error.detail.measured(), error.detail.limit()), (0, 0), "nothing was measured");
    let switch = rig.stream.switches().last().unwrap();
    assert_eq!(&*switch.detail.text(), "connection reset by peer");
}

#[test]
fn an_error_on_a_standby_degrades_it_and_switches_nothing() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.dies(1);
    rig.skip();
    rig.report(1, "gone").unwrap();
    rig.tells(&["1000 degraded 1 error"]);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn an_error_on_an_input_that_was_never_started_degrades_it() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.report(1, "no route").unwrap();
    rig.dies(0);
    rig.skip();
    rig.until(3000);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 2a",
        "3000 start 2a",
        "3000 switch 0>2 timeout",
    ]);
    assert_eq!(rig.status(1), Status::Degraded);
}

#[test]
fn reporting_twice_is_the_same_as_once() {
    let mut once = Rig::new([cold(0), cold(1)]);
    once.until(1000);
    once.dies(0);
    once.report(0, "gone").unwrap();
    let mut twice = Rig::new([cold(0), cold(1)]);
    twice.until(1000);
    twice.dies(0);
    twice.report(0, "gone").unwrap();
    twice.report(0, "gone").unwrap();
    twice.until(1500);
    twice.report(0, "really").unwrap();
    assert_eq!(twice.errors(0).len(), 1);
    assert_eq!(once.reach("probe 0"), twice.reach("probe 0"), "and puts off nothing");
}

#[test]
fn a_long_text_is_cut_on_a_character_boundary() {
    let text = |given: &str| {
        let mut rig = Rig::new([cold(0), cold(1)]);
        rig.report(1, given).unwrap();
        rig.errors(1)[0].detail.to_string()
    };
    assert_eq!(text(&"x".repeat(255)), "x".repeat(255));
    assert_eq!(text(&"x".repeat(256)), "x".repeat(255));
    assert_eq!(text(&format!("{}é", "x".repeat(254))), "x".repeat(254));
    assert_eq!(text(&"𝄞".repeat(100)), "𝄞".repeat(63));
    assert_eq!(text(""), "");
}

#[test]
fn packets_that_still_flow_do_not_undo_a_report() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1050);
    rig.skip();
    rig.report(0, "scrambled").unwrap();
    rig.until(9000);
    rig.tells(
        &[
            "1050 degraded 0 error",
            "1050 gate 1a",
            "1050 start 1a",
            "1050 switch 0>1 error",
            "1150 active 1 after 100",
            "1150 stop 0a",
        ][..6],
    );
}

#[test]
fn packets_that_still_flow_do_not_undo_a_report_on_a_hot_input() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1050);
    rig.skip();
    rig.report(0, "scrambled").unwrap();
    rig.until(5000);
    rig.tells(&[
        "1050 degraded 0 error",
        "1050 gate 1a",
        "1050 start 1a",
        "1050 switch 0>1 error",
        "1100 recovered 0",
        "1150 active 1 after 100",
    ]);
}

#[test]
fn nor_do_they_when_it_had_been_restarted_because_it_was_silent() {
    let slow = cold(1).config(Config::new().connect_timeout(ms(60_000)));
    let patient = Config::new().start_grace(Config::NEVER);
    let mut rig = Rig::with_config(patient, [hot(0), slow]);
    rig.until(1050);
    rig.dies(0);
    rig.dies(1);
    rig.reach("start 0b");
    rig.report(0, "scrambled").unwrap();
    rig.returns(0);
    rig.pass(200);
    assert_eq!(rig.status(0), Status::Idle, "it recovers");
    assert_eq!(rig.stream.active(), Some(1), "and does not take the air back");
}

#[test]
fn packets_that_still_flow_are_better_than_nothing() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.start_fails(1);
    rig.until(1050);
    rig.skip();
    rig.report(0, "scrambled").unwrap();
    rig.until(1100);
    rig.tells(&[
        "1050 degraded 0 error",
        "1050 gate 1a",
        "1050 start 1a",
        "1050 switch 0>1 error",
        "1050 degraded 1 start_failed",
        "1050 stop 1a",
        "1050 exhausted start_failed",
        "1050 gate closed",
        "1100 recovered 0",
        "1100 gate 0a",
        "1100 switch 1>0 recovery",
        "1100 active 0 after 0",
        "1100 restored 0",
    ]);
}

#[test]
fn packets_that_arrived_in_vain_count_again_when_nothing_else_is_left() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1050);
    rig.report(0, "scrambled").unwrap();
    rig.until(6049);
    rig.skip();
    rig.until(6100);
    rig.tells(&[
        "6050 degraded 1 timeout",
        "6050 exhausted timeout",
        "6100 recovered 0",
        "6100 gate 0a",
        "6100 switch 1>0 recovery",
        "6100 active 0 after 0",
        "6100 restored 0",
        "6100 stop 1a",
    ]);
}

#[test]
fn an_error_of_a_session_counts_only_while_it_runs() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    let old = rig.session("0a");
    rig.update(replace(cold(0))).unwrap();
    rig.until(2000);
    rig.skip();
    let error = |session| Stimulus::SessionError { session, text: "gone".into() };
    assert_eq!(rig.handle(error(old)), Err(Error::StaleSession));
    assert_eq!(rig.handle(error(0)), Err(Error::StaleSession));
    rig.is_quiet();
    let current = rig.session("0b");
    rig.dies(0);
    rig.handle(error(current)).unwrap();
    assert_eq!(rig.status(0), Status::Degraded);
}

#[test]
fn an_error_of_an_unknown_input_is_refused() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.skip();
    assert_eq!(rig.report(1, "gone"), Err(Error::UnknownInput));
    assert_eq!(rig.report(-1, "gone"), Err(Error::UnknownInput));
    rig.is_quiet();
}

#[test]
fn a_soft_error_counts_only_if_another_input_is_usable() {
    let soft = |priority| Stimulus::SoftError { priority, text: "blocky".into() };
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.skip();
    assert_eq!(rig.handle(soft(7)), Err(Error::UnknownInput));
    rig.handle(soft(0)).unwrap();
    rig.until(1100);
    assert_eq!((rig.status(0), rig.status(1)), (Status::Degraded, Status::Active));
    rig.skip();
    assert_eq!(rig.handle(soft(1)), Err(Error::NoOtherInput));
    rig.is_quiet();
    assert_eq!(rig.status(1), Status::Active);
}

#[test]
fn a_reported_session_goes_on_until_another_input_is_on_air() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.report(0, "torn").unwrap();
    rig.until(1050);
    assert!(rig.input(0).session().is_some(), "behind the closed gate");
    rig.until(1150);
    assert_eq!(rig.status(1), Status::Active);
    assert!(rig.input(0).session().is_none());
}

#[test]
fn with_nothing_else_a_reported_session_goes_on() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.report(0, "torn").unwrap();
    rig.until(1100);
    assert!(rig.stream.exhausted());
    assert!(rig.input(0).session().is_some());
}

#[test]
fn a_reported_hot_session_goes_on() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(1);
    let session = rig.input(1).session();
    rig.report(1, "torn").unwrap();
    rig.until(1100);
    assert_eq!(rig.input(1).session(), session);
}

#[test]
fn without_overlap_a_reported_session_ends_before_the_next_start() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig.report(0, "torn").unwrap();
    rig.tells(&[
        "1000 degraded 0 error",
        "1000 stop 0a",
        "1000 gate 1a",
        "1000 start 1a",
        "1000 switch 0>1 error",
    ]);
}
