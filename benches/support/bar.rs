//! A figure, perhaps one that is promised to stay within a bar.

use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Figure {
    pub name: String,
    pub measured: f64,
    pub unit: String,
    pub bar: Bar,
    /// Spread, absolute figures, conditions.
    pub note: String,
    /// What it consists of, for a plot.
    pub curves: Vec<Curve>,
}

/// What is promised.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub enum Bar {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// One line in a plot.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Curve {
    pub plot: String,
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

impl Figure {
    pub fn new(name: &str, measured: f64, unit: &str, bar: Bar, note: String) -> Figure {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Figure { name, measured, unit, bar, note, curves: Vec::new() }
    }

    pub fn curve(mut self, plot: &str, name: &str, points: Vec<(f64, f64)>) -> Figure {
        self.curves.push(Curve { plot: plot.to_owned(), name: name.to_owned(), points });
        self
    }

    pub fn is_short(&self) -> bool {
        let kept = match self.bar {
            Bar::AtMost(limit) => self.measured <= limit,
            Bar::AtLeast(limit) => self.measured >= limit,
            Bar::None => true,
        };
        // So that what is not a number is short.
        !kept
    }
}

impl std::fmt::Display for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bar::AtMost(limit) => write!(f, "≤ {limit}"),
            Bar::AtLeast(limit) => write!(f, "≥ {limit}"),
            Bar::None => Ok(()),
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = match self.measured {
            small if small < 10.0 => 2,
            medium if medium < 1000.0 => 1,
            _ => 0,
        };
        let measured = format!("{:.digits$} {}", self.measured, self.unit);
        let verdict = match self.bar {
            Bar::None => "",
            _ if self.is_short() => "short",
            _ => "ok",
        };
        let Figure { name, note, bar, .. } = self;
        write!(f, "{name:<52} {measured:>12}  {:<7} {verdict:<5}  {note}", bar.to_string())
    }
}
