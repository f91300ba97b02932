//! Promise 5: events come in the order of the decisions, and a host that takes none can neither
//! make memory grow nor miss a command.

use crate::rig::*;
use changeover::{Config, Engine, EventKind, Failback, Flags, Input, InputsUpdate, Notice};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: usize = 50;

fn engine() -> Engine {
    let far = Duration::from_secs(60);
    let config = Config::new()
        .packet_timeout(far)
        .connect_timeout(far)
        .probe_cooldown(far)
        .failback(Failback::Manual);
    Engine::builder().defaults(config).event_limit(LIMIT).build().unwrap()
}

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

#[test]
fn a_host_that_takes_nothing_finds_what_still_matters() {
    let engine = engine();
    for n in 0..2000 {
        let id = format!("s{}", n % 7);
        engine.register(&id, "", inputs(), Config::new()).unwrap();
        let _ = engine.record_packet(&id, 0, 1, Flags::NONE).unwrap();
        engine.report_input_error(&id, 0, "gone").unwrap();
        engine.report_input_error(&id, 1, "gone").unwrap();
        assert!(engine.runtime_status(&id).unwrap().exhausted);
        engine.unregister(&id).unwrap();
    }
    engine.register("kept", "", inputs(), Config::new()).unwrap();
    let events = take_all(&engine);
    let story = story(&events);
    assert!(events.len() <= LIMIT + 3, "{} events", events.len());
    let EventKind::Gap { dropped } = events[0].kind else { panic!("{story:?}") };
    assert!(dropped > 2000, "{dropped}");
    let starts: Vec<_> = story.iter().filter(|l| l.starts_with("start")).collect();
    assert_eq!(starts, ["start 0", "start 1"], "of the registration that is left");
    assert!(!story.iter().any(|l| l.starts_with("stop")), "{story:?}");
}

#[test]
fn a_start_that_was_taken_gets_exactly_one_stop() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let (mut started, mut stopped) = (0, 0);
    for n in 0..500 {
        engine.update_buffer_write_id("s", &n.to_string()).unwrap();
        // Now and then the host wakes up and takes some of it.
        for _ in 0..n % 3 {
            match engine.next_event(Duration::ZERO).unwrap().map(|event| event.kind) {
                Some(EventKind::Start(_)) => started += 1,
                Some(EventKind::Stop(_)) => stopped += 1,
                _ => {}
            }
        }
    }
    engine.unregister("s").unwrap();
    for event in take_all(&engine) {
        match event.kind {
            EventKind::Start(_) => started += 1,
            EventKind::Stop(_) => stopped += 1,
            _ => {}
        }
    }
    assert!(started > 10, "{started}");
    assert_eq!(started, stopped);
}

#[test]
fn commands_come_in_order_and_once_whoever_calls() {
    const ROUNDS: usize = 200;
    let engine = engine();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|worker| {
                let engine = &engine;
                scope.spawn(move || {
                    let id = format!("w{worker}");
                    for n in 0..ROUNDS {
                        engine.register(&id, "", inputs(), Config::new()).unwrap();
                        if n % 2 == 0 {
                            let update = InputsUpdate { updated: inputs(), ..Default::default() };
                            engine.update_inputs(&id, update).unwrap();
                        }
                        engine.unregister(&id).unwrap();
                    }
                })
            })
            .collect();
        let (engine, over) = (&engine, &over);
        let host = scope.spawn(move || {
            let mut running = BTreeMap::new();
            let mut registrations = BTreeMap::new();
            let mut ended = 0;
            while let Some(event) = match over.load(Ordering::SeqCst) {
                true => engine.next_event(Duration::ZERO).unwrap(),
                false => Some(engine.next_event(PATIENCE).unwrap().expect("an event")),
            } {
                if let EventKind::Gap { .. } = event.kind {
                    continue;
                }
                let last = registrations.insert(event.stream.clone(), event.registration);
                assert!(last.is_none_or(|last| last <= event.registration), "{event}");
                match event.kind {
                    EventKind::Start(start) => {
                        assert!(running.insert(start.session, event.registration).is_none());
                    }
                    EventKind::Stop(stop) => {
                        assert_eq!(running.remove(&stop.session), Some(event.registration));
                    }
                    EventKind::Notice(Notice::Unregistered) => {
                        assert!(running.values().all(|r| *r != event.registration));
                        ended += 1;
                    }
                    _ => {}
                }
            }
            (running.len(), ended)
        });
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        over.store(true, Ordering::SeqCst);
        // Should it wait for an event.
        engine.register("last", "", vec![], Config::new()).unwrap();
        engine.unregister("last").unwrap();
        let (running, ended) = host.join().unwrap();
        assert_eq!(running, 0);
        assert!(ended > 0);
    });
}
