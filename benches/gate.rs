//! Every bar in under 90 seconds.

mod support;

use support::bar::Bar;
use support::measure::{by_id, handle, population, lateness, mass, idle, c};
use std::time::Duration;

fn main() {
    if !support::is_bench() { return; }
    let show = |bars: Vec<Bar>| bars.iter().for_each(|b| println!("{b}"));
    let t = std::time::Instant::now();
    let tick = |what: &str| println!("   [{what} {:.1?}]", t.elapsed());
    for a in std::env::args() { match &*a {
    "floor" => show(handle::against_the_floor(301)),
    "two" => show(handle::two_threads(101)),
    "churn" => show(handle::under_churn(101)),
    "id" => show(by_id::at_10k(51)),
    "same" => show(by_id::same_input(51)),
    "pop" => show(population::grow(500_000, 1_000_000, Duration::from_secs(6))),
    "pops" => show(population::grow(100_000, 200_000, Duration::from_secs(6))),
    "late" => show(lateness::bars(10_000, Duration::from_secs(3))),
    "mass" => show(mass::failover(100_000)),
    "idle" => show(idle::wake_ups(2)),
    "c" => show(c::through_the_shared_library(101).unwrap()),
    _ => continue
    } tick(&a) }
}
