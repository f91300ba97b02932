//! How a stream fared, in a few numbers: the same for what was recorded, what would have been, and what is tried.

use crate::outage::{Outage, Without};
use crate::tape::Tape;
use crate::words::{count, seconds, Long};
use changeover::whatif::{self, Life, OnAir};
use changeover::{printable, Nanos};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// So many outages of a stream are listed for people.
const LISTED: usize = 20;

/// How a stream fared.
#[derive(Serialize)]
pub(crate) struct Fate {
    pub(crate) stream: String,
    switches: usize,
    /// How many of these left an input for a silence, though it went on delivering; where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    false_switches: Option<usize>,
    reasons: BTreeMap<&'static str, usize>,
    /// How often nothing was on air, after something had been.
    outages: usize,
    dark_seconds: f64,
    /// At the end: an input, or nothing.
    on_air: Option<i32>,
    #[serde(skip)]
    without: Vec<Outage>,
    #[serde(skip)]
    end: Nanos,
}

impl Fate {
    pub(crate) fn new(life: &Life, end: Nanos) -> Fate {
        let mut reasons = BTreeMap::new();
        for switch in life.switches() {
            *reasons.entry(switch.reason.name()).or_insert(0) += 1;
        }
        let without = life.outages().iter().map(Outage::from).collect::<Vec<_>>();
        let dark = Sum::of(&without, whatif::Outage::DARK, end);
        Fate {
            stream: life.id().to_string(),
            switches: life.switches().len(),
            false_switches: None,
            reasons,
            outages: dark.times,
            dark_seconds: seconds(dark.long),
            on_air: match life.last() {
                (OnAir::Input(priority), _) if life.until().is_none() => Some(priority),
                _ => None,
            },
            without,
            end,
        }
    }

    /// Its outages as long as they were to viewers.
    pub(crate) fn by_the_wall(mut self, tape: &Tape) -> Fate {
        for outage in &mut self.without {
            *outage = outage.by_the_wall(self.end, tape);
        }
        self.dark_seconds = seconds(Sum::of(&self.without, whatif::Outage::DARK, self.end).long);
        self
    }

    pub(crate) fn with_false(self, switches: usize) -> Fate {
        Fate { false_switches: Some(switches), ..self }
    }

    /// For a list of them.
    pub(crate) fn worst_first(&self) -> Reverse<(Nanos, usize)> {
        Reverse((Sum::of(&self.without, whatif::Outage::DARK, self.end).long, self.switches))
    }

    /// A line.
    fn text(&self) -> String {
        format!("{}: {}\n", printable(&self.stream), self.words())
    }

    /// Without the stream's id.
    pub(crate) fn words(&self) -> String {
        let mut text = String::new();
        text += &count(self.switches, "switch", "switches");
        if !self.reasons.is_empty() {
            let reasons = self.reasons.iter().map(|(reason, times)| format!("{times} {reason}"));
            text += &format!(" ({})", reasons.collect::<Vec<_>>().join(", "));
        }
        if let Some(times @ 1..) = self.false_switches {
            text += &format!(", {times} of them false");
        }
        match Sum::of(&self.without, whatif::Outage::DARK, self.end) {
            Sum { times: 0, .. } => text += ", never dark",
            dark => text += &format!(", dark {dark}"),
        }
        let others: BTreeSet<_> = self.without.iter().map(|outage| outage.what).collect();
        for what in others.into_iter().filter(|what| *what != whatif::Outage::DARK) {
            text += &format!(", {what} {}", Sum::of(&self.without, what, self.end));
        }
        text
    }
}

/// How a stream fared, and when its viewers were without.
#[derive(Serialize)]
pub(crate) struct Fared {
    #[serde(flatten)]
    fate: Fate,
    without: Vec<Without>,
}

impl Fared {
    /// With its outages as they are told.
    pub(crate) fn new(fate: Fate, told: impl Fn(&Outage) -> Without) -> Fared {
        let without = fate.without.iter().map(told).collect();
        Fared { fate, without }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = self.fate.text();
        let earlier = self.without.len().saturating_sub(LISTED);
        if earlier > 0 {
            text += &format!("  {earlier} earlier ones, which --json has\n");
        }
        let listed = self.without[earlier..].iter();
        text.extend(listed.map(|outage| format!("  {}\n", outage.in_full())));
        text
    }
}

/// How often, and for how long together.
struct Sum {
    times: usize,
    long: Nanos,
}

impl Sum {
    fn of(outages: &[Outage], what: &str, end: Nanos) -> Sum {
        let such = outages.iter().filter(|outage| outage.what == what);
        let add = |Sum { times, long }, outage: &Outage| Sum {
            times: times + 1,
            long: long + outage.lasted(end),
        };
        such.fold(Sum { times: 0, long: 0 }, add)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {}", Long(self.long))?;
        match self.times {
            1 => Ok(()),
            times => write!(f, " in {times} times"),
        }
    }
}
