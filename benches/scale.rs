//! What happens with many streams: registering them, their memory, watching them, failing them
//! over, asking for their status. `cargo bench --bench scale`; a part: `-- growth`.

mod support;

use std::process::ExitCode;
use std::time::Duration;
use support::measure::{growth, idle, lateness, mass, population, status, threads, trace};
use support::sections::{run, section, Section};

fn main() -> ExitCode {
    if !support::is_bench() {
        return ExitCode::SUCCESS;
    }
    run("scale", &SECTIONS, Duration::from_secs(480))
}

const SECTIONS: [Section; 9] = [
    section("growth", 180, |effort, show| growth::one_by_one(1_000_000, effort, show)),
    section("memory", 60, |_, show| show(growth::memory_per_input(100_000))),
    section("watching", 90, |_, show| {
        show(population::watch(500_000, Duration::from_secs(10)));
    }),
    section("lateness", 60, |_, show| {
        lateness::distributions(10_000, Duration::from_secs(5), show);
    }),
    section("mass failover", 30, |_, show| show(mass::failover(100_000))),
    section("status", 30, |_, show| show(status::while_recording(10_000))),
    section("threads", 60, |effort, show| show(threads::scaling(effort))),
    section("trace", 60, |effort, show| show(trace::where_all_is_measured(effort.rounds(3)))),
    section("idle", 10, |_, show| show(idle::wake_ups(5))),
];
