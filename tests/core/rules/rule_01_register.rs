//! Rule 1: registering selects the best input and starts it, with every hot one; the history
//! begins with `initial`. A stream may have no inputs and then waits.

use super::rig::*;
use changeover::core::{Common, Registration, Stimulus, Stream};
use changeover::{Config, Error, Input, Reason, Status, FIRST_SWITCH_MAX};

#[test]
fn the_lowest_priority_number_is_selected_and_started() {
    let mut rig = Rig::new([cold(5), cold(2), cold(9)]);
    rig.tells(&["0 gate 2a", "0 start 2a", "0 switch none>2 initial"]);
    assert_eq!(rig.stream.active(), Some(2));
    assert_eq!(rig.status(2), Status::Idle, "selected, and not on air before a packet");
}

#[test]
fn every_hot_input_is_started_too() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2), hot(3)]);
    rig.tells(&["0 gate 0a", "0 start 0a", "0 switch none>0 initial", "0 start 1a", "0 start 3a"]);
}

#[test]
fn a_hot_best_input_is_started_once() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.tells(&["0 gate 0a", "0 start 0a", "0 switch none>0 initial"]);
}

#[test]
fn the_history_begins_with_initial_from_nothing() {
    let rig = Rig::new([cold(3)]);
    let history: Vec<_> = rig.stream.switches().collect();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].from, history[0].to), (None, 3));
    assert_eq!((history[0].reason, history[0].at), (Reason::Initial, rig.now()));
    assert_eq!(history[0].number, rig.stream.switch_number());
}

#[test]
fn the_host_gets_the_input_back_verbatim() {
    let input = cold(0).option("User-Agent", "x y\0z").option("User-Agent", "");
    let mut common = Common::default();
    let inputs = vec![input.clone()];
    let mut stream =
        Stream::new(Registration { id: "a/b".into(), ..registration(inputs) }, 0, &mut common)
            .unwrap();
    let started: Vec<_> = stream.drain().filter_map(rig_start).collect();
    assert_eq!(started, [(input, "a/b".to_string())]);
}

#[test]
fn an_empty_buffer_write_id_is_the_streams_own() {
    let buffer = |name: &str| {
        let mut common = Common::default();
        let inputs = vec![cold(0)];
        let mut stream = Stream::new(
            Registration { buffer_write_id: name.into(), ..registration(inputs) },
            0,
            &mut common,
        )
        .unwrap();
        let (_, buffer) = stream.drain().find_map(rig_start).unwrap();
        buffer
    };
    assert_eq!(buffer(""), "news");
    assert_eq!(buffer("elsewhere"), "elsewhere");
}

#[test]
fn a_stream_without_inputs_waits() {
    let mut rig = Rig::new([]);
    rig.until(60_000);
    rig.is_quiet();
    assert_eq!(rig.stream.active(), None);
    assert_eq!(rig.deadline(), None);
    assert!(!rig.stream.exhausted(), "it has lost nothing");
}

#[test]
fn a_stream_without_inputs_starts_the_first_one_added() {
    let mut rig = Rig::new([]);
    rig.until(1000);
    rig.update(add(cold(4))).unwrap();
    rig.until(1100);
    rig.tells(&[
        "1000 gate 4a",
        "1000 start 4a",
        "1000 switch none>4 input_added",
        "1100 active 4 after 100",
    ]);
}

#[test]
fn what_cannot_be_registered_is_refused() {
    let register = |id: &str, inputs: Vec<_>, config: Config| {
        let mut common = Common::default();
        Stream::new(Registration { id: id.into(), config, ..registration(inputs) }, 0, &mut common)
            .map(|_| ())
    };
    let zero = Config::new().packet_timeout(ms(0));
    assert_eq!(register("", vec![], Config::new()), Err(Error::StreamId));
    assert_eq!(register(&"x".repeat(256), vec![], Config::new()), Err(Error::StreamId));
    assert_eq!(register(&"x".repeat(255), vec![], Config::new()), Ok(()));
    assert_eq!(register("a", vec![cold(-1)], Config::new()), Err(Error::Priority));
    assert_eq!(register("a", vec![cold(1), cold(1)], Config::new()), Err(Error::DuplicatePriority));
    assert_eq!(register("a", vec![cold(i32::MAX)], Config::new()), Ok(()));
    assert_eq!(register("a", vec![], zero), Err(Error::Config));
    assert_eq!(register("a", vec![hot(0)], overlap_off()), Err(Error::HotWithoutOverlap));
}

#[test]
fn what_is_beyond_the_limits_is_refused() {
    let register = |inputs: Vec<Input>, buffer: usize| {
        let buffer_write_id = "b".repeat(buffer).into();
        let registration = Registration { buffer_write_id, ..registration(inputs) };
        Stream::new(registration, 0, &mut Common::default()).map(|_| ())
    };
    let sized =
        |url: usize, value: usize| Input::new(0, "u".repeat(url)).option("key", "v".repeat(value));
    let inputs = |n: i32| (0..n).map(cold).collect::<Vec<_>>();
    assert_eq!(register(inputs(256), 4096), Ok(()));
    assert_eq!(register(inputs(257), 0), Err(Error::Limit));
    assert_eq!(register(vec![], 4097), Err(Error::Limit));
    assert_eq!(register(vec![sized(65_000, 533)], 0), Ok(()));
    assert_eq!(register(vec![sized(65_000, 534)], 0), Err(Error::Limit));
    assert_eq!(register(vec![Input::new(0, "u".repeat(65_537))], 0), Err(Error::Limit));
    let with_options = |n: usize| (0..n).fold(cold(0), |input, _| input.option("k", "v"));
    assert_eq!(register(vec![with_options(256)], 0), Ok(()));
    assert_eq!(register(vec![with_options(257)], 0), Err(Error::Limit));
}

fn numbered(first_switch: u64, inputs: Vec<Input>) -> Registration {
    Registration { first_switch, ..registration(inputs) }
}

#[test]
fn switch_numbers_begin_where_the_host_says() {
    for (first_switch, first) in [(0, 1), (1, 1), (7 << 20, 7 << 20), (FIRST_SWITCH_MAX, 1 << 57)] {
        let mut rig = Rig::registered(numbered(first_switch, vec![hot(0), hot(1)]), |_| ());
        assert_eq!(rig.stream.switches().last().unwrap().number, first);
        assert_eq!(rig.stream.switch_number(), first);
        rig.until(1000);
        rig.switch_input(1).unwrap();
        rig.until(1500);
        assert_eq!(rig.stream.active(), Some(1));
        let numbers: Vec<_> = rig.stream.switches().map(|switch| switch.number).collect();
        assert_eq!(numbers, [first, first + 1]);
    }
}

#[test]
fn the_first_number_is_that_of_the_first_switch_whenever_it_comes() {
    let mut rig = Rig::registered(numbered(100, vec![]), |_| ());
    rig.until(1000);
    rig.is_quiet();
    rig.update(add(cold(4))).unwrap();
    assert_eq!(rig.stream.switches().last().unwrap().number, 100);
    assert_eq!(rig.stream.switch_number(), 100);
}

#[test]
fn a_first_number_that_leaves_no_room_is_refused() {
    for first_switch in [FIRST_SWITCH_MAX + 1, u64::MAX] {
        let made = Stream::new(numbered(first_switch, vec![]), 0, &mut Common::default());
        assert_eq!(made.map(|_| ()), Err(Error::FirstSwitch));
    }
}

fn rig_start(action: changeover::core::Action) -> Option<(changeover::Input, String)> {
    match action {
        changeover::core::Action::Start(changeover::core::Start {
            input, buffer_write_id, ..
        }) => Some(((*input).clone(), buffer_write_id.to_string())),
        _ => None,
    }
}

#[test]
fn nothing_about_the_stream_is_asked_before_a_start_is_taken() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), hot(1)], Rig::host_is_stuck);
    rig.skip();
    assert_eq!(rig.deadline(), None, "a slow host is not blamed on the source");
    rig.until(3_600_000);
    rig.is_quiet();
    rig.handle(Stimulus::Tick).unwrap();
    rig.is_quiet();
}
