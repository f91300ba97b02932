//! A stop of the whole process (SIGSTOP, a paused virtual machine) is nobody's silence
//! (promise 4): inputs whose packets resume stay, an input that does not is failed over.

use crate::rig::*;
use changeover::{Config, Engine, EventKind, Flags, Input, Notice};
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const STOPPED_FOR: Duration = Duration::from_secs(5);

#[test]
fn inputs_that_resume_stay_and_one_that_does_not_is_failed_over() {
    if is_child() {
        return in_the_child();
    }
    let test = "stopped_process::inputs_that_resume_stay_and_one_that_does_not_is_failed_over";
    let mut child = child(test).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.by_ref().map_while(Result::ok).find(|line| line.contains("ready"));
    assert!(ready.is_some(), "the child came up");
    let pid = child.id();
    signal(pid, libc::SIGSTOP);
    eventually("stopped", || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(')').next().unwrap().trim_start().starts_with('T').then_some(())
    });
    // How long it is stopped; nothing is waited for.
    std::thread::sleep(STOPPED_FOR);
    signal(pid, libc::SIGCONT);
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", rest.join("\n"));
    println!("{}", rest.iter().filter(|l| l.contains("measured")).cloned().collect::<String>());
}

fn signal(pid: u32, signal: i32) {
    // SAFETY: takes integers only; the process is our child and not waited for yet.
    assert_eq!(unsafe { libc::kill(pid as i32, signal) }, 0);
}

fn in_the_child() {
    let config = Config::new().packet_timeout(ms(300)).connect_timeout(ms(300));
    let engine = Engine::builder().defaults(config).build().unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let mut sources = Vec::new();
    for stream in ["steady", "quitter"] {
        let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
        engine.register(stream, "", inputs, Config::new()).unwrap();
        for priority in [0, 1] {
            let mut input = engine.open_input(stream, priority, 0).unwrap();
            let ended = ended.clone();
            let quits = stream == "quitter" && priority == 0;
            sources.push(std::thread::spawn(move || {
                let mut last = Instant::now();
                while !ended.load(Ordering::SeqCst) {
                    // The stop shows as a hole in time.
                    if quits && last.elapsed() > Duration::from_secs(2) {
                        return;
                    }
                    last = Instant::now();
                    let _ = input.record(1000, Flags::NONE);
                    std::thread::sleep(ms(10));
                }
            }));
        }
        take_until(&engine, "active", |e| &*e.stream == stream && brief(e) == "active 0");
    }
    take_all(&engine);
    let before = Instant::now();
    println!("ready");
    let events = take_until(&engine, "the quitter's failover", |e| {
        &*e.stream == "quitter" && brief(e) == "active 1"
    });
    assert!(before.elapsed() >= STOPPED_FOR - ms(500), "only after the stop");
    let steady: Vec<_> = events.iter().filter(|e| &*e.stream == "steady").collect();
    assert!(steady.is_empty(), "{:?}", story(steady));
    let degraded = events.iter().find_map(|e| match &e.kind {
        EventKind::Notice(Notice::Degraded { error, .. }) => Some(error.clone()),
        _ => None,
    });
    let error = degraded.expect("a degraded event");
    println!("measured: {}", error.detail);
    assert!(
        error.detail.measured() < nanos(STOPPED_FOR),
        "the stop does not count: {}",
        error.detail
    );
    // The wall clock went on, and what was stamped after the stop says so.
    let switch = events.last().unwrap();
    let behind = switch.wall.elapsed().unwrap_or_default();
    assert!(behind < STOPPED_FOR - ms(500), "wall time is {behind:?} behind");
    for stream in ["steady", "quitter"] {
        let status = engine.runtime_status(stream).unwrap();
        assert!(status.inputs[1].receiving && status.inputs[1].errors.is_empty());
    }
    assert_eq!(engine.runtime_status("steady").unwrap().active_input_priority, 0);
    ended.store(true, Ordering::SeqCst);
    sources.into_iter().for_each(|source| source.join().unwrap());
}
