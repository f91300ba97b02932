//! Rule 27: sources that connect by themselves, recorded by id.

use crate::rig::*;
use changeover::{Config, Engine, EventKind, Flags, Input, Overlap, Source, Start, StartReason};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A server that RTMP encoders publish to: it records what comes by id, whether or not the engine has
/// started anything. Input 1 is pulled: its packets come while it is started.
struct Server {
    engine: Arc<Engine>,
    publishing: Arc<AtomicBool>,
    started: Arc<Mutex<BTreeSet<i32>>>,
    ended: Arc<AtomicBool>,
    ingest: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn new(config: Config) -> Server {
        let engine = Arc::new(Engine::builder().defaults(config).build().unwrap());
        let (publishing, ended) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let started: Arc<Mutex<BTreeSet<i32>>> = Arc::default();
        let ingest = {
            let (engine, publishing, ended) =
                (engine.clone(), publishing.clone(), Arc::clone(&ended));
            let started = started.clone();
            std::thread::spawn(move || {
                while !AtomicBool::load(&ended, Ordering::Relaxed) {
                    if publishing.load(Ordering::Relaxed) {
                        let _ = engine.record_packet("live", 0, 1316, Flags::NONE);
                    }
                    if started.lock().unwrap().contains(&1) {
                        let _ = engine.record_packet("live", 1, 1316, Flags::NONE);
                    }
                    std::thread::sleep(ms(2));
                }
            })
        };
        Server { engine, publishing, started, ended, ingest: Some(ingest) }
    }

    /// Carries out what the engine says, up to and with this event.
    fn obey_until(&self, what: &str) -> changeover::Event {
        let events = take_until(&self.engine, what, |event| {
            match &event.kind {
                EventKind::Start(start) => {
                    self.started.lock().unwrap().insert(start.input.priority);
                }
                EventKind::Stop(stop) => {
                    self.started.lock().unwrap().remove(&stop.priority);
                }
                EventKind::Probe(probe) => {
                    let unsupported = changeover::ProbeOutcome::Unsupported;
                    let _ = self.engine.probe_result("live", probe.probe, unsupported);
                }
                _ => {}
            }
            brief(event) == what
        });
        events.into_iter().last().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.ingest.take().unwrap().join().unwrap();
    }
}

fn pushed() -> Config {
    Config::new().source(Source::Pushed)
}

fn impatient() -> Config {
    Config::new()
        .packet_timeout(ms(200))
        .failback_stable(ms(150))
        .switch_cooldown(ms(100))
        .probe_cooldown(std::time::Duration::from_secs(3600))
}

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "rtmp://publish").config(pushed()), Input::new(1, "srt://pull")]
}

#[test]
fn a_publisher_that_connects_and_returns_is_on_air_again_by_recording_by_id_alone() {
    let server = Server::new(impatient().overlap(Overlap::Off));
    server.engine.register("live", "", inputs(), Config::new()).unwrap();
    server.obey_until("active 0");
    server.publishing.store(false, Ordering::Relaxed);
    let left = server.obey_until("switched 0>1 timeout").at;
    server.obey_until("active 1");
    let status = server.engine.runtime_status("live").unwrap();
    assert!(status.inputs[0].listening && status.inputs[0].session.is_none());

    let returned = server.engine.now();
    server.publishing.store(true, Ordering::Relaxed);
    let recovered = server.obey_until("recovered 0").at;
    assert!(recovered >= returned + nanos(ms(150)), "{recovered} after {returned}");
    let back = server.obey_until("switched 1>0 failback").at;
    assert!(back >= left + nanos(ms(100)));
    server.obey_until("active 0");
}

#[test]
fn with_overlap_on_its_session_goes_on_listening() {
    let server = Server::new(impatient());
    server.engine.register("live", "", inputs(), Config::new()).unwrap();
    let start = server.obey_until("start 0");
    let EventKind::Start(Start { session, start_reason, .. }) = start.kind else { unreachable!() };
    assert_eq!(start_reason, StartReason::Initial);
    server.obey_until("active 0");
    server.publishing.store(false, Ordering::Relaxed);
    server.obey_until("active 1");
    let status = server.engine.runtime_status("live").unwrap();
    assert_eq!((status.inputs[0].session, status.inputs[0].listening), (Some(session), true));
    server.publishing.store(true, Ordering::Relaxed);
    server.obey_until("recovered 0");
    server.obey_until("active 0");
    assert_eq!(server.engine.runtime_status("live").unwrap().inputs[0].session, Some(session));
}

#[test]
fn a_handle_that_follows_shows_life_and_a_bound_one_does_not() {
    let engine = Engine::builder().defaults(impatient().overlap(Overlap::Off)).build().unwrap();
    engine.register("live", "", inputs(), Config::new()).unwrap();
    let (_, session) =
        start_of(take_until(&engine, "start", |e| start_of(e).is_some()).last().unwrap())
            .expect("a start");
    let mut bound = engine.open_input("live", 0, session).unwrap();
    let mut following = engine.open_input("live", 0, 0).unwrap();
    engine.report_input_error("live", 0, "unpublished").unwrap();
    let (_, backup) =
        start_of(take_until(&engine, "start 1", |e| brief(e) == "start 1").last().unwrap())
            .expect("a start");
    let mut on_air = engine.open_input("live", 1, backup).unwrap();
    let since = engine.now();
    while engine.now() < since + nanos(ms(600)) {
        assert!(!bound.record(1, Flags::NONE).forward());
        let _ = on_air.record(1, Flags::NONE);
        std::thread::sleep(ms(2));
    }
    let status = engine.runtime_status("live").unwrap();
    assert_eq!(status.inputs[0].status, changeover::Status::Degraded, "promise 2");
    let mut events = Vec::new();
    // Also through a handle that is opened when its packets are awaited already.
    let mut late = engine.open_input("live", 0, 0).unwrap();
    eventually("it recovers", || {
        let _ = following.record(1, Flags::NONE);
        let _ = late.record(1, Flags::NONE);
        let _ = on_air.record(1, Flags::NONE);
        events.extend(take_all(&engine));
        story(&events).contains(&"recovered 0".to_owned()).then_some(())
    });
}

#[test]
fn with_nothing_running_a_publisher_is_noticed() {
    let engine = Engine::builder().defaults(impatient()).build().unwrap();
    let only = vec![Input::new(0, "rtmp://publish").config(pushed())];
    engine.register("live", "", only, Config::new()).unwrap();
    let (_, session) =
        start_of(take_until(&engine, "start", |e| start_of(e).is_some()).last().unwrap())
            .expect("a start");
    engine.start_result("live", session, Err("the port is in use".into())).unwrap();
    take_until(&engine, "exhausted", |event| brief(event).starts_with("exhausted"));
    take_all(&engine);
    let _ = engine.record_packet("live", 0, 1, Flags::NONE).unwrap();
    take_until(&engine, "start 0", |event| brief(event) == "start 0");
}

#[test]
fn a_forced_input_goes_on_air_when_it_delivers() {
    let server = Server::new(impatient());
    server.engine.register("live", "", inputs(), Config::new()).unwrap();
    server.obey_until("active 0");
    server.engine.report_input_error("live", 1, "known to be bad").unwrap();
    let refused = server.engine.switch_input("live", 1);
    assert_eq!(refused, Err(changeover::Error::InputDegraded));
    server.engine.force_input("live", 1).unwrap();
    let start = server.obey_until("start 1");
    let EventKind::Start(Start { start_reason, .. }) = start.kind else { unreachable!() };
    assert_eq!(start_reason, StartReason::Forced);
    server.obey_until("switched 0>1 manual");
}
