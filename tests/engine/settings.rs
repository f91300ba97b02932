//! Settings changed while running, of a stream and of the engine; what `sync` means.

use crate::rig::*;
use changeover::{
    Config, Engine, Error, EventKind, Failback, Flags, Input, Notice, Overlap, Standby, Status,
};
use std::time::Duration;

fn cold() -> Vec<Input> {
    vec![Input::new(0, "a"), Input::new(1, "b")]
}

fn far() -> Config {
    let far = Duration::from_secs(600);
    Config::new().packet_timeout(far).connect_timeout(far).failback(Failback::Manual)
}

/// Waits for the failover of each, and says with which limit.
fn limits(engine: &Engine, streams: &[&str]) -> Vec<u64> {
    let mut limits = vec![0; streams.len()];
    while limits.contains(&0) {
        let is_degraded =
            |e: &changeover::Event| matches!(e.kind, EventKind::Notice(Notice::Degraded { .. }));
        let event = take_until(engine, "degraded", is_degraded).pop().unwrap();
        let EventKind::Notice(Notice::Degraded { error, .. }) = event.kind else { unreachable!() };
        let of = streams.iter().position(|id| **id == *event.stream).expect("no other stream");
        limits[of] = error.detail.limit() / 1_000_000;
    }
    limits
}

#[test]
fn a_running_deadline_moves_at_once() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    let own = Config::new().packet_timeout(ms(150));
    for (id, config) in [("engine's", Config::new()), ("own", own.clone()), ("input's", own)] {
        let mut inputs = cold();
        if id == "input's" {
            inputs[0].config = Config::new().packet_timeout(ms(200));
        }
        engine.register(id, "", inputs, config).unwrap();
    }
    take_all(&engine);
    for id in ["engine's", "own", "input's"] {
        let _ = engine.record_packet(id, 0, 1, Flags::NONE).unwrap();
    }
    // The engine's settings reach where nothing nearer is set.
    engine.set_config(None, far().packet_timeout(ms(100))).unwrap();
    assert_eq!(limits(&engine, &["engine's", "own", "input's"]), [100, 150, 200]);

    // Longer again, before it comes due; and a stream's own setting withdrawn.
    engine.set_config(None, far()).unwrap();
    engine.register("s", "", cold(), Config::new().packet_timeout(ms(150))).unwrap();
    engine.register("t", "", cold(), Config::new()).unwrap();
    take_all(&engine);
    for id in ["s", "t"] {
        let _ = engine.record_packet(id, 0, 1, Flags::NONE).unwrap();
    }
    engine.sync(PATIENCE).unwrap();
    engine.set_config(Some("s"), Config::new()).unwrap();
    engine.set_config(Some("t"), Config::new().packet_timeout(ms(250))).unwrap();
    assert_eq!(limits(&engine, &["t"]), [250]);
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].status, Status::Active);
}

#[test]
fn hot_standby_and_overlap_change_while_running() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    engine.register("s", "", cold(), Config::new()).unwrap();
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    assert_eq!(story(&take_all(&engine)), ["start 0", "switched -1>0 initial", "active 0"]);
    engine.set_config(Some("s"), Config::new().standby(Standby::Hot)).unwrap();
    assert_eq!(story(&take_all(&engine)), ["start 1"]);
    // Refused, and nothing has changed.
    let off = Config::new().overlap(Overlap::Off);
    assert_eq!(
        engine.set_config(Some("s"), off.clone().standby(Standby::Hot)),
        Err(Error::HotWithoutOverlap)
    );
    let hot = Engine::builder().defaults(far()).build().unwrap();
    hot.register("s", "", vec![Input::new(0, "a").hot()], Config::new()).unwrap();
    hot.register("t", "", cold(), Config::new()).unwrap();
    assert_eq!(hot.set_config(None, off.clone()), Err(Error::HotWithoutOverlap), "of any stream");
    assert_eq!(hot.set_config(Some("t"), off), Ok(()));
    assert_eq!(
        hot.set_config(None, Config::new().packet_timeout(Duration::ZERO)),
        Err(Error::Config)
    );
    assert_eq!(hot.set_config(Some("u"), Config::new()), Err(Error::UnknownStream));
    engine.set_config(Some("s"), Config::new()).unwrap();
    assert_eq!(story(&take_all(&engine)), ["stop 1"]);
}

#[test]
fn new_engine_settings_are_those_of_later_streams() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    engine.set_config(None, far().connect_timeout(ms(120))).unwrap();
    engine.register("s", "", cold(), Config::new()).unwrap();
    assert_eq!(limits(&engine, &["s"]), [120]);
}

#[test]
fn sync_means_decided_and_published() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    for n in 0..200 {
        let id = n.to_string();
        engine.register(&id, "", cold(), Config::new()).unwrap();
        let session = engine.runtime_status(&id).unwrap().inputs[0].session.unwrap();
        let mut input = engine.open_input(&id, 0, session).unwrap();
        let _ = input.record(1, Flags::NONE);
        // A record, and a report that nobody waits for.
        if n % 2 == 0 {
            input.report_error("gone");
        }
        engine.sync(PATIENCE).unwrap();
        let status = engine.runtime_status(&id).unwrap();
        let expected = if n % 2 == 0 { Status::Degraded } else { Status::Active };
        assert_eq!(status.inputs[0].status, expected, "stream {n}");
    }
}

#[test]
fn control_calls_are_published_when_they_return() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    engine.register("s", "", cold(), Config::new()).unwrap();
    for n in 0..300 {
        let target = (n + 1) % 2;
        engine.switch_input("s", target).unwrap();
        let status = engine.runtime_status("s").unwrap();
        assert_eq!(
            (status.active_input_priority, status.override_input_priority),
            (target, Some(target))
        );
        assert_eq!(engine.record_packet("s", 1 - target, 1, Flags::NONE).unwrap().number(), 0);
    }
}
