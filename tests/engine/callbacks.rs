//! Promise 6: no lock is held while host code runs. Any call is legal in a callback except those
//! that would wait for it, and nothing a callback does ends the engine.

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{Config, Engine, Error, Flags, Input, InputsUpdate, Level, ProbeOutcome};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

type Late = Arc<OnceLock<Arc<Engine>>>;

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

fn engine(script: Script) -> Engine {
    let far = Duration::from_secs(60);
    let config = Config::new().packet_timeout(far).connect_timeout(far);
    Engine::builder().defaults(config).ingestor(script).build().unwrap()
}

/// An engine that its own script can call.
fn looped(
    logbook: &Logbook,
    mut script: impl FnMut(&Engine, &str, &str) + Send + 'static,
) -> Arc<Engine> {
    let late = Late::default();
    let own = late.clone();
    let engine = Arc::new(engine(Script::new(logbook, move |event| {
        script(own.wait(), &event.stream, &brief(event));
        Ok(())
    })));
    late.set(engine.clone()).ok().unwrap();
    engine
}

/// The script keeps its engine alive; this ends both.
fn end(engine: &Engine) {
    engine.shutdown().unwrap();
}

/// Every operation, on a stream of its own.
fn call_everything(engine: &Engine, id: &str) {
    let now = engine.now();
    assert_eq!(engine.sync(ms(1000)), Err(Error::InCallback));
    assert_eq!(engine.shutdown(), Err(Error::InCallback));
    engine.register(id, "", inputs(), Config::new()).unwrap();
    assert_eq!(engine.register(id, "", inputs(), Config::new()), Err(Error::StreamExists));
    assert!(engine.is_registered(id));
    assert!(engine.registered_streams().unwrap().iter().any(|s| &**s == id));
    engine.set_config(Some(id), Config::new().packet_timeout(ms(50_000))).unwrap();
    let session = engine.runtime_status(id).unwrap().inputs[0].session.unwrap();
    let mut input = engine.open_input(id, 0, session).unwrap();
    let _ = input.record(1, Flags::NONE);
    let _ = engine.record_packet(id, 0, 1, Flags::NONE).unwrap();
    input.report_error("from a callback");
    engine.report_input_error(id, 0, "from a callback").unwrap();
    engine.start_result(id, session, Ok(())).unwrap();
    assert_eq!(engine.probe_result(id, 1 << 60, ProbeOutcome::Ok), Err(Error::StaleSession));
    engine.switch_input(id, 1).unwrap();
    engine.switch_input_for(id, 1, Duration::from_secs(60)).unwrap();
    engine.clear_override(id).unwrap();
    engine.set_input_enabled(id, 1, true).unwrap();
    assert_eq!(engine.fail_back(id), Err(Error::NoBetterInput));
    let update = InputsUpdate { removed: vec![0], ..Default::default() };
    engine.update_inputs(id, update).unwrap();
    engine.update_buffer_write_id(id, "b").unwrap();
    assert_eq!(engine.next_event(ms(1000)).unwrap_err(), Error::WrongMode);
    assert_eq!(engine.event_fd().unwrap_err(), Error::WrongMode);
    engine.set_exhausted_callback(Some(Box::new(|_| {}))).unwrap();
    engine.set_restored_callback(None).unwrap();
    engine.set_log_callback(Some((Level::Warn, Box::new(|_, _| {})))).unwrap();
    engine.set_log_callback(None).unwrap();
    assert_eq!(engine.runtime_status(id).unwrap().inputs.len(), 1);
    engine.unregister(id).unwrap();
    assert!(!engine.is_registered(id) && engine.now() >= now);
}

#[test]
fn every_call_is_legal_in_every_callback() {
    let logbook = Logbook::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let (count, seen) = (calls.clone(), Mutex::new(Vec::new()));
    let engine = looped(&logbook, move |engine, stream, what| {
        // Once in each kind of callback; not for what the calls themselves bring about.
        let mut seen = seen.lock().unwrap();
        let kind = what.split(' ').next().unwrap().to_owned();
        if stream == "outer" && !seen.contains(&kind) {
            seen.push(kind);
            let n = count.fetch_add(1, Ordering::SeqCst);
            call_everything(engine, &format!("inner{n}"));
        }
    });
    engine.register("outer", "", inputs(), Config::new().probe_cooldown(ms(100))).unwrap();
    let _ = engine.record_packet("outer", 0, 1, Flags::NONE).unwrap();
    logbook.wait("outer", "active 0");
    for priority in [0, 1] {
        engine.report_input_error("outer", priority, "gone").unwrap();
    }
    logbook.wait("outer", "exhausted error");
    let _ = engine.record_packet("outer", 0, 1, Flags::NONE).unwrap();
    logbook.wait("outer", "restored 0");
    engine.unregister("outer").unwrap();
    // start, switched, active, degraded, exhausted, recovered, restored, stop, unregistered.
    assert!(calls.load(Ordering::SeqCst) >= 9, "{calls:?} {:?}", logbook.story());
    engine.sync(PATIENCE).unwrap();
    // What was registered inside was told like everything else.
    let unregistered = logbook.story().iter().filter(|l| *l == "unregistered").count();
    assert_eq!(unregistered, 1 + calls.load(Ordering::SeqCst));
    end(&engine);
}

#[test]
fn every_call_is_legal_in_the_outage_and_log_callbacks() {
    let logbook = Logbook::default();
    let engine = looped(&logbook, |_, _, _| {});
    let (told, tell) = answers();
    for (n, set) in
        [Engine::set_exhausted_callback, Engine::set_restored_callback].iter().enumerate()
    {
        let (own, tell) = (engine.clone(), tell.clone());
        let callback = move |stream: &str| {
            call_everything(&own, &format!("inner{n}"));
            tell.send(format!("{n} {stream}")).unwrap();
        };
        set(&engine, Some(Box::new(callback))).unwrap();
    }
    engine.register("s", "", inputs(), Config::new()).unwrap();
    for priority in [0, 1] {
        engine.report_input_error("s", priority, "gone").unwrap();
    }
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "0 s");
    // `call_everything` removed the restored callback from inside the other one.
    let (own, again) = (engine.clone(), tell.clone());
    let callback = move |stream: &str| {
        call_everything(&own, "inner");
        again.send(format!("1 {stream}")).unwrap();
    };
    engine.set_restored_callback(Some(Box::new(callback))).unwrap();
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "1 s");

    // In the log callback, which is replaced by one of the calls.
    let (own, tell) = (engine.clone(), tell.clone());
    let mut done = false;
    let log = move |_: Level, line: &str| {
        if !std::mem::replace(&mut done, true) {
            call_everything(&own, "logged");
            tell.send(line.to_owned()).unwrap();
        }
    };
    engine.set_log_callback(Some((Level::Debug, Box::new(log)))).unwrap();
    engine.register("t", "", inputs(), Config::new()).unwrap();
    assert!(told.recv_timeout(PATIENCE).unwrap().starts_with("t: start input 0"));
    engine.sync(PATIENCE).unwrap();
    end(&engine);
}

fn answers() -> (Receiver<String>, Sender<String>) {
    let (sender, receiver) = channel();
    (receiver, sender)
}

#[test]
fn unregister_returns_after_the_last_word_but_at_once_on_the_event_thread() {
    let logbook = Logbook::default();
    let (told, tell) = answers();
    let book = logbook.clone();
    let engine = looped(&logbook, move |engine, stream, what| {
        if (stream, what) == ("inside", "start 0") {
            engine.unregister("inside").unwrap();
            assert_eq!(engine.unregister("inside"), Err(Error::UnknownStream));
            let early =
                book.events().iter().any(|e| &*e.stream == "inside" && brief(e) == "unregistered");
            tell.send(format!("early: {early}")).unwrap();
        }
        if what == "stop 1" {
            // So that a caller who does not wait would be seen.
            std::thread::sleep(ms(200));
        }
    });
    engine.register("outside", "", inputs(), Config::new()).unwrap();
    logbook.wait("outside", "start 1");
    engine.unregister("outside").unwrap();
    let story = logbook.story();
    assert_eq!(story[story.len() - 3..], ["stop 0", "stop 1", "unregistered"]);
    engine.register("inside", "", inputs(), Config::new()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "early: false");
    logbook.wait("inside", "unregistered");
    let of_inside = |story: &Logbook| -> Vec<String> {
        let events = story.events();
        events.iter().filter(|e| &*e.stream == "inside").map(brief).collect()
    };
    let story = of_inside(&logbook);
    assert_eq!(story[story.len() - 2..], ["stop 0", "unregistered"], "{story:?}");
    end(&engine);
}

#[test]
fn sync_waits_for_delivery() {
    let logbook = Logbook::default();
    let engine = engine(Script::new(&logbook, |_| {
        std::thread::sleep(ms(20));
        Ok(())
    }));
    engine.register("s", "", inputs(), Config::new()).unwrap();
    assert_eq!(engine.sync(Duration::ZERO), Err(Error::Timeout));
    engine.sync(PATIENCE).unwrap();
    assert_eq!(logbook.story(), ["start 0", "switched -1>0 initial", "start 1"]);
}

#[test]
fn a_start_that_fails_or_panics_tries_the_next() {
    let logbook = Logbook::default();
    let engine = engine(Script::new(&logbook, |event| match brief(event).as_str() {
        "start 0" => Err("no such host".into()),
        "start 1" => panic!("planted"),
        _ => Ok(()),
    }));
    let inputs = (0..3).map(|p| Input::new(p, "x")).collect();
    engine.register("s", "", inputs, Config::new()).unwrap();
    logbook.wait("s", "start 2");
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(status.active_input_priority, 2);
    assert_eq!(status.inputs[0].last_error.as_deref(), Some("no such host"));
    assert_eq!(status.inputs[1].last_error.as_deref(), Some("the host's start panicked"));
    let count = |what: &str| logbook.story().iter().filter(|l| *l == what).count();
    for priority in 0..2 {
        assert_eq!(count(&format!("start {priority}")), 1);
        assert_eq!(count(&format!("stop {priority}")), 1, "stop follows in either case");
    }
}

#[test]
fn a_panic_in_any_callback_ends_nothing() {
    let logbook = Logbook::default();
    let engine = engine(Script::new(&logbook, |_| panic!("planted")));
    let config = Config::new().probe_cooldown(ms(50));
    let count = Arc::new(AtomicUsize::new(0));
    for set in [Engine::set_exhausted_callback, Engine::set_restored_callback] {
        let count = count.clone();
        let callback = move |_: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("planted");
        };
        set(&engine, Some(Box::new(callback))).unwrap();
    }
    engine.register("s", "", inputs(), config).unwrap();
    logbook.wait("s", "exhausted start_failed");
    engine.register("t", "", inputs(), Config::new()).unwrap();
    logbook.wait("t", "exhausted start_failed");
    engine.unregister("s").unwrap();
    logbook.wait("s", "unregistered");
    engine.sync(PATIENCE).unwrap();
    // A callback that panicked stays.
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// Counts its drops, and panics in them if told to.
struct Dropped(Arc<AtomicUsize>, bool);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        assert!(!self.1, "planted");
    }
}

fn exhaust(engine: &Engine, id: &str) {
    engine.register(id, "", vec![Input::new(0, "x")], Config::new()).unwrap();
    engine.report_input_error(id, 0, "gone").unwrap();
}

#[test]
fn a_replaced_callback_is_dropped_once_and_never_while_it_runs() {
    let logbook = Logbook::default();
    let engine = looped(&logbook, |_, _, _| {});
    let drops = Arc::new(AtomicUsize::new(0));
    let (told, tell) = answers();

    // Replaced from within.
    let (own, witness) = (engine.clone(), Dropped(drops.clone(), false));
    let inside = {
        let (drops, tell) = (drops.clone(), tell.clone());
        move |_: &str| {
            let _ = &witness;
            own.set_exhausted_callback(None).unwrap();
            tell.send(format!("{} drops inside", drops.load(Ordering::SeqCst))).unwrap();
        }
    };
    engine.set_exhausted_callback(Some(Box::new(inside))).unwrap();
    exhaust(&engine, "a");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "0 drops inside");
    engine.sync(PATIENCE).unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 1);

    // Replaced from outside: at once, or if it runs after that.
    for running in [false, true] {
        let before = drops.load(Ordering::SeqCst);
        let (go, gate) = channel::<()>();
        let witness = Dropped(drops.clone(), false);
        let tell = tell.clone();
        let callback = move |_: &str| {
            let _ = &witness;
            tell.send("runs".into()).unwrap();
            let _ = gate.recv_timeout(PATIENCE);
        };
        engine.set_exhausted_callback(Some(Box::new(callback))).unwrap();
        if running {
            exhaust(&engine, "b");
            assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "runs");
        }
        engine.set_exhausted_callback(None).unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), before + usize::from(!running));
        go.send(()).unwrap_or(());
        engine.sync(PATIENCE).unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), before + 1);
    }

    // The last ones are dropped when the engine ends.
    let witness = Dropped(drops.clone(), false);
    let callback = move |_: &str| {
        let _ = &witness;
    };
    engine.set_restored_callback(Some(Box::new(callback))).unwrap();
    end(&engine);
    assert_eq!(drops.load(Ordering::SeqCst), 4);
}

#[test]
fn a_destructor_that_panics_ends_nothing() {
    let logbook = Logbook::default();
    let engine = looped(&logbook, |_, _, _| {});
    let drops = Arc::new(AtomicUsize::new(0));
    let (own, witness) = (engine.clone(), Dropped(drops.clone(), true));
    let callback = move |_: &str| {
        let _ = &witness;
        own.set_exhausted_callback(None).unwrap();
    };
    engine.set_exhausted_callback(Some(Box::new(callback))).unwrap();
    exhaust(&engine, "a");
    engine.unregister("a").unwrap();
    exhaust(&engine, "b");
    logbook.wait("b", "exhausted error");
    engine.sync(PATIENCE).unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    end(&engine);
}

#[test]
fn a_callback_and_a_log_callback_do_not_wait_for_each_other() {
    let logbook = Logbook::default();
    let (told, tell) = answers();
    let (logging, in_log) = channel::<()>();
    let in_log = Mutex::new(in_log);
    let engine = looped(&logbook, move |engine, stream, what| {
        if (stream, what) == ("s", "start 0") {
            // The log callback is inside `unregister`, or about to be.
            in_log.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            engine.set_log_callback(None).unwrap();
            tell.send("replaced".into()).unwrap();
        }
    });
    engine.register("t", "", inputs(), Config::new()).unwrap();
    let (own, mut done) = (engine.clone(), false);
    let log = move |_: Level, _: &str| {
        if !std::mem::replace(&mut done, true) {
            logging.send(()).unwrap();
            own.unregister("t").unwrap();
        }
    };
    engine.set_log_callback(Some((Level::Debug, Box::new(log)))).unwrap();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "replaced");
    logbook.wait("t", "unregistered");
    end(&engine);
}
