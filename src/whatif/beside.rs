//! The streams of a record, each beside the recorded one.

use super::life::Life;
use super::other::Other;
use super::run::{Outcome, Run};
use super::source::Sources;
use super::verdicts::{Difference, Verdicts};
use super::witness::Witness;
use crate::core::{Common, Config, InputHealth, Nanos, Notice, Priority, Registration, Stream};
use crate::trace::{self, Act, Record, Replay, Told};
use crate::vocabulary::Error;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// So many of the newest false switches are known, for differences that become certain a minute later.
const FALSELY_LEFT: usize = 1024;

/// Decides again what a trace has recorded, and beside it what would have been decided under other settings: one
/// set of them, for each stream and in place of what its inputs set themselves.
#[derive(Debug)]
pub struct WhatIf {
    settings: Config,
    only: Option<Arc<str>>,
    witness: Witness,
    replay: Replay,
    streams: BTreeMap<u64, Beside>,
}

/// One stream under other settings, beside the recorded one.
#[derive(Debug)]
pub struct Beside {
    other: Other,
    recorded: Life,
    verdicts: Verdicts,
    decisions: u64,
    differences: Vec<Difference>,
    /// Everything is decided that comes before.
    known: Nanos,
}

/// Why something can't be compared.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// What was recorded is not what is decided now: nothing can be said of the record from there on.
    AnotherMind(Box<trace::Difference>),
    /// A stream does not take these settings, and is left out.
    Refused {
        /// Its id.
        stream: Arc<str>,
        /// Why.
        error: Error,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::AnotherMind(difference) => difference.fmt(f),
            Trouble::Refused { stream, error } => {
                let stream = crate::print::printable_name(stream);
                write!(f, "stream {stream} does not take these settings: {error}")
            }
        }
    }
}

impl std::error::Error for Trouble {}

/// Something that settings ask for and a record does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unknown {
    /// Silences shorter than so many nanoseconds.
    ShortSilences(Nanos),
    /// Silences for which no input was given up: an earlier version has written it.
    Silences,
    /// What an input would have measured.
    Measures(Priority),
    /// How an input starts: it is taken to deliver at once.
    Start(Priority),
}

impl WhatIf {
    /// Of all streams.
    pub fn new(settings: Config) -> WhatIf {
        WhatIf {
            settings,
            only: None,
            witness: Witness::default(),
            replay: Replay::new(),
            streams: BTreeMap::new(),
        }
    }

    /// Of one stream alone.
    #[must_use]
    pub fn only(self, stream: &str) -> WhatIf {
        WhatIf { only: Some(stream.into()), ..self }
    }

    /// Hears a record of `at` (engine time) that is to be applied later: what it says of the sources is known from
    /// now on. All records of a trace, or the next ones, in their order.
    pub fn hear(&mut self, record: &Record, at: Nanos) {
        let only = self.only.as_deref();
        self.witness.hear(record, at, |id| only.is_none_or(|only| only == id));
    }

    /// Decides again what the next record of `at` says, and beside it. [`Record::Lost`] ends what can be compared.
    ///
    /// # Errors
    /// After [`Trouble::AnotherMind`] nothing that follows means anything.
    pub fn apply(&mut self, record: &Record, at: Nanos) -> Result<(), Trouble> {
        if let Record::Told(told) = record {
            self.advance(told.registration, at);
        }
        self.replay.apply(record).map_err(Trouble::AnotherMind)?;
        match record {
            Record::State(stream) => {
                let registration = stream.registration();
                if self.is_wanted(stream.id()) && !self.streams.contains_key(&registration) {
                    return self.begin_from_state(registration, at);
                }
            }
            Record::Registered { registration: Ok(registration), acts, .. }
                if self.is_wanted(&registration.id) =>
            {
                return self.register(registration, acts, at);
            }
            Record::MassFailure { since, until, .. } => {
                let all = self.streams.values_mut();
                all.for_each(|one| one.other.run.common.spread_waits(*since, *until));
            }
            Record::Told(told) => {
                self.witness.applied(told.registration);
                let recorded = self.replay.stream(told.registration);
                match self.streams.get_mut(&told.registration) {
                    Some(one) => one.follow(told, recorded),
                    None if recorded.is_none() => self.witness.forget(told.registration),
                    None => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Nothing else happened before `until`: decides what is decided because time passes.
    pub fn pass(&mut self, until: Nanos) {
        let WhatIf { witness, replay, streams, .. } = self;
        for (number, one) in streams {
            // One that is told something meanwhile is decided when that is applied.
            if !one.has_ended() && witness.is_applied(*number) {
                one.pass(until, witness.news_of(*number), replay.stream(*number));
            }
        }
    }

    /// The record has ended at `at`: all that is left is decided and compared.
    pub fn finish(&mut self, at: Nanos) {
        let WhatIf { witness, replay, streams, .. } = self;
        for (number, one) in streams.iter_mut().filter(|(_, one)| !one.has_ended()) {
            // What was due in its last moments, it may have been about to tell.
            one.advance(at.saturating_add(1), witness.news_of(*number), replay.stream(*number));
            one.settle(Nanos::MAX);
        }
    }

    fn advance(&mut self, number: u64, until: Nanos) {
        if let Some(one) = self.streams.get_mut(&number) {
            one.advance(until, self.witness.news_of(number), self.replay.stream(number));
        }
    }

    fn is_wanted(&self, id: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == id)
    }

    fn begin_from_state(&mut self, registration: u64, at: Nanos) -> Result<(), Trouble> {
        let mut common = self.replay.common();
        let Some(recorded) = self.replay.stream(registration) else { return Ok(()) };
        let stream = recorded.under(&self.settings, at, &mut common);
        let stream = stream.map_err(|error| refused(recorded.id(), error))?;
        self.begin(registration, stream, common, &[], at);
        Ok(())
    }

    fn register(
        &mut self,
        registration: &Registration,
        acts: &[Act],
        at: Nanos,
    ) -> Result<(), Trouble> {
        let number = registration.number;
        let mut common = self.replay.common();
        let stream = Stream::new(under(registration.clone(), &self.settings), at, &mut common);
        let stream = stream.map_err(|error| refused(&registration.id, error))?;
        if self.replay.stream(number).is_some() {
            self.begin(number, stream, common, acts, at);
        }
        Ok(())
    }

    fn begin(&mut self, number: u64, stream: Stream, common: Common, acts: &[Act], at: Nanos) {
        let Some(stream_now) = self.replay.stream(number) else { return };
        let sources = self.witness.news_of(number).unwrap_or_default();
        let run = Run::new(stream, common, Arc::new(sources), at, None);
        let other = Other::new(run, self.settings.clone(), stream_now, acts);
        let recorded = Life::new(stream_now);
        let (verdicts, differences) = (Verdicts::default(), Vec::new());
        let mut one = Beside { other, recorded, verdicts, decisions: 0, differences, known: at };
        one.note_recorded(acts, Some(stream_now), at);
        one.note_otherwise();
        self.streams.insert(number, one);
    }

    /// The streams as they were at the last record that was applied.
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// The streams that are compared, with the numbers of their registrations.
    pub fn streams(&self) -> impl Iterator<Item = (u64, &Beside)> {
        self.streams.iter().map(|(number, one)| (*number, one))
    }

    /// What a stream's settings ask for that the record does not have.
    pub fn unknown(&self, number: u64) -> Vec<Unknown> {
        let Some(one) = self.streams.get(&number) else { return Vec::new() };
        let assumed = &one.outcome().assumed;
        let mut unknown: Vec<_> = assumed.iter().map(|input| Unknown::Start(*input)).collect();
        let recorded = self.replay.stream(number).map_or(&[][..], Stream::inputs);
        for input in one.other.run.stream.inputs() {
            let was = recorded.iter().find(|was| was.priority() == input.priority());
            let Some(was) = was else { continue };
            unknown.extend(self.unknown_silences(input, was));
            let is_measured = self.witness.measured(number, input.priority());
            if input.meter_window().is_some() && was.meter_window().is_none() && !is_measured {
                unknown.push(Unknown::Measures(input.priority()));
            }
        }
        unknown
    }

    fn unknown_silences(&self, input: &InputHealth, was: &InputHealth) -> Option<Unknown> {
        let limit = input.silence_limit();
        match self.witness.silences_from() {
            _ if limit >= was.silence_limit() => None,
            Some(from) => (limit < from).then_some(Unknown::ShortSilences(from)),
            None => Some(Unknown::Silences),
        }
    }
}

/// While it is being recorded.
impl WhatIf {
    /// How many streams are compared.
    pub(super) fn len(&self) -> usize {
        self.streams.values().filter(|one| !one.has_ended()).count()
    }

    /// The differences that have become certain: the stream, the number of its registration, and what differs.
    pub(super) fn take_differences(&mut self) -> Vec<(Arc<str>, u64, Difference)> {
        let mut taken = Vec::new();
        for (number, one) in &mut self.streams {
            let of = |difference| (one.recorded.id().clone(), *number, difference);
            taken.extend(std::mem::take(&mut one.differences).into_iter().map(of));
        }
        taken
    }

    /// Forgets what is over before `at`, and the streams that have ended, of which the last sums are given to
    /// `ended`.
    pub(super) fn forget(&mut self, at: Nanos, mut ended: impl FnMut(&Beside)) {
        let WhatIf { witness, streams, .. } = self;
        witness.forget_before(at);
        streams.retain(|number, one| {
            if one.has_ended() {
                witness.forget(*number);
                ended(one);
                return false;
            }
            one.forget();
            true
        });
    }
}

impl Beside {
    /// The recorded stream.
    pub fn recorded(&self) -> &Life {
        &self.recorded
    }

    /// What became of it under the other settings.
    pub fn outcome(&self) -> &Outcome {
        &self.other.run.outcome
    }

    /// How many decisions were recorded.
    pub fn decisions(&self) -> u64 {
        self.decisions
    }

    /// What differs, in the order of its times, as far as it is certain: a minute after it was or would have been
    /// decided.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The stream is told something at `until`.
    fn advance(&mut self, until: Nanos, news: Option<Sources>, recorded: Option<&Stream>) {
        self.decide(until, until, news, recorded);
    }

    /// It is not told anything before `until`, nor soon after.
    fn pass(&mut self, until: Nanos, news: Option<Sources>, recorded: Option<&Stream>) {
        if news.is_none() && self.other.run.next().is_none_or(|next| next >= until) {
            return self.settle(until);
        }
        self.decide(until, Nanos::MAX, news, recorded);
    }

    fn decide(
        &mut self,
        until: Nanos,
        told: Nanos,
        news: Option<Sources>,
        recorded: Option<&Stream>,
    ) {
        if let Some(sources) = news {
            self.other.run.set_sources(sources);
        }
        self.other.advance(until, told, recorded);
        self.note_otherwise();
        self.settle(until);
    }

    fn follow(&mut self, told: &Told, recorded: Option<&Stream>) {
        self.note_recorded(&told.acts(), recorded, told.at);
        self.other.follow(told, recorded);
        self.note_otherwise();
        if recorded.is_none() {
            self.settle(Nanos::MAX);
        }
    }

    fn note_recorded(&mut self, acts: &[Act], recorded: Option<&Stream>, at: Nanos) {
        match recorded {
            Some(stream) => self.recorded.see(stream, at),
            None => self.recorded.end(at),
        }
        for notice in acts.iter().filter_map(notice) {
            self.decisions += 1;
            self.verdicts.note_recorded(at, notice);
        }
    }

    fn note_otherwise(&mut self) {
        for (at, notice) in self.other.run.outcome.decided.drain(..) {
            self.verdicts.note_otherwise(at, &notice);
        }
    }

    /// Everything is decided that comes before `known`; `Nanos::MAX`: and nothing follows.
    fn settle(&mut self, known: Nanos) {
        if known < Nanos::MAX {
            self.known = self.known.max(known);
        }
        let falsely_left = &self.other.run.outcome.falsely_left;
        let found = self.verdicts.settle(known).into_iter().map(|found| {
            let switch = found.otherwise.zip(found.left);
            Difference { is_false: switch.is_some_and(|one| falsely_left.contains(&one)), ..found }
        });
        self.differences.extend(found);
    }

    /// Each as far as it is decided: switches, and nanoseconds in which nothing was on air; by the record, and
    /// otherwise.
    pub(super) fn sums(&self) -> [(u64, Nanos); 2] {
        [&self.recorded, &self.outcome().life].map(|life| life.sums(self.known))
    }

    fn has_ended(&self) -> bool {
        self.recorded.until().is_some()
    }

    fn forget(&mut self) {
        self.recorded.forget();
        let outcome = &mut self.other.run.outcome;
        outcome.life.forget();
        while outcome.falsely_left.len() > FALSELY_LEFT {
            outcome.falsely_left.pop_first();
        }
    }
}

fn notice(act: &Act) -> Option<&Notice> {
    match act {
        Act::Notify(notice) => Some(notice),
        _ => None,
    }
}

fn refused(id: &Arc<str>, error: Error) -> Trouble {
    Trouble::Refused { stream: id.clone(), error }
}

/// As it would have been registered.
fn under(mut registration: Registration, settings: &Config) -> Registration {
    registration.config = registration.config.and(settings);
    for input in &mut registration.inputs {
        input.config = input.config.changed_by(settings);
    }
    registration
}
