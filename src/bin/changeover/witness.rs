//! What a trace says of the sources: when each delivered, how its starts and its probes went.

use crate::run::Sources;
use crate::source::{Probed, Silence, Source, Spans, Started};
use changeover::core::{Stimulus, Stream};
use changeover::trace::{Act, Record, Told};
use changeover::{
    Detail, InputError, Nanos, Notice, Priority, ProbeId, ProbeOutcome, Reason, SessionId, Severity,
};
use std::collections::BTreeMap;

/// Of all streams, by the numbers of their registrations.
#[derive(Default)]
pub(crate) struct Witness {
    streams: BTreeMap<u64, Watched>,
    /// From which length on the trace has silences, if it has any that nothing was decided by.
    silences_from: Option<Nanos>,
}

/// The sources of one stream.
#[derive(Default)]
struct Watched {
    inputs: BTreeMap<Priority, Evidence>,
    sessions: BTreeMap<SessionId, Priority>,
    probes: BTreeMap<ProbeId, (Priority, Nanos)>,
}

/// What was seen of one source.
#[derive(Default)]
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

/// What is known of the sources of a stream.
pub(crate) struct Known {
    pub(crate) sources: Sources,
    /// Those of which the trace has measures.
    pub(crate) measured: Vec<Priority>,
}

impl Witness {
    pub(crate) fn silences_from(&self) -> Option<Nanos> {
        self.silences_from
    }

    pub(crate) fn hear(&mut self, record: &Record, at: Nanos) {
        match record {
            Record::Began(header) => self.silences_from = header.silences_from,
            Record::State(stream) => self.stream(stream.registration()).begin_with(stream, at),
            Record::Registered { registration: Ok(registration), acts, .. } => {
                self.stream(registration.number).note_acts(acts, at);
            }
            Record::Told(told) => {
                let awaited = self.silences_from.unwrap_or(Nanos::MAX);
                self.stream(told.registration).hear(told, awaited);
            }
            _ => {}
        }
    }

    fn stream(&mut self, registration: u64) -> &mut Watched {
        self.streams.entry(registration).or_default()
    }

    /// All that was heard of a stream.
    pub(crate) fn known(&mut self, registration: u64) -> Known {
        let watched = self.streams.remove(&registration).unwrap_or_default();
        let measured = watched.inputs.iter().filter(|(_, one)| one.measured);
        let measured = measured.map(|(priority, _)| *priority).collect();
        let awaited = self.silences_from.unwrap_or(Nanos::MAX);
        let sources = watched.inputs.into_iter();
        let sources = sources.map(|(priority, one)| (priority, one.source(awaited)));
        Known { sources: sources.collect(), measured }
    }
}

impl Watched {
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

    fn source(mut self, awaited: Nanos) -> Source {
        if let Some(open) = self.open.take() {
            let told = open.lasts_until_told(awaited);
            let Open { from, until, failed } = open;
            let until = if told { Nanos::MAX } else { until };
            self.silences.push(Silence { from, until, failed });
        }
        Source {
            silences: self.silences,
            starts: Spans::nearest(self.starts),
            probes: Spans::nearest(self.probes),
            rates: Spans::default(),
        }
    }
}
