//! One stream after the other, up to a million: what each costs as the number grows.

use crate::support::bar::{Bar, Figure};
use crate::support::floor::Bare;
use crate::support::host::{drain, engine, inputs, record_by_id, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::Race;
use crate::support::peer::MutexDesign;
use crate::support::process::resident;
use crate::support::sections::{Effort, Show};
use changeover::{Config, Engine, Input};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Points of a curve, by number of streams.
type Points = Vec<(f64, f64)>;

#[derive(Default)]
struct Curves {
    register: Points,
    slowest: Points,
    memory: Points,
    lookup: Points,
    by_id: Points,
    mutex: Points,
}

/// Registers `streams` streams with two inputs, one by one; at each power of ten also records.
pub fn one_by_one(streams: usize, effort: Effort, show: Show<'_>) {
    let before = resident();
    let engine = engine(undisturbed());
    let (mut have, mut to, mut curves) = (0, 10, Curves::default());
    let mut spent = Duration::ZERO;
    while have < streams {
        let (took, slowest) = register_range(&engine, have, to);
        spent += took;
        let at = |value| (to as f64, value);
        let mean = took.as_nanos() as f64 / 1000.0 / (to - have) as f64;
        curves.register.push(at(mean));
        curves.slowest.push(at(slowest.as_nanos() as f64 / 1000.0));
        let kib = resident().saturating_sub(before) as f64 / 1024.0 / to as f64;
        curves.memory.push(at(kib));
        record(&engine, to, effort, &mut curves);
        (have, to) = (to, to * 10);
    }
    show(figures(streams, spent, curves));
}

/// The time for all, and for the slowest.
fn register_range(engine: &Engine, from: usize, to: usize) -> (Duration, Duration) {
    let (mut all, mut slowest) = (Duration::ZERO, Duration::ZERO);
    for n in from..to {
        let (id, inputs) = (id(n), inputs(false));
        let began = Instant::now();
        engine.register(&id, "", inputs, Config::new()).expect("a free id");
        let took = began.elapsed();
        (all, slowest) = (all + took, slowest.max(took));
        drain(engine);
    }
    (all, slowest)
}

/// By id to streams in random order, next to a bare lookup and the mutex design.
fn record(engine: &Arc<Engine>, streams: usize, effort: Effort, curves: &mut Curves) {
    let walk = Walk::new(streams, 6);
    let mut bare = Bare::new(streams, walk.clone());
    let peer = MutexDesign::new(streams);
    let (mut mine, mut peers) = (walk.clone(), walk);
    record_by_id(engine, &mut mine, streams as u64);
    let (sample, warm_up) = if streams > 10_000 { (20, 0) } else { (3, 2 * streams) };
    let results = Race::new(Duration::from_millis(sample))
        .warm_up(warm_up)
        .lane("lookup", |n| bare.run(n))
        .lane("by id", |n| record_by_id(engine, &mut mine, n))
        .lane("mutex", |n| peer.run(&mut peers, n))
        .run(effort.rounds(21));
    let at = |lane| (streams as f64, results.nanos(lane).median);
    curves.lookup.push(at("lookup"));
    curves.by_id.push(at("by id"));
    curves.mutex.push(at("mutex"));
}

fn figures(streams: usize, spent: Duration, curves: Curves) -> Vec<Figure> {
    let last = |points: &Points| points.last().map_or(f64::NAN, |point| point.1);
    let Curves { register, slowest, memory, lookup, by_id, mutex } = curves;
    let note = format!(
        "{streams} one by one in {:.1} s, the slowest {:.1} ms",
        spent.as_secs_f64(),
        slowest.iter().map(|point| point.1).fold(0.0, f64::max) / 1000.0
    );
    let ratio =
        format!("a bare lookup {:.0} ns, mutex design {:.0} ns", last(&lookup), last(&mutex));
    let none = Bar::None;
    vec![
        Figure::new("register one stream, up to 1M", last(&register), "µs", none, note)
            .curve("register", "mean", register)
            .curve("register", "slowest", slowest),
        Figure::new("memory per stream, at 1M", last(&memory), "KiB", none, String::new()).curve(
            "memory",
            "two inputs",
            memory,
        ),
        Figure::new("by id, 1M streams random", last(&by_id), "ns", none, ratio)
            .curve("streams", "bare lookup", lookup)
            .curve("streams", "record by id", by_id)
            .curve("streams", "mutex design", mutex),
    ]
}

/// What streams occupy, and what each input adds.
pub fn memory_per_input(streams: usize) -> Vec<Figure> {
    let occupied = |inputs: usize| {
        let before = resident();
        let engine = engine(undisturbed());
        for n in 0..streams {
            // Each with a setting of its own, as hosts will have it.
            let inputs = (0..inputs).map(|n| Input::new(n as i32, "udp://239.1.0.1:5000").hot());
            engine.register(&id(n), "", inputs.collect(), Config::new()).expect("a free id");
            drain(&engine);
        }
        // Kept, so that the next one does not find its memory.
        std::mem::forget(engine.clone());
        (resident() - before) as f64 / 1024.0 / streams as f64
    };
    let [none, two, four] = [0, 2, 4].map(occupied);
    let note = format!("{streams} streams: without inputs {none:.2}, with two {two:.2} KiB");
    vec![
        Figure::new("memory per input", (four - two) / 2.0, "KiB", Bar::None, note.clone()),
        Figure::new("memory per stream without inputs", none, "KiB", Bar::None, note),
    ]
}
