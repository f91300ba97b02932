//! Handles and ids mean sessions: the current one, the one they were opened for, never one that ended.

use crate::rig::*;
use changeover::{Config, Engine, Error, Flags, InputsUpdate, Status, Verdict};

#[test]
fn by_id_and_following_handles_mean_the_current_session() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    engine.register("s", "", cold(&[0, 1]), Config::new()).unwrap();
    let mut follow = engine.open_input("s", 0, 0).unwrap();
    let first = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    let mut bound = engine.open_input("s", 0, first).unwrap();
    assert_eq!((follow.session(), bound.session()), (0, first));
    assert_eq!(follow.record(1, Flags::NONE).number(), 1);
    assert_eq!(bound.record(1, Flags::NONE).number(), 1);
    assert_eq!(engine.record_packet("s", 0, 1, Flags::NONE).unwrap().number(), 1);
    engine.update_buffer_write_id("s", "b").unwrap();
    assert_eq!(follow.record(1, Flags::NONE).number(), 2);
    assert_eq!(bound.record(1, Flags::NONE), Verdict::DROP);
    assert_eq!(engine.record_packet("s", 0, 1, Flags::NONE).unwrap().number(), 2);
    assert_eq!(engine.open_input("s", 0, first).unwrap_err(), Error::StaleSession);
    assert_eq!(engine.open_input("s", 7, 0).unwrap_err(), Error::UnknownInput);
    assert_eq!(engine.record_packet("s", 7, 1, Flags::NONE), Err(Error::UnknownInput));
    // Nor one that no stream can have, also where there is none at all.
    engine.register("bare", "", Vec::new(), Config::new()).unwrap();
    for (stream, priority) in [("s", -1), ("bare", -1), ("bare", 0), ("s", i32::MIN)] {
        let recorded = engine.record_packet(stream, priority, 1, Flags::NONE);
        assert_eq!(recorded, Err(Error::UnknownInput), "{stream} {priority}");
    }
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].packets, 6, "all are counted");
}

#[test]
fn packets_of_an_old_session_are_no_life() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    let first = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    let mut old = engine.open_input("s", 0, first).unwrap();
    assert!(old.record(1, Flags::NONE).forward());
    engine.update_buffer_write_id("s", "b").unwrap();
    take_all(&engine);
    // The new session never delivers; the old one does all the time.
    let degraded = eventually("degraded", || {
        assert_eq!(old.record(1, Flags::NONE), Verdict::DROP);
        take_all(&engine).into_iter().find(|e| brief(e).starts_with("degraded"))
    });
    assert_eq!(brief(&degraded), "degraded 0 timeout");
    let status = engine.runtime_status("s").unwrap();
    assert_eq!((status.inputs[0].status, status.exhausted), (Status::Degraded, true));
    assert!(status.inputs[0].receiving, "it is counted all the same");
}

#[test]
fn a_packet_before_a_restart_is_not_the_first_of_the_new_session() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    for round in 0..200 {
        let id = format!("s{round}");
        engine.register(&id, "", cold(&[0]), Config::new()).unwrap();
        let _ = engine.record_packet(&id, 0, 1, Flags::NONE).unwrap();
        engine.update_buffer_write_id(&id, "b").unwrap();
        engine.sync(PATIENCE).unwrap();
        let status = engine.runtime_status(&id).unwrap();
        assert_eq!(status.inputs[0].status, Status::Idle, "round {round}");
    }
}

#[test]
fn a_handle_closed_at_once_has_delivered() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    for round in 0..200 {
        let id = format!("s{round}");
        engine.register(&id, "", cold(&[0]), Config::new()).unwrap();
        let session = engine.runtime_status(&id).unwrap().inputs[0].session.unwrap();
        let mut input = engine.open_input(&id, 0, session).unwrap();
        let _ = input.record(1, Flags::NONE);
        drop(input);
        engine.sync(PATIENCE).unwrap();
        let status = engine.runtime_status(&id).unwrap();
        assert_eq!(status.inputs[0].status, Status::Active, "round {round}");
        assert_eq!(status.inputs[0].packets, 1, "round {round}");
    }
}

#[test]
fn a_session_that_was_stopped_is_never_on_air_again() {
    let engine = Engine::builder().defaults(quick()).build().unwrap();
    // Removed, and nothing left.
    engine.register("removed", "", cold(&[0]), Config::new()).unwrap();
    let mut input = engine.open_input("removed", 0, 0).unwrap();
    assert!(input.record(1, Flags::NONE).forward());
    let update = InputsUpdate { removed: vec![0], ..Default::default() };
    engine.update_inputs("removed", update).unwrap();
    assert_eq!(input.record(1, Flags::NONE), Verdict::DROP);

    // Its start failed, and nothing left.
    engine.register("failed", "", cold(&[0]), Config::new()).unwrap();
    let session = engine.runtime_status("failed").unwrap().inputs[0].session.unwrap();
    let mut input = engine.open_input("failed", 0, session).unwrap();
    engine.start_result("failed", session, Err("no".into())).unwrap();
    assert!(engine.runtime_status("failed").unwrap().exhausted);
    assert_eq!(input.record(1, Flags::NONE), Verdict::DROP);
    assert_eq!(engine.record_packet("failed", 0, 1, Flags::NONE).unwrap(), Verdict::DROP);
}
