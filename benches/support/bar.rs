//! A promise in numbers, and whether it is kept.

use serde::{Deserialize, Serialize};

/// What was measured against what is promised.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Bar {
    pub name: String,
    pub measured: f64,
    pub limit: f64,
    /// Otherwise at most.
    pub at_least: bool,
    pub unit: String,
    /// Spread, absolute figures, conditions.
    pub note: String,
}

impl Bar {
    /// Kept if at most `limit`.
    pub fn at_most(name: &str, measured: f64, limit: f64, unit: &str, note: String) -> Bar {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Bar { name, measured, limit, at_least: false, unit, note }
    }

    /// Kept if at least `limit`.
    pub fn at_least(name: &str, measured: f64, limit: f64, unit: &str, note: String) -> Bar {
        Bar { at_least: true, ..Bar::at_most(name, measured, limit, unit, note) }
    }

    pub fn is_kept(&self) -> bool {
        // Not a number is not kept.
        if self.at_least {
            self.measured >= self.limit
        } else {
            self.measured <= self.limit
        }
    }

    /// For whoever reads the output of a child process.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings")
    }
}

impl std::fmt::Display for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = match self.measured {
            small if small < 10.0 => 2,
            medium if medium < 1000.0 => 1,
            _ => 0,
        };
        let measured = format!("{:.digits$} {}", self.measured, self.unit);
        let limit = format!("{} {}", if self.at_least { '≥' } else { '≤' }, self.limit);
        let verdict = if self.is_kept() { "ok" } else { "short" };
        let Bar { name, note, .. } = self;
        write!(f, "{name:<52} {measured:>12}  {limit:<7} {verdict:<5}  {note}")
    }
}
