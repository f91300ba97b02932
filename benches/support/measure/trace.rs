//! What the trace costs where every input is measured: in the monitor, and in the thread that writes it.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, everything_on, open, packet};
use crate::support::interleave::Spread;
use crate::support::process::{shares, Thread, MONITOR};
use changeover::trace::TraceLimits;
use changeover::{Engine, InputHandle};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const STREAMS: usize = 10_000;
const WRITER: &str = "changeover-rec";
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two packets of an input: so each look sees a new one.
const EVERY: Duration = Duration::from_millis(50);
/// With the trace, and without.
const WATCHED: Duration = Duration::from_millis(1000);
/// Until the state of all streams is written, with which each file begins.
const BEGIN: Duration = Duration::from_millis(400);
/// How long a file is before the next one begins, by default.
const FILE: f64 = (64 << 20) as f64;

/// What one round found, in percent of a processor.
struct Round {
    monitor: f64,
    writer: f64,
    /// The state of all streams, as often as there is a new file.
    states: f64,
    bytes_per_second: f64,
}

pub fn where_all_is_measured(rounds: usize) -> Vec<Figure> {
    let engine = engine(everything_on().packet_timeout(TIMEOUT));
    let handles = open(&engine, 0..STREAMS);
    let directory = std::env::temp_dir().join(format!("changeover-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for a while");
    let over = AtomicBool::new(false);
    let measured: Vec<Round> = std::thread::scope(|scope| {
        scope.spawn(|| record_until(handles, &over));
        // Measures are known after a window, and what is usual after five seconds.
        std::thread::sleep(Duration::from_secs(6));
        let measured = (0..rounds).map(|_| measure(&engine, &directory.join("trace"))).collect();
        over.store(true, Ordering::Release);
        measured
    });
    std::fs::remove_dir_all(&directory).expect("it is ours");
    let spread = |of: fn(&Round) -> f64| Spread::of(measured.iter().map(of));
    let all = spread(|round| round.monitor + round.writer + round.states);
    let megabytes = spread(|round| round.bytes_per_second / 1e6);
    let note = format!(
        "monitor {} % more, writer {} %, all streams' states {} %; {megabytes} MB/s",
        spread(|round| round.monitor),
        spread(|round| round.writer),
        spread(|round| round.states),
    );
    let name = "trace CPU, 20k inputs, all measured";
    vec![Figure::new(name, all.median, "%", Bar::AtMost(1.0), note)]
}

fn measure(engine: &Engine, path: &Path) -> Round {
    let monitor = Thread::named(MONITOR);
    let [before] = shares([&monitor], WATCHED);
    engine.trace_to(path, TraceLimits::new()).expect("a file");
    let writer = Thread::named(WRITER);
    std::thread::sleep(BEGIN);
    let began = writer.processor_time();
    let length = || std::fs::metadata(path).expect("it is written").len();
    let length_before = length();
    let [with, writing] = shares([&monitor, &writer], WATCHED);
    let bytes_per_second = (length() - length_before) as f64 / WATCHED.as_secs_f64();
    engine.end_trace().expect("it ends");
    let [after] = shares([&monitor], WATCHED);
    // Of the beginning, what is no more than at any other time is counted with the rest.
    let states = began.as_secs_f64() - writing / 100.0 * BEGIN.as_secs_f64();
    Round {
        monitor: with - (before + after) / 2.0,
        writer: writing,
        states: states.max(0.0) * bytes_per_second / FILE * 100.0,
        bytes_per_second,
    }
}

/// Records to all inputs, over and over.
fn record_until(mut handles: Vec<[InputHandle; 2]>, over: &AtomicBool) {
    while !over.load(Ordering::Acquire) {
        for handle in handles.iter_mut().flatten() {
            let (bytes, flags) = packet();
            let _ = handle.record(bytes, flags);
        }
        std::thread::sleep(EVERY);
    }
}
