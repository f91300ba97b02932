//! Rule 15: every switch has a reason. The last 20 switches of a stream and the last 5 errors of
//! an input are kept.

use super::rig::*;
use changeover::core::Stream;
use changeover::{Config, Reason};

fn reasons(stream: &Stream) -> Vec<&'static str> {
    stream.switches().map(|switch| switch.reason.name()).collect()
}

#[test]
fn every_reason_has_its_occasion() {
    let mut rig = Rig::new([cold(1), cold(2), cold(3), cold(4)]);
    rig.until(1000);
    rig.dies(1);
    rig.until(4000); // timeout: 1>2
    rig.dies(2);
    rig.start_fails(3);
    rig.report(2, "gone").unwrap(); // error: 2>3, start_failed: 3>4
    rig.update(remove(3)).unwrap();
    rig.until(5000);
    rig.update(add(cold(0))).unwrap(); // input_added: 4>0
    rig.until(6000);
    rig.switch_input(4).unwrap(); // manual: 0>4
    rig.until(7000);
    rig.clear_override();
    rig.until(25_000); // failback: 4>0
    rig.update(remove(0)).unwrap(); // input_removed: 0>4
    rig.until(26_000);
    rig.dies(4);
    rig.until(28_500); // exhausted, and then its packets come back
    rig.returns(4);
    rig.until(29_000);
    let told = reasons(&rig.stream);
    let expected = [
        "initial",
        "timeout",
        "error",
        "start_failed",
        "input_added",
        "manual",
        "failback",
        "input_removed",
        "recovery",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_names_are_those_of_the_contract() {
    let names = [
        (Reason::Initial, "initial"),
        (Reason::Error, "error"),
        (Reason::Timeout, "timeout"),
        (Reason::StartFailed, "start_failed"),
        (Reason::Manual, "manual"),
        (Reason::Failback, "failback"),
        (Reason::Recovery, "recovery"),
        (Reason::InputAdded, "input_added"),
        (Reason::InputRemoved, "input_removed"),
        (Reason::LowBitrate, "low_bitrate"),
        (Reason::LowFps, "low_fps"),
        (Reason::PacketLoss, "packet_loss"),
        (Reason::VideoLost, "video_lost"),
    ];
    for (reason, name) in names {
        assert_eq!(reason.name(), name);
    }
}

#[test]
fn a_switch_says_when_from_where_to_where_and_on_what_evidence() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    let switch = rig.stream.switches().last().unwrap();
    assert_eq!((switch.at, switch.from, switch.to), (rig.now(), Some(0), 1));
    assert_eq!(switch.reason, Reason::Timeout);
    assert_eq!(&*switch.detail.text(), "no packet for 2000.0 ms, limit 2000.0 ms");
    assert_eq!(switch.number, rig.stream.switch_number());
}

#[test]
fn the_last_twenty_switches_are_kept() {
    let mut rig = Rig::new([hot(0), hot(1)]);
    for round in 0..15 {
        rig.until(1000 + round * 1000);
        rig.switch_input(1).unwrap();
        rig.until(1500 + round * 1000);
        rig.switch_input(0).unwrap();
    }
    rig.until(20_000);
    assert_eq!(rig.stream.switches().len(), 20);
    assert!(reasons(&rig.stream).iter().all(|reason| *reason == "manual"), "the oldest went");
    let times: Vec<_> = rig.stream.switches().map(|switch| switch.at).collect();
    assert!(times.is_sorted());
    assert_eq!(*times.last().unwrap(), rig.at(15_500));
}

#[test]
fn a_switch_number_only_rises() {
    let mut rig = Rig::new([hot(0), hot(1)]);
    let mut last = 0;
    for round in 1..10 {
        assert!(rig.stream.switch_number() > last);
        last = rig.stream.switch_number();
        rig.until(round * 1000);
        rig.switch_input(round as i32 % 2).unwrap();
        rig.until(round * 1000 + 500);
    }
}

#[test]
fn an_error_tells_its_kind_and_its_time() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.start_fails(1);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    assert_eq!((rig.errors(0)[0].reason, rig.errors(0)[0].at), (Reason::Timeout, rig.now()));
    assert_eq!((rig.errors(1)[0].reason, rig.errors(1)[0].at), (Reason::StartFailed, rig.now()));
}

#[test]
fn the_last_five_failed_attempts_are_kept() {
    let mut rig = Rig::with_config(Config::new().probe_cooldown(ms(100)), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.report(1, "gone").unwrap();
    rig.until(60_000);
    assert!(rig.input(1).probes() > 5);
    let attempts = rig.attempts(1);
    assert_eq!(attempts.len(), 5);
    assert!(attempts.iter().all(|attempt| &*attempt.detail.text() == "no answer"));
    assert!(attempts.is_sorted_by_key(|attempt| attempt.at));
}

#[test]
fn why_an_input_was_given_up_stays_until_it_recovers_however_often_it_is_probed() {
    let mut rig = Rig::with_config(Config::new().probe_cooldown(ms(100)), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.report(1, "cable cut").unwrap();
    rig.until(600_000);
    assert!(rig.input(1).probes_failed() > 100);
    let errors: Vec<_> = rig.errors(1).iter().map(|error| error.detail.to_string()).collect();
    assert_eq!(errors, ["cable cut"]);
    rig.returns(1);
    rig.reach("recovered 1");
    assert_eq!((rig.errors(1), rig.attempts(1)), (vec![], vec![]));
}
