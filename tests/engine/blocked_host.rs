//! A host blocked inside a callback: only the events behind it wait. Detection, gates and status
//! of all streams go on (promises 4 and 6).

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{Config, Engine, Flags, Input, Status};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BLOCKED_FOR: Duration = Duration::from_secs(5);

#[test]
fn a_blocked_callback_delays_no_detection_no_gate_and_no_status() {
    let (logbook, blocked) = (Logbook::default(), Arc::new(AtomicBool::new(false)));
    let script = {
        let blocked = blocked.clone();
        Script::new(&logbook, move |event| {
            if &*event.stream == "blocker" && brief(event) == "start 0" {
                blocked.store(true, Ordering::SeqCst);
                std::thread::sleep(BLOCKED_FOR);
                blocked.store(false, Ordering::SeqCst);
            }
            Ok(())
        })
    };
    let config = Config::new().packet_timeout(ms(200));
    let engine = Engine::builder().defaults(config).ingestor(script).build().unwrap();
    let streams: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    let inputs = || vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    let mut handles = Vec::new();
    for id in &streams {
        engine.register(id, "", inputs(), Config::new()).unwrap();
        handles.push([0, 1].map(|priority| engine.open_input(id, priority, 0).unwrap()));
    }
    for id in &streams {
        logbook.wait(id, "start 1");
    }
    // Before it blocks, so that nothing it holds up can come within that time.
    let began = Instant::now();
    engine.register("blocker", "", inputs(), Config::new()).unwrap();
    eventually("the callback blocks", || blocked.load(Ordering::SeqCst).then_some(()));

    // All inputs deliver, then every primary falls silent, one round after the other.
    let mut lateness = Duration::ZERO;
    for (id, [primary, backup]) in streams.iter().zip(&mut handles) {
        assert!(primary.record(1, Flags::NONE).forward());
        let last = Instant::now();
        eventually("the gate moves", || backup.record(1, Flags::NONE).forward().then_some(()));
        lateness = lateness.max(last.elapsed().saturating_sub(ms(200)));
        let status = || engine.runtime_status(id).unwrap();
        assert_eq!(status().active_input_priority, 1);
        // Fed meanwhile: a busy machine may look later than its timeout.
        eventually("active", || {
            let _ = backup.record(1, Flags::NONE);
            (status().inputs[1].status == Status::Active).then_some(())
        });
        if began.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    assert!(engine.runtime_status("s0").unwrap().switches.len() >= 2);
    // Commands are carried out as well.
    engine.register("late", "", inputs(), Config::new()).unwrap();
    engine.switch_input("late", 1).unwrap();
    assert_eq!(engine.runtime_status("late").unwrap().active_input_priority, 1);
    assert!(blocked.load(Ordering::SeqCst), "all of that happened while the callback blocked");
    println!("measured: failover while blocked at most {lateness:?} late");

    // And everything is delivered afterwards.
    logbook.wait("s0", "switched 0>1 timeout");
    logbook.wait("late", "switched 0>1 manual");
    assert!(began.elapsed() >= BLOCKED_FOR);
}
