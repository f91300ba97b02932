//! What can't be brought about, or seen, from outside the engine.

use super::*;
use crate::core::{Config, Input, Start, Stop};
use crate::hot::{Packet, Verdict};
use crate::vocabulary::{Flags, Status};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn register(engine: &Engine, id: &str) {
    let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    engine.register(id, "", inputs, Config::new()).unwrap();
}

/// A bug in the monitor, as a caller could meet one.
fn break_the_monitor(engine: &Engine) {
    let broken: Result<(), _> = engine.mailbox.call(None, |_| panic!("planted"));
    assert_eq!(broken, Err(Error::ShutDown), "the caller does not hang");
}

struct Silent;

impl Ingestor for Silent {
    fn start(&mut self, _: &Event, _: &Start) -> Result<(), String> {
        Ok(())
    }

    fn stop(&mut self, _: &Event, _: &Stop) {}
}

#[test]
fn a_panic_of_the_monitor_leaves_nobody_waiting() {
    let engine = Engine::new().unwrap();
    register(&engine, "s");
    let mut input = engine.open_input("s", 0, 0).unwrap();
    std::thread::scope(|scope| {
        let poller = scope.spawn(|| loop {
            if let Err(error) = engine.next_event(Duration::MAX) {
                return error;
            }
        });
        let recorder = scope.spawn(|| {
            // What this thread may find is not freed under it.
            (0..200_000).all(|_| engine.record_packet("s", 0, 1, Flags::NONE).is_ok())
        });
        break_the_monitor(&engine);
        assert_eq!(poller.join().unwrap(), Error::ShutDown);
        assert!(recorder.join().unwrap());
    });
    assert_eq!(engine.sync(PATIENCE), Err(Error::ShutDown));
    assert_eq!(engine.unregister("s"), Err(Error::ShutDown));
    assert_eq!(engine.runtime_status("s").unwrap().active_input_priority, 0);
    let _ = input.record(1, Flags::NONE);
    drop(engine);
    let _ = input.record(1, Flags::NONE);
}

#[test]
fn a_panic_of_the_monitor_ends_the_event_thread() {
    let engine = Engine::builder().ingestor(Silent).build().unwrap();
    register(&engine, "s");
    break_the_monitor(&engine);
    engine.shutdown().unwrap();
}

#[test]
fn a_status_being_read_never_shows_the_next_life_of_a_cell() {
    let engine = Engine::new().unwrap();
    register(&engine, "s");
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    // A reader got this far, and is slow.
    let stream =
        membership::with_route(&engine.shared, "s", |route| route.stream().clone()).unwrap();
    engine.unregister("s").unwrap();
    for n in 0..100 {
        let id = n.to_string();
        register(&engine, &id);
        let _ = engine.record_packet(&id, 0, 1000, Flags::NONE).unwrap();
        engine.sync(PATIENCE).unwrap();
    }
    let status = RuntimeStatus::of(&stream.snapshot(), engine.now(), &engine.shared.wall.load());
    assert_eq!((status.inputs[0].packets, status.inputs[0].bytes), (1, 1));
    assert_eq!(status.inputs[1].packets, 0);
}

#[test]
fn gates_wait_for_no_event() {
    let engine = Engine::builder().event_limit(1 << 20).build().unwrap();
    let ids: Arc<[String]> = (0..3000).map(|n| n.to_string()).collect();
    ids.iter().for_each(|id| register(&engine, id));
    let events = || std::iter::from_fn(|| engine.next_event(Duration::ZERO).unwrap());
    events().for_each(drop);
    let (all, shared, queue) = (ids.clone(), engine.shared.clone(), engine.queue.clone());
    let packet = Packet { bytes: 1, flags: Flags::NONE };
    // All fail in one tick.
    let in_the_tick = move |monitor: &mut Monitor| {
        for id in &*all {
            let text = String::new();
            monitor.note(id, core::Stimulus::InputError { priority: 0, text });
            let forwards =
                |priority| membership::record(&shared, id, priority, packet).map(Verdict::forward);
            assert_eq!((forwards(0)?, forwards(1)?), (false, true));
        }
        let take = || matches!(queue.pop(Some(Instant::now())), Popped::Item(_)).then_some(());
        assert_eq!(take(), None);
        monitor.tell_for_a_tick();
        Ok(std::iter::from_fn(take).count())
    };
    let told_first = engine.mailbox.call(None, in_the_tick).unwrap();
    assert!((1..2 * ids.len()).contains(&told_first), "some is told, and some waits");
    engine.sync(PATIENCE).unwrap();
    let told = events().map(|event| format!("{} {}", event.stream, event.kind.name()));
    let each =
        ids.iter().flat_map(|id| ["degraded", "switched"].map(|what| format!("{id} {what}")));
    let rest: Vec<_> = each.skip(told_first).collect();
    assert_eq!(told.take(rest.len()).collect::<Vec<_>>(), rest);
}

#[test]
fn cells_are_used_again() {
    let engine = Engine::new().unwrap();
    let mut after_the_first = 0;
    for round in 0..50 {
        let ids: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        ids.iter().for_each(|id| register(&engine, id));
        let handles: Vec<_> = ids.iter().map(|id| engine.open_input(id, 0, 0).unwrap()).collect();
        let _ = engine.record_packet("0", 0, 1, Flags::NONE).unwrap();
        drop(handles);
        ids.iter().for_each(|id| engine.unregister(id).unwrap());
        // In limbo until the second step after.
        (0..3).for_each(|_| engine.sync(PATIENCE).unwrap());
        if round == 0 {
            after_the_first = engine.shared.pool.grow().end;
        }
    }
    assert_eq!(engine.shared.pool.grow().start, after_the_first, "it has not grown since");
}

#[test]
fn the_first_stamp_is_a_tick() {
    let engine = Engine::new().unwrap();
    assert_eq!(engine.shared.clock.now() % 1_000_000, 0);
}

#[test]
fn a_late_tick_makes_no_silence_longer() {
    // Shorter and longer than stamps are remembered.
    for timeout in [Duration::from_millis(100), Duration::from_secs(5)] {
        let engine =
            Engine::builder().defaults(Config::new().packet_timeout(timeout)).build().unwrap();
        engine.register("s", "", vec![Input::new(0, "a")], Config::new()).unwrap();
        let mut input = engine.open_input("s", 0, 0).unwrap();
        let _ = input.record(1, Flags::NONE);
        engine.sync(PATIENCE).unwrap();
        // The monitor is late, yet not as late as in a stall, while the last packet comes.
        let (late, is_late) = crossbeam::channel::bounded(1);
        engine.mailbox.post(move |_| {
            late.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(17));
        });
        is_late.recv().unwrap();
        std::thread::sleep(Duration::from_millis(14));
        let last = Instant::now();
        let _ = input.record(1, Flags::NONE);
        let deadline = last + timeout + PATIENCE;
        while engine.runtime_status("s").unwrap().inputs[0].status != Status::Degraded {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(last.elapsed() >= timeout, "early by {:?}", timeout - last.elapsed());
    }
}

#[test]
fn after_a_stall_recording_threads_have_time_to_read() {
    let timeout = Duration::from_millis(10);
    let defaults = Config::new().packet_timeout(timeout);
    let engine = Engine::builder().defaults(defaults).build().unwrap();
    register(&engine, "s");
    let mut input = engine.open_input("s", 0, 0).unwrap();
    // Its last packet comes while the monitor stalls.
    engine.mailbox.post(move |_| {
        std::thread::sleep(Duration::from_millis(200));
        let _ = input.record(1, Flags::NONE);
    });
    let deadline = Instant::now() + PATIENCE;
    let degraded = loop {
        assert!(Instant::now() < deadline);
        let event = engine.next_event(PATIENCE).unwrap().expect("it is given up");
        if let EventKind::Notice(core::Notice::Degraded { error, .. }) = event.kind {
            break error.detail;
        }
    };
    // Less what lies between two readings of the clock.
    assert!(degraded.measured() > 45_000_000, "given up right after the stall: {degraded}");
}
