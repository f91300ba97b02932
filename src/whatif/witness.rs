//! What a trace says of the sources: when each delivered, how its starts and its probes went.

use super::source::{Probed, Silence, Source, Sources, Spans, Started};
use crate::core::{
    Detail, InputError, Nanos, Notice, Priority, ProbeId, ProbeOutcome, SessionId, Stimulus, Stream,
};
use crate::trace::{Act, Record, Told};
use crate::vocabulary::{Reason, Severity};
use std::collections::{BTreeMap, VecDeque};

/// So many sessions of a stream that have ended are known: what was on its way when they did names them.
const ENDED: usize = 64;

/// So many of a stream's newest probes are known: more than there are at once.
const PROBES: usize = 1024;

/// At least so many of the newest starts and probes of an input are remembered.
const ATTEMPTS: usize = 64;

/// Of those streams that are watched, by the numbers of their registrations.
#[derive(Debug, Default)]
pub(super) struct Witness {
    streams: BTreeMap<u64, Watched>,
    /// From which length on the trace has silences, if it has any that nothing was decided by.
    silences_from: Option<Nanos>,
}

/// The sources of one stream.
#[derive(Debug, Default)]
struct Watched {
    inputs: BTreeMap<Priority, Evidence>,
    sessions: BTreeMap<SessionId, Priority>,
    /// Those that have ended.
    ended: VecDeque<SessionId>,
    probes: BTreeMap<ProbeId, (Priority, Nanos)>,
    /// Something was heard since it was last asked what is known.
    has_news: bool,
    /// What it was told and has been heard, but not applied.
    ahead: u64,
}

/// What was seen of one source.
#[derive(Debug, Default)]
struct Evidence {
    silences: Vec<Silence>,
    open: Option<Open>,
    newest: Nanos,
    /// The session that has not delivered yet, and when it was begun.
    starting: Option<(SessionId, Nanos)>,
    starts: Vec<(Nanos, Started)>,
    probes: Vec<(Nanos, Probed)>,
    measured: bool,
}

/// A silence whose end is not known yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    from: Nanos,
    /// So long it has lasted for certain.
    until: Nanos,
    failed: bool,
}

impl Open {
    /// Whether its end would be told when it comes.
    fn lasts_until_told(&self, awaited: Nanos) -> bool {
        self.failed || self.until - self.from >= awaited
    }
}

impl Witness {
    /// From which length on silences are in the record, if it has any by which nothing was decided.
    pub(super) fn silences_from(&self) -> Option<Nanos> {
        self.silences_from
    }

    /// Hears what is to be applied later. Of streams that begin, those `wanted` by their ids are watched.
    pub(super) fn hear(&mut self, record: &Record, at: Nanos, wanted: impl Fn(&str) -> bool) {
        match record {
            Record::Began(header) => self.silences_from = header.silences_from,
            Record::State(stream) if wanted(stream.id()) => {
                self.stream(stream.registration()).begin_with(stream, at);
            }
            Record::Registered { registration: Ok(registration), acts, .. }
                if wanted(&registration.id) =>
            {
                self.stream(registration.number).note_acts(acts, at);
            }
            Record::Told(told) => {
                let awaited = self.awaited();
                if let Some(watched) = self.streams.get_mut(&told.registration) {
                    watched.ahead += 1;
                    watched.has_news = true;
                    watched.hear(told, awaited);
                }
            }
            _ => {}
        }
    }

    fn stream(&mut self, registration: u64) -> &mut Watched {
        let watched = self.streams.entry(registration).or_default();
        watched.has_news = true;
        watched
    }

    /// The ends of silences that are as long are told when they come.
    fn awaited(&self) -> Nanos {
        self.silences_from.unwrap_or(Nanos::MAX)
    }

    /// All that is known of a stream's sources by now, if that is more than when it was last asked.
    pub(super) fn news_of(&mut self, registration: u64) -> Option<Sources> {
        let awaited = self.awaited();
        let watched = self.streams.get_mut(&registration)?;
        if !std::mem::take(&mut watched.has_news) {
            return None;
        }
        let sources = watched.inputs.iter();
        Some(sources.map(|(priority, one)| (*priority, one.source(awaited))).collect())
    }

    /// Whether an input of a stream was measured.
    pub(super) fn measured(&self, registration: u64, priority: Priority) -> bool {
        let watched = self.streams.get(&registration);
        watched.is_some_and(|watched| watched.inputs.get(&priority).is_some_and(|one| one.measured))
    }

    /// What was heard of a stream is applied.
    pub(super) fn applied(&mut self, registration: u64) {
        if let Some(watched) = self.streams.get_mut(&registration) {
            watched.ahead = watched.ahead.saturating_sub(1);
        }
    }

    /// Whether everything was applied that a stream was told and has been heard.
    pub(super) fn is_applied(&self, registration: u64) -> bool {
        self.streams.get(&registration).is_none_or(|watched| watched.ahead == 0)
    }

    /// A stream has ended, and that was applied.
    pub(super) fn forget(&mut self, registration: u64) {
        self.streams.remove(&registration);
    }

    /// What is over before that is not asked for any more.
    pub(super) fn forget_before(&mut self, at: Nanos) {
        self.streams.values_mut().for_each(|watched| watched.forget_before(at));
    }
}

impl Watched {
    fn forget_before(&mut self, at: Nanos) {
        while self.ended.len() > ENDED {
            let ended = self.ended.pop_front().unwrap_or_default();
            self.sessions.remove(&ended);
        }
        while self.probes.len() > PROBES {
            self.probes.pop_first();
        }
        for one in self.inputs.values_mut() {
            let over = one.silences.partition_point(|silence| silence.until < at);
            // The last one bounds the next.
            one.silences.drain(..over.min(one.silences.len().saturating_sub(1)));
            keep_the_newest(&mut one.starts);
            keep_the_newest(&mut one.probes);
        }
    }

    fn input(&mut self, priority: Priority) -> &mut Evidence {
        self.inputs.entry(priority).or_default()
    }

    fn of_session(&mut self, session: SessionId) -> Option<&mut Evidence> {
        let priority = *self.sessions.get(&session)?;
        Some(self.input(priority))
    }

    /// A stream as it is at a checkpoint.
    fn begin_with(&mut self, stream: &Stream, at: Nanos) {
        for input in stream.inputs() {
            let priority = input.priority();
            self.sessions.extend(input.session().map(|session| (session, priority)));
            let one = self.input(priority);
            one.newest = one.newest.max(at);
            if input.severity() == Some(Severity::Failed) && one.open.is_none() {
                let since = input.state_since();
                one.open = Some(Open { from: since, until: at, failed: true });
            }
        }
    }

    /// The ends of silences that are as long as `awaited` are.
    fn hear(&mut self, told: &Told, awaited: Nanos) {
        let at = told.at;
        match &told.stimulus {
            Stimulus::Packet { session } => {
                if let Some(one) = self.of_session(*session) {
                    one.packet(*session, at);
                }
            }
            Stimulus::PacketWithoutSession { priority } => self.input(*priority).delivers(at),
            Stimulus::Seen { session, at: newest } => {
                if let Some(one) = self.of_session(*session) {
                    one.seen(*newest, at, awaited);
                }
            }
            Stimulus::SeenWithoutSession { priority, at: newest } => {
                self.input(*priority).seen(*newest, at, awaited);
            }
            Stimulus::Measured { session, measure } => {
                if let Some(one) = self.of_session(*session) {
                    one.measured = true;
                    // Of a newer packet it was told before.
                    let newest = measure.since_packet.map(|since| at.saturating_sub(since));
                    if newest.is_some_and(|newest| newest <= one.newest) {
                        one.seen(one.newest, at, awaited);
                    }
                }
            }
            Stimulus::StartResult { session, result: Err(text) } => {
                if let Some(one) = self.of_session(*session) {
                    one.start_failed(*session, text, at);
                }
            }
            Stimulus::ProbeResult { probe, outcome } => {
                if let Some((priority, asked)) = self.probes.remove(probe) {
                    self.input(priority).probed(asked, outcome, at);
                }
            }
            Stimulus::UpdateInputs(update) if told.error == 0 => {
                let updated = update.updated.iter().map(|input| input.priority);
                for priority in updated.chain(update.removed.iter().copied()) {
                    // Another source from here on.
                    self.input(priority).close(at);
                }
            }
            _ => {}
        }
        self.note_acts(&told.acts(), at);
    }

    fn note_acts(&mut self, acts: &[Act], at: Nanos) {
        for act in acts {
            match act {
                Act::Start { session, priority, .. } => {
                    self.sessions.insert(*session, *priority);
                    self.input(*priority).starting = Some((*session, at));
                }
                Act::Stop { session, priority } => {
                    self.ended.push_back(*session);
                    let one = self.input(*priority);
                    one.starting = one.starting.filter(|(starting, _)| starting != session);
                }
                Act::Probe { probe, priority, .. } => {
                    self.probes.insert(*probe, (*priority, at));
                }
                Act::Notify(Notice::Degraded { priority, error }) => match error.reason {
                    Reason::Timeout | Reason::Error | Reason::StartFailed => {
                        self.input(*priority).given_up(error, at);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

impl Evidence {
    /// A packet came just now.
    fn delivers(&mut self, at: Nanos) {
        self.close(at);
        self.newest = at;
    }

    fn packet(&mut self, session: SessionId, at: Nanos) {
        if let Some((_, began)) = self.starting.take_if(|(starting, _)| *starting == session) {
            self.starts.push((began, Started::Delivers { after: at - began }));
        }
        self.delivers(at);
    }

    /// The newest packet came at `newest`, and since then none.
    fn seen(&mut self, newest: Nanos, now: Nanos, awaited: Nanos) {
        if newest > self.newest {
            // A packet that was awaited is told when it comes; another came at any time since the last look.
            let came = |open: &Open| open.lasts_until_told(awaited).then_some(newest);
            let certain = |open: &Open| came(open).unwrap_or(open.until);
            self.close(self.open.as_ref().map_or(newest, certain));
            self.newest = newest;
        }
        if newest == self.newest && newest < now {
            let open = self.open.get_or_insert(Open { from: newest, until: now, failed: false });
            open.until = open.until.max(now);
        }
    }

    fn start_failed(&mut self, session: SessionId, text: &str, at: Nanos) {
        if let Some((_, began)) = self.starting.take_if(|(starting, _)| *starting == session) {
            self.starts.push((began, Started::Fails { after: at - began, text: text.to_owned() }));
        }
    }

    fn probed(&mut self, asked: Nanos, outcome: &ProbeOutcome, at: Nanos) {
        if *outcome == ProbeOutcome::Ok {
            self.close(at);
        }
        let probed = match outcome {
            ProbeOutcome::Unsupported => Probed::Unsupported,
            ProbeOutcome::Ok | ProbeOutcome::Failed(_) => Probed::Answered { after: at - asked },
        };
        self.probes.push((asked, probed));
    }

    /// The stream has given it up.
    fn given_up(&mut self, error: &InputError, at: Nanos) {
        let silence = match error.detail {
            Detail::Overdue { measured, .. } | Detail::Silent { measured, .. } => measured,
            _ => 0,
        };
        let before = self.silences.last().map_or(0, |silence| silence.until);
        let from = at.saturating_sub(silence).max(before);
        let open = self.open.get_or_insert(Open { from, until: at, failed: true });
        open.failed = true;
    }

    /// From here on it delivers, as far as is known.
    fn close(&mut self, at: Nanos) {
        if let Some(Open { from, failed, .. }) = self.open.take() {
            if from < at {
                self.silences.push(Silence { from, until: at, failed });
            }
        }
    }

    fn source(&self, awaited: Nanos) -> Source {
        let mut silences = self.silences.clone();
        if let Some(open) = &self.open {
            let until = if open.lasts_until_told(awaited) { Nanos::MAX } else { open.until };
            silences.push(Silence { from: open.from, until, failed: open.failed });
        }
        Source {
            silences,
            starts: Spans::nearest(self.starts.clone()),
            probes: Spans::nearest(self.probes.clone()),
            rates: Spans::default(),
        }
    }
}

fn keep_the_newest<T>(seen: &mut Vec<T>) {
    if seen.len() > 2 * ATTEMPTS {
        seen.drain(..seen.len() - ATTEMPTS);
    }
}
