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
    /// `since` is when it was noticed.
    from_notice: bool,
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
    /// It had been so before `since`, which is when it was noticed.
    from_notice: bool,
    why: String,
    #[serde(skip)]
    lasted: Nanos,
}

impl From<&whatif::Outage> for Outage {
    fn from(outage: &whatif::Outage) -> Outage {
        let whatif::Outage { what, since, until, from_notice, why, .. } = outage.clone();
        Outage { what, since, until, from_notice, why, stood_still: 0 }
    }
}

impl Outage {
    /// One that lasts is told as it is at `now`.
    pub(crate) fn told(&self, now: Nanos, tape: &Tape) -> Without {
        self.by_the_wall(now, tape).told_by(now, |at| clock(tape.wall(at)))
    }

    /// As `told`, with times as `clock` has them.
    pub(crate) fn told_by(&self, now: Nanos, clock: impl Fn(Nanos) -> String) -> Without {
        let lasted = self.lasted(now);
        Without {
            what: self.what,
            since: clock(self.since),
            until: self.until.map(clock),
            seconds: seconds(lasted),
            from_notice: self.from_notice,
            why: self.why.clone(),
            lasted,
        }
    }

    /// As long as it was to viewers, whose clock does not stand still.
    pub(crate) fn by_the_wall(&self, now: Nanos, tape: &Tape) -> Outage {
        let (since, until) = (tape.wall(self.since), tape.wall(self.until.unwrap_or(now)));
        let lasted = until.duration_since(since).unwrap_or_default().as_nanos();
        let lasted = Nanos::try_from(lasted).unwrap_or(Nanos::MAX);
        let ran = self.until.unwrap_or(now).saturating_sub(self.since);
        Outage { stood_still: lasted.saturating_sub(ran), ..self.clone() }
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
        let noticed = if self.from_notice { " from when that was noticed" } else { "" };
        let lasts = if self.lasts() { ", and it lasts" } else { "" };
        with_text(self.text() + noticed + lasts, &self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use changeover::trace::Writer;
    use std::time::{Duration, SystemTime};

    const SECOND: Nanos = 1_000_000_000;

    /// As `trace/wire.rs` has it.
    fn put(out: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }

    /// Two seconds of the engine's clock, which stood still for three more.
    fn stalled() -> Tape {
        let mut trace =
            Writer::new(5 * SECOND, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000))
                .into_bytes();
        let (mut clock, lost) = (vec![4], [5, 1]);
        [7 * SECOND, 1_005 * SECOND].into_iter().for_each(|at| put(&mut clock, at));
        for record in [&clock[..], &lost] {
            trace.push(record.len() as u8);
            trace.extend(record);
            trace.extend(crc32fast::hash(record).to_le_bytes());
        }
        let mut tape = Tape::of("stalled", trace);
        while tape.next().unwrap().is_some() {}
        tape
    }

    #[test]
    fn one_is_as_long_as_it_was_to_viewers_however_often_that_is_asked() {
        let (since, until) = (5 * SECOND + SECOND / 2, Some(7 * SECOND));
        let why = String::new();
        let outage = Outage { what: "dark", since, until, from_notice: false, why, stood_still: 0 };
        let tape = stalled();
        let by_the_wall = outage.by_the_wall(7 * SECOND, &tape);
        assert_eq!(by_the_wall.lasted(7 * SECOND), 4 * SECOND + SECOND / 2);
        for outage in [outage, by_the_wall] {
            let told = outage.told(7 * SECOND, &tape);
            assert_eq!(told.text(), "dark since 1970-01-01T00:16:40.500Z for 4.5 s");
        }
    }
}
