//! Many streams with random inputs, settings, operations and faults, in virtual time.
//!
//! The workload is written from the design and not from the implementation. After every event
//! the invariants are checked; every run ends in a quiet period in which the stream must come on
//! air on the best input that steadily delivers. A run is made of its seed alone:
//!
//! ```text
//! CHANGEOVER_SIM_SEEDS=100000 cargo test --release --test core simulation    more seeds
//! CHANGEOVER_SIM_SECONDS=60 cargo test --release --test core simulation      as many as that takes
//! CHANGEOVER_SIM_SEED=4711 cargo test --test core simulation                 one of them, told
//! ```

mod judge;
mod model;
mod random;
mod world;

use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use world::World;

const SEEDS: u64 = 400;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// What happened to one stream, and a hash of all its actions and their times.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    events: u64,
    faults: u64,
    hash: u64,
}

/// One life of one stream, which begins at `now`.
fn run(seed: u64, now: u64) -> Run {
    let mut world = World::new(seed, now);
    world.told = number("CHANGEOVER_SIM_SEED").is_some();
    world.chaos();
    world.quiet();
    world.end();
    Run { events: world.events(), faults: world.faults(), hash: world.hash() }
}

/// Every seventh run is made twice: the same events give the same actions, whatever the time of day
/// (promise 11).
fn check(seed: u64) -> Run {
    let once = run(seed, 4711);
    if seed.is_multiple_of(7) {
        assert_eq!(run(seed, 1 << 50), once, "the same events, other actions");
    }
    once
}

#[test]
fn whatever_happens_the_invariants_hold_and_the_best_input_ends_up_on_air() {
    let seeds = match number("CHANGEOVER_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CHANGEOVER_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let until = number("CHANGEOVER_SIM_SECONDS").map(|s| Instant::now() + Duration::from_secs(s));
    let seeds = if until.is_some() { 0..u64::MAX } else { seeds };
    let (faults, streams) = (AtomicU64::new(0), AtomicU64::new(0));
    let (next, events) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) || until.is_some_and(|until| Instant::now() >= until) {
                    return;
                }
                match catch_unwind(AssertUnwindSafe(|| check(seed))) {
                    Ok(run) => {
                        events.fetch_add(run.events, Ordering::Relaxed);
                        faults.fetch_add(run.faults, Ordering::Relaxed);
                        streams.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(panic) => {
                        eprintln!("failed: CHANGEOVER_SIM_SEED={seed}");
                        resume_unwind(panic);
                    }
                }
            });
        }
    });
    let [events, faults, streams] = [events, faults, streams].map(AtomicU64::into_inner);
    let rate = events as f64 / began.elapsed().as_secs_f64();
    println!("{events} events of {streams} streams, {faults} faults, {rate:.0} events/s");
}
