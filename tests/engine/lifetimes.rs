//! Promise 7: whatever is closed, dropped or shut down first, and in a forked child: an answer,
//! never a hang or worse.

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{
    Config, Engine, Error, EventKind, Flags, Input, InputsUpdate, ProbeOutcome, Verdict,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

fn engine() -> Engine {
    let engine = Engine::new().unwrap();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    engine
}

#[test]
fn handles_outlive_their_stream_and_their_engine() {
    let engine = engine();
    let mut handles: Vec<_> = (0..4).map(|_| engine.open_input("s", 0, 0).unwrap()).collect();
    assert!(handles.iter_mut().all(|input| input.record(1, Flags::NONE).forward()));
    engine.unregister("s").unwrap();
    let drop_all = |handles: &mut Vec<changeover::InputHandle>| {
        assert!(handles.iter_mut().all(|input| input.record(1, Flags::NONE) == Verdict::DROP));
        handles.pop();
    };
    drop_all(&mut handles);
    engine.shutdown().unwrap();
    drop_all(&mut handles);
    drop(engine);
    drop_all(&mut handles);
    handles[0].report_error("nobody hears");
    handles[0].record_lost(1);
    drop_all(&mut handles);
}

#[test]
fn an_engine_may_go_while_threads_record() {
    for round in 0..20 {
        let engine = engine();
        let ready = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..3)
            .map(|n| {
                let mut input = engine.open_input("s", n % 2, 0).unwrap();
                let ready = ready.clone();
                std::thread::spawn(move || {
                    let _ = input.record(1, Flags::NONE);
                    ready.wait();
                    while input.record(1, Flags::NONE).forward() || n % 2 == 1 {
                        std::thread::yield_now();
                        if n % 2 == 1 && input.record(1, Flags::NONE) == Verdict::DROP {
                            break;
                        }
                    }
                    if round % 2 == 0 {
                        // Closed by another thread, later.
                        return Some(input);
                    }
                    None
                })
            })
            .collect();
        ready.wait();
        drop(engine);
        for thread in threads {
            let input = thread.join().unwrap();
            assert!(input.is_none_or(|mut i| i.record(1, Flags::NONE) == Verdict::DROP));
        }
    }
}

#[test]
fn an_engine_may_be_shut_down_while_threads_record_by_id() {
    for _ in 0..20 {
        let engine = Arc::new(engine());
        let ready = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (engine, ready) = (engine.clone(), ready.clone());
                std::thread::spawn(move || {
                    let _ = engine.record_packet("s", 0, 1, Flags::NONE);
                    ready.wait();
                    loop {
                        match engine.record_packet("s", 0, 1, Flags::NONE) {
                            Ok(_) => std::thread::yield_now(),
                            Err(error) => return error,
                        }
                        let _ = engine.runtime_status("s");
                    }
                })
            })
            .collect();
        ready.wait();
        engine.shutdown().unwrap();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Error::UnknownStream);
        }
    }
}

#[test]
fn after_shutdown_every_call_says_so() {
    let engine = engine();
    take_until(&engine, "start 1", |e| brief(e) == "start 1");
    engine.shutdown().unwrap();
    engine.shutdown().unwrap();
    let gone = Error::ShutDown;
    assert_eq!(engine.register("t", "", vec![], Config::new()), Err(gone));
    assert_eq!(engine.unregister("s"), Err(gone));
    assert_eq!(engine.registered_streams(), Err(gone));
    assert_eq!(engine.set_config(None, Config::new()), Err(gone));
    assert_eq!(engine.switch_input("s", 0), Err(gone));
    assert_eq!(engine.clear_override("s"), Err(gone));
    assert_eq!(engine.update_inputs("s", InputsUpdate::default()), Err(gone));
    assert_eq!(engine.update_buffer_write_id("s", "b"), Err(gone));
    assert_eq!(engine.open_input("s", 0, 0).unwrap_err(), gone);
    assert_eq!(engine.report_input_error("s", 0, "x"), Err(gone));
    assert_eq!(engine.start_result("s", 1, Ok(())), Err(gone));
    assert_eq!(engine.probe_result("s", 1, ProbeOutcome::Ok), Err(gone));
    assert_eq!(engine.sync(PATIENCE), Err(gone));
    assert!(!engine.is_registered("s"));
    assert_eq!(engine.runtime_status("s").unwrap_err(), Error::UnknownStream);
    assert_eq!(engine.record_packet("s", 0, 1, Flags::NONE), Err(Error::UnknownStream));
    // What was decided before can still be taken: a host must hear of its stops.
    let story: Vec<String> = std::iter::from_fn(|| engine.next_event(PATIENCE).ok())
        .flatten()
        .map(|e| brief(&e))
        .collect();
    assert_eq!(story, ["stop 0", "stop 1", "unregistered"]);
    assert_eq!(engine.next_event(PATIENCE).unwrap_err(), gone);
}

#[test]
fn shutdown_delivers_everything_and_several_may_ask_for_it() {
    let logbook = Logbook::default();
    let script = Script::new(&logbook, |_| {
        std::thread::sleep(ms(5));
        Ok(())
    });
    let engine = Engine::builder().ingestor(script).build().unwrap();
    for n in 0..10 {
        engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                engine.shutdown().unwrap();
                let story = logbook.story();
                let count = |what: &str| story.iter().filter(|l| l.starts_with(what)).count();
                assert_eq!((count("start"), count("unregistered")), (count("stop"), 10));
            });
        }
    });
}

#[test]
fn waiting_callers_return_when_the_engine_ends() {
    let engine = Arc::new(engine());
    take_all(&engine);
    let ready = Arc::new(Barrier::new(9));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let (engine, ready) = (engine.clone(), ready.clone());
            std::thread::spawn(move || {
                ready.wait();
                match n % 4 {
                    0 | 1 => loop {
                        if let Err(error) = engine.next_event(Duration::MAX) {
                            return error;
                        }
                    },
                    2 => loop {
                        if let Err(error) = engine.sync(Duration::MAX) {
                            return error;
                        }
                    },
                    _ => loop {
                        let id = format!("t{n}");
                        let registered = engine.register(&id, "", inputs(), Config::new());
                        if let Err(error) = registered.and_then(|_| engine.unregister(&id)) {
                            return error;
                        }
                    },
                }
            })
        })
        .collect();
    ready.wait();
    engine.sync(PATIENCE).unwrap();
    engine.shutdown().unwrap();
    for thread in threads {
        let error = thread.join().unwrap();
        // A stream unregistered by the shutdown is unknown to its owner.
        assert!(matches!(error, Error::ShutDown | Error::UnknownStream), "{error:?}");
    }
}

#[test]
fn the_last_owner_may_be_a_callback() {
    let logbook = Logbook::default();
    let owner = Arc::new(Mutex::new(None::<Arc<Engine>>));
    let (go, dropped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let script = {
        let (owner, go, dropped) = (owner.clone(), go.clone(), dropped.clone());
        Script::new(&logbook, move |event| {
            if brief(event) == "start 1" {
                eventually("the owner is the callback", || go.load(Ordering::SeqCst).then_some(()));
                let engine = owner.lock().unwrap().take();
                dropped.fetch_add(usize::from(engine.is_some()), Ordering::SeqCst);
                drop(engine);
            }
            Ok(())
        })
    };
    let engine = Arc::new(Engine::builder().ingestor(script).build().unwrap());
    *owner.lock().unwrap() = Some(engine.clone());
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let mut input = engine.open_input("s", 0, 0).unwrap();
    drop(engine);
    go.store(true, Ordering::SeqCst);
    // The event thread goes on to the end.
    logbook.wait("s", "unregistered");
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert_eq!(input.record(1, Flags::NONE), Verdict::DROP);
    assert_eq!(logbook.story()[3..], ["stop 0", "stop 1", "unregistered"]);
}

#[test]
fn many_engines_come_and_go() {
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let engine = engine();
                    let mut input = engine.open_input("s", 0, 0).unwrap();
                    for _ in 0..10 {
                        assert!(engine.record_packet("s", 0, 1, Flags::NONE).unwrap().forward());
                        assert!(input.record(1, Flags::NONE).forward());
                    }
                    let packets = engine.runtime_status("s").unwrap().inputs[0].packets;
                    assert_eq!(packets, 20, "cells of an engine that is gone begin anew");
                }
            });
        }
    });
}

#[test]
fn a_forked_child_gets_errors() {
    if !alone("lifetimes::a_forked_child_gets_errors") {
        return;
    }
    let engine = engine();
    let mut input = engine.open_input("s", 0, 0).unwrap();
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    // Nothing of the engine is under way while it forks.
    engine.sync(PATIENCE).unwrap();
    // SAFETY: the child only calls into the engine and exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let forked = Error::Forked;
            assert_eq!(engine.register("t", "", vec![], Config::new()), Err(forked));
            assert_eq!(engine.unregister("s"), Err(forked));
            assert_eq!(engine.registered_streams(), Err(forked));
            assert_eq!(engine.set_config(None, Config::new()), Err(forked));
            assert_eq!(engine.switch_input("s", 0), Err(forked));
            assert_eq!(engine.open_input("s", 0, 0).unwrap_err(), forked);
            assert_eq!(engine.report_input_error("s", 0, "x"), Err(forked));
            assert_eq!(engine.next_event(Duration::ZERO).unwrap_err(), forked);
            assert_eq!(engine.sync(ms(10)), Err(forked));
            assert_eq!(engine.set_log_callback(None), Err(forked));
            assert_eq!(engine.shutdown(), Err(forked));
            // What needs no thread works on the child's copy.
            let _ = input.record(1, Flags::NONE);
            assert!(engine.record_packet("s", 0, 1, Flags::NONE).is_ok());
            assert!(engine.is_registered("s"));
            assert_eq!(engine.runtime_status("s").unwrap().inputs[0].packets, 3);
            input.report_error("nobody hears");
            drop(input);
            drop(engine);
        }));
        // SAFETY: ends the child without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(checked.is_err())) };
    }
    let mut status = 0;
    eventually("the child ends", || {
        // SAFETY: our child, and a valid int to fill in.
        (unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child).then_some(())
    });
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "child: {status:#x}");
    // The parent's engine did not notice.
    engine.sync(PATIENCE).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].packets, 1);
    assert!(take_all(&engine).iter().any(|e| matches!(e.kind, EventKind::Start(_))));
}
