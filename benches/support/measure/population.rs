//! A million streams: what the next one costs, what each occupies, what watching them takes.

use super::by_id;
use crate::support::bar::{Bar, Figure};
use crate::support::host::undisturbed;
use crate::support::host::{drain, engine, everything_on, inputs, packet, register, sync};
use crate::support::ids::id;
use crate::support::interleave::Spread;
use crate::support::opaque;
use crate::support::process::{resident, OneProcessor, Thread, MONITOR};
use crate::support::sections::Show;
use changeover::{Config, Engine};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Within it each live input is recorded to: as one that delivers, more than once in a timeout.
const ROUND: Duration = Duration::from_millis(950);

/// How many are registered one by one, to see what one costs.
const WINDOW: usize = 2_000;

/// From an empty engine to `streams` streams, of which `live` have two inputs that run.
pub fn grow(live: usize, streams: usize, watched: Duration, show: Show<'_>) {
    let before = resident();
    let engine = engine(undisturbed().packet_timeout(TIMEOUT));
    register(&engine, 0..10_000, true);
    let at_10k = one_by_one(&engine, 10_000);
    register(&engine, 10_000 + WINDOW..live, true);
    show(vec![memory_per_stream(before, live)]);
    show(vec![monitor_share(&engine, live, watched, LIVE)]);
    // From here on nobody records to all of them in time.
    engine.set_config(None, undisturbed()).expect("good settings");
    register(&engine, live..streams - WINDOW, false);
    let at_most = one_by_one(&engine, streams - WINDOW);
    let ratio = at_most.median / at_10k.median;
    let note = format!("{at_most} µs, at 10k {at_10k} µs");
    let name = format!("register one stream, at {} vs at 10k", by_id::short(streams));
    show(vec![Figure::new(&name, ratio, "×", Bar::AtMost(3.0), note)]);
    show(vec![by_id::against_a_lookup(&engine, streams, 1.3, 31)]);
    // To take a million streams apart takes a while, and the process ends with this.
    std::mem::forget(engine);
}

/// The monitor's share alone.
pub fn watch(live: usize, watched: Duration) -> Vec<Figure> {
    let engine = engine(undisturbed().packet_timeout(TIMEOUT));
    register(&engine, 0..live, true);
    vec![monitor_share(&engine, live, watched, LIVE)]
}

/// The monitor's share where everything is on that looks at what inputs deliver.
pub fn watch_all_measured(live: usize, watched: Duration) -> Vec<Figure> {
    let engine = engine(everything_on().packet_timeout(TIMEOUT));
    register(&engine, 0..live, true);
    vec![monitor_share(&engine, live, watched, ("inputs, all measured", 10.0))]
}

/// What is watched, and the percentage that it may take.
const LIVE: (&str, f64) = ("live inputs", 3.0);

/// Microseconds to register one stream, when there are `have`. On one processor: between two, it
/// takes 5 or 20 depending on whether the other one is awake, which is not what grows.
fn one_by_one(engine: &Arc<Engine>, have: usize) -> Spread {
    let _pinned = OneProcessor::with(&Thread::named(MONITOR));
    let micros = (have..have + WINDOW).map(|n| {
        let (id, inputs) = (id(n), inputs(true));
        let began = Instant::now();
        engine.register(&id, "", inputs, Config::new()).expect("a free id");
        let took = began.elapsed();
        drain(engine);
        took.as_nanos() as f64 / 1000.0
    });
    Spread::of(micros)
}

fn memory_per_stream(before: u64, streams: usize) -> Figure {
    let kib = (resident() - before) as f64 / 1024.0 / streams as f64;
    let name = format!("memory per stream with two inputs, at {}", by_id::short(streams));
    let note = format!("{} MiB resident more", (resident() - before) >> 20);
    Figure::new(&name, kib, "KiB", Bar::AtMost(1.5), note)
}

/// The monitor's share of a processor while both inputs of streams `0..live` are recorded to, by
/// this thread.
fn monitor_share(
    engine: &Arc<Engine>,
    live: usize,
    watched: Duration,
    (what, limit): (&str, f64),
) -> Figure {
    let over = AtomicBool::new(false);
    let (slowest, share, events, bare) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            // The first packets, and the first deadlines.
            std::thread::sleep(2 * TIMEOUT);
            sync(engine);
            drain(engine);
            std::thread::sleep(TIMEOUT);
            let early = count_events(engine);
            let share = Thread::named(MONITOR).share(watched);
            let events = early + count_events(engine);
            let bare = bare_watch_share(2 * live, watched / 2);
            over.store(true, Ordering::Release);
            (share, events, bare)
        });
        let slowest = record_until(engine, live, &over);
        let (share, events, bare) = watcher.join().expect("no panic");
        (slowest, share, events, bare)
    });
    let note = format!(
        "over {watched:?}, {TIMEOUT:?} timeout, each recorded every {slowest:.2?} at most, \
         {events} events; waking up and looking alone {bare:.2} %"
    );
    let name = format!("monitor CPU, {} {what}", by_id::short(2 * live));
    Figure::new(&name, share, "%", Bar::AtMost(limit), note)
        .no_less_than("waking up each millisecond and looking once a timeout", bare)
}

/// The share of what no watcher can do without: to wake up in each millisecond, and to look at
/// each input once in a timeout, one after the other.
fn bare_watch_share(inputs: usize, watched: Duration) -> f64 {
    const NAME: &str = "bare-watch";
    const TICK: Duration = Duration::from_millis(1);
    #[repr(align(64))]
    struct Line(AtomicU64);
    let lines: Vec<_> = (0..inputs).map(|_| Line(AtomicU64::new(0))).collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = || {
            let ticks = (TIMEOUT.as_millis() / TICK.as_millis()) as usize;
            let mut due = Instant::now();
            for look in lines.chunks(inputs.div_ceil(ticks)).cycle() {
                due += TICK;
                std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
                look.iter().for_each(|line| {
                    opaque(line.0.load(Ordering::Relaxed));
                });
                if over.load(Ordering::Acquire) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(NAME.into());
        thread.spawn_scoped(scope, watch).expect("a thread");
        std::thread::sleep(watched / 4);
        let share = Thread::named(NAME).share(watched);
        over.store(true, Ordering::Release);
        share
    })
}

/// Records to both inputs of all streams, evenly spread over a round, over and over. The longest
/// that one took.
fn record_until(engine: &Engine, live: usize, over: &AtomicBool) -> Duration {
    const PARTS: u32 = (ROUND.as_millis() / 10) as u32;
    let ids: Vec<String> = (0..live).map(id).collect();
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::Acquire) {
        let began = Instant::now();
        for (part, ids) in ids.chunks(live.div_ceil(PARTS as usize)).enumerate() {
            for (id, priority) in ids.iter().flat_map(|id| [(id, 0), (id, 1)]) {
                let (bytes, flags) = packet();
                let _ = engine.record_packet(id, priority, bytes, flags).expect("it is registered");
            }
            let until = ROUND * (part as u32 + 1) / PARTS;
            std::thread::sleep(until.saturating_sub(began.elapsed()));
        }
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

/// Takes all events; none are expected while all inputs deliver.
fn count_events(engine: &Engine) -> usize {
    let events = || engine.next_event(Duration::ZERO).expect("a polled engine");
    std::iter::from_fn(events).count()
}
