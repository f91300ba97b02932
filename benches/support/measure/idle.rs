//! An engine without anything to do.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{drain, engine, register, sync, undisturbed};
use crate::support::ids::id;
use crate::support::process::{Thread, MONITOR};
use changeover::Config;
use std::time::Duration;

/// Wake-ups a second of an engine with streams, none of whose inputs was started; before that,
/// some were, and are stopped again.
pub fn wake_ups(seconds: u64) -> Vec<Figure> {
    let engine = engine(undisturbed());
    register(&engine, 0..100, true);
    (0..100).for_each(|n| engine.unregister(&id(n)).expect("it is registered"));
    for n in 100..1100 {
        engine.register(&id(n), "", Vec::new(), Config::new()).expect("a free id");
    }
    drain(&engine);
    sync(&engine);
    // What the last calls left to do.
    std::thread::sleep(Duration::from_millis(200));
    let monitor = Thread::named(MONITOR);
    let before = monitor.wake_ups();
    std::thread::sleep(Duration::from_secs(seconds));
    let woken = monitor.wake_ups() - before;
    let note = format!("{woken} in {seconds} s, 1000 streams without inputs");
    vec![Figure::new(
        "idle engine, wake-ups a second",
        woken as f64 / seconds as f64,
        "",
        Bar::AtMost(0.0),
        note,
    )]
}
