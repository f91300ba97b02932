//! Rule 13: `update_buffer_write_id` restarts every running session onto the new buffer.

use super::rig::*;
use changeover::core::{Action, Common, Registration, Start, Stimulus, Stream};
use changeover::Status;

fn to_buffer(name: &str) -> Stimulus {
    Stimulus::UpdateBufferWriteId(name.into())
}

#[test]
fn every_running_session_is_restarted() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1050);
    rig.skip();
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 stop 0a",
        "1050 gate 0b",
        "1050 start 0b",
        "1050 stop 1a",
        "1050 start 1b",
        "1150 active 0 after 100",
    ]);
}

#[test]
fn the_new_sessions_write_to_the_new_buffer() {
    let mut common = Common::default();
    let inputs = vec![cold(0), hot(1)];
    let mut stream = Stream::new(
        Registration { buffer_write_id: "first".into(), ..registration(inputs) },
        0,
        &mut common,
    )
    .unwrap();
    let buffers = |stream: &mut Stream| -> Vec<String> {
        let buffer = |action| match action {
            Action::Start(Start { buffer_write_id, .. }) => Some(buffer_write_id.to_string()),
            _ => None,
        };
        stream.drain().filter_map(buffer).collect()
    };
    assert_eq!(buffers(&mut stream), ["first", "first"]);
    stream.handle(to_buffer("second"), 1, &mut common).unwrap();
    assert_eq!(buffers(&mut stream), ["second", "second"]);
    stream.handle(to_buffer(""), 2, &mut common).unwrap();
    assert_eq!(buffers(&mut stream), ["news", "news"], "empty is the stream's id");
    stream.handle(Stimulus::UpdateInputs(add(hot(2))), 3, &mut common).unwrap();
    assert_eq!(buffers(&mut stream), ["news"], "and it stays");
}

#[test]
fn the_same_buffer_restarts_nothing() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.skip();
    rig.handle(to_buffer("")).unwrap();
    rig.handle(to_buffer("news")).unwrap();
    rig.is_quiet();
}

#[test]
fn it_is_not_a_switch_and_not_a_failure() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.until(2000);
    assert_eq!(rig.stream.switches().len(), 1);
    assert_eq!(rig.stream.switch_number(), 2, "but a new session behind the gate is a new number");
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn the_restarted_session_has_a_deadline() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.skip();
    rig.until(6000);
    rig.tells(&[
        "6000 degraded 0 timeout",
        "6000 gate 1a",
        "6000 start 1a",
        "6000 switch 0>1 timeout",
    ]);
}

#[test]
fn a_switch_that_waits_goes_on_waiting() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.dies(1);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.until(3000);
    rig.skip();
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.until(3100);
    rig.tells(&[
        "3000 stop 0a",
        "3000 gate 0b",
        "3000 start 0b",
        "3000 stop 1a",
        "3000 start 1b",
        "3100 active 0 after 100",
    ]);
    assert_eq!(rig.stream.pending(), Some(1));
}

#[test]
fn an_exhausted_stream_keeps_its_last_chance() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3500);
    rig.skip();
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.returns(0);
    rig.until(3600);
    rig.tells(&[
        "3500 stop 0a",
        "3500 gate 0b",
        "3500 start 0b",
        "3600 recovered 0",
        "3600 switch 0>0 recovery",
        "3600 active 0 after 0",
        "3600 restored 0",
    ]);
}

#[test]
fn a_trial_goes_on_as_a_trial() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.dies(0);
    rig.reach("start 0b");
    rig.returns(0);
    rig.until(1000);
    rig.skip();
    rig.dies(0);
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.until(1150);
    rig.returns(0);
    rig.until(4200);
    rig.tells(&[
        "1000 stop 0b",
        "1000 start 0c",
        "1000 stop 1a",
        "1000 gate 1b",
        "1000 start 1b",
        "1100 active 1 after 100",
        "4200 recovered 0",
        "4200 gate 0c",
        "4200 stop 1b",
        "4200 switch 1>0 failback",
        "4200 active 0 after 0",
    ]);
}

#[test]
fn a_stream_where_nothing_runs_takes_note() {
    let mut rig = Rig::new([]);
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.is_quiet();
}

#[test]
fn with_overlap_off_the_stop_comes_first() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0)]);
    rig.until(1000);
    rig.skip();
    rig.handle(to_buffer("elsewhere")).unwrap();
    rig.tells(&["1000 stop 0a", "1000 gate 0b", "1000 start 0b"]);
}
