//! A whole engine: its monitor and its event thread, ingest threads, callers, a tap.

use super::super::{Engine, Ingestor, TapOptions};
use super::*;
use crate::core::{Config, Input, Start, Stop};
use crate::vocabulary::Flags;
use std::collections::HashSet;
use std::time::Duration;

const ID: &str = "live/cam-1";

fn register(engine: &Engine) {
    let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    engine.register(ID, "", inputs, Config::new()).unwrap();
}

/// Records by handle and by id.
fn record(engine: &Engine, priority: i32) {
    let Ok(mut handle) = engine.open_input(ID, priority, 0) else { return };
    let mut newest = 0;
    for _ in 0..3 {
        let verdict = handle.record(10, Flags::VIDEO | Flags::KEY).number();
        assert!(verdict == 0 || verdict >= newest, "the gate went back");
        newest = newest.max(verdict);
        // The stream may be gone.
        let _ = engine.record_packet(ID, priority, 10, Flags::NONE);
    }
    handle.report_error("broken");
}

/// What a host changes, and at last all of it.
fn call(engine: &Engine) {
    let _ = engine.switch_input(ID, 1);
    engine.sync(Duration::MAX).unwrap();
    let status = engine.runtime_status(ID).unwrap();
    assert_eq!(status.inputs.len(), 2);
    let _ = engine.switch_input(ID, 0);
    engine.unregister(ID).unwrap();
}

/// All of an engine's life: a stream, on whose inputs two threads record while the host changes it.
fn run(engine: &Arc<Engine>) {
    register(engine);
    let recorders = [0, 1].map(|priority| {
        let engine = engine.clone();
        thread::spawn(move || record(&engine, priority))
    });
    call(engine);
    recorders.into_iter().for_each(|recorder| recorder.join().unwrap());
    engine.shutdown().unwrap();
}

/// Each session that began has ended, once.
#[derive(Default)]
struct Sessions {
    run: HashSet<u64>,
    began: HashSet<u64>,
}

impl Sessions {
    fn note(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Start(start) => self.start(start.session),
            EventKind::Stop(stop) => self.stop(stop.session),
            _ => {}
        }
    }

    fn start(&mut self, session: u64) {
        assert!(self.began.insert(session) && self.run.insert(session), "{session} twice");
    }

    fn stop(&mut self, session: u64) {
        assert!(self.run.remove(&session), "{session} ends, and did not run");
    }
}

#[test]
fn a_polled_engine_with_ingest_threads_callers_and_a_tap() {
    check(1, || {
        let engine = Arc::new(Engine::new().unwrap());
        let mut tap = engine.tap(TapOptions::new().keep(64)).unwrap();
        let host = {
            let engine = engine.clone();
            thread::spawn(move || {
                let mut sessions = Sessions::default();
                while let Ok(event) = engine.next_event(Duration::MAX) {
                    event.iter().for_each(|event| sessions.note(&event.kind));
                }
                assert!(sessions.run.is_empty(), "{:?} run on", sessions.run);
            })
        };
        run(&engine);
        host.join().unwrap();
        let (mut sessions, mut seq) = (Sessions::default(), 0);
        while let Ok(Some(event)) = tap.next(Duration::ZERO) {
            assert_eq!((event.seq(), event.missed()), (seq + 1, 0));
            seq = event.seq();
            sessions.note(&event.event().kind);
        }
        assert!(seq > 0 && sessions.run.is_empty());
    });
}

/// The host of an engine with callbacks.
struct Host(Sessions);

impl Ingestor for Host {
    fn start(&mut self, _: &Event, start: &Start) -> Result<(), String> {
        self.0.start(start.session);
        // Every other one fails.
        if start.session % 2 == 0 {
            Err("no".into())
        } else {
            Ok(())
        }
    }

    fn stop(&mut self, _: &Event, stop: &Stop) {
        self.0.stop(stop.session);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        assert!(thread::panicking() || self.0.run.is_empty(), "{:?} run on", self.0.run);
    }
}

#[test]
fn an_engine_with_callbacks_ingest_threads_and_callers() {
    check(1, || {
        let host = Host(Sessions::default());
        let engine = Arc::new(Engine::builder().ingestor(host).build().unwrap());
        run(&engine);
    });
}
