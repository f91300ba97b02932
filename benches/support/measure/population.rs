//! A million streams: what the next one costs, what each occupies, what watching them takes.

use super::by_id;
use crate::support::bar::{Bar, Figure};
use crate::support::host::{drain, engine, inputs, packet, register, sync, undisturbed};
use crate::support::ids::id;
use crate::support::interleave::Spread;
use crate::support::process::{resident, Thread, MONITOR};
use crate::support::sections::Show;
use changeover::{Config, Engine};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(2);

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
    show(vec![monitor_share(&engine, live, watched)]);
    // From here on nobody records to all of them in time.
    engine.set_config(None, undisturbed()).expect("good settings");
    register(&engine, live..streams - WINDOW, false);
    let at_most = one_by_one(&engine, streams - WINDOW);
    let ratio = at_most.median / at_10k.median;
    let note = format!("{at_most} µs, at 10k {at_10k} µs");
    let name = format!("register one stream, at {} vs at 10k", by_id::short(streams));
    show(vec![Figure::new(&name, ratio, "×", Bar::AtMost(3.0), note)]);
    show(vec![by_id::against_a_lookup(&engine, streams, 1.3, 31)]);
}

/// The monitor's share alone.
pub fn watch(live: usize, watched: Duration) -> Vec<Figure> {
    let engine = engine(undisturbed().packet_timeout(TIMEOUT));
    register(&engine, 0..live, true);
    vec![monitor_share(&engine, live, watched)]
}

/// Microseconds to register one stream, when there are `have`.
fn one_by_one(engine: &Arc<Engine>, have: usize) -> Spread {
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

/// The monitor's share of a processor while both inputs of streams `0..live` are recorded to.
fn monitor_share(engine: &Arc<Engine>, live: usize, watched: Duration) -> Figure {
    let ids: Vec<String> = (0..live).map(id).collect();
    // The first packets, and the first deadlines.
    record_for(engine, &ids, TIMEOUT);
    sync(engine);
    drain(engine);
    record_for(engine, &ids, TIMEOUT);
    let monitor = Thread::named(MONITOR);
    let (began, used) = (Instant::now(), monitor.processor_time());
    record_for(engine, &ids, watched);
    let share = (monitor.processor_time() - used).as_secs_f64() / began.elapsed().as_secs_f64();
    let degraded = count_events(engine);
    let note = format!("over {:.1?}, {TIMEOUT:?} timeout, {degraded} events", began.elapsed());
    let name = format!("monitor CPU, {} live inputs", by_id::short(2 * live));
    Figure::new(&name, share * 100.0, "%", Bar::AtMost(3.0), note)
}

/// Records to each input at least every 1.5 s, evenly, for a time.
fn record_for(engine: &Engine, ids: &[String], time: Duration) {
    const ROUND: Duration = Duration::from_millis(1500);
    const PARTS: usize = 150;
    let began = Instant::now();
    for (turn, part) in ids.chunks(ids.len().div_ceil(PARTS)).cycle().enumerate() {
        for id in part {
            for priority in [0, 1] {
                let (bytes, flags) = packet();
                let _ = engine.record_packet(id, priority, bytes, flags).expect("it is registered");
            }
        }
        if began.elapsed() >= time {
            return;
        }
        let next = ROUND * (turn as u32 + 1) / PARTS as u32;
        std::thread::sleep(next.saturating_sub(began.elapsed()));
    }
}

/// Takes all events; none are expected while all inputs deliver.
fn count_events(engine: &Engine) -> usize {
    let events = || engine.next_event(Duration::ZERO).expect("a polled engine");
    std::iter::from_fn(events).count()
}
