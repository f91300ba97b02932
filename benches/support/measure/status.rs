//! Asking for the status while recording goes on.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, record_by_id, register, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::{Race, Spread};
use changeover::Engine;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The status of one stream, of all, and what that does to the thread that records to them.
pub fn while_recording(streams: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    register(&engine, 0..streams, false);
    let (over, asked) = (AtomicBool::new(false), AtomicBool::new(false));
    let (one, all, json, alone, besides) = std::thread::scope(|scope| {
        let recorder = scope.spawn(|| record_until(&engine, streams, &over, &asked));
        std::thread::sleep(Duration::from_millis(300));
        asked.store(true, Ordering::Release);
        let one = ask_for_one(&engine, streams);
        let all = ask_for_all(&engine, streams, |_| {});
        let json = ask_for_all(&engine, streams, |status| drop(status.to_json()));
        over.store(true, Ordering::Release);
        let (alone, besides) = recorder.join().expect("no panic");
        (one, all, json, alone, besides)
    });
    let ratio = besides.median / alone.median;
    let note = format!("{besides} ns, without {alone} ns");
    let figure = |name, spread: Spread, unit| {
        Figure::new(name, spread.median, unit, Bar::None, spread.to_string())
    };
    vec![
        figure("runtime_status of one stream", one, "ns"),
        figure("runtime_status of all of 10k streams", all, "ms"),
        figure("the same as JSON text", json, "ms"),
        Figure::new("record by id while all are asked for, vs not", ratio, "×", Bar::None, note),
    ]
}

/// Nanoseconds a record, before and after `asked` is set.
fn record_until(
    engine: &Engine,
    streams: usize,
    over: &AtomicBool,
    asked: &AtomicBool,
) -> (Spread, Spread) {
    let mut walk = Walk::new(streams, 7);
    let (mut alone, mut besides) = (Vec::new(), Vec::new());
    record_by_id(engine, &mut walk, streams as u64);
    while !over.load(Ordering::Acquire) {
        let samples = if asked.load(Ordering::Acquire) { &mut besides } else { &mut alone };
        let began = Instant::now();
        record_by_id(engine, &mut walk, streams as u64);
        samples.push(began.elapsed().as_nanos() as f64 / streams as f64);
    }
    (Spread::of(alone.into_iter()), Spread::of(besides.into_iter()))
}

/// Nanoseconds.
fn ask_for_one(engine: &Engine, streams: usize) -> Spread {
    let mut walk = Walk::new(streams, 8);
    let ask = |operations| {
        for _ in 0..operations {
            let status = engine.runtime_status(walk.next_id()).expect("it is registered");
            std::hint::black_box(status);
        }
    };
    Race::new(Duration::from_millis(2)).lane("one", ask).run(101).nanos("one")
}

/// Milliseconds.
fn ask_for_all(
    engine: &Engine,
    streams: usize,
    use_it: impl Fn(&changeover::RuntimeStatus),
) -> Spread {
    let ids: Vec<String> = (0..streams).map(id).collect();
    let once = || {
        let began = Instant::now();
        for id in &ids {
            use_it(&engine.runtime_status(id).expect("it is registered"));
        }
        began.elapsed().as_secs_f64() * 1000.0
    };
    Spread::of((0..21).map(|_| once()).collect::<Vec<_>>().into_iter())
}
