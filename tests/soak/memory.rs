//! Whether a process's resident memory stays what it is.

use std::fs::read_to_string;

/// What is resident of a process, in KiB, second by second.
#[derive(Default)]
pub struct Memory {
    samples: Vec<u64>,
}

/// From when on it has to stay the same, in seconds; in a short run from half of it on.
const SETTLED: usize = 300;

impl Memory {
    pub fn sample(&mut self, pid: u32) {
        let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: Option<u64> =
            resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
        self.samples.extend(kib);
    }

    pub fn now(&self) -> u64 {
        self.samples.last().copied().unwrap_or(0)
    }

    pub fn of_samples(samples: Vec<u64>) -> Memory {
        Memory { samples }
    }

    /// How much it has grown since it was settled, in percent, and how much it may: 2 %, and in less than ten
    /// minutes, which is too short for it to settle, a fifth. A value is the median of a minute or less.
    pub fn growth(&self) -> (f64, f64) {
        let settled = SETTLED.min(self.samples.len() / 2);
        let rest = &self.samples[settled..];
        let part = (rest.len() / 3).clamp(1, 60).min(rest.len());
        let (first, last) = (median(&rest[..part]), median(&rest[rest.len() - part..]));
        let growth = if first > 0.0 { 100.0 * (last / first - 1.0) } else { 0.0 };
        (growth, if self.samples.len() < 2 * SETTLED { 20.0 } else { 2.0 })
    }
}

fn median(samples: &[u64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(0.0, |kib| *kib as f64)
}
