//! A hundred thousand streams (in a debug build a quarter of them): every decision right, in
//! seconds, and nothing left behind.

use crate::rig::*;
use changeover::{Config, Engine, Flags, Input, InputHandle, Reason, Status};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Unoptimized code takes several times as long (and does it as well: it was tried).
const STREAMS: usize = if cfg!(debug_assertions) { 25_000 } else { 100_000 };
const WORKERS: usize = 16;

fn id(n: usize) -> String {
    format!("channel/{n}")
}

/// By handle every eighth one, the rest by id.
fn by_handle(n: usize) -> bool {
    n.is_multiple_of(8)
}

fn dies(n: usize) -> bool {
    n % 2 == 1 || n.is_multiple_of(16)
}

/// Splits the streams among threads.
fn each(streams: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let work = &work;
            scope.spawn(move || (worker..streams).step_by(WORKERS).for_each(work));
        }
    });
}

struct Drain {
    ended: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<BTreeMap<&'static str, usize>>,
}

impl Drain {
    /// Takes all events of an engine, and counts them by name.
    fn new(engine: &Arc<Engine>) -> Drain {
        let ended = Arc::new(AtomicBool::new(false));
        let (engine, over) = (engine.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            let mut counts = BTreeMap::new();
            loop {
                match engine.next_event(ms(10)).unwrap() {
                    Some(event) => *counts.entry(event.kind.name()).or_default() += 1,
                    None if over.load(Ordering::SeqCst) => return counts,
                    None => {}
                }
            }
        });
        Drain { ended, thread }
    }

    fn counts(self) -> BTreeMap<&'static str, usize> {
        self.ended.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

struct Source {
    n: usize,
    id: String,
    handle: Option<InputHandle>,
}

impl Source {
    fn record(&mut self, engine: &Engine) {
        let verdict = match &mut self.handle {
            Some(handle) => handle.record(1000, Flags::NONE),
            None => engine.record_packet(&self.id, 0, 1000, Flags::NONE).unwrap(),
        };
        assert!(verdict.forward(), "stream {}", self.n);
    }
}

fn register(engine: &Engine, streams: usize) -> Vec<Source> {
    let sources = Mutex::new(Vec::new());
    each(streams, |n| {
        let inputs = vec![Input::new(0, "primary"), Input::new(1, "backup")];
        engine.register(&id(n), "", inputs, Config::new()).unwrap();
        let handle = by_handle(n).then(|| engine.open_input(&id(n), 0, 0).unwrap());
        sources.lock().unwrap().push(Source { n, id: id(n), handle });
    });
    sources.into_inner().unwrap()
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn half_of_very_many_fail_over_at_once() {
    if !alone("many_streams::half_of_very_many_fail_over_at_once") {
        return;
    }
    let began = Instant::now();
    // Nothing but the failover under test may come due.
    let far = Duration::from_secs(3600);
    let config = Config::new()
        .packet_timeout(Duration::from_secs(5))
        .connect_timeout(far)
        .probe_cooldown(far)
        .failback_stable(far);
    let builder = Engine::builder().defaults(config).event_limit(10 * STREAMS);
    let engine = Arc::new(builder.build().unwrap());
    let drain = Drain::new(&engine);

    let mut sources = register(&engine, STREAMS);
    println!("measured: {STREAMS} registered after {:?}", began.elapsed());
    assert_eq!(engine.registered_streams().unwrap().len(), STREAMS);
    sources.iter_mut().for_each(|source| source.record(&engine));

    // Half of them fall silent in the same instant; the rest go on.
    sources.retain(|source| !dies(source.n));
    let dead = STREAMS - sources.len();
    let fell_silent = Instant::now();
    let (over, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                sources.iter_mut().for_each(|source| source.record(&engine));
                rounds.fetch_add(1, Ordering::SeqCst);
                // The period of the sources.
                std::thread::sleep(ms(100));
            }
            drop(sources);
        });
        let mut left: Vec<String> = (0..STREAMS).filter(|n| dies(*n)).map(id).collect();
        eventually("all of them fail over", || {
            let stays = |id: &String| engine.runtime_status(id).unwrap().active_input_priority == 0;
            while left.last().is_some_and(|last| !stays(last)) {
                left.pop();
            }
            left.is_empty().then_some(())
        });
        println!("measured: {dead} failed over {:?} after a packet", fell_silent.elapsed());
        for n in 0..STREAMS {
            let status = engine.runtime_status(&id(n)).unwrap();
            let (primary, last) = (&status.inputs[0], status.switches.last().unwrap());
            let (state, reason) = match dies(n) {
                true => (Status::Degraded, Reason::Timeout),
                false => (Status::Active, Reason::Initial),
            };
            assert_eq!((primary.status, last.reason), (state, reason), "stream {n}");
            assert_eq!(status.switches.len(), 1 + usize::from(dies(n)), "stream {n}");
            assert_eq!(status.active_input_priority, i32::from(dies(n)), "stream {n}");
        }
        over.store(true, Ordering::SeqCst);
    });
    let rounds = rounds.into_inner();
    each(STREAMS, |n| {
        let packets = engine.runtime_status(&id(n)).unwrap().inputs[0].packets;
        assert_eq!(packets, 1 + if dies(n) { 0 } else { rounds }, "stream {n}");
        engine.unregister(&id(n)).unwrap();
    });
    assert_eq!(engine.registered_streams().unwrap(), []);
    let counts = drain.counts();
    println!("measured: unregistered after {:?}, {rounds} rounds; {counts:?}", began.elapsed());
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    assert_eq!((count("active"), count("unregistered")), (STREAMS, STREAMS));
    assert_eq!((count("start"), count("gap")), (count("stop"), 0));

    // Some of them once more: what the first round left is used again.
    let after_the_first = resident();
    let drain = Drain::new(&engine);
    let mut sources = register(&engine, STREAMS / 10);
    sources.iter_mut().for_each(|source| source.record(&engine));
    drop(sources);
    each(STREAMS / 10, |n| {
        assert_eq!(engine.runtime_status(&id(n)).unwrap().inputs[0].packets, 1, "stream {n}");
        engine.unregister(&id(n)).unwrap();
    });
    assert_eq!(engine.registered_streams().unwrap(), []);
    drain.counts();
    let grown = resident().saturating_sub(after_the_first);
    println!(
        "measured: {} MiB resident, {} KiB more after the second round; {:?} in all",
        after_the_first >> 20,
        grown >> 10,
        began.elapsed()
    );
    // Its cells and routes alone would be twice 256 bytes a stream.
    assert!(grown < STREAMS / 10 * 384, "cells and routes are used again");
}
