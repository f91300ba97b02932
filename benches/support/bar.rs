//! A figure, perhaps one that is promised to stay within a bar.

use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Figure {
    pub name: String,
    pub measured: f64,
    pub unit: String,
    pub bar: Bar,
    /// What on this machine alone breaks the bar, measured in the same run.
    pub beyond: Option<String>,
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
        Figure { name, measured, unit, bar, beyond: None, note, curves: Vec::new() }
    }

    pub fn curve(mut self, plot: &str, name: &str, points: Vec<(f64, f64)>) -> Figure {
        self.curves.push(Curve { plot: plot.to_owned(), name: name.to_owned(), points });
        self
    }

    /// Names something that no implementation can do without, and what that alone comes to in
    /// this run. If that breaks the bar, the bar says nothing about ours.
    pub fn no_less_than(mut self, what: &str, alone: f64) -> Figure {
        if !self.bar.is_kept_by(alone) {
            self.beyond = Some(format!("{what} alone: {alone:.2} {}", self.unit));
        }
        self
    }

    pub fn is_short(&self) -> bool {
        self.verdict() == "short"
    }

    fn verdict(&self) -> &'static str {
        match self.bar {
            Bar::None => "",
            bar if bar.is_kept_by(self.measured) => "ok",
            _ if self.beyond.is_some() => "beyond",
            _ => "short",
        }
    }
}

impl Bar {
    /// What is not a number keeps none.
    fn is_kept_by(self, measured: f64) -> bool {
        match self {
            Bar::AtMost(limit) => measured <= limit,
            Bar::AtLeast(limit) => measured >= limit,
            Bar::None => true,
        }
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
        let verdict = self.verdict();
        let Figure { name, note, bar, .. } = self;
        write!(f, "{name:<52} {measured:>12}  {:<7} {verdict:<6}  ", bar.to_string())?;
        if let Some(alone) = self.beyond.as_ref().filter(|_| verdict == "beyond") {
            write!(f, "{alone}; ")?;
        }
        f.write_str(note)
    }
}
