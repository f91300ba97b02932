//! Rule 3: every running session has a deadline. Connect: no packet since the host took the
//! *start*. Silence: no packet since the later of the last one and the activation. Passing it
//! degrades the input, with the measured time and the limit, and if it was active, fails over.

use super::rig::*;
use changeover::core::{Common, Stimulus, Stream};
use changeover::{Config, Reason, Status};

fn never_connecting(priority: i32) -> Rig {
    // Rule 18 would put input 1 on air meanwhile.
    let config = Config::new().start_grace(ms(60_000));
    Rig::prepared(config, [cold(0), hot(1), cold(2)], |rig| rig.dies(priority))
}

#[test]
fn an_active_input_that_never_delivers_is_left_after_the_connect_timeout() {
    let mut rig = never_connecting(0);
    rig.until(4999);
    assert_eq!(rig.stream.active(), Some(0));
    rig.skip();
    rig.until(5000);
    rig.tells(&[
        "5000 degraded 0 timeout",
        "5000 gate 1a",
        "5000 switch 0>1 timeout",
        "5000 active 1 after 0",
        "5000 stop 0a",
    ]);
}

#[test]
fn the_connect_deadline_counts_from_the_moment_the_host_took_the_start() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| {
        rig.dies(0);
        rig.host_takes_after(700);
    });
    rig.until(699);
    assert_eq!(rig.deadline(), None);
    rig.until(700);
    assert_eq!(rig.deadline().unwrap(), "5700");
    rig.skip();
    rig.until(5700);
    rig.tells(&[
        "5700 degraded 0 timeout",
        "5700 gate 1a",
        "5700 start 1a",
        "5700 switch 0>1 timeout",
    ]);
    assert_eq!(rig.errors(0)[0].detail.measured(), 5000 * MS);
}

#[test]
fn the_result_of_a_start_does_not_restart_the_connect_deadline() {
    let mut rig = never_connecting(0);
    rig.until(1000);
    let session = rig.session("0a");
    rig.handle(Stimulus::StartResult { session, result: Ok(()) }).unwrap();
    rig.handle(Stimulus::StartTaken { session }).unwrap();
    assert_eq!(rig.deadline().unwrap(), "3000", "the silence of input 1 would come first");
    rig.until(4999);
    assert_eq!(rig.status(0), Status::Idle);
    rig.until(5000);
    assert_eq!(rig.status(0), Status::Degraded);
}

#[test]
fn a_good_start_result_alone_means_that_the_start_was_taken() {
    let mut rig = Rig::prepared(Config::new(), [cold(0)], Rig::host_is_stuck);
    rig.until(300);
    let session = rig.session("0a");
    rig.handle(Stimulus::StartResult { session, result: Ok(()) }).unwrap();
    assert_eq!(rig.deadline().unwrap(), "5300");
}

#[test]
fn an_input_silent_for_the_packet_timeout_is_left() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig.until(2999);
    rig.is_quiet();
    rig.until(3000);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 timeout",
    ]);
}

#[test]
fn what_is_seen_late_does_not_turn_the_clock_back() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.handle(Stimulus::Tick).unwrap();
    let (session, at) = (rig.session("0a"), rig.at(500));
    rig.dies(0);
    rig.handle(Stimulus::Seen { session, at }).unwrap();
    assert_eq!(rig.deadline().unwrap(), "3000");
}

#[test]
fn a_packet_in_the_last_instant_is_in_time() {
    let config = Config::new().packet_timeout(ms(100)).connect_timeout(ms(100));
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.skip();
    rig.until(10_000);
    rig.tells(&["100 active 0 after 100"]);
}

#[test]
fn the_error_carries_the_measured_time_and_the_limit() {
    let mut rig = never_connecting(0);
    rig.until(6000);
    rig.dies(1);
    rig.until(8000);
    let connect = &rig.errors(0)[0];
    assert_eq!((connect.detail.measured(), connect.detail.limit()), (5000 * MS, 5000 * MS));
    assert_eq!(connect.reason, Reason::Timeout);
    assert_eq!(&*connect.detail.text(), "no first packet for 5000.0 ms, limit 5000.0 ms");
    let silence = &rig.errors(1)[0];
    assert_eq!((silence.detail.measured(), silence.detail.limit()), (2000 * MS, 2000 * MS));
    assert_eq!(&*silence.detail.text(), "no packet for 2000.0 ms, limit 2000.0 ms");
    assert_eq!(silence.at, rig.now());
}

#[test]
fn a_deadline_noticed_late_carries_the_real_time() {
    let mut common = Common::default();
    let inputs = vec![cold(0), cold(1)];
    let mut stream = Stream::new(registration(inputs), 0, &mut common).unwrap();
    stream.handle(Stimulus::StartTaken { session: 1 }, 0, &mut common).unwrap();
    stream.handle(Stimulus::Tick, 5017 * MS, &mut common).unwrap();
    let error = stream.inputs()[0].errors().next().unwrap().clone();
    assert_eq!((error.detail.measured(), error.detail.limit()), (5017 * MS, 5000 * MS));
}

#[test]
fn silence_counts_from_the_activation_when_that_is_later() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(2500);
    rig.dies(1);
    rig.until(3000);
    assert_eq!(rig.stream.active(), Some(1));
    rig.skip();
    rig.until(4999);
    rig.is_quiet();
    rig.until(5000);
    rig.tells(&[
        "5000 degraded 1 timeout",
        "5000 gate 2a",
        "5000 start 2a",
        "5000 switch 1>2 timeout",
    ]);
    assert_eq!(rig.errors(1)[0].detail.measured(), 2000 * MS);
}

#[test]
fn a_standby_has_deadlines_too_and_degrades_without_a_switch() {
    let mut rig = never_connecting(1);
    rig.skip();
    rig.until(5000);
    rig.tells(&["100 active 0 after 100", "5000 degraded 1 timeout"]);
    assert_eq!(rig.stream.active(), Some(0));
    assert_eq!(rig.running(1), Some("1a"), "a hot one is kept running");

    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.skip();
    rig.until(3000);
    rig.tells(&["3000 degraded 1 timeout"]);
}

#[test]
fn inputs_that_die_in_the_same_instant_are_not_switched_to() {
    let mut rig = Rig::new([hot(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.skip();
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 degraded 1 timeout",
        "3000 gate 2a",
        "3000 start 2a",
        "3000 switch 0>2 timeout",
        "3100 active 2 after 100",
    ]);
}

#[test]
fn the_deadlines_are_those_of_the_input() {
    let quick = Config::new().packet_timeout(ms(300)).connect_timeout(ms(700));
    let mut rig =
        Rig::prepared(Config::new(), [cold(0).config(quick.clone()), cold(1)], |rig| rig.dies(0));
    rig.until(699);
    assert_eq!(rig.status(0), Status::Idle);
    rig.until(700);
    assert_eq!(rig.status(0), Status::Degraded);

    let mut rig = Rig::new([cold(0).config(quick), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(1299);
    assert_eq!(rig.status(0), Status::Active);
    rig.until(1300);
    assert_eq!(rig.status(0), Status::Degraded);
}

#[test]
fn the_next_deadline_is_the_earliest_of_all_sessions() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.handle(Stimulus::Tick).unwrap();
    assert_eq!(rig.deadline().unwrap(), "3000");
    rig.until(2950);
    rig.handle(Stimulus::Tick).unwrap();
    assert_eq!(rig.deadline().unwrap(), "3000", "of input 1, input 0 delivers");
}
