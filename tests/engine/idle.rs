//! Promise 8: an engine with nothing to do sleeps, and when it wakes its clock is right before
//! anything starts.

use crate::rig::*;
use changeover::{Config, Engine, Flags, Input, InputsUpdate};
use std::time::{Duration, SystemTime};

/// The files of the monitor's thread; there is one engine in this process.
fn monitor() -> std::path::PathBuf {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let is_monitor = |task: &std::path::PathBuf| {
        std::fs::read_to_string(task.join("comm")).unwrap() == "changeover-mon\n"
    };
    let monitors: Vec<_> = tasks.filter(is_monitor).collect();
    assert_eq!(monitors.len(), 1);
    monitors[0].clone()
}

fn wake_ups(monitor: &std::path::Path) -> u64 {
    let status = std::fs::read_to_string(monitor.join("status")).unwrap();
    let line = |l: &&str| l.starts_with("voluntary_ctxt_switches");
    status.lines().find(line).unwrap().split_whitespace().last().unwrap().parse().unwrap()
}

fn assert_sleeps(monitor: &std::path::Path, when: &str) {
    // What the last command left to do may take a tick or two.
    eventually("it settles", || {
        let before = wake_ups(monitor);
        std::thread::sleep(ms(50));
        (wake_ups(monitor) == before).then_some(())
    });
    let before = wake_ups(monitor);
    // The window that is measured; nothing is waited for.
    std::thread::sleep(Duration::from_secs(1));
    let woken = wake_ups(monitor) - before;
    assert_eq!(woken, 0, "{when}");
}

#[test]
fn an_idle_engine_does_not_wake_up() {
    if !alone("idle::an_idle_engine_does_not_wake_up") {
        return;
    }
    let engine = Engine::new().unwrap();
    engine.sync(PATIENCE).unwrap();
    let monitor = monitor();
    assert_sleeps(&monitor, "with no stream");

    engine.register("empty", "", vec![], Config::new()).unwrap();
    // Removed while another thread has called by id, so that something had to be waited for.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = engine.is_registered("empty");
        });
    });
    engine.unregister("empty").unwrap();
    engine.register("empty", "", vec![], Config::new()).unwrap();
    engine.sync(PATIENCE).unwrap();
    assert_sleeps(&monitor, "with a stream without inputs");

    // One that ran, with deadlines near and far; nothing of them is left.
    let long = Config::new().packet_timeout(Duration::from_secs(3600)).probe_cooldown(ms(9_000));
    engine.register("ran", "", vec![Input::new(0, "x"), Input::new(1, "y")], long).unwrap();
    take_all(&engine);
    let _ = engine.record_packet("ran", 0, 1, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    let before = wake_ups(&monitor);
    eventually("it ticks while a session runs", || {
        (wake_ups(&monitor) > before + 20).then_some(())
    });
    engine.report_input_error("ran", 1, "gone").unwrap();
    engine.unregister("ran").unwrap();
    engine.sync(PATIENCE).unwrap();
    assert_sleeps(&monitor, "after a stream that ran");

    engine.register("emptied", "", vec![Input::new(0, "x")], Config::new()).unwrap();
    take_all(&engine);
    let update = InputsUpdate { removed: vec![0], ..Default::default() };
    engine.update_inputs("emptied", update).unwrap();
    engine.sync(PATIENCE).unwrap();
    assert_sleeps(&monitor, "with a stream that lost its inputs");
}

#[test]
fn the_clock_is_right_before_anything_starts() {
    let engine = Engine::new().unwrap();
    engine.sync(PATIENCE).unwrap();
    // How long it idles; nothing is waited for.
    std::thread::sleep(ms(1200));
    let (before, before_wall) = (engine.now(), SystemTime::now());
    engine.register("s", "", vec![Input::new(0, "x")], Config::new()).unwrap();
    // Recorded at once, most likely before the first tick.
    let mut input = engine.open_input("s", 0, 0).unwrap();
    let _ = input.record(1, Flags::NONE);
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    let last = status.inputs[0].last_packet_at.unwrap();
    // Stamps are rounded down to the tick.
    assert!(last + ms(2) > before_wall, "{last:?} is before {before_wall:?}");
    assert!(status.inputs[0].receiving);
    let start = &take_until(&engine, "start 0", |e| brief(e) == "start 0")[0];
    assert!(start.at >= before && start.at <= engine.now());
    assert!(start.wall + ms(20) >= before_wall);
    let ran = nanos(before_wall.elapsed().unwrap());
    assert!(start.at <= before + ran + nanos(ms(20)));
}
