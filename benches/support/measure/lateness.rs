//! How late a silence is found out: many streams, each falls silent at a time of its own.

use crate::support::background::{overload, Background};
use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, open, undisturbed};
use crate::support::ids::number;
use crate::support::sections::Show;
use changeover::{Engine, EventKind, Flags, InputHandle, Notice, Reason};
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_millis(500);

/// Lateness in microseconds.
pub struct Lateness {
    /// Of the decision: the event's own stamp, on the engine's clock.
    pub decided: Histogram<u64>,
    /// Of the host's knowing it: when a waiting thread has the event, on the system's clock.
    pub seen: Histogram<u64>,
}

/// The silence of a stream's input 0 was found out.
pub struct Failover {
    stream: usize,
    /// When that was decided, by the engine's clock.
    pub at: u64,
    seen: Instant,
}

/// When a stream's input 0 was last recorded to; rather before than after.
#[derive(Clone, Copy)]
pub struct LastPacket {
    engine: u64,
    system: Instant,
}

/// The bars: on an idle machine, and on one with twice as much to do as it can.
pub fn bars(streams: usize, span: Duration, show: Show<'_>) {
    let idle = measure(streams, span, Vec::new);
    show(vec![
        figure("detection lateness, 10k streams, p50", &idle, 0.5, 1.5),
        figure("detection lateness, 10k streams, p99", &idle, 0.99, 3.0),
    ]);
    let loaded = measure(streams, span, overload);
    show(vec![figure("detection lateness, 10k streams, 2× overload, p99", &loaded, 0.99, 15.0)]);
}

/// The bars, and the distributions behind them.
pub fn distributions(streams: usize, span: Duration, show: Show<'_>) {
    let idle = measure(streams, span, Vec::new);
    let p50 = figure("detection lateness, 10k streams, p50", &idle, 0.5, 1.5);
    let p99 = figure("detection lateness, 10k streams, p99", &idle, 0.99, 3.0);
    show(vec![p50, p99.curve("lateness", "idle", distribution(&idle.decided))]);
    let loaded = measure(streams, span, overload);
    let p99 = figure("detection lateness, 10k streams, 2× overload, p99", &loaded, 0.99, 15.0);
    show(vec![p99.curve("lateness", "2× overload", distribution(&loaded.decided))]);
}

fn figure(name: &str, lateness: &Lateness, part: f64, limit: f64) -> Figure {
    let millis = |of: &Histogram<u64>| of.value_at_quantile(part) as f64 / 1000.0;
    let (n, most) = (lateness.decided.len(), lateness.decided.max() as f64 / 1000.0);
    let seen = millis(&lateness.seen);
    let note = format!("host knows after {seen:.2} ms; {n} failovers, latest {most:.2} ms");
    Figure::new(name, millis(&lateness.decided), "ms", Bar::AtMost(limit), note)
}

/// Of so many percent (in nines: 1 is 90 %, 2 is 99 %) the lateness is at most so many ms.
fn distribution(of: &Histogram<u64>) -> Vec<(f64, f64)> {
    let nines = (0..=40).map(|tenth| f64::from(tenth) / 10.0);
    let at = |nines: f64| of.value_at_quantile(1.0 - 10f64.powf(-nines)) as f64 / 1000.0;
    nines.map(|nines| (nines, at(nines))).collect()
}

/// What `disturb` makes is there from when all streams run.
fn measure(streams: usize, span: Duration, disturb: fn() -> Vec<Background>) -> Lateness {
    let engine = engine(undisturbed());
    let handles = open(&engine, 0..streams);
    let _disturbance = disturb();
    let mut random = fastrand::Rng::with_seed(5);
    let ends: Vec<u64> = handles.iter().map(|_| random.u64(..span.as_nanos() as u64)).collect();
    let silent = Arc::new(AtomicBool::new(false));
    let recorder = {
        let (engine, silent) = (engine.clone(), silent.clone());
        std::thread::spawn(move || record(&engine, handles, &ends, &silent))
    };
    let failovers = take_failovers(&engine, |taken| taken == streams);
    silent.store(true, Ordering::Release);
    let last = recorder.join().expect("no panic");
    evaluate(&failovers, &last)
}

/// Records to all inputs, to the primaries until their time has come: so many nanoseconds from the first packets.
pub fn record(
    engine: &Engine,
    mut handles: Vec<[InputHandle; 2]>,
    ends: &[u64],
    silent: &AtomicBool,
) -> Vec<LastPacket> {
    let now = || LastPacket { engine: engine.now(), system: Instant::now() };
    let mut last = vec![now(); handles.len()];
    let mut began = None;
    while !silent.load(Ordering::Acquire) {
        let elapsed = began.map_or(0, |began: Instant| began.elapsed().as_nanos() as u64);
        for (n, [primary, backup]) in handles.iter_mut().enumerate() {
            if elapsed <= ends[n] {
                last[n] = now();
                let _ = primary.record(1316, Flags::VIDEO);
            }
            let _ = backup.record(1316, Flags::VIDEO);
        }
        if began.is_none() {
            // All of them have just delivered.
            let config = undisturbed().packet_timeout(TIMEOUT);
            engine.set_config(None, config).expect("good settings");
            began = Some(Instant::now());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    last
}

/// Takes events, until there were enough failovers.
pub fn take_failovers(engine: &Engine, enough: impl Fn(usize) -> bool) -> Vec<Failover> {
    let mut failovers = Vec::new();
    while !enough(failovers.len()) {
        let event = engine.next_event(Duration::from_secs(30)).expect("a polled engine");
        let event = event.expect("streams fail over");
        let EventKind::Notice(Notice::Switched(switch)) = &event.kind else { continue };
        if switch.reason == Reason::Timeout && switch.to == 1 {
            let stream = number(&event.stream);
            failovers.push(Failover { stream, at: event.at, seen: Instant::now() });
        }
    }
    failovers
}

pub fn evaluate(failovers: &[Failover], last: &[LastPacket]) -> Lateness {
    let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).expect("good bounds");
    let mut lateness = Lateness { decided: histogram(), seen: histogram() };
    for Failover { stream, at, seen } in failovers {
        let LastPacket { engine, system } = last[*stream];
        let decided = at.saturating_sub(engine + TIMEOUT.as_nanos() as u64);
        let known = seen.saturating_duration_since(system + TIMEOUT);
        lateness.decided.saturating_record(decided / 1000);
        lateness.seen.saturating_record(known.as_micros() as u64);
    }
    lateness
}
