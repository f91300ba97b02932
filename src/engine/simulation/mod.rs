//! The whole engine in virtual time: the monitor as it is, its mailbox, queue, gates, cells, limbo,
//! taps and callbacks, on one thread, with the hosts, sources and operators around it that do it harm.
//! Whose turn it is, and when, is up to a seed. After each step a checker judges that knows
//! `docs/rules.md` and nothing of how the engine works.
//!
//! | file | job |
//! |---|---|
//! | `plan.rs` | what a seed decides beforehand |
//! | `machine.rs` | an engine without threads |
//! | `world/` | everybody around it, and time |
//! | `checker/` | what is right |
//! | `shrink.rs` | a failure with as little as possible around it |
//! | `scene.rs` | streams that are well |
//! | `cost.rs` | what a trace and a shadow cost |
//! | `follower.rs` | a shadow beside it |
//!
//! ```text
//! ci/verify-engine 900                                        for so many seconds
//! CHANGEOVER_ENGINE_SEED=4711 cargo test --lib simulation     one seed; if it fails, shortened, with a trace
//! ```

mod checker;
mod cost;
mod follower;
mod machine;
mod plan;
mod scene;
mod shrink;
mod world;

use crate::core::Nanos;
use crate::hot::simulated;
use plan::{Plan, PLANTED};
use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Once;
use std::time::{Duration, Instant};
use world::World;

/// Of an ordinary run of the tests.
const SEEDS: u64 = 6;

thread_local! {
    /// Panics of this thread are not printed, but kept: the first one.
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    /// When the simulated clock ended.
    static ENDED_AT: Cell<Nanos> = const { Cell::new(0) };
}

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    events: u64,
    faults: u64,
    switches: u64,
}

/// Plays a plan to its end, or says what was wrong.
fn play(plan: &Plan, trace: Option<&Path>, told: bool) -> Result<Seen, String> {
    keep_panics();
    QUIET.set(true);
    SAID.take();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(plan, trace, told);
        world.chaos();
        world.quiet();
        world.end();
        let totals = &world.checker().totals;
        Seen { events: totals.all(), faults: totals.faults, switches: totals.switched() }
    }));
    QUIET.set(false);
    ENDED_AT.set(simulated::now());
    simulated::end();
    played.map_err(|_| SAID.take().unwrap_or_else(|| "a panic without a word".to_owned()))
}

/// When the last plan that this thread has played came to its end, counted from its beginning.
fn failed_at() -> Nanos {
    ENDED_AT.get().saturating_sub(world::BEGIN)
}

/// Panics of those who simulate are kept instead of printed.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                return before(panic);
            }
            let said = panic.to_string();
            if !said.contains(PLANTED) {
                SAID.with_borrow_mut(|first| {
                    first.get_or_insert(said);
                });
            }
        }));
    });
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// As `ci/verify-engine` counts it.
#[derive(Debug, Default)]
struct Figures {
    seeds: AtomicU64,
    events: AtomicU64,
    faults: AtomicU64,
    switches: AtomicU64,
    violations: AtomicU64,
}

impl Figures {
    fn add(&self, seen: &Seen) {
        self.seeds.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(seen.events, Ordering::Relaxed);
        self.faults.fetch_add(seen.faults, Ordering::Relaxed);
        self.switches.fetch_add(seen.switches, Ordering::Relaxed);
    }
}

fn try_seed(seed: u64, figures: &Figures) {
    let plan = Plan::new(seed);
    match play(&plan, None, false) {
        Ok(seen) => {
            figures.add(&seen);
            // Promise 11.
            if seed.is_multiple_of(16) {
                assert_eq!(play(&plan, None, false), Ok(seen), "another time, {seed} is another");
            }
        }
        Err(said) => {
            figures.violations.fetch_add(1, Ordering::Relaxed);
            eprintln!("seed {seed}: {said}\nagain: CHANGEOVER_ENGINE_SEED={seed} cargo test --lib simulation");
        }
    }
}

#[test]
fn whatever_happens_to_an_engine_its_rules_and_promises_hold() {
    if let Some(seed) = number("CHANGEOVER_ENGINE_SEED") {
        return shrink::tell(seed);
    }
    let figures = Figures::default();
    let (seconds, first) = (number("CHANGEOVER_ENGINE_SECONDS"), number("CHANGEOVER_ENGINE_FIRST"));
    let first = first.unwrap_or(0);
    let (next, over) = (AtomicU64::new(first), AtomicBool::new(false));
    let began = Instant::now();
    let length = seconds.map(Duration::from_secs);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        let playing: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = match length {
                        Some(length) => began.elapsed() >= length,
                        None => seed >= first + SEEDS,
                    };
                    if enough || figures.violations.load(Ordering::Relaxed) >= 5 {
                        return;
                    }
                    try_seed(seed, &figures);
                })
            })
            .collect();
        if length.is_some() {
            scope.spawn(|| tell_progress(&figures, &over, began));
        }
        playing.into_iter().for_each(|thread| thread.join().unwrap());
        over.store(true, Ordering::Relaxed);
    });
    let Figures { seeds, events, faults, switches, violations } = figures;
    let figure = |name: &str, of: AtomicU64| println!("figure\t{name}\t{}", of.into_inner());
    figure("seeds of the whole engine", seeds);
    figure("events of the whole engine", events);
    figure("injected faults", faults);
    figure("switches", switches);
    let violated = violations.load(Ordering::Relaxed);
    figure("violations", violations);
    assert_eq!(violated, 0, "see above");
}

fn tell_progress(figures: &Figures, over: &AtomicBool, began: Instant) {
    let mut told = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        let ran = began.elapsed();
        if ran - told >= Duration::from_secs(5) {
            told = ran;
            let events = figures.events.load(Ordering::Relaxed);
            let seeds = figures.seeds.load(Ordering::Relaxed);
            eprintln!("{:>5} s: {seeds} seeds, {events} events", ran.as_secs());
        }
    }
}
