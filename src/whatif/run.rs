//! A stream in virtual time, whose sources are known beforehand: a driver as section 6 of `docs/rules.md`
//! wants it, beside the engine's monitor and the tests'.

use super::life::Life;
use super::source::{Probed, Sources, Started};
use crate::core::{
    Action, Common, Nanos, Notice, Priority, ProbeId, ProbeOutcome, SessionId, Stimulus, Stream,
};
use crate::trace::Writer;
use crate::vocabulary::{Error, Reason};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod looks;

/// The engine's.
const TICK: Nanos = 1_000_000;

/// What a run is about to answer by its sources, or to decide because its time has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// That the host has taken a start, and how it went.
    Start(SessionId),
    /// The packet that is awaited of a session.
    Packet(SessionId),
    /// What a probe has found.
    Probe(ProbeId),
    /// The packet that takes the offer to a session.
    Commit(SessionId),
    /// A deadline has come.
    Deadline(Nanos),
}

/// One stream, from now on.
#[derive(Debug)]
pub struct Run {
    pub(super) stream: Stream,
    pub(super) common: Common,
    sources: Arc<Sources>,
    sessions: BTreeMap<SessionId, Session>,
    /// Probes without an answer.
    probes: BTreeMap<ProbeId, Probe>,
    /// What comes when, and in which order.
    to_come: BTreeMap<(Nanos, u64), Coming>,
    serial: u64,
    /// The last instant.
    now: Nanos,
    pub(super) outcome: Outcome,
    /// What was started and probed since this was last taken.
    pub(super) begun: Begun,
    writer: Option<Writer>,
}

/// What became of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What was on air.
    pub life: Life,
    /// How many switches left an input for its silence, though its source had not failed.
    pub false_switches: usize,
    /// Inputs that were started, of whose starts nothing is known.
    pub assumed: BTreeSet<Priority>,
    /// What the host was told, and when.
    pub(super) decided: Vec<(Nanos, Notice)>,
    /// When which input was left like that.
    pub(super) falsely_left: BTreeSet<(Nanos, Priority)>,
}

#[derive(Debug, Default)]
pub(super) struct Begun {
    pub(super) sessions: Vec<(Priority, SessionId)>,
    pub(super) probes: Vec<(Priority, ProbeId)>,
}

#[derive(Debug)]
struct Session {
    priority: Priority,
    began: Nanos,
    /// The host has taken its start.
    taken: bool,
    /// A packet of it is to come.
    expected: bool,
    /// It is looked at.
    measured: bool,
}

#[derive(Debug)]
struct Probe {
    priority: Priority,
    began: Nanos,
    /// Its answer is to come.
    expected: bool,
}

#[derive(Debug)]
enum Coming {
    Failed(SessionId, String),
    Packet(SessionId),
    Commit(u64),
    Probed(ProbeId, Probed),
    /// An input has been silent for a while, or no longer is: a trace has that.
    Glance(Priority),
    /// A look at a session that has delivered since then.
    Look(SessionId, Nanos),
}

impl Run {
    /// Goes on with a stream that was made at `now`; with a `writer`, by which it was registered, a trace is
    /// written of it.
    pub fn new(
        stream: Stream,
        common: Common,
        sources: Arc<Sources>,
        now: Nanos,
        writer: Option<Writer>,
    ) -> Run {
        let outcome = Outcome {
            life: Life::new(&stream),
            false_switches: 0,
            assumed: BTreeSet::new(),
            decided: Vec::new(),
            falsely_left: BTreeSet::new(),
        };
        // Whether a start was taken that is under way, nobody says. It is hardly ever long until it is.
        let known = |(priority, session)| {
            let session_of =
                Session { priority, began: now, taken: true, expected: false, measured: false };
            (session, session_of)
        };
        let inputs = stream.inputs().iter();
        let running: Vec<_> =
            inputs.filter_map(|input| Some((input.priority(), input.session()?))).collect();
        let glances = match &writer {
            Some(_) => looks::glances(&sources),
            None => Vec::new(),
        };
        let mut run = Run {
            stream,
            common,
            sources,
            sessions: running.into_iter().map(known).collect(),
            probes: BTreeMap::new(),
            to_come: BTreeMap::new(),
            serial: 0,
            now,
            outcome,
            begun: Begun::default(),
            writer,
        };
        glances.into_iter().for_each(|(at, of)| run.expect(at, Coming::Glance(of)));
        run.carry_out();
        run
    }

    /// Up to `end`, which is decided, too: what became of it, and its trace, if there is one.
    pub fn finish(mut self, end: Nanos) -> (Outcome, Option<Writer>) {
        self.advance(end.saturating_add(1), &|_| false);
        // So that its trace ends then, too.
        self.see(end);
        // A tick is never refused.
        let _ = self.tell(Stimulus::Tick, end);
        (self.outcome, self.writer)
    }

    pub(super) fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// More is known of them.
    pub(super) fn set_sources(&mut self, sources: Sources) {
        self.sources = Arc::new(sources);
    }

    /// When something comes or may be decided next, at the earliest.
    pub(super) fn next(&self) -> Option<Nanos> {
        let coming = self.to_come.first_key_value().map(|((at, _), _)| *at);
        self.stream.next_deadline().into_iter().chain(coming).min()
    }

    /// What it is told next, it is told at `at` or later.
    pub(super) fn reach_time(&mut self, at: Nanos) {
        self.now = self.now.max(at);
    }

    /// The session of an input, if it has one.
    pub(super) fn session_of(&self, priority: Priority) -> Option<SessionId> {
        self.stream.inputs().iter().find(|input| input.priority() == priority)?.session()
    }

    /// Whether the session runs and has delivered, as far as the stream needs to know.
    pub(super) fn delivers(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session) && !self.stream.awaits(session)
    }

    /// Tells the stream what happens at `at`.
    pub(super) fn tell(&mut self, stimulus: Stimulus, at: Nanos) -> Result<(), Error> {
        self.reach_time(at);
        match stimulus {
            Stimulus::StartTaken { session } | Stimulus::StartResult { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.taken = true;
                }
            }
            Stimulus::Packet { session } => self.begin_looks(session),
            Stimulus::ProbeResult { probe, .. } => drop(self.probes.remove(&probe)),
            _ => {}
        }
        let (stream, common) = (&mut self.stream, &mut self.common);
        let told = match &mut self.writer {
            Some(writer) => writer.tell(stream, stimulus, self.now, common),
            None => stream.handle(stimulus, self.now, common),
        };
        self.carry_out();
        told
    }

    /// What comes until `until`, and what is decided because time passes. What `elsewhere` knows
    /// better, it will tell.
    pub(super) fn advance(&mut self, until: Nanos, elsewhere: &dyn Fn(Question) -> bool) {
        loop {
            self.answer(elsewhere);
            let coming = self.to_come.first_key_value().map(|((at, _), _)| *at);
            let deadline = self.stream.next_deadline().map(|at| at.max(self.now));
            match (coming, deadline) {
                // A packet that comes in the instant of a deadline is in time.
                (Some(at), deadline) if at < until && deadline.is_none_or(|due| at <= due) => {
                    if let Some((_, coming)) = self.to_come.pop_first() {
                        self.now = self.now.max(at);
                        self.come(coming);
                    }
                }
                (_, Some(due)) if due < until => {
                    if !self.reach(due, elsewhere) {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// Sees to it that whatever the stream waits for comes, unless it will be told by `elsewhere`.
    pub(super) fn answer(&mut self, elsewhere: &dyn Fn(Question) -> bool) {
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for id in sessions {
            self.answer_start(id, elsewhere);
            self.expect_packet(id, elsewhere);
        }
        let waiting = self.probes.iter().filter(|(_, probe)| !probe.expected);
        let waiting: Vec<_> =
            waiting.map(|(id, _)| *id).filter(|id| !elsewhere(Question::Probe(*id))).collect();
        waiting.into_iter().for_each(|probe| self.answer_probe(probe));
        if let Some(offer) = self.stream.offer() {
            let is_known = |coming: &Coming| matches!(coming, Coming::Commit(number) if *number == offer.number);
            if !self.to_come.values().any(is_known) && !elsewhere(Question::Commit(offer.session)) {
                let source = self.sessions.get(&offer.session).map(|session| session.priority);
                let next = source.and_then(|of| self.next_packet(of, self.now + TICK));
                next.into_iter().for_each(|at| self.expect(at, Coming::Commit(offer.number)));
            }
        }
    }

    fn answer_start(&mut self, id: SessionId, elsewhere: &dyn Fn(Question) -> bool) {
        let Some(session) = self.sessions.get(&id).filter(|session| !session.taken) else { return };
        if elsewhere(Question::Start(id)) {
            return;
        }
        let (priority, began) = (session.priority, session.began);
        // It may have ended meanwhile, which changes nothing.
        let _ = self.tell(Stimulus::StartTaken { session: id }, self.now);
        match self.start_of(priority, began) {
            Some(Started::Fails { after, text }) => {
                self.expect((began + after).max(self.now), Coming::Failed(id, text));
            }
            Some(Started::Delivers { .. }) => {}
            None => drop(self.outcome.assumed.insert(priority)),
        }
    }

    fn expect_packet(&mut self, id: SessionId, elsewhere: &dyn Fn(Question) -> bool) {
        let Some(session) = self.sessions.get(&id).filter(|session| !session.expected) else {
            return;
        };
        if !self.stream.awaits(id) || elsewhere(Question::Packet(id)) {
            return;
        }
        let after = match self.start_of(session.priority, session.began) {
            Some(Started::Fails { .. }) => return,
            Some(Started::Delivers { after }) => after,
            None => TICK,
        };
        let from = (session.began + after).max(self.now + TICK);
        if let Some(at) = self.next_packet(session.priority, from) {
            self.expect(at, Coming::Packet(id));
            self.sessions.entry(id).and_modify(|session| session.expected = true);
        }
    }

    fn answer_probe(&mut self, id: ProbeId) {
        let Some(Probe { priority, began, expected }) = self.probes.get_mut(&id) else { return };
        *expected = true;
        let (priority, began) = (*priority, *began);
        let source = self.sources.get(&priority);
        let known = source.and_then(|source| source.probes.at(began)).copied();
        let probed = known.unwrap_or(Probed::Answered { after: 0 });
        let after = match probed {
            Probed::Unsupported => 0,
            Probed::Answered { after } => after,
        };
        let _ = self.tell(Stimulus::ProbeTaken { probe: id }, self.now);
        self.expect((began + after).max(self.now), Coming::Probed(id, probed));
    }

    /// What a probe finds that is answered now.
    fn found(&self, probe: ProbeId, probed: Probed) -> Option<ProbeOutcome> {
        let priority = self.probes.get(&probe)?.priority;
        Some(match probed {
            Probed::Unsupported => ProbeOutcome::Unsupported,
            Probed::Answered { .. } if self.is_silent(priority) => {
                ProbeOutcome::Failed("delivers nothing".to_owned())
            }
            Probed::Answered { .. } => ProbeOutcome::Ok,
        })
    }

    fn is_silent(&self, priority: Priority) -> bool {
        self.sources.get(&priority).is_some_and(|source| source.silence(self.now).is_some())
    }

    fn start_of(&self, priority: Priority, at: Nanos) -> Option<Started> {
        self.sources.get(&priority)?.starts.at(at).cloned()
    }

    fn next_packet(&self, priority: Priority, from: Nanos) -> Option<Nanos> {
        self.sources.get(&priority).map_or(Some(from), |source| source.next_packet(from))
    }

    fn expect(&mut self, at: Nanos, coming: Coming) {
        self.serial += 1;
        self.to_come.insert((at, self.serial), coming);
    }

    fn come(&mut self, coming: Coming) {
        let now = self.now;
        // What has ended meanwhile refuses it, and nothing changes.
        let _ = match coming {
            Coming::Failed(session, text) => {
                self.tell(Stimulus::StartResult { session, result: Err(text) }, now)
            }
            Coming::Packet(session) => {
                self.sessions.entry(session).and_modify(|session| session.expected = false);
                let of = self.sessions.get(&session).map(|session| session.priority);
                // By what is known by now; if it does not come, the next one is expected.
                let comes = of.is_some_and(|of| !self.is_silent(of));
                match comes && self.stream.awaits(session) {
                    true => self.tell(Stimulus::Packet { session }, now),
                    false => Ok(()),
                }
            }
            Coming::Commit(number) => {
                let offer = self.stream.offer().map(|offer| offer.session);
                let of = offer.and_then(|session| self.sessions.get(&session));
                match of.is_some_and(|session| self.is_silent(session.priority)) {
                    true => Ok(()),
                    false => self.tell(Stimulus::Committed { number }, now),
                }
            }
            Coming::Probed(probe, probed) => match self.found(probe, probed) {
                Some(outcome) => self.tell(Stimulus::ProbeResult { probe, outcome }, now),
                None => Ok(()),
            },
            Coming::Glance(priority) => {
                self.tell_newest_packets_of(|of| of == priority);
                Ok(())
            }
            Coming::Look(session, since) => {
                self.look(session, since);
                Ok(())
            }
        };
    }

    /// A deadline has come, unless packets have postponed it. False: it is decided elsewhere first.
    fn reach(&mut self, deadline: Nanos, elsewhere: &dyn Fn(Question) -> bool) -> bool {
        self.now = deadline;
        self.tell_newest_packets();
        if self.stream.next_deadline().is_none_or(|due| due > deadline) {
            return true;
        }
        if elsewhere(Question::Deadline(deadline)) {
            return false;
        }
        // A tick is never refused.
        let _ = self.tell(Stimulus::Tick, deadline);
        true
    }

    /// Tells the stream of its newest packets, before it is told that time has passed.
    pub(super) fn see(&mut self, at: Nanos) {
        self.reach_time(at);
        self.tell_newest_packets();
    }

    fn tell_newest_packets(&mut self) {
        self.tell_newest_packets_of(|_| true);
    }

    fn tell_newest_packets_of(&mut self, wanted: impl Fn(Priority) -> bool) {
        for (id, priority) in self.delivering().into_iter().filter(|(_, of)| wanted(*of)) {
            let at = self.sources.get(&priority).map_or(self.now, |one| one.newest(self.now));
            let _ = self.tell(Stimulus::Seen { session: id, at }, self.now);
        }
    }

    fn delivering(&self) -> Vec<(SessionId, Priority)> {
        let running = self.sessions.iter().map(|(id, session)| (*id, session.priority));
        running.filter(|(id, _)| !self.stream.awaits(*id)).collect()
    }

    /// What the stream answers.
    fn carry_out(&mut self) {
        let now = self.now;
        let actions: Vec<_> = self.stream.drain().collect();
        for action in actions {
            match action {
                Action::Start(start) => {
                    let (session, priority) = (start.session, start.input.priority);
                    self.begun.sessions.push((priority, session));
                    let session_of = Session {
                        priority,
                        began: now,
                        taken: false,
                        expected: false,
                        measured: false,
                    };
                    self.sessions.insert(session, session_of);
                }
                Action::Stop(stop) => drop(self.sessions.remove(&stop.session)),
                Action::Probe(probe) => {
                    let (priority, id) = (probe.input.priority, probe.probe);
                    self.begun.probes.push((priority, id));
                    self.probes.insert(id, Probe { priority, began: now, expected: false });
                }
                Action::CancelProbe { probe } => drop(self.probes.remove(&probe)),
                Action::Notify(notice) => self.note(notice),
                Action::Gate { .. } | Action::Await { .. } | Action::AwaitInput { .. } => {}
            }
        }
        self.outcome.life.see(&self.stream, now);
    }

    fn note(&mut self, notice: Notice) {
        if let Notice::Switched(switch) = &notice {
            let left = switch.from.filter(|from| *from != switch.to);
            if let Some(left) = left.filter(|_| switch.reason == Reason::Timeout) {
                let source = self.sources.get(&left);
                let silence = source.and_then(|source| source.silence(self.now));
                if !silence.is_some_and(|silence| silence.failed) {
                    self.outcome.falsely_left.insert((self.now, left));
                    self.outcome.false_switches += 1;
                }
            }
        }
        self.outcome.decided.push((self.now, notice));
    }
}
