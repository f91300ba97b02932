//! Whether the host's memory stays what it is: what is resident, and what it has asked of the allocator and not
//! given back. A leak shows in both; what the allocator keeps for itself, and stacks, in the first alone.

use std::fs::read_to_string;

#[derive(Default)]
pub struct Memory {
    /// In KiB.
    pub resident: Samples,
    /// In bytes.
    pub held: Samples,
}

/// One a second.
#[derive(Default)]
pub struct Samples(pub Vec<u64>);

/// From when on it has to stay the same, in seconds; in a short run from half of it on.
const SETTLED: usize = 300;

impl Memory {
    /// Looks how much is resident of a process.
    pub fn look(&mut self, pid: u32) {
        let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: Option<u64> =
            resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
        self.resident.0.extend(kib);
    }

    /// What has grown more than it may, in words. In a short run what is held is all that is remembered of the
    /// first failures, and grows by as many as there are.
    pub fn has_grown(&self) -> Option<String> {
        let held = Some(("held", &self.held)).filter(|_| !self.held.are_few());
        let mut all = [("resident", &self.resident)].into_iter().chain(held);
        let (name, samples) = all.find(|(_, samples)| samples.have_grown())?;
        let (growth, may) = (samples.growth(), samples.may_grow());
        Some(format!("memory grew by {growth:.1} %, {name}, and may grow by {may} %"))
    }
}

impl Samples {
    pub fn last(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// By how much it has grown since it was settled, in percent. A value is the median of a minute or less.
    pub fn growth(&self) -> f64 {
        let settled = SETTLED.min(self.0.len() / 2);
        let rest = &self.0[settled..];
        let part = (rest.len() / 3).clamp(1, 60).min(rest.len());
        let (first, last) = (median(&rest[..part]), median(&rest[rest.len() - part..]));
        if first > 0.0 {
            100.0 * (last / first - 1.0)
        } else {
            0.0
        }
    }

    /// 2 %; and in less than ten minutes, which is too short for it to settle, a fifth.
    pub fn may_grow(&self) -> f64 {
        if self.are_few() {
            20.0
        } else {
            2.0
        }
    }

    /// Too few to have settled.
    fn are_few(&self) -> bool {
        self.0.len() < 2 * SETTLED
    }

    pub fn have_grown(&self) -> bool {
        self.growth() > self.may_grow()
    }
}

fn median(samples: &[u64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(0.0, |sample| *sample as f64)
}
