//! The promises in numbers: one line a bar, in under 90 seconds; the exit status says whether all
//! are kept. `make bench-gate`.

mod support;

use std::process::ExitCode;
use std::time::Duration;
use support::bar::Figure;
use support::measure::{by_id, c, handle, idle, lateness, mass, population};
use support::sections::{run, Effort, Section};

fn main() -> ExitCode {
    if !support::is_bench() {
        return ExitCode::SUCCESS;
    }
    run(&SECTIONS, "gate")
}

/// The limits are several times what they take on a machine that is otherwise idle.
const SECTIONS: [Section; 7] = [
    section("handle", 10, by_handle),
    section("c", 10, through_c),
    section("by_id", 15, by_name),
    section("population", 45, a_million),
    section("lateness", 20, |_| lateness::bars(10_000, Duration::from_secs(2))),
    section("mass", 15, |_| mass::failover(100_000)),
    section("idle", 5, |_| idle::wake_ups(2)),
];

const fn section(
    name: &'static str,
    seconds: u64,
    measure: fn(Effort) -> Vec<Figure>,
) -> Section {
    Section { name, limit: Duration::from_secs(seconds), measure }
}

fn by_handle(effort: Effort) -> Vec<Figure> {
    let mut figures = handle::against_the_floor(effort.rounds(301));
    figures.extend(handle::two_threads(effort.rounds(101)));
    figures.extend(handle::under_churn(effort.rounds(201)));
    figures
}

fn through_c(effort: Effort) -> Vec<Figure> {
    c::through_the_shared_library(effort.rounds(201)).expect("a C compiler and the library")
}

fn by_name(effort: Effort) -> Vec<Figure> {
    let mut figures = by_id::same_input(effort.rounds(101));
    figures.extend(by_id::at_10k(effort.rounds(51)));
    figures
}

fn a_million(_: Effort) -> Vec<Figure> {
    population::grow(500_000, 1_000_000, Duration::from_secs(5))
}
