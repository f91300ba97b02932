//! What can't be brought about, or seen, from outside the engine.

use super::*;
use crate::core::{Config, Input, Priority, Start, Stop};
use crate::hot::{Packet, Verdict};
use crate::vocabulary::{EventTag, Flags, Role, Status};
use crossbeam::channel::{RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn register(engine: &Engine, id: &str) {
    let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    engine.register(id, "", inputs, Config::new()).unwrap();
}

/// A bug in the monitor, as a caller could meet one.
fn break_the_monitor(engine: &Engine) {
    let broken: Result<(), _> = engine.call(|_| panic!("planted"));
    assert_eq!(broken, Err(Error::MonitorDied), "the caller does not hang, and learns why");
}

/// Takes events until none is left, for as long as the engine answers.
fn rest(engine: &Engine) -> (Vec<Event>, Error) {
    let mut events = Vec::new();
    loop {
        match engine.next_event(Duration::MAX) {
            Ok(event) => events.extend(event),
            Err(error) => return (events, error),
        }
    }
}

#[test]
fn a_panic_of_the_monitor_leaves_nobody_waiting() {
    let engine = Engine::new().unwrap();
    register(&engine, "s");
    let mut input = engine.open_input("s", 0, 0).unwrap();
    let on_air = input.record(1, Flags::NONE);
    assert!(on_air.forward());
    std::thread::scope(|scope| {
        let poller = scope.spawn(|| rest(&engine));
        let recorder = scope.spawn(|| {
            // What this thread may find is not freed under it.
            (0..200_000).all(|_| engine.record_packet("s", 0, 1, Flags::NONE).is_ok())
        });
        break_the_monitor(&engine);
        let (events, error) = poller.join().unwrap();
        assert_eq!(error, Error::MonitorDied);
        let last = events.last().expect("events");
        assert_eq!((last.kind.name(), &*last.stream), ("bug", ""));
        assert!(last.to_string().contains("planted"), "{last}");
        assert!(recorder.join().unwrap());
    });
    assert_eq!(engine.alive(), Err(Error::MonitorDied));
    assert_eq!(engine.sync(PATIENCE), Err(Error::MonitorDied));
    assert_eq!(engine.unregister("s"), Err(Error::MonitorDied));
    assert_eq!(engine.switch_input("s", 1), Err(Error::MonitorDied));
    assert_eq!(engine.runtime_status("s").unwrap().active_input_priority, 0);
    assert_eq!(input.record(1, Flags::NONE), on_air, "recording answers as it last did");
    assert_eq!(engine.record_packet("s", 0, 1, Flags::NONE), Ok(on_air));
    drop(engine);
    assert_eq!(input.record(1, Flags::NONE), Verdict::DROP);
}

#[test]
fn a_panic_of_the_monitor_is_told_to_taps() {
    let engine = Engine::new().unwrap();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    let reader = std::thread::spawn(move || {
        let mut kinds = Vec::new();
        loop {
            match tap.next(PATIENCE) {
                Ok(one) => kinds.push(one.expect("it is woken").event().kind.name()),
                Err(error) => return (kinds, error),
            }
        }
    });
    break_the_monitor(&engine);
    assert_eq!(reader.join().unwrap(), (vec!["bug"], Error::MonitorDied));
    assert_eq!(engine.tap(TapOptions::new()).unwrap_err(), Error::MonitorDied);
}

#[test]
fn a_panic_of_the_monitor_is_told_to_callbacks_and_the_log() {
    let (sender, told) = crossbeam::channel::unbounded();
    let (ended, has_ended) = crossbeam::channel::bounded(0);
    let log = sender.clone();
    let engine = Engine::builder()
        .ingestor(Telling(sender, ended))
        .log(Level::Error, move |_, line| log.send(line.to_owned()).unwrap())
        .build()
        .unwrap();
    register(&engine, "s");
    break_the_monitor(&engine);
    let mut lines = [told.recv_timeout(PATIENCE), told.recv_timeout(PATIENCE)].map(Result::unwrap);
    lines.sort();
    assert!(lines[0].contains("bug") && lines[0].contains("planted"), "{lines:?}");
    assert!(
        lines[1].contains("the monitor has ended") && lines[1].contains("planted"),
        "{lines:?}"
    );
    // The host's side ends in `shutdown` and not before, whatever happened.
    let gone = has_ended.recv_timeout(Duration::from_millis(100));
    assert_eq!(gone, Err(RecvTimeoutError::Timeout));
    engine.shutdown().unwrap();
    assert_eq!(has_ended.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(engine.sync(PATIENCE), Err(Error::MonitorDied), "still the reason");
}

/// Tells of notices, and by the end of the second of its own end.
struct Telling(Sender<String>, #[expect(dead_code, reason = "dropped with it")] Sender<()>);

impl Ingestor for Telling {
    fn start(&mut self, _: &Event, _: &Start) -> Result<(), String> {
        Ok(())
    }

    fn stop(&mut self, _: &Event, _: &Stop) {}

    fn notify(&mut self, event: &Event) {
        if event.kind.tag() == EventTag::Bug {
            self.0.send(event.to_string()).unwrap();
        }
    }
}

#[test]
fn a_bug_in_one_stream_costs_that_stream_alone() {
    let engine = Engine::new().unwrap();
    let ids: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    for id in &ids {
        let inputs = vec![Input::new(0, "a"), Input::new(1, "b")];
        engine.register(id, "", inputs, Config::new()).unwrap();
    }
    let mut handles: Vec<_> = ids.iter().map(|id| engine.open_input(id, 0, 0).unwrap()).collect();
    handles.iter_mut().for_each(|input| assert!(input.record(1, Flags::NONE).forward()));
    engine.sync(PATIENCE).unwrap();
    let events = || std::iter::from_fn(|| engine.next_event(Duration::ZERO).unwrap());
    let starts = events().filter(|event| event.kind.tag() == EventTag::Start).count();
    assert_eq!(starts, 20);
    engine.plant_bug("7");
    // Whoever asks for something of it learns that. The session this would have started is none.
    assert_eq!(engine.switch_input("7", 1), Err(Error::Panic));
    let told: Vec<_> = events().map(|event| (event.stream.to_string(), event)).collect();
    assert!(told.iter().all(|(stream, _)| stream == "7"));
    let kinds: Vec<_> = told.iter().map(|(_, event)| event.kind.name()).collect();
    assert_eq!(kinds, ["bug", "stop", "unregistered"]);
    assert!(told[0].1.to_string().contains("planted by a test"), "{}", told[0].1);
    assert!(!engine.is_registered("7"));
    // The others go on, and its id can be registered again.
    for (id, input) in ids.iter().zip(&mut handles) {
        assert_eq!(input.record(1, Flags::NONE).forward(), id != "7");
        if id != "7" {
            engine.switch_input(id, 1).unwrap();
        }
    }
    engine.plant_bug("");
    register(&engine, "7");
    assert!(engine.record_packet("7", 0, 1, Flags::NONE).unwrap().forward());
    assert!(engine.alive().is_ok());
}

#[test]
fn a_bug_met_by_a_packet_a_deadline_or_a_registration_is_told() {
    let defaults = Config::new().packet_timeout(Duration::from_millis(20));
    let engine = Engine::builder().defaults(defaults).build().unwrap();
    let bug_of = |stream: &str| loop {
        let event = engine.next_event(PATIENCE).unwrap().expect("a bug is told");
        if event.kind.tag() == EventTag::Bug {
            assert_eq!(&*event.stream, stream);
            return;
        }
    };
    register(&engine, "packet");
    engine.plant_bug("packet");
    assert!(engine.record_packet("packet", 0, 1, Flags::NONE).is_ok());
    bug_of("packet");
    register(&engine, "deadline");
    let _ = engine.record_packet("deadline", 0, 1, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    engine.plant_bug("deadline");
    bug_of("deadline");
    engine.plant_bug("registration");
    let refused = engine.register("registration", "", vec![Input::new(0, "a")], Config::new());
    assert_eq!(refused, Err(Error::Panic));
    assert!(engine.registered_streams().unwrap().is_empty());
}

#[test]
fn a_monitor_that_hangs_is_late() {
    let engine = Engine::new().unwrap();
    let (enter, entered) = crossbeam::channel::bounded(0);
    let (go_on, until) = crossbeam::channel::bounded::<()>(0);
    let hang = |engine: &Engine| {
        let (enter, until) = (enter.clone(), until.clone());
        engine.mailbox.post(move |_| {
            enter.send(()).unwrap();
            until.recv().unwrap();
        });
        entered.recv().unwrap();
    };
    let is_late = || engine.alive().unwrap() > Duration::from_millis(50);
    let wait_until = |late: bool| {
        let deadline = Instant::now() + PATIENCE;
        while is_late() != late {
            assert!(Instant::now() < deadline, "late: {late}");
            std::thread::yield_now();
        }
    };
    // Idle, it has no duty but the task; with a running session, ticks.
    for ticking in [false, true] {
        if ticking {
            register(&engine, "s");
        }
        hang(&engine);
        wait_until(true);
        go_on.send(()).unwrap();
        wait_until(false);
    }
    engine.unregister("s").unwrap();
    engine.sync(PATIENCE).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while engine.alive() != Ok(Duration::ZERO) {
        assert!(Instant::now() < deadline, "an idle engine has no duty");
        std::thread::yield_now();
    }
    engine.shutdown().unwrap();
    assert_eq!(engine.alive(), Err(Error::ShutDown));
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
    let wall = engine.shared.wall.load();
    let status = RuntimeStatus::of(&stream.snapshot(), stream.moves(), engine.now(), &wall);
    assert_eq!((status.inputs[0].packets, status.inputs[0].bytes), (1, 1));
    assert_eq!(status.inputs[1].packets, 0);
}

#[test]
fn gates_wait_for_no_event() {
    // However long it takes to start them all, none is overdue by then.
    let defaults = Config::new().connect_timeout(Duration::from_secs(3600));
    let engine = Engine::builder().event_limit(1 << 20).defaults(defaults).build().unwrap();
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
        monitor.end_step();
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
fn many_inputs_that_start_are_looked_through_once_for_all() {
    const INPUTS: Priority = 256;
    let engine = Engine::new().unwrap();
    let inputs = (0..INPUTS).map(|priority| Input::new(priority, "a").hot()).collect();
    engine.register("s", "", inputs, Config::new()).unwrap();
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    let (shared, queue) = (engine.shared.clone(), engine.queue.clone());
    let in_a_step = move |monitor: &mut Monitor| {
        core::passes::take();
        while let Popped::Item(Item::Event(event)) = queue.pop(Some(Instant::now())) {
            if let EventKind::Start(start) = event.kind {
                let session = start.session;
                monitor.note("s", core::Stimulus::StartTaken { session });
                monitor.note("s", core::Stimulus::StartResult { session, result: Ok(()) });
            }
        }
        monitor.end_step();
        let starts_taken = core::passes::take();
        for priority in 1..INPUTS {
            let packet = Packet { bytes: 1, flags: Flags::NONE };
            let _ = membership::record(&shared, "s", priority, packet)?;
        }
        monitor.begin_tick();
        monitor.end_step();
        Ok((starts_taken, core::passes::take()))
    };
    let (starts_taken, first_packets) = engine.mailbox.call(None, in_a_step).unwrap();
    assert_eq!(starts_taken, 1, "the deadlines, and nothing is decided");
    assert_eq!(first_packets, INPUTS as usize, "each is decided, and the deadlines once");
}

#[test]
fn what_came_before_a_session_began_is_not_its_packet() {
    let ms = Duration::from_millis;
    let engine = Engine::new().unwrap();
    // Its packets bring it back, and it is left for the source as soon as that delivers.
    let slate = Config::new().role(Role::Fill).probe_cooldown(ms(3_600_000)).connect_timeout(ms(1));
    let source = Config::new().probe_cooldown(ms(1)).connect_timeout(ms(3_600_000));
    let inputs = vec![Input::new(0, "a").config(slate).hot(), Input::new(1, "b").config(source)];
    let config = Config::new().failback_stable(ms(0)).switch_cooldown(ms(0));
    engine.register("s", "", inputs, config).unwrap();
    let next = |tag: EventTag| loop {
        let event = engine.next_event(PATIENCE).unwrap().expect("it comes");
        if event.kind.tag() == tag {
            return event;
        }
    };
    next(EventTag::Degraded);
    engine.report_input_error("s", 1, "gone").unwrap();
    let EventKind::Probe(probe) = next(EventTag::Probe).kind else { unreachable!() };
    engine.probe_result("s", probe.probe, core::ProbeOutcome::Ok).unwrap();
    // Both come while the source starts anew. That of the slate is decided first: the source is
    // stopped, and started to return to it.
    let shared = engine.shared.clone();
    let in_a_tick = move |monitor: &mut Monitor| {
        let packet = Packet { bytes: 1, flags: Flags::NONE };
        for priority in [1, 0] {
            let _ = membership::record(&shared, "s", priority, packet)?;
        }
        monitor.begin_tick();
        monitor.end_step();
        Ok(())
    };
    engine.mailbox.call(None, in_a_tick).unwrap();
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(status.active_input_priority, 0, "the source's new session has not delivered");
    assert_eq!(status.pending_input_priority, Some(1));
    assert!(engine.record_packet("s", 0, 1, Flags::NONE).unwrap().forward());
    assert!(engine.record_packet("s", 1, 1, Flags::NONE).is_ok());
    engine.sync(PATIENCE).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().active_input_priority, 1);
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

#[test]
fn rates_are_of_the_time_that_passed_and_not_of_the_engines() {
    let engine = Engine::new().unwrap();
    register(&engine, "s");
    let mut input = engine.open_input("s", 0, 0).unwrap();
    // All that comes in a window, of which the monitor stalls most.
    for _ in 0..1000 {
        let _ = input.record(1000, Flags::NONE);
    }
    engine.mailbox.post(|_| std::thread::sleep(Duration::from_millis(900)));
    let deadline = Instant::now() + PATIENCE;
    let rate = loop {
        let rate = engine.runtime_status("s").unwrap().inputs[0].bitrate_kbps;
        if rate > 0.0 {
            break rate;
        }
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
    };
    // 8 Mbit; by the engine's clock in one second, which took almost two.
    assert!(rate < 6_000.0, "{rate}");
}

/// Says on which thread it is dropped, and whether that runs host code.
struct SaysWhere(Sender<(Option<String>, bool)>);

impl Drop for SaysWhere {
    fn drop(&mut self) {
        let name = std::thread::current().name().map(str::to_owned);
        self.0.send((name, in_callback())).unwrap();
    }
}

#[test]
fn what_the_monitor_has_left_when_the_engine_is_gone_ends_where_host_code_runs() {
    let (sender, ends) = crossbeam::channel::unbounded();
    let (release, released) = crossbeam::channel::bounded::<()>(0);
    let in_a_callback = move || {
        let engine = Engine::new().unwrap();
        let input = Input::new(0, "a").with_user_data(SaysWhere(sender));
        engine.register("s", "", vec![input], Config::new()).unwrap();
        // Its stop is in the queue when the engine ends.
        assert!(engine.next_event(PATIENCE).unwrap().is_some());
        engine.mailbox.post(move |_| {
            let _ = released.recv();
        });
    };
    Thread::spawn_for_host_code("callback", 1 << 20, in_a_callback).unwrap().join(None).unwrap();
    drop(release);
    let ended = ends.recv_timeout(PATIENCE).unwrap();
    assert_eq!(ended, (Some("changeover-end".to_owned()), true));
}
