//! Nothing that a host calls in a loop makes memory grow or holds up other streams, and no call has to
//! wait for ever for a callback that does not return.

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{Config, Engine, Error, Input, Level};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Of this process: who asks runs alone in it.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn two() -> Vec<Input> {
    vec![Input::new(0, "a"), Input::new(1, "b")]
}

/// What a loop may leave behind: less than a byte for each call of the loops below.
const A_LITTLE: usize = 64 << 20;

#[test]
fn a_loop_of_reports_leaves_nothing_behind_and_others_are_served() {
    if !alone("loops::a_loop_of_reports_leaves_nothing_behind_and_others_are_served") {
        return;
    }
    let engine = Engine::new().unwrap();
    engine.register("s", "", two(), Config::new()).unwrap();
    engine.register("t", "", two(), Config::new()).unwrap();
    let (input, text) = (engine.open_input("s", 0, 0).unwrap(), "x".repeat(1 << 10));
    let (calls, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let before = resident();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                input.report_error(&text);
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..100 {
            engine.update_buffer_write_id("t", "b").unwrap();
        }
        eventually("a million reports", || {
            (calls.load(Ordering::Relaxed) > 1_000_000).then_some(())
        });
        ended.store(true, Ordering::Relaxed);
    });
    engine.sync(PATIENCE).unwrap();
    assert!(resident() < before + A_LITTLE, "{} -> {}", before, resident());
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(status.active_input_priority, 1);
    assert_eq!(status.inputs[0].errors.len(), 1, "reporting twice is the same as once");
}

#[test]
fn a_report_is_decided_before_what_its_thread_calls_next() {
    let engine = Engine::new().unwrap();
    engine.register("s", "", two(), Config::new()).unwrap();
    let input = engine.open_input("s", 0, 0).unwrap();
    for _ in 0..200 {
        // As new, so that a report degrades it again.
        let update = changeover::InputsUpdate { updated: two(), ..Default::default() };
        engine.update_inputs("s", update).unwrap();
        input.report_error("gone");
        assert_eq!(engine.switch_input("s", 0), Err(Error::InputDegraded));
    }
}

#[test]
fn calls_that_are_given_up_leave_nothing_behind() {
    if !alone("loops::calls_that_are_given_up_leave_nothing_behind") {
        return;
    }
    let engine = Engine::new().unwrap();
    engine.register("s", "", two(), Config::new()).unwrap();
    let before = resident();
    engine.set_call_timeout(Some(Duration::ZERO));
    for _ in 0..200_000 {
        let _ = engine.sync(Duration::ZERO);
        let _ = engine.open_input("s", 0, 0);
    }
    engine.set_call_timeout(None);
    engine.sync(PATIENCE).unwrap();
    assert!(resident() < before + A_LITTLE, "{} -> {}", before, resident());
}

#[test]
fn a_callback_that_does_not_return_holds_up_nobody_who_set_a_timeout() {
    let (logbook, (go, gate)) = (Logbook::default(), channel::<()>());
    let gate = Arc::new(Mutex::new(gate));
    let waits = move |gate: &Mutex<std::sync::mpsc::Receiver<()>>| {
        let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
    };
    let in_start = gate.clone();
    let engine = Engine::builder()
        .ingestor(Script::new(&logbook, move |_| {
            waits(&in_start);
            Ok(())
        }))
        .build()
        .unwrap();
    engine.register("s", "", two(), Config::new()).unwrap();
    engine.register("t", "", two(), Config::new()).unwrap();
    engine.set_call_timeout(Some(ms(20)));
    assert_eq!(engine.unregister("s"), Err(Error::Timeout));
    assert!(!engine.is_registered("s"), "it has ended nevertheless");
    let log = move |_: Level, _: &str| waits(&gate);
    engine.set_log_callback(Some((Level::Debug, Box::new(log)))).unwrap();
    engine.clear_override("t").unwrap();
    engine.update_buffer_write_id("t", "b").unwrap();
    assert_eq!(engine.set_log_callback(None), Err(Error::Timeout));
    assert_eq!(engine.shutdown(), Err(Error::Timeout));
    assert_eq!(engine.registered_streams(), Err(Error::ShutDown));
    drop(go);
    engine.set_call_timeout(None);
    engine.shutdown().unwrap();
    assert_eq!(logbook.story().last().map(String::as_str), Some("unregistered"));
}
