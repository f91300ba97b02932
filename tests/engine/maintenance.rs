//! Rule 25: inputs taken out of use while they are recorded, all streams unregistered at once.

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{Config, Engine, EventKind, Flags, Notice, SessionId, Status};
use std::collections::BTreeMap;

const STREAMS: usize = 10_000;

fn id(n: usize) -> String {
    format!("channel/{n}")
}

/// A lot of streams, each with two running sessions.
fn register_many(engine: &Engine) {
    for n in 0..STREAMS {
        engine.register(&id(n), "", hot(&[0, 1]), Config::new()).unwrap();
    }
}

#[test]
fn an_input_on_air_drains_while_it_is_recorded() {
    let host = host();
    on_air(&host, "s", cold(&[0, 1]));
    host.engine.set_input_enabled("s", 0, false).unwrap();
    host.wait("switched 0>1 disabled");
    host.wait("active 1");
    let status = host.engine.runtime_status("s").unwrap();
    assert_eq!((status.inputs[0].status, status.inputs[0].session), (Status::Stopped, None));
    // What goes on sending without a session is dropped, and brings nothing back.
    for _ in 0..100 {
        assert!(!host.engine.record_packet("s", 0, 1000, Flags::VIDEO).unwrap().forward());
    }
    host.engine.sync(PATIENCE).unwrap();
    assert_eq!(host.engine.runtime_status("s").unwrap().active_input_priority, 1);
    host.engine.set_input_enabled("s", 0, true).unwrap();
    host.wait("switched 1>0 input_added");
}

#[test]
fn all_streams_end_in_one_call_whose_events_are_queued_when_it_returns() {
    let engine = Engine::builder().event_limit(10 * STREAMS).build().unwrap();
    register_many(&engine);
    let mut running: BTreeMap<SessionId, i32> = BTreeMap::new();
    running.extend(take_all(&engine).iter().filter_map(start_of).map(|(p, id)| (id, p)));
    assert_eq!(running.len(), 2 * STREAMS);
    let mut input = engine.open_input(&id(0), 0, 0).unwrap();
    assert!(input.record(1000, Flags::NONE).forward());
    engine.unregister_all().unwrap();
    assert_eq!(engine.registered_streams().unwrap(), []);
    assert!(!input.record(1000, Flags::NONE).forward());
    let mut unregistered = 0;
    for event in take_all(&engine) {
        match &event.kind {
            EventKind::Stop(stop) => assert_eq!(running.remove(&stop.session), Some(stop.priority)),
            EventKind::Notice(Notice::Unregistered) => unregistered += 1,
            _ => {}
        }
    }
    assert_eq!((running.len(), unregistered), (0, STREAMS));
    // It ends what there is, and nothing else.
    engine.unregister_all().unwrap();
    engine.register(&id(0), "", hot(&[0, 1]), Config::new()).unwrap();
    assert_eq!(engine.registered_streams().unwrap().len(), 1);
}

#[test]
fn with_callbacks_all_of_it_was_delivered() {
    let logbook = Logbook::default();
    let script = Script::new(&logbook, |_| Ok(()));
    let engine = Engine::builder().event_limit(10 * STREAMS).ingestor(script).build().unwrap();
    register_many(&engine);
    engine.unregister_all().unwrap();
    let told = logbook.story();
    let count = |what: &str| told.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(count("unregistered"), STREAMS);
    assert_eq!(count("start "), count("stop "), "a start that was not taken vanished");
    assert_eq!(engine.registered_streams().unwrap(), []);
}
