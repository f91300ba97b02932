//! When viewers of a stream were without: nothing was on air, or nothing that can be watched.

use crate::tape::Tape;
use crate::words::{clock, seconds, with_text, Long};
use changeover::core::{InputError, Stream};
use changeover::{printable, Awaited, Detail, InputHealth, Nanos, Priority, Reason};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) what: &'static str,
    /// From the last packet on, or the last that could be watched, as far as that is known.
    pub(crate) since: Nanos,
    /// Nothing while it lasts.
    pub(crate) until: Option<Nanos>,
    /// Of the input that was on air.
    pub(crate) why: String,
    /// For so long the engine's clock stood still meanwhile, as far as that is known.
    stood_still: Nanos,
}

/// Of one stream, as they come and go.
#[derive(Default)]
pub(crate) struct Outages {
    all: Vec<Outage>,
    /// What was on air when the stream was seen last.
    on_air: Option<Priority>,
    /// Something was, at some time: what is before the first packet is no outage.
    was_on_air: bool,
}

/// What is shorter, the engine itself does not tell apart.
const TICK: Nanos = 1_000_000;

/// Nothing is on air.
pub(crate) const DARK: &str = "dark";

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

impl Outages {
    pub(crate) fn all(&self) -> &[Outage] {
        &self.all
    }

    /// The stream as it is at `at`.
    pub(crate) fn see(&mut self, stream: &Stream, at: Nanos) {
        let on_air = stream.on_air_input();
        if let Some(left) = self.on_air.filter(|before| on_air != Some(*before)) {
            // What had been silent for a while was dark for so long.
            let error = error_of(stream, left, at);
            let since = at.saturating_sub(error.map_or(0, silence));
            self.end(since);
            if since < at || on_air.is_none() {
                self.begin(DARK, since, why(stream, left, error, at));
            }
        }
        self.was_on_air |= on_air.is_some();
        self.on_air = on_air;
        let what = match on_air {
            Some(priority) => unwatchable(stream, priority),
            None => self.was_on_air.then(|| (DARK, at, String::new())),
        };
        let is_new = |what| self.lasting().is_none_or(|outage| outage.what != what);
        match what {
            Some((what, since, why)) if is_new(what) => {
                self.end(at);
                self.begin(what, since, why);
            }
            Some(_) => {}
            None => self.end(at),
        }
    }

    /// Nothing more is known from here on, or there is no more.
    pub(crate) fn end(&mut self, at: Nanos) {
        if let Some(outage) = self.all.last_mut().filter(|outage| outage.until.is_none()) {
            outage.until = Some(at);
            self.all.pop_if(|outage| outage.lasted(at) < TICK);
        }
    }

    /// Records are missing: what is on air is not known.
    pub(crate) fn lose(&mut self, at: Nanos) {
        self.end(at);
        self.on_air = None;
    }

    /// That which lasts.
    pub(crate) fn lasting(&self) -> Option<&Outage> {
        self.all.last().filter(|outage| outage.until.is_none())
    }

    fn begin(&mut self, what: &'static str, since: Nanos, why: String) {
        // What was before the last one ended belongs to that.
        let before = self.all.last().and_then(|outage| outage.until).unwrap_or(0);
        self.all.push(Outage { what, since: since.max(before), until: None, why, stood_still: 0 });
    }
}

fn input_of(stream: &Stream, priority: Priority) -> Option<&InputHealth> {
    stream.inputs().iter().find(|input| input.priority() == priority)
}

/// Why an input was given up in this instant, if it was.
fn error_of(stream: &Stream, priority: Priority, at: Nanos) -> Option<&InputError> {
    input_of(stream, priority)?.errors().last().filter(|error| error.at == at)
}

/// How long the input that was just left had been silent.
fn silence(error: &InputError) -> Nanos {
    match error.detail {
        Detail::Overdue { awaited: Awaited::Packet, measured, .. }
        | Detail::Silent { measured, .. } => measured,
        _ => 0,
    }
}

fn why(stream: &Stream, left: Priority, error: Option<&InputError>, at: Nanos) -> String {
    if let Some(InputError { reason, detail, .. }) = error {
        return said(left, *reason, detail);
    }
    let switch = stream.switches().last().filter(|switch| switch.at == at);
    switch.map_or_else(String::new, |switch| said(left, switch.reason, &switch.detail))
}

fn said(priority: Priority, reason: Reason, detail: &Detail) -> String {
    match detail.is_empty() {
        true => format!("input {priority}, {}", reason.name()),
        false => format!("input {priority}, {} ({})", reason.name(), printable(&detail.text())),
    }
}

/// What is on air can't be watched, since when, and why.
fn unwatchable(stream: &Stream, priority: Priority) -> Option<(&'static str, Nanos, String)> {
    let is_so = |reason| matches!(reason, Reason::VideoLost | Reason::Black | Reason::Frozen);
    let held = input_of(stream, priority)?.conditions().find(|held| is_so(held.condition))?;
    let since = held.since.saturating_sub(held.evidence.detected_after().unwrap_or(0));
    Some((held.condition.name(), since, said(priority, held.condition, &held.evidence)))
}
