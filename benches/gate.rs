//! The promises in numbers: one line a bar, in under two minutes; the exit status says whether all
//! are kept. `make bench-gate`.

mod support;

use std::process::ExitCode;
use std::time::Duration;
use support::measure::served;
use support::measure::{by_id, c, everything_on, handle, idle, lateness, mass, population};
use support::pages;
use support::sections::{run, section, Effort, Section, Show};

fn main() -> ExitCode {
    if !support::is_bench() {
        return ExitCode::SUCCESS;
    }
    if pages::run_if_asked() {
        return ExitCode::SUCCESS;
    }
    run("gate", &SECTIONS, Duration::from_secs(110))
}

/// Each has several times what it takes on a machine that is otherwise idle.
const SECTIONS: [Section; 10] = [
    section("handle", 15, by_handle),
    section("c", 20, through_c),
    section("by id", 20, by_name),
    section("everything on", 15, |effort, show| {
        show(everything_on::against_nothing_on(effort.rounds(101)));
    }),
    section("all measured", 30, |_, show| {
        show(population::watch_all_measured(50_000, Duration::from_secs(3)));
    }),
    section("idle", 5, |_, show| show(idle::wake_ups(2))),
    section("lateness", 25, |_, show| lateness::bars(10_000, Duration::from_secs(2), show)),
    section("served", 40, served::with_pages),
    section("mass failover", 20, |_, show| show(mass::failover(100_000))),
    section("a million streams", 60, |_, show| {
        population::grow(500_000, 1_000_000, Duration::from_secs(5), show);
    }),
];

fn by_handle(effort: Effort, show: Show<'_>) {
    show(handle::against_the_floor(effort.rounds(301)));
    show(handle::two_threads(effort.rounds(101)));
    show(handle::under_churn(effort.rounds(201)));
}

fn through_c(effort: Effort, show: Show<'_>) {
    show(c::through_the_shared_library(effort.rounds(201)).expect("a C compiler, the library"));
}

fn by_name(effort: Effort, show: Show<'_>) {
    show(by_id::same_input(effort.rounds(101)));
    by_id::at_10k(effort.rounds(51), show);
}
