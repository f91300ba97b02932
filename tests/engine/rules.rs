//! The rules, where they cross threads: events one way, records and calls the other.

use crate::rig::*;
use changeover::{
    Config, Engine, Error, EventKind, Failback, Flags, Input, InputsUpdate, Notice, ProbeOutcome,
    Status, Verdict,
};
use std::time::Duration;

#[test]
fn rule_1_and_2_the_first_packet_makes_active() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    let registration = engine.register("a/b", "", cold(&[3, 7]), Config::new()).unwrap();
    let events = take_until(&engine, "start", |event| start_of(event).is_some());
    assert_eq!(story(&events), ["start 3"]);
    assert!(events.iter().all(|e| e.registration == registration && &*e.stream == "a/b"));
    let (_, session) = start_of(&events[0]).unwrap();

    assert_eq!(engine.runtime_status("a/b").unwrap().inputs[0].status, Status::Idle);
    let mut input = engine.open_input("a/b", 3, session).unwrap();
    assert_eq!(input.record(100, Flags::NONE).number(), 1);
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("a/b").unwrap();
    assert_eq!(status.inputs[0].status, Status::Active);
    assert_eq!((status.inputs[0].packets, status.inputs[0].bytes), (1, 100));
    assert_eq!(story(&take_all(&engine)), ["switched -1>3 initial", "active 3"]);

    let again = engine.register("a/b", "", cold(&[1]), Config::new());
    assert_eq!(again, Err(Error::StreamExists));
    assert_eq!(engine.runtime_status("a/b").unwrap().inputs.len(), 2);
}

#[test]
fn rule_2_a_packet_off_air_shows_as_receiving_only() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    engine.register("s", "", cold(&[0, 1]), Config::new()).unwrap();
    let verdict = engine.record_packet("s", 1, 10, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(verdict, Verdict::DROP);
    assert!(status.inputs[1].receiving && !status.inputs[0].receiving);
    assert_eq!((status.inputs[0].status, status.inputs[1].status), (Status::Idle, Status::Idle));
}

#[test]
fn rule_3_connect_counts_from_the_taking_of_the_start() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    // Another stream shows that time passes: its host has taken the start.
    engine.register("witness", "", cold(&[0]), Config::new()).unwrap();
    take_until(&engine, "start", |event| start_of(event).is_some());
    take_all(&engine);
    engine.register("slow host", "", cold(&[0, 1]), Config::new()).unwrap();
    let status = |stream: &str| engine.runtime_status(stream).unwrap().inputs[0].status;
    eventually("the witness times out", || (status("witness") == Status::Degraded).then_some(()));
    assert_eq!(status("slow host"), Status::Idle);

    let taken = engine.now();
    let events = take_until(&engine, "degraded", |e| {
        &*e.stream == "slow host" && brief(e).starts_with("degraded")
    });
    let degraded = events.last().unwrap();
    assert!(degraded.at >= taken + nanos(ms(300)), "{} after {taken}", degraded.at);
    let EventKind::Notice(Notice::Degraded { error, .. }) = &degraded.kind else { unreachable!() };
    assert!(
        error.detail.measured() >= error.detail.limit() && error.detail.limit() == nanos(ms(300)),
        "{error:?}"
    );
}

#[test]
fn rule_6_silence_fails_over_to_a_hot_input() {
    let host = host();
    on_air(&host, "s", hot(&[0, 1]));
    host.wait("start 1");
    host.a_round();
    assert_eq!(host.verdicts("s")[&1], Verdict::DROP);
    let from = host.mark();
    host.hush("s", 0);
    host.wait_from(from, "active 1");
    assert_eq!(
        host.story()[from..],
        ["degraded 0 timeout", "switched 0>1 timeout", "active 1"],
        "the hot one was running: no start, no stop"
    );
    host.a_round();
    assert!(host.verdicts("s")[&1].forward());
    assert_eq!(host.running("s").len(), 2, "hot sessions are not stopped by failover");
}

#[test]
fn rule_6_silence_fails_over_to_a_cold_input() {
    let host = host();
    on_air(&host, "s", cold(&[0, 1]));
    assert_eq!(host.running("s"), [0]);
    let from = host.mark();
    host.hush("s", 0);
    host.wait_from(from, "stop 0");
    let expected = ["degraded 0 timeout", "switched 0>1 timeout", "start 1", "active 1", "stop 0"];
    let mut story = host.story()[from..].to_vec();
    // The start comes with the switch, in either order.
    if story[1].starts_with("start") {
        story.swap(1, 2);
    }
    assert_eq!(story, expected);
    eventually("the new one is forwarded", || host.verdicts("s")[&1].forward().then_some(()));
}

#[test]
fn rule_6_a_dead_input_that_delivers_first_undoes_the_switch() {
    let host = host();
    // The backup never delivers within this test.
    let slow = Config::new().connect_timeout(Duration::from_secs(60));
    host.send("s", &[0]);
    let inputs = vec![Input::new(0, "a"), Input::new(1, "b").config(slow)];
    host.engine.register("s", "", inputs, Config::new()).unwrap();
    host.wait("active 0");
    host.hush("s", 0);
    host.wait("start 1");
    host.a_round();
    let from = host.mark();
    host.send("s", &[0]);
    host.wait_from(from, "active 0");
    assert!(host.story()[from..].contains(&"switched 1>0 recovery".into()), "{:?}", host.story());
    assert_eq!(host.story().iter().filter(|line| *line == "start 0").count(), 1);
}

#[test]
fn rule_6_a_failed_start_tries_the_next_at_once() {
    let host = host();
    for priority in [0, 1, 2] {
        host.set_broken("s", priority, true);
    }
    host.send("s", &[0, 1, 2, 3]);
    host.engine.register("s", "", cold(&[0, 1, 2, 3]), Config::new()).unwrap();
    host.wait("active 3");
    let status = host.status("s");
    for input in &status.inputs[..3] {
        assert_eq!((input.status, input.last_error.as_deref()), (Status::Degraded, Some("broken")));
    }
    let story = host.story();
    for priority in 0..3 {
        let count =
            |what: &str| story.iter().filter(|l| **l == format!("{what} {priority}")).count();
        assert_eq!((count("start"), count("stop")), (1, 1), "input {priority} of {story:?}");
    }
    let reasons: Vec<_> = status.switches.iter().map(|s| s.reason.name()).collect();
    assert_eq!(reasons, ["initial", "start_failed", "start_failed", "start_failed"]);
}

#[test]
fn rule_4_a_reported_error_fails_over_once() {
    let host = host();
    on_air(&host, "s", hot(&[0, 1]));
    host.wait("start 1");
    host.hush("s", 0);
    host.engine.report_input_error("s", 0, "no more").unwrap();
    host.engine.report_input_error("s", 0, "no more").unwrap();
    // The call returns when its decision is published.
    let status = host.status("s");
    assert_eq!(status.active_input_priority, 1);
    assert_eq!(status.inputs[0].status, Status::Degraded);
    assert_eq!(status.inputs[0].last_error.as_deref(), Some("no more"));
    host.wait("active 1");
    assert_eq!(host.story().iter().filter(|l| *l == "switched 0>1 error").count(), 1);
    let unknown = host.engine.report_input_error("s", 5, "x");
    assert_eq!(unknown, Err(Error::UnknownInput));
    assert_eq!(host.engine.report_input_error("t", 0, "x"), Err(Error::UnknownStream));
}

#[test]
fn rule_4_by_handle_it_means_the_handles_session() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    engine.register("s", "", hot(&[0, 1]), Config::new()).unwrap();
    let events = take_until(&engine, "start 1", |e| brief(e) == "start 1");
    let starts: Vec<_> = events.iter().filter_map(start_of).collect();
    let old = engine.open_input("s", 0, starts[0].1).unwrap();
    // Restarted: `old` is now of an old session.
    engine.update_buffer_write_id("s", "elsewhere").unwrap();
    old.report_error("not any more");
    engine.sync(PATIENCE).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].status, Status::Idle);
    let session = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    engine.open_input("s", 0, session).unwrap().report_error("now");
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(status.inputs[0].last_error.as_deref(), Some("now"));
    assert_eq!(status.active_input_priority, 1);
}

#[test]
fn rule_4_a_packet_before_the_error_does_not_undo_it() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    for round in 0..200 {
        let id = format!("s{round}");
        engine.register(&id, "", hot(&[0, 1]), Config::new()).unwrap();
        let _ = engine.record_packet(&id, 0, 1, Flags::NONE).unwrap();
        engine.report_input_error(&id, 0, "dead").unwrap();
        engine.sync(PATIENCE).unwrap();
        let status = engine.runtime_status(&id).unwrap();
        assert_eq!(status.inputs[0].status, Status::Degraded, "round {round}");
        assert_eq!(status.active_input_priority, 1, "round {round}");
    }
}

#[test]
fn rule_7_a_planned_switch_makes_before_it_breaks() {
    let host = host();
    host.send("s", &[0]);
    let inputs = vec![
        Input::new(0, "a"),
        Input::new(1, "b").config(Config::new().connect_timeout(Duration::from_secs(60))),
    ];
    host.engine.register("s", "", inputs, Config::new()).unwrap();
    host.wait("active 0");
    host.engine.switch_input("s", 1).unwrap();
    host.wait("start 1");
    let status = host.status("s");
    assert_eq!(status.active_input_priority, 0);
    assert_eq!(status.pending_input_priority, Some(1));
    assert_eq!(status.override_input_priority, Some(1));
    host.a_round();
    let before = host.verdicts("s");
    assert!(before[&0].forward() && !before[&1].forward(), "{before:?}");
    host.send("s", &[1]);
    host.wait("stop 0");
    let status = host.status("s");
    assert_eq!((status.active_input_priority, status.pending_input_priority), (1, None));
    host.a_round();
    let after = host.verdicts("s");
    assert!(after[&1] > before[&0], "{after:?} after {before:?}");
    assert_eq!(status.switches.last().unwrap().reason.name(), "manual");
    host.engine.clear_override("s").unwrap();
    assert_eq!(host.status("s").override_input_priority, None);
}

#[test]
fn rule_9_and_10_a_probe_recovers_and_failback_returns() {
    let host = Host::new(Engine::builder().defaults(
        quick().probe_cooldown(ms(100)).switch_cooldown(ms(100)).failback(Failback::Auto),
    ));
    host.probes_find("s", 0, ProbeOutcome::Failed("still down".into()));
    on_air(&host, "s", cold(&[0, 1]));
    host.hush("s", 0);
    host.wait("active 1");
    host.wait("probe 0");
    host.send("s", &[0]);
    host.probes_find("s", 0, ProbeOutcome::Ok);
    host.wait("recovered 0");
    let from = host.mark();
    let back = host.wait_from(from.saturating_sub(3), "switched 1>0 failback");
    let EventKind::Notice(Notice::Switched(switch)) = &back.kind else { unreachable!() };
    let switches = host.status("s").switches;
    let before = switches.iter().find(|s| s.number + 1 == switch.number).unwrap();
    assert!(back.wall.duration_since(before.at).unwrap() >= ms(99), "switch_cooldown");
    host.wait("stop 1");
    assert_eq!(host.input_status("s", 0), Status::Active);
}

#[test]
fn rule_9_an_unsupported_probe_means_a_trial_session() {
    let host = Host::new(
        Engine::builder().defaults(quick().probe_cooldown(ms(100)).failback(Failback::Auto)),
    );
    on_air(&host, "s", cold(&[0, 1]));
    host.hush("s", 0);
    host.wait("stop 0");
    let from = host.mark();
    host.wait_from(from, "start 0");
    host.send("s", &[0]);
    host.wait_from(from, "recovered 0");
    host.wait_from(from, "switched 1>0 failback");
    let story = host.story()[from..].to_vec();
    let at = |what: &str| story.iter().position(|line| line == what).unwrap();
    assert!(at("start 0") < at("recovered 0") && at("recovered 0") < at("switched 1>0 failback"));
}

#[test]
fn rule_8_exhausted_and_restored_alternate() {
    let host = host();
    on_air(&host, "s", hot(&[0, 1]));
    host.wait("start 1");
    for _ in 0..3 {
        let from = host.mark();
        host.hush("s", 0);
        host.hush("s", 1);
        host.wait_from(from, "exhausted timeout");
        assert!(host.status("s").exhausted);
        assert_eq!(host.running("s").len(), 2, "left running");
        host.send("s", &[1]);
        host.wait_from(from, "restored 1");
        assert!(!host.status("s").exhausted);
        host.send("s", &[0]);
        host.wait_from(from, "recovered 0");
    }
    let story = host.story();
    let outages: Vec<_> = story
        .iter()
        .filter_map(|l| l.split(' ').next())
        .filter(|w| matches!(*w, "exhausted" | "restored"))
        .collect();
    assert_eq!(outages, ["exhausted", "restored"].repeat(3));
    // The last recovered by itself: from = to.
    let own =
        host.status("s").switches.iter().any(|s| s.from == s.to && s.reason.name() == "recovery");
    assert!(own);
}

#[test]
fn rule_12_update_inputs_is_one_change() {
    let host = host();
    on_air(&host, "s", cold(&[0, 5]));
    host.send("s", &[1, 2]);
    let bad = InputsUpdate { added: cold(&[2]), removed: vec![9], ..Default::default() };
    assert_eq!(host.engine.update_inputs("s", bad), Err(Error::UnknownInput));
    assert_eq!(host.status("s").inputs.len(), 2, "nothing changed");

    // The active one goes, a better one than the rest comes, one more is replaced.
    let mut updated = cold(&[5]);
    updated[0].url = "test://five".into();
    let update = InputsUpdate { added: cold(&[1]), removed: vec![0], updated };
    host.engine.update_inputs("s", update).unwrap();
    let status = host.status("s");
    assert_eq!(status.active_input_priority, 1);
    assert_eq!(&*status.inputs[1].input.url, "test://five");
    host.wait("active 1");
    host.wait("stop 0");
    assert_eq!(host.status("s").switches.last().unwrap().reason.name(), "input_removed");

    // An updated active one is restarted in a new session.
    let session = host.status("s").inputs[0].session.unwrap();
    let from = host.mark();
    let update = InputsUpdate { updated: cold(&[1]), ..Default::default() };
    host.engine.update_inputs("s", update).unwrap();
    host.wait_from(from, "active 1");
    assert_eq!(host.story()[from..], ["stop 1", "start 1", "active 1"]);
    assert_ne!(host.status("s").inputs[0].session, Some(session));

    // A better one is a planned switch.
    let update = InputsUpdate { added: cold(&[0]), ..Default::default() };
    host.engine.update_inputs("s", update).unwrap();
    host.wait("switched 1>0 input_added");

    let update = InputsUpdate { removed: vec![0, 1, 5], ..Default::default() };
    host.engine.update_inputs("s", update).unwrap();
    let status = host.status("s");
    assert_eq!((status.active_input_priority, status.exhausted), (-1, true));
    assert!(status.inputs.is_empty());
    host.wait("exhausted input_removed");
    let from = host.mark();
    let update = InputsUpdate { added: cold(&[2]), ..Default::default() };
    host.engine.update_inputs("s", update).unwrap();
    host.wait_from(from, "restored 2");
}

#[test]
fn rule_13_a_new_buffer_restarts_every_session() {
    let host = host();
    on_air(&host, "s", hot(&[0, 1]));
    host.wait("start 1");
    let from = host.mark();
    host.engine.update_buffer_write_id("s", "other").unwrap();
    host.wait_from(from, "active 0");
    host.wait_from(from, "start 1");
    let events = host.events();
    let buffers: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Start(start) => Some(&*start.buffer_write_id),
            _ => None,
        })
        .collect();
    assert_eq!(buffers, ["s", "s", "other", "other"]);
    let story = host.story();
    let at = |what: &str| from + story[from..].iter().position(|line| line == what).unwrap();
    assert!(at("stop 0") < at("start 0") && at("stop 1") < at("start 1"), "{story:?}");
}

#[test]
fn rule_14_unregister_stops_and_then_says_so() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    let first = engine.register("s", "", hot(&[0, 1]), Config::new()).unwrap();
    take_until(&engine, "start 1", |e| brief(e) == "start 1");
    engine.unregister("s").unwrap();
    // All of it is queued when the call returns.
    assert_eq!(story(&take_all(&engine)), ["stop 0", "stop 1", "unregistered"]);
    assert!(!engine.is_registered("s"));
    assert_eq!(engine.unregister("s"), Err(Error::UnknownStream));
    assert_eq!(engine.runtime_status("s").unwrap_err(), Error::UnknownStream);
    assert_eq!(engine.record_packet("s", 0, 1, Flags::NONE), Err(Error::UnknownStream));
    let second = engine.register("s", "", hot(&[0]), Config::new()).unwrap();
    assert!(second > first);
    // What was not taken vanishes.
    engine.unregister("s").unwrap();
    assert_eq!(story(&take_all(&engine)), ["switched -1>0 initial", "unregistered"]);
}
