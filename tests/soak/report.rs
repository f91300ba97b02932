//! Progress, and the page of figures at the end.

use crate::disturb::Disturbances;
use crate::judge::{Findings, Kind};
use crate::memory::Memory;
use crate::plan::{INPUTS, STREAMS, TIMEOUT};
use crate::sources::Sources;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

pub struct Report {
    pub seed: u64,
    pub length: Duration,
    pub findings: Findings,
    pub memory: Memory,
    pub sources: Arc<Sources>,
    pub disturbances: Arc<Disturbances>,
}

pub fn progress(seconds: u64, length: Duration, found: &Findings, memory: &Memory) -> String {
    let [wrong, missed, double] =
        [Kind::False, Kind::Missed, Kind::Double].map(|kind| found.of(kind));
    format!(
        "soak: {seconds} of {} s, {} packets, {} failovers; {wrong} false, {missed} missed, {double} double; {} KiB",
        length.as_secs(),
        found.packets,
        found.failovers,
        memory.resident.last(),
    )
}

impl Report {
    /// Each line is a figure, as `ci/verify` has them: `figure`, its name and its number, with tabs between.
    pub fn page(&self) -> String {
        let (found, disturbed) = (&self.findings, &self.disturbances);
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
        let Memory { resident, held } = &self.memory;
        let grown = u64::from(self.memory.has_grown().is_some());
        let rows = [
            ("seconds", self.length.as_secs() as f64),
            ("streams", STREAMS as f64),
            ("sources", INPUTS as f64),
            ("packet timeout, ms", TIMEOUT.as_millis() as f64),
            ("packets sent", count(&self.sources.packets)),
            ("packets recorded", found.packets as f64),
            ("packets forwarded", found.forwarded as f64),
            ("outages of sources", count(&self.sources.outages)),
            ("silences told", found.silences as f64),
            ("failovers for silence", found.failovers as f64),
            ("switches in all", found.switches as f64),
            ("times exhausted", found.exhausted as f64),
            ("changes by the host", found.commands as f64),
            ("stops of the process", count(&disturbed.stops)),
            ("processor hogs", count(&disturbed.hogs)),
            ("stalls told by the engine", found.stalls as f64),
            ("monitor waited for a processor, ms", count(&disturbed.waited) / 1e6),
            ("noticed late by, undisturbed, p50, ms", found.lateness_ms(0.5)),
            ("noticed late by, undisturbed, p99, ms", found.lateness_ms(0.99)),
            ("given up, as the host's threads read too late", found.host_late as f64),
            ("undecided", found.of(Kind::Undecided) as f64),
            ("resident memory, KiB", resident.last() as f64),
            ("its growth since it settled, %", resident.growth()),
            ("asked of the allocator and not given back, KiB", held.last() as f64 / 1024.0),
            ("growth of that since it settled, %", held.growth()),
            ("which both may be, %", resident.may_grow()),
            ("false transitions", found.of(Kind::False) as f64),
            ("missed transitions", found.of(Kind::Missed) as f64),
            ("double transitions", found.of(Kind::Double) as f64),
            ("violations", (found.violations() + grown) as f64),
        ];
        let mut page = String::new();
        for (name, figure) in rows {
            let figure = (figure * 100.0).round() / 100.0;
            let _ = writeln!(page, "figure\t{name}\t{figure}");
        }
        found.words.iter().for_each(|words| page.push_str(&format!("{words}\n")));
        page
    }

    /// What was wrong, and how to do it again.
    pub fn verdict(&self) -> Result<(), String> {
        let found = &self.findings;
        let mut wrong = Vec::new();
        if found.violations() > 0 {
            wrong.push(format!("{} transitions were wrong", found.violations()));
        }
        wrong.extend(self.memory.has_grown());
        wrong.extend(found.doubts().map(|doubts| format!("this was no measurement: {doubts}")));
        if self.length.as_secs() >= 8 && found.failovers == 0 {
            wrong.push("no failover was seen".into());
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let (seconds, seed) = (self.length.as_secs(), self.seed);
        let again =
            format!("CHANGEOVER_SOAK_SECONDS={seconds} CHANGEOVER_SOAK_SEED={seed} ci/soak");
        Err(format!("{}; again: {again}", wrong.join("; ")))
    }
}
