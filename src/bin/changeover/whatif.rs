//! `changeover replay --set`: what would have been decided otherwise under other settings.

use crate::answer::{Answer, Failure};
use crate::fate::Fate;
use crate::tape::{About, Tape};
use crate::words::{clock, count, seconds, Long};
use changeover::trace::Record;
use changeover::whatif::{Beside, Difference, Trouble, Unknown, WhatIf};
use changeover::{printable, Config, Nanos};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    about: About,
    settings: Vec<String>,
    /// By the record.
    decisions: usize,
    different: usize,
    streams: Vec<OneStream>,
    /// What can't be known from this trace.
    unknown: BTreeSet<String>,
}

#[derive(Serialize)]
struct OneStream {
    stream: String,
    differences: Vec<Line>,
    recorded: Fate,
    otherwise: Fate,
}

/// A decision that differs.
#[derive(Serialize)]
struct Line {
    /// When it would have been decided; nothing where it would not.
    at: Option<String>,
    after_seconds: Option<f64>,
    /// The same by the record.
    recorded_at: Option<String>,
    recorded_after_seconds: Option<f64>,
    what: String,
    /// It is a switch away from an input that went on delivering.
    #[serde(rename = "false")]
    is_false: bool,
    /// By how much, where it was decided at another time.
    #[serde(skip)]
    apart: Option<(Nanos, &'static str)>,
}

pub(crate) fn run(
    trace: &Path,
    set: &[String],
    only: Option<&str>,
    json: bool,
) -> Result<Answer, Failure> {
    let settings = settings(set)?;
    let mut what_if = WhatIf::new(settings);
    if let Some(only) = only {
        what_if = what_if.only(only);
    }
    // What the sources did is known from all of it.
    let mut tape = Tape::open(trace)?;
    while let Some(record) = tape.read()? {
        what_if.hear(&record, tape.at());
    }
    drop(tape);
    let (mut tape, mut unknown) = (Tape::open(trace)?, BTreeSet::new());
    while let Some(record) = tape.read()? {
        if let Record::Lost { records } = record {
            let lost = count(records as usize, "record is", "records are");
            let at = clock(tape.wall(tape.at()));
            unknown.insert(format!("{lost} missing at {at}: what was after that"));
            break;
        }
        what_if.apply(&record, tape.at()).map_err(|trouble| failure(&trouble, &tape))?;
    }
    what_if.finish(tape.at());
    if let (Some(only), None) = (only, what_if.streams().next()) {
        let only = printable(only);
        return Err(Failure::Usage(format!("there is no stream {only} in the trace")));
    }
    let report = report(&what_if, &tape, set, unknown);
    drop(tape);
    let same = report.different == 0;
    match json {
        true => Ok(Answer::json(&report, same)),
        false => Ok(Answer { text: report.text(), well: same }),
    }
}

fn failure(trouble: &Trouble, tape: &Tape) -> Failure {
    match trouble {
        Trouble::AnotherMind(difference) => tape.is_of_another_mind(difference),
        trouble => Failure::Usage(trouble.to_string()),
    }
}

fn settings(set: &[String]) -> Result<Config, Failure> {
    let mut settings = Config::new();
    for one in set {
        let (name, value) = one
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("--set {one}: NAME=VALUE is wanted")))?;
        let refused = |why: &dyn std::fmt::Display| Failure::Usage(format!("--set {one}: {why}"));
        settings.set(name.trim(), value.trim()).map_err(|error| refused(&error))?;
        settings.check_for_stream().map_err(|problem| refused(&problem))?;
    }
    Ok(settings)
}

fn report(what_if: &WhatIf, tape: &Tape, set: &[String], mut unknown: BTreeSet<String>) -> Report {
    let (mut streams, mut decisions, mut different) = (Vec::new(), 0, 0);
    for (number, one) in what_if.streams() {
        let id = one.recorded().id();
        unknown.extend(what_if.unknown(number).iter().map(|what| not_known(what, id)));
        decisions += one.decisions() as usize;
        if !one.differences().is_empty() {
            different += one.differences().len();
            streams.push(OneStream::new(one, tape));
        }
    }
    Report { about: tape.about(), settings: set.to_vec(), decisions, different, streams, unknown }
}

/// What settings ask for that the trace does not have.
fn not_known(what: &Unknown, stream: &str) -> String {
    let stream = printable(stream);
    match what {
        Unknown::ShortSilences(from) => {
            format!("silences shorter than {} are not recorded", Long(*from))
        }
        Unknown::Silences => "the version that has written this trace recorded no silence shorter than the \
             limit then: whether an input would have been given up for one"
            .to_owned(),
        Unknown::Measures(input) => format!(
            "input {input} of {stream} was not measured: what limits on bitrate, frames and loss, and \
             adaptive silence make of it"
        ),
        Unknown::Start(input) => format!(
            "input {input} of {stream} was started, which it never was in the trace: it is taken to \
             deliver at once"
        ),
        _ => format!("something about {stream}"),
    }
}

impl OneStream {
    fn new(one: &Beside, tape: &Tape) -> OneStream {
        let mut differences: Vec<_> = one.differences().iter().collect();
        differences.sort_by_key(|one| one.otherwise.or(one.recorded));
        let differences = differences.into_iter().map(|one| Line::new(one, tape)).collect();
        let (end, outcome) = (tape.at(), one.outcome());
        let recorded = Fate::new(one.recorded(), end);
        let otherwise = Fate::new(&outcome.life, end).with_false(outcome.false_switches);
        OneStream { stream: recorded.stream.clone(), differences, recorded, otherwise }
    }
}

impl Line {
    fn new(difference: &Difference, tape: &Tape) -> Line {
        let Difference { recorded, otherwise, is_false, .. } = *difference;
        let wall = |at: Option<Nanos>| at.map(|at| clock(tape.wall(at)));
        let after = |at: Option<Nanos>| at.map(|at| seconds(at.saturating_sub(tape.begin())));
        let apart = recorded.zip(otherwise).map(|(was, is)| match is.checked_sub(was) {
            Some(later) => (later, "later"),
            None => (was - is, "earlier"),
        });
        Line {
            at: wall(otherwise),
            after_seconds: after(otherwise),
            recorded_at: wall(recorded),
            recorded_after_seconds: after(recorded),
            what: difference.to_string(),
            is_false,
            apart,
        }
    }

    fn text(&self) -> String {
        let Line { at, recorded_at, what, .. } = self;
        let what = printable(what);
        let mut text = match (at, recorded_at, self.apart) {
            (Some(at), _, Some((apart, which))) => {
                format!("  {at} {what}, {} {which}", Long(apart))
            }
            (Some(at), ..) => format!("+ {at} {what}"),
            (None, at, _) => format!("- {} {what}", at.as_deref().unwrap_or_default()),
        };
        if self.is_false {
            text += ": it went on delivering";
        }
        text + "\n"
    }
}

impl OneStream {
    fn text(&self) -> String {
        let mut text = format!("{}\n", printable(&self.stream));
        text.extend(self.differences.iter().map(Line::text));
        text += &format!("  recorded:  {}\n", self.recorded.words());
        text + &format!("  otherwise: {}\n", self.otherwise.words())
    }
}

impl Report {
    fn text(&self) -> String {
        let mut text = self.about.text();
        let settings = self.settings.join(", ");
        let decisions = count(self.decisions, "decision", "decisions");
        text += &match self.different {
            0 => format!("with {settings}: no difference in {decisions}\n"),
            _ => {
                let streams = count(self.streams.len(), "stream", "streams");
                let different = count(self.different, "difference", "differences");
                format!("with {settings}: {different} to {decisions}, in {streams}\n")
            }
        };
        text.extend(self.unknown.iter().map(|what| format!("  not known: {}\n", printable(what))));
        text.extend(self.streams.iter().map(OneStream::text));
        text
    }
}
