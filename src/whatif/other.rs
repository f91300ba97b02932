//! A stream of a trace under other settings: what it is told is what was recorded, in terms of its own
//! sessions; what was not recorded, its sources answer.

use super::run::{Question, Run};
use super::source::Sources;
use crate::core::{
    Common, Config, InputHealth, InputsUpdate, Nanos, Priority, ProbeId, SessionId, Stimulus,
    Stream,
};
use crate::trace::{Act, Told};
use std::collections::{BTreeMap, VecDeque};

/// The engine is late by no more than this with what is due, also after a stall.
const LATE: Nanos = 300_000_000;

/// So many recorded sessions that have ended are known: what was on its way when they did names them.
const ENDED: usize = 64;

/// So many of the newest probes are known: more than there are at once.
const PROBES: usize = 1024;

/// One stream that goes its own way beside the recorded one.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) run: Run,
    settings: Config,
    /// Of its own sessions, which recorded ones they stand for: those that were begun by the same record.
    sessions: BTreeMap<SessionId, SessionId>,
    probes: BTreeMap<ProbeId, ProbeId>,
    /// The inputs of recorded sessions.
    inputs: BTreeMap<SessionId, Priority>,
    /// Those that have ended.
    ended: VecDeque<SessionId>,
    /// See [`wait_alike`].
    in_step: bool,
}

impl Other {
    /// From now on. `recorded` is the stream by the record, `acts` what that has just answered, if it was
    /// made just now.
    pub(super) fn new(mut run: Run, settings: Config, recorded: &Stream, acts: &[Act]) -> Other {
        let sessions = recorded.inputs().iter();
        let sessions = sessions.filter_map(|input| Some((input.session()?, input.priority())));
        let inputs: BTreeMap<_, _> = sessions.collect();
        let begun = std::mem::take(&mut run.begun);
        let mut other = Other {
            run,
            settings,
            sessions: BTreeMap::new(),
            probes: BTreeMap::new(),
            inputs,
            ended: VecDeque::new(),
            in_step: false,
        };
        if acts.is_empty() {
            // A copy: its sessions are the recorded ones, but for those that were begun since.
            let copied = |(id, priority): (&SessionId, &Priority)| {
                (other.run.session_of(*priority) == Some(*id)).then_some((*id, *id))
            };
            other.sessions = other.inputs.iter().filter_map(copied).collect();
        }
        other.run.begun = begun;
        other.pair(acts);
        other.answer(recorded);
        other
    }

    /// Time passes until `until`. The next thing that the recorded stream is told, it is told at `told` or later;
    /// until then it is as `recorded`.
    pub(super) fn advance(&mut self, until: Nanos, told: Nanos, recorded: Option<&Stream>) {
        let Other { run, sessions, probes, .. } = self;
        let counterpart = Counterpart { sessions, probes, recorded, told };
        let sources = run.sources().clone();
        run.advance(until, &|question| counterpart.knows(question, &sources));
        self.in_step = recorded.is_some_and(|recorded| wait_alike(&self.run.stream, recorded));
    }

    /// The record tells the recorded stream something, which is now `recorded`.
    pub(super) fn follow(&mut self, told: &Told, recorded: Option<&Stream>) {
        let acts = told.acts();
        self.run.begun = Default::default();
        self.run.reach_time(told.at);
        if matches!(told.stimulus, Stimulus::Tick) && !self.in_step {
            // The recorded stream was told of what it had a deadline for, and of no more.
            self.run.see(told.at);
        }
        if let Some(stimulus) = self.translated(told) {
            // What is refused changes nothing.
            let _ = self.run.tell(stimulus, told.at);
        }
        self.pair(&acts);
        match recorded {
            Some(recorded) => self.answer(recorded),
            None => self.run.outcome.life.end(told.at),
        }
    }

    fn answer(&mut self, recorded: &Stream) {
        let Other { run, sessions, probes, .. } = self;
        let counterpart =
            Counterpart { sessions, probes, recorded: Some(recorded), told: Nanos::MAX };
        let sources = run.sources().clone();
        run.answer(&|question| counterpart.knows(question, &sources));
    }

    /// Sessions and probes that both have begun in the same step stand for each other.
    fn pair(&mut self, acts: &[Act]) {
        for act in acts {
            match act {
                Act::Start { session, priority, .. } => {
                    self.inputs.insert(*session, *priority);
                    let own = self.run.begun.sessions.iter().find(|own| own.0 == *priority);
                    self.sessions.extend(own.map(|(_, own)| (*own, *session)));
                }
                Act::Probe { probe, priority, .. } => {
                    let own = self.run.begun.probes.iter().find(|own| own.0 == *priority);
                    self.probes.extend(own.map(|(_, own)| (*own, *probe)));
                }
                Act::CancelProbe { probe } => self.forget_probe(*probe),
                Act::Stop { session, .. } => self.ended.push_back(*session),
                _ => {}
            }
        }
        while self.ended.len() > ENDED {
            let ended = self.ended.pop_front().unwrap_or_default();
            self.inputs.remove(&ended);
            self.sessions.retain(|_, recorded| *recorded != ended);
        }
        while self.probes.len() > PROBES {
            self.probes.pop_first();
        }
    }

    fn forget_probe(&mut self, recorded: ProbeId) {
        self.probes.retain(|_, probe| *probe != recorded);
    }

    /// The session that stands for a recorded one.
    fn own(&self, recorded: SessionId) -> Option<SessionId> {
        let own = self.sessions.iter().find(|(_, session)| **session == recorded);
        own.map(|(own, _)| *own)
    }

    /// The session that the same input has.
    fn same_input(&self, recorded: SessionId) -> Option<SessionId> {
        self.run.session_of(*self.inputs.get(&recorded)?)
    }

    /// What the record says, to this stream; nothing, if it says nothing to it.
    fn translated(&mut self, told: &Told) -> Option<Stimulus> {
        let accepted = told.error == 0;
        Some(match &told.stimulus {
            Stimulus::Packet { session } => {
                let session = self.own(*session)?;
                self.run.stream.awaits(session).then_some(Stimulus::Packet { session })?
            }
            Stimulus::Seen { session, at } => {
                let session = self.own(*session)?;
                self.run.delivers(session).then_some(Stimulus::Seen { session, at: *at })?
            }
            Stimulus::Measured { session, measure } => {
                let session = self.same_input(*session)?;
                let delivers = self.run.delivers(session);
                delivers.then_some(Stimulus::Measured { session, measure: *measure })?
            }
            Stimulus::Committed { .. } => {
                Stimulus::Committed { number: self.run.stream.offer()?.number }
            }
            Stimulus::StartTaken { session } => {
                Stimulus::StartTaken { session: self.own(*session)? }
            }
            Stimulus::StartResult { session, result } => {
                let (session, result) = (self.own(*session)?, result.clone());
                Stimulus::StartResult { session, result }
            }
            Stimulus::ProbeTaken { probe } => {
                Stimulus::ProbeTaken { probe: self.own_probe(*probe)? }
            }
            Stimulus::ProbeResult { probe, outcome } => {
                let own = self.own_probe(*probe);
                self.forget_probe(*probe);
                Stimulus::ProbeResult { probe: own?, outcome: outcome.clone() }
            }
            Stimulus::SessionError { session, text } => {
                let same = || self.same_input(*session).filter(|_| accepted);
                let session = self.own(*session).or_else(same)?;
                Stimulus::SessionError { session, text: text.clone() }
            }
            Stimulus::SetCondition { priority, session, condition, holds, text } => {
                let (priority, condition, holds) = (*priority, *condition, *holds);
                let session = match session {
                    None => None,
                    Some(session) => {
                        Some(self.own(*session).or_else(|| self.same_input(*session))?)
                    }
                };
                let text = text.clone();
                Stimulus::SetCondition { priority, session, condition, holds, text }
            }
            Stimulus::PacketWithoutSession { priority } => {
                let awaited = self.run.stream.awaits_input(*priority);
                awaited.then_some(Stimulus::PacketWithoutSession { priority: *priority })?
            }
            Stimulus::SetConfig(config) => Stimulus::SetConfig(config.and(&self.settings)),
            Stimulus::UpdateInputs(update) => {
                let mut update: InputsUpdate = update.clone();
                for input in update.added.iter_mut().chain(&mut update.updated) {
                    input.config = input.config.changed_by(&self.settings);
                }
                Stimulus::UpdateInputs(update)
            }
            // Time, what the host said of inputs, and what it asked for.
            stimulus => stimulus.clone(),
        })
    }

    fn own_probe(&self, recorded: ProbeId) -> Option<ProbeId> {
        let own = self.probes.iter().find(|(_, probe)| **probe == recorded);
        own.map(|(own, _)| *own)
    }
}

/// What the record will tell, in its own time.
struct Counterpart<'a> {
    sessions: &'a BTreeMap<SessionId, SessionId>,
    probes: &'a BTreeMap<ProbeId, ProbeId>,
    recorded: Option<&'a Stream>,
    /// When it says something next, at the earliest.
    told: Nanos,
}

impl Counterpart<'_> {
    fn knows(&self, question: Question, sources: &Sources) -> bool {
        let Some(stream) = self.recorded else { return false };
        // The recorded session, while it runs.
        let running = |own: SessionId| {
            let recorded = self.sessions.get(&own)?;
            let runs = stream.inputs().iter().any(|input| input.session() == Some(*recorded));
            runs.then_some(*recorded)
        };
        match question {
            Question::Start(own) => running(own).is_some(),
            Question::Packet(own) => running(own).is_some_and(|one| stream.awaits(one)),
            Question::Probe(own) => self.probes.contains_key(&own),
            Question::Commit(own) => {
                running(own).is_some_and(|one| stream.offer().is_some_and(|it| it.session == one))
            }
            Question::Deadline(at) => {
                self.told.saturating_sub(at) <= LATE && is_due(stream, sources, at)
            }
        }
    }
}

/// Whether both wait for the same instant, and for the same silences.
fn wait_alike(one: &Stream, other: &Stream) -> bool {
    let limits = |stream: &Stream| {
        let limit = |input: &InputHealth| (input.priority(), input.silence_limit());
        stream.inputs().iter().map(limit).collect::<Vec<_>>()
    };
    one.next_deadline() == other.next_deadline() && limits(one) == limits(other)
}

/// Whether a stream decides something at an instant, if it is told of its newest packets.
fn is_due(stream: &Stream, sources: &Sources, at: Nanos) -> bool {
    let mut stream = stream.clone();
    let running = stream.inputs().iter();
    let running: Vec<_> =
        running.filter_map(|input| Some((input.session()?, input.priority()))).collect();
    for (session, priority) in running {
        if !stream.awaits(session) {
            let newest = sources.get(&priority).map_or(at, |source| source.newest(at));
            // It takes no id of a session, and is never refused.
            let _ =
                stream.handle(Stimulus::Seen { session, at: newest }, at, &mut Common::default());
        }
    }
    stream.next_deadline().is_some_and(|due| due <= at)
}
