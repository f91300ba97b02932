//! When viewers of a stream were without: nothing was on air, or nothing that can be watched.

use crate::tape::Tape;
use crate::words::{clock, seconds, with_text, Long};
use changeover::{whatif, Nanos};
use serde::Serialize;

/// One, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) what: &'static str,
    pub(crate) since: Nanos,
    pub(crate) until: Option<Nanos>,
    pub(crate) why: String,
    /// For so long the engine's clock stood still meanwhile, as far as that is known.
    stood_still: Nanos,
}

/// The same for people and programs.
#[derive(Serialize)]
pub(crate) struct Without {
    what: &'static str,
    since: String,
    until: Option<String>,
    seconds: f64,
    why: String,
    #[serde(skip)]
    lasted: Nanos,
}

impl From<&whatif::Outage> for Outage {
    fn from(outage: &whatif::Outage) -> Outage {
        let whatif::Outage { what, since, until, why, .. } = outage.clone();
        Outage { what, since, until, why, stood_still: 0 }
    }
}

impl Outage {
    /// One that lasts is told as it is at `now`.
    pub(crate) fn told(&self, now: Nanos, tape: &Tape) -> Without {
        let wall = |at| clock(tape.wall(at));
        let lasted = self.by_the_wall(now, tape).lasted(now);
        Without {
            what: self.what,
            since: wall(self.since),
            until: self.until.map(wall),
            seconds: seconds(lasted),
            why: self.why.clone(),
            lasted,
        }
    }

    /// As long as it was to viewers, whose clock does not stand still.
    pub(crate) fn by_the_wall(&self, now: Nanos, tape: &Tape) -> Outage {
        let (since, until) = (tape.wall(self.since), tape.wall(self.until.unwrap_or(now)));
        let lasted = until.duration_since(since).unwrap_or_default().as_nanos();
        let lasted = Nanos::try_from(lasted).unwrap_or(Nanos::MAX);
        let stood_still = lasted.saturating_sub(self.lasted(now));
        Outage { stood_still, ..self.clone() }
    }

    pub(crate) fn lasted(&self, now: Nanos) -> Nanos {
        self.until.unwrap_or(now).saturating_sub(self.since) + self.stood_still
    }

    /// Whether something that happened at `at` began, ended or was part of it.
    pub(crate) fn spans(&self, at: Nanos) -> bool {
        self.since <= at && self.until.is_none_or(|until| at <= until)
    }

    /// `dark since 03:12:29.210 for 2.0 s`, with its beginning as it is told there.
    pub(crate) fn text(&self, since: &str, now: Nanos) -> String {
        words(self.what, since, self.lasted(now))
    }
}

/// The same wherever it is told.
fn words(what: &str, since: &str, lasted: Nanos) -> String {
    format!("{what} since {since} for {}", Long(lasted))
}

impl Without {
    /// `dark since 2026-11-27T03:12:29.210Z for 2.0 s`.
    pub(crate) fn text(&self) -> String {
        words(self.what, &self.since, self.lasted)
    }

    pub(crate) fn lasts(&self) -> bool {
        self.until.is_none()
    }

    /// With what is known of its end and its cause.
    pub(crate) fn in_full(&self) -> String {
        let lasts = if self.lasts() { ", and it lasts" } else { "" };
        with_text(self.text() + lasts, &self.why)
    }
}
