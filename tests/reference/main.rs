//! One stream twice: as the core decides, and as a model does that was written from `docs/rules.md`.
//! (Where that said nothing and the two differed, it says now what the core does.) Whole traces are compared: every command and notice with its time, reason and numbers, and
//! the status after each step.
//!
//! The model covers rules 1 to 15, 25 (but `unregister_all`) and 27c, with overlap and without, and every setting
//! of theirs; what the others have is turned off (`start_grace`, `damping_period`, `commit`), or never comes up
//! (limits and conditions, fills, forced inputs, pushed ones, packets without a session). What explains a
//! switch (rule 24) is compared as far as it is what the host said, or a time against its limit.
//!
//! ```text
//! CHANGEOVER_REFERENCE_SECONDS=60 cargo test --release --test reference    as many seeds as that takes, from
//!                                                      CHANGEOVER_REFERENCE_FIRST=1000000 on
//! CHANGEOVER_REFERENCE_SEED=4711 cargo test --test reference random        one of them
//! ```
//!
//! | file | job |
//! |---|---|
//! | `model/` | the model |
//! | `steps.rs`, `settings.rs`, `texts.rs` | what traces are made of |
//! | `random.rs`, `stories.rs` | two generators of traces, which share nothing |
//! | `pair.rs`, `pair/` | plays a trace to both, and says where they differ first |
//! | `shorten.rs` | a shorter trace that differs as well |

mod model;
mod pair;
mod random;
mod settings;
mod shorten;
mod steps;
mod stories;
mod texts;

use pair::Figures;
use std::env;
use std::time::{Duration, Instant};
use steps::Trace;

type Generator = fn(u64) -> Trace;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Plays one seed; a difference is shortened, and told with the command that repeats it.
fn play(test: &str, generator: Generator, seed: u64) -> Figures {
    let trace = generator(seed);
    pair::play(&trace).unwrap_or_else(|difference| {
        let (trace, shortest) = shorten::shorten(trace, difference);
        eprintln!("The shortest trace found:\n\n{trace}");
        let _ = pair::play_and_tell(&trace, true);
        panic!(
            "core and model differ: {}\n\nAgain: CHANGEOVER_REFERENCE_SEED={seed} cargo test --test reference {test}",
            shortest.what
        );
    })
}

/// `known`: once they differed, of which the first `seeds` say nothing.
fn play_all(test: &str, generator: Generator, known: &[u64], seeds: u64) {
    let mut until = None;
    let (known, seeds) = match number("CHANGEOVER_REFERENCE_SEED") {
        Some(seed) => (&[][..], seed..=seed),
        None => match number("CHANGEOVER_REFERENCE_SECONDS") {
            Some(seconds) => {
                until = Some(Instant::now() + Duration::from_secs(seconds));
                let first = number("CHANGEOVER_REFERENCE_FIRST").unwrap_or(0);
                (known, first..=u64::MAX)
            }
            None => (known, 0..=seeds),
        },
    };
    let mut figures = Figures::default();
    let seeds = known.iter().copied().chain(seeds);
    for seed in seeds.take_while(|_| until.is_none_or(|until| Instant::now() < until)) {
        figures.add(play(test, generator, seed));
    }
    let Figures { events, faults, steps } = figures;
    println!("{test}: {events} events, {faults} faults, {steps} compared steps");
    assert!(steps > 0);
}

#[test]
fn random_steps() {
    play_all("random_steps", random::trace, &[199_054], 400);
}

#[test]
fn stories() {
    play_all("stories", stories::trace, &[193_629], 100);
}
