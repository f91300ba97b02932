//! How a stream fared, in a few numbers: the same for what was recorded, what would have been, and what is tried.

use crate::story::{Life, OnAir};
use crate::words::{count, seconds, Long};
use changeover::{printable, Nanos};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

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
    dark: Nanos,
}

impl Fate {
    pub(crate) fn new(life: &Life, end: Nanos) -> Fate {
        let mut reasons = BTreeMap::new();
        for switch in &life.switches {
            *reasons.entry(switch.reason.name()).or_insert(0) += 1;
        }
        let outages = life.dark(end);
        let dark = outages.iter().map(|(since, until)| until.saturating_sub(*since)).sum();
        Fate {
            stream: life.id.to_string(),
            switches: life.switches.len(),
            false_switches: None,
            reasons,
            outages: outages.len(),
            dark_seconds: seconds(dark),
            on_air: match life.last() {
                (OnAir::Input(priority), _) if life.until.is_none() => Some(priority),
                _ => None,
            },
            dark,
        }
    }

    pub(crate) fn with_false(self, switches: usize) -> Fate {
        Fate { false_switches: Some(switches), ..self }
    }

    /// For a list of them.
    pub(crate) fn worst_first(&self) -> Reverse<(Nanos, usize)> {
        Reverse((self.dark, self.switches))
    }

    /// A line.
    pub(crate) fn text(&self) -> String {
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
        match self.outages {
            0 => text += ", never dark",
            1 => text += &format!(", dark for {}", Long(self.dark)),
            times => text += &format!(", dark for {} in {times} times", Long(self.dark)),
        }
        text
    }
}
