//! `changeover replay --set`: what would have been decided otherwise under other settings.

use crate::answer::{Answer, Failure};
use crate::fate::Fate;
use crate::other::Other;
use crate::run::{Outcome, Run};
use crate::story::Story;
use crate::tape::{About, Tape};
use crate::verdicts::{compare, Difference};
use crate::witness::{Known, Witness};
use crate::words::{clock, count, seconds, Long};
use changeover::core::{Common, Registration, Stream};
use changeover::trace::{Act, Record};
use changeover::{printable, Config, Nanos, Notice, Priority};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

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

/// The streams of a trace, each beside the recorded one.
struct WhatIf<'a> {
    settings: &'a Config,
    only: Option<&'a str>,
    witness: Witness,
    streams: BTreeMap<u64, Beside>,
    /// Of the recorded ones.
    story: Story,
    unknown: BTreeSet<String>,
}

struct Beside {
    other: Other,
    /// What was decided by the record.
    recorded: Vec<(Nanos, Notice)>,
    measured: Vec<Priority>,
}

pub(crate) fn run(
    trace: &Path,
    set: &[String],
    only: Option<&str>,
    json: bool,
) -> Result<Answer, Failure> {
    let settings = settings(set)?;
    let mut witness = Witness::default();
    let mut tape = Tape::open(trace)?;
    while let Some(record) = tape.read()? {
        witness.hear(&record, tape.at());
    }
    drop(tape);
    let mut tape = Tape::open(trace)?;
    let mut what_if = WhatIf {
        settings: &settings,
        only,
        witness,
        streams: BTreeMap::new(),
        story: Story::default(),
        unknown: BTreeSet::new(),
    };
    while let Some(record) = tape.read()? {
        if let Record::Lost { records } = record {
            let lost = count(records as usize, "record is", "records are");
            let at = clock(tape.wall(tape.at()));
            what_if.unknown.insert(format!("{lost} missing at {at}: what was after that"));
            break;
        }
        what_if.go_on(&record, &mut tape)?;
    }
    if let (Some(only), true) = (only, what_if.streams.is_empty()) {
        let only = printable(only);
        return Err(Failure::Usage(format!("there is no stream {only} in the trace")));
    }
    let report = what_if.report(&mut tape, set);
    drop(tape);
    let same = report.different == 0;
    match json {
        true => Ok(Answer::json(&report, same)),
        false => Ok(Answer { text: report.text(), well: same }),
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

impl WhatIf<'_> {
    fn go_on(&mut self, record: &Record, tape: &mut Tape) -> Result<(), Failure> {
        let at = tape.at();
        if let Record::Told(told) = record {
            if let Some(one) = self.streams.get_mut(&told.registration) {
                one.other.advance(at, tape.replay.stream(told.registration));
            }
        }
        let applied = tape.replay.apply(record);
        applied.map_err(|difference| tape.is_of_another_mind(&difference))?;
        self.story.observe(record, &tape.replay, at);
        match record {
            Record::State(stream) => {
                let registration = stream.registration();
                if self.is_wanted(stream.id()) && !self.streams.contains_key(&registration) {
                    let mut common = tape.replay.common();
                    let recorded = tape.replay.stream(registration).expect("it was just read");
                    let stream = recorded.under(self.settings, at, &mut common);
                    let stream = stream.map_err(|error| refused(recorded.id(), error))?;
                    self.begin(stream, common, recorded, &[], at);
                }
            }
            Record::Registered { registration: Ok(registration), acts, .. }
                if self.is_wanted(&registration.id) =>
            {
                let (number, id) = (registration.number, registration.id.clone());
                let mut common = tape.replay.common();
                let registration = under((**registration).clone(), self.settings);
                let stream = Stream::new(registration, at, &mut common);
                let stream = stream.map_err(|error| refused(&id, error))?;
                if let Some(recorded) = tape.replay.stream(number) {
                    self.begin(stream, common, recorded, acts, at);
                }
            }
            Record::MassFailure { since, until, .. } => {
                let all = self.streams.values_mut();
                all.for_each(|one| one.other.run.common.spread_waits(*since, *until));
            }
            Record::Told(told) => {
                if let Some(one) = self.streams.get_mut(&told.registration) {
                    one.recorded.extend(notices(&told.acts(), at));
                    one.other.follow(told, tape.replay.stream(told.registration));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_wanted(&self, id: &str) -> bool {
        self.only.is_none_or(|only| only == id)
    }

    fn begin(
        &mut self,
        stream: Stream,
        common: Common,
        recorded: &Stream,
        acts: &[Act],
        at: Nanos,
    ) {
        let registration = recorded.registration();
        let Known { sources, measured } = self.witness.known(registration);
        let run = Run::new(stream, common, Rc::new(sources), at, None);
        let other = Other::new(run, self.settings.clone(), recorded, acts);
        let recorded = notices(acts, at).collect();
        self.streams.insert(registration, Beside { other, recorded, measured });
    }

    fn report(mut self, tape: &mut Tape, set: &[String]) -> Report {
        let end = tape.at();
        let (mut streams, mut decisions, mut different) = (Vec::new(), 0, 0);
        for (registration, mut one) in std::mem::take(&mut self.streams) {
            let recorded = tape.replay.stream(registration);
            one.other.advance(end.saturating_add(1), recorded);
            if let Some(recorded) = recorded {
                self.note_unknown(&one, recorded);
            }
            let (outcome, _) = one.other.run.end();
            for input in &outcome.assumed {
                self.unknown.insert(format!(
                    "input {input} of {} was started, which it never was in the trace: it is taken to \
                     deliver at once",
                    printable(&outcome.life.id)
                ));
            }
            let found = compare(&one.recorded, &outcome.decided);
            decisions += one.recorded.len();
            if !found.is_empty() {
                different += found.len();
                let life = &self.story.lives[&registration];
                streams.push(OneStream::new(found, Fate::new(life, end), &outcome, tape, end));
            }
        }
        let settings = set.to_vec();
        let (about, unknown) = (tape.about(), self.unknown);
        Report { about, settings, decisions, different, streams, unknown }
    }

    /// What settings ask for that the trace does not have.
    fn note_unknown(&mut self, one: &Beside, recorded: &Stream) {
        for input in one.other.run.stream.inputs() {
            let was = recorded.inputs().iter().find(|was| was.priority() == input.priority());
            let Some(was) = was else { continue };
            let limit = input.silence_limit();
            match self.witness.silences_from() {
                Some(from) if limit < from && limit < was.silence_limit() => {
                    let from = Long(from);
                    self.unknown.insert(format!("silences shorter than {from} are not recorded"));
                }
                None if limit < was.silence_limit() => {
                    self.unknown.insert(
                        "the version that has written this trace recorded no silence shorter than the \
                         limit then: whether an input would have been given up for one"
                            .to_owned(),
                    );
                }
                _ => {}
            }
            let measured = one.measured.contains(&input.priority());
            if input.meter_window().is_some() && was.meter_window().is_none() && !measured {
                self.unknown.insert(format!(
                    "input {} of {} was not measured: what limits on bitrate, frames and loss, and \
                     adaptive silence make of it",
                    input.priority(),
                    printable(recorded.id())
                ));
            }
        }
    }
}

fn refused(id: &str, error: changeover::Error) -> Failure {
    Failure::Usage(format!("stream {} does not take these settings: {error}", printable(id)))
}

fn notices(acts: &[Act], at: Nanos) -> impl Iterator<Item = (Nanos, Notice)> + '_ {
    acts.iter().filter_map(move |act| match act {
        Act::Notify(notice) => Some((at, notice.clone())),
        _ => None,
    })
}

/// As it would have been registered.
fn under(mut registration: Registration, settings: &Config) -> Registration {
    registration.config = registration.config.and(settings);
    for input in &mut registration.inputs {
        input.config = input.config.changed_by(settings);
    }
    registration
}

impl OneStream {
    fn new(
        found: Vec<Difference>,
        recorded: Fate,
        outcome: &Outcome,
        tape: &Tape,
        end: Nanos,
    ) -> OneStream {
        let line = |difference: Difference| Line::new(difference, outcome, tape);
        let differences = found.into_iter().map(line).collect();
        let falsely = outcome.falsely_left.len();
        let otherwise = Fate::new(&outcome.life, end).with_false(falsely);
        OneStream { stream: recorded.stream.clone(), differences, recorded, otherwise }
    }
}

impl Line {
    fn new(difference: Difference, outcome: &Outcome, tape: &Tape) -> Line {
        let Difference { recorded, otherwise, what, left } = difference;
        let wall = |at: Option<Nanos>| at.map(|at| clock(tape.wall(at)));
        let after = |at: Option<Nanos>| at.map(|at| seconds(at.saturating_sub(tape.begin())));
        let is_false = otherwise.zip(left).is_some_and(|one| outcome.falsely_left.contains(&one));
        let apart = recorded.zip(otherwise).map(|(was, is)| match is.checked_sub(was) {
            Some(later) => (later, "later"),
            None => (was - is, "earlier"),
        });
        Line {
            at: wall(otherwise),
            after_seconds: after(otherwise),
            recorded_at: wall(recorded),
            recorded_after_seconds: after(recorded),
            what,
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
