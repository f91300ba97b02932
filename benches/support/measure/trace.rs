//! What the trace costs where every input is measured: in the monitor, and in the thread that writes it.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, everything_on, open, packet};
use crate::support::interleave::Spread;
use crate::support::process::{shares, Thread, MONITOR};
use changeover::trace::TraceLimits;
use changeover::{Engine, InputHandle};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const STREAMS: usize = 10_000;
const WRITER: &str = "changeover-rec";
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two packets of an input: so each look sees a new one.
const EVERY: Duration = Duration::from_millis(50);
/// With the trace, and without.
const WATCHED: Duration = Duration::from_millis(1000);
/// The state of all streams, with which each file begins, is longer than this.
const STATES: u64 = 1 << 20;
/// After that, all that is done is what is done all the time.
const SETTLED: Duration = Duration::from_millis(300);
/// How long a file is before the next one begins, by default.
const FILE: f64 = (64 << 20) as f64;

/// What one round found, in percent of a processor.
struct Round {
    without: f64,
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
        "monitor {} % more than {} %, writer {} %, all streams' states {} %; {megabytes} MB/s",
        spread(|round| round.monitor),
        spread(|round| round.without),
        spread(|round| round.writer),
        spread(|round| round.states),
    );
    let name = "trace CPU, 20k inputs, all measured";
    // No bar: where looks are rationed, the monitor's share says little of what each of them costs.
    vec![Figure::new(name, all.median, "%", Bar::None, note)]
}

fn measure(engine: &Engine, path: &Path) -> Round {
    let monitor = Thread::named(MONITOR);
    let [before] = shares([&monitor], WATCHED);
    engine.trace_to(path, TraceLimits::new()).expect("a file");
    let (began, writer) = (Instant::now(), Thread::named(WRITER));
    let length = || std::fs::metadata(path).expect("it is written").len();
    while length() < STATES {
        std::thread::sleep(SETTLED / 10);
    }
    std::thread::sleep(SETTLED);
    let (began, used, length_before) = (began.elapsed(), writer.processor_time(), length());
    let [with, writing] = shares([&monitor, &writer], WATCHED);
    let bytes_per_second = (length() - length_before) as f64 / WATCHED.as_secs_f64();
    engine.end_trace().expect("it ends");
    let [after] = shares([&monitor], WATCHED);
    // Of the beginning, what is no more than at any other time is counted with the rest.
    let states = used.as_secs_f64() - writing / 100.0 * began.as_secs_f64();
    let without = (before + after) / 2.0;
    Round {
        without,
        monitor: with - without,
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
