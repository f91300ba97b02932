//! The judge: what the engine decided, against what really happened to it.
//!
//! It believes nothing that the engine says of packets. It has each packet with the times right before and
//! after it was recorded, each decision with the earliest and the latest time at which it can have been made,
//! when each source sent, when the host was stopped, and how long the kernel kept the monitor waiting.
//!
//! - **False**: an input was given up for silence, and had delivered within its timeout (stops of the process
//!   taken out), or within the grace after a stop; or it was given up for an error that nobody reported.
//! - **Missed**: nothing was forwarded though an input delivered and could have been on air; or a silence went
//!   by and was not told.
//! - **Double**: two inputs on air at once, a switch number used twice or falling, one outage told twice.
//!
//! What can't be told from what is known is counted as undecided, and what the host itself received late as
//! that: neither is the engine's.

mod findings;
mod stream;
#[cfg(test)]
mod tests;

use crate::plan::STREAMS;
use crate::records::{Record, What};
pub use findings::{Findings, Kind};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use stream::Stream;

/// So long after something happened it has been told, in nanoseconds: a thread that is interrupted between
/// recording a packet and telling of it may be stopped as well.
const PATIENCE: u64 = 6_000_000_000;

/// The longest step of the monitor, in nanoseconds; it may be interrupted in one.
const STEP: u64 = 200_000_000;

/// What is known from others than the host.
pub trait Witness {
    /// By how much the monitor may be late for what kept it from running in this time.
    fn allowance(&self, from: u64, to: u64) -> u64;
    /// The last stop of the process before this time: from when to when.
    fn stop_before(&self, at: u64) -> Option<(u64, u64)>;
    /// Whether an input's source has sent anything in this time.
    fn sent_within(&self, input: usize, from: u64, to: u64) -> bool;
}

pub struct Judge {
    streams: Vec<Stream>,
    /// Not judged yet: when it happened, its number, and what it is.
    waiting: BinaryHeap<Reverse<(u64, u64, Waiting)>>,
    told: u64,
    /// When the newest of them happened.
    newest: u64,
    judged_until: u64,
    pub findings: Findings,
}

/// Never compared: numbers differ.
struct Waiting(Record);

impl PartialEq for Waiting {
    fn eq(&self, _: &Waiting) -> bool {
        true
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, _: &Waiting) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Judge {
    pub fn new() -> Judge {
        Judge {
            streams: (0..STREAMS).map(Stream::new).collect(),
            waiting: BinaryHeap::new(),
            told: 0,
            newest: 0,
            judged_until: 0,
            findings: Findings::default(),
        }
    }

    /// Takes what the host tells. It may come in another order than it happened.
    pub fn take(&mut self, record: Record) {
        self.newest = self.newest.max(record.to);
        // A packet counts from when it was recorded; the rest from when it may have begun to count.
        let at = match record.what {
            What::Packet => record.to,
            // What is decided in a step has the time at which that began, and what was told may have come
            // later. So it is looked for when all of that is known.
            What::DegradedByHost => record.to + STEP,
            // Whether it was silent is judged when all packets are known that may have come before.
            What::DegradedSilent => {
                self.wait(record.from, Record { what: What::GivenUp, ..record });
                record.to
            }
            _ => record.from,
        };
        self.wait(at, record);
    }

    fn wait(&mut self, at: u64, record: Record) {
        if at < self.judged_until {
            self.findings.late_records += 1;
        }
        self.told += 1;
        self.waiting.push(Reverse((at, self.told, Waiting(record))));
    }

    /// Judges all of which all has been told: by the time of what was told, not by the clock. A judge that gets no
    /// processor for long reads what was told late.
    pub fn judge_what_is_known(&mut self, witness: &impl Witness) {
        self.judge_until(self.newest.saturating_sub(PATIENCE), witness);
    }

    /// Judges all that happened before this time.
    pub fn judge_until(&mut self, time: u64, witness: &impl Witness) {
        self.judged_until = self.judged_until.max(time);
        while self.waiting.peek().is_some_and(|Reverse((at, _, _))| *at < time) {
            if let Some(Reverse((_, _, Waiting(record)))) = self.waiting.pop() {
                self.judge(&record, witness);
            }
        }
    }

    fn judge(&mut self, record: &Record, witness: &impl Witness) {
        self.findings.count(record);
        match record.what {
            What::Stall => self.streams.iter_mut().for_each(|stream| stream.stalled(record)),
            What::Missed | What::End => {}
            _ => {
                let (stream, before) = (record.stream(), self.findings.words.len());
                self.streams[stream].judge(record, witness, &mut self.findings);
                let story = self.streams[stream].story();
                self.findings.explain(before, stream, record.to, story);
            }
        }
    }
}
