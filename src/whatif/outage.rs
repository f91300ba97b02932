//! When viewers of a stream were without: nothing was on air, or nothing that can be watched.

use crate::core::{
    Awaited, Detail, HeldCondition, InputError, InputHealth, Nanos, Priority, Stream,
};
use crate::print::printable;
use crate::vocabulary::Reason;

/// A time in which viewers were without.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outage {
    /// [`Outage::DARK`], or the condition for which it could not be watched.
    pub what: &'static str,
    /// From the last packet on, or the last that could be watched, as far as that is known; engine time.
    pub since: Nanos,
    /// Nothing while it lasts.
    pub until: Option<Nanos>,
    /// `since` is when it was noticed: it had been so before.
    pub from_notice: bool,
    /// Of the input that was on air, for people.
    pub why: String,
}

impl Outage {
    /// Nothing is on air.
    pub const DARK: &'static str = "dark";

    /// How long it has lasted at `now`.
    pub fn lasted(&self, now: Nanos) -> Nanos {
        self.until.unwrap_or(now).saturating_sub(self.since)
    }
}

/// Of one stream, as they come and go.
#[derive(Debug, Default)]
pub(super) struct Outages {
    all: Vec<Outage>,
    /// What was on air when the stream was seen last.
    on_air: Option<Priority>,
    /// Something was, at some time: what is before the first packet is no outage.
    was_on_air: bool,
}

/// What is shorter, the engine itself does not tell apart.
const TICK: Nanos = 1_000_000;

impl Outages {
    pub(super) fn all(&self) -> &[Outage] {
        &self.all
    }

    /// The stream as it is at `at`.
    pub(super) fn see(&mut self, stream: &Stream, at: Nanos) {
        let on_air = stream.on_air_input();
        if let Some(left) = self.on_air.filter(|before| on_air != Some(*before)) {
            // What had been silent for a while was dark for so long.
            let error = error_of(stream, left, at);
            let since = at.saturating_sub(error.map_or(0, silence));
            self.end(since);
            if since < at || on_air.is_none() {
                self.begin(Outage::DARK, since, why(stream, left, error, at));
            }
        }
        self.was_on_air |= on_air.is_some();
        self.on_air = on_air;
        let what = match on_air {
            Some(priority) => unwatchable(stream, priority),
            None => self.was_on_air.then(|| (Outage::DARK, at, String::new())),
        };
        let is_new = |what| self.lasting().is_none_or(|outage| outage.what != what);
        match what {
            Some((what, since, why)) if is_new(what) => {
                self.end(at);
                self.begin(what, since, why);
                if let Some(begun) = self.all.last_mut() {
                    let held = on_air.and_then(|on_air| held(stream, on_air));
                    begun.from_notice =
                        held.is_some_and(|held| held.evidence.detected_after().is_none());
                }
            }
            Some(_) => {}
            None => self.end(at),
        }
    }

    /// Nothing more is known from here on, or there is no more.
    pub(super) fn end(&mut self, at: Nanos) {
        if let Some(outage) = self.all.last_mut().filter(|outage| outage.until.is_none()) {
            outage.until = Some(at);
            self.all.pop_if(|outage| outage.lasted(at) < TICK);
        }
    }

    /// Records are missing: what is on air is not known.
    pub(super) fn lose(&mut self, at: Nanos) {
        self.end(at);
        self.on_air = None;
    }

    /// For how many nanoseconds nothing was on air.
    pub(super) fn dark(&self, now: Nanos) -> Nanos {
        let dark = self.all.iter().filter(|outage| outage.what == Outage::DARK);
        dark.map(|outage| outage.lasted(now)).sum()
    }

    /// Forgets all but the last: for how many nanoseconds nothing was on air in these.
    pub(super) fn forget(&mut self) -> Nanos {
        let Some(last) = self.all.pop() else { return 0 };
        let dark = self.dark(last.since);
        self.all.clear();
        self.all.push(last);
        dark
    }

    /// That which lasts.
    pub(super) fn lasting(&self) -> Option<&Outage> {
        self.all.last().filter(|outage| outage.until.is_none())
    }

    fn begin(&mut self, what: &'static str, since: Nanos, why: String) {
        // What was before the last one ended belongs to that.
        let before = self.all.last().and_then(|outage| outage.until).unwrap_or(0);
        let since = since.max(before);
        self.all.push(Outage { what, since, until: None, from_notice: false, why });
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

/// The condition for which it can't be watched.
fn held(stream: &Stream, priority: Priority) -> Option<HeldCondition> {
    let is_so = |reason| matches!(reason, Reason::VideoLost | Reason::Black | Reason::Frozen);
    input_of(stream, priority)?.conditions().find(|held| is_so(held.condition))
}

/// What is on air can't be watched, since when, and why.
fn unwatchable(stream: &Stream, priority: Priority) -> Option<(&'static str, Nanos, String)> {
    let held = held(stream, priority)?;
    let since = held.since.saturating_sub(held.evidence.detected_after().unwrap_or(0));
    Some((held.condition.name(), since, said(priority, held.condition, &held.evidence)))
}
