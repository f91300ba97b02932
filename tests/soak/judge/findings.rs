//! What the judge has found, in figures, and the first of each kind in words.

use crate::records::{Record, What};
use std::collections::{BTreeMap, VecDeque};

/// So many of each kind are told in words.
const IN_WORDS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    False,
    Missed,
    Double,
    /// It may have been right or wrong: not known exactly enough.
    Undecided,
}

#[derive(Default)]
pub struct Findings {
    counts: BTreeMap<Kind, u64>,
    pub words: Vec<String>,
    pub packets: u64,
    pub forwarded: u64,
    pub switches: u64,
    pub failovers: u64,
    pub silences: u64,
    pub exhausted: u64,
    pub stalls: u64,
    pub commands: u64,
    /// Given up, and rightly so by what the host recorded; but the source had sent: the host's own threads
    /// came too late.
    pub host_late: u64,
    /// Records that came after their time was judged.
    pub late_records: u64,
    /// Events that the reader of the tap was too slow for.
    pub missed_events: u64,
    /// How late silence was noticed, in nanoseconds, where nothing kept the monitor from running.
    pub lateness: Vec<u64>,
}

impl Findings {
    pub fn add(&mut self, kind: Kind, words: impl FnOnce() -> String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= IN_WORDS as u64 {
            self.words.push(format!("{}: {}", kind.name(), words()));
        }
    }

    /// Adds to what was found since there were so many words which stream it is, and what was told of it
    /// before; and says so at once.
    pub fn explain(&mut self, from: usize, stream: usize, at: u64, story: &VecDeque<Record>) {
        for words in &mut self.words[from..] {
            *words += &format!(", in stream {stream}; before that, ms ago:");
            for told in story {
                let ago = at.saturating_sub(told.from) as f64 / 1e6;
                *words += &format!(" {:?} {} {ago:.1},", told.what, told.input % 2);
            }
            words.pop();
            eprintln!("{words}");
        }
    }

    pub fn of(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// What must not be.
    pub fn violations(&self) -> u64 {
        [Kind::False, Kind::Missed, Kind::Double].map(|kind| self.of(kind)).iter().sum()
    }

    /// Why the judgement is worth nothing, if it is.
    pub fn doubts(&self) -> Option<String> {
        let (late, missed) = (self.late_records, self.missed_events);
        (late + missed > 0)
            .then(|| format!("{late} records came too late, {missed} events were missed"))
    }

    pub fn count(&mut self, record: &Record) {
        match record.what {
            What::Packet => {
                self.packets += 1;
                self.forwarded += u64::from(record.number > 0);
            }
            What::SwitchedTimeout => {
                self.switches += 1;
                self.failovers += 1;
            }
            What::SwitchedInitial | What::SwitchedOtherwise => self.switches += 1,
            What::DegradedSilent => self.silences += 1,
            What::Exhausted => self.exhausted += 1,
            What::Stall => self.stalls += 1,
            What::Restarted | What::Renewed | What::Disabled | What::Enabled | What::Blamed => {
                self.commands += 1;
            }
            What::Missed => self.missed_events += record.more,
            _ => {}
        }
    }

    /// A share of the lateness, in milliseconds.
    pub fn lateness_ms(&self, share: f64) -> f64 {
        let mut sorted = self.lateness.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |nanos| *nanos as f64 / 1e6)
    }
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::False => "false",
            Kind::Missed => "missed",
            Kind::Double => "double",
            Kind::Undecided => "undecided",
        }
    }
}
