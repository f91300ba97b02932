//! A stream in virtual time, whose sources are known beforehand: a driver as section 6 of `docs/rules.md`
//! wants it, beside the engine's monitor and the tests'.

use crate::source::{Probed, Rate, Silence, Source, Started};
use crate::story::Life;
use changeover::core::{Action, Common, Stimulus, Stream};
use changeover::trace::Writer;
use changeover::{
    Error, Measure, Nanos, Notice, Priority, ProbeId, ProbeOutcome, Reason, SessionId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The engine's.
const TICK: Nanos = 1_000_000;

/// How often what is measured is looked at in a window.
const LOOKS: Nanos = 10;

/// What a run is about to answer by its sources, or to decide because its time has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
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

pub(crate) type Sources = BTreeMap<Priority, Source>;

/// One stream, from now on.
pub(crate) struct Run {
    pub(crate) stream: Stream,
    pub(crate) common: Common,
    sources: Rc<Sources>,
    sessions: BTreeMap<SessionId, Session>,
    /// Probes without an answer.
    probes: BTreeMap<ProbeId, Probe>,
    /// What comes when, and in which order.
    to_come: BTreeMap<(Nanos, u64), Coming>,
    serial: u64,
    /// The last instant.
    now: Nanos,
    pub(crate) outcome: Outcome,
    /// What was started and probed since this was last taken.
    pub(crate) begun: Begun,
    writer: Option<Writer>,
}

/// What became of it.
pub(crate) struct Outcome {
    pub(crate) life: Life,
    /// What the host was told, and when.
    pub(crate) decided: Vec<(Nanos, Notice)>,
    /// When which input was left for its silence, though its source had not failed.
    pub(crate) falsely_left: BTreeSet<(Nanos, Priority)>,
    /// Inputs that were started, of whose starts nothing is known.
    pub(crate) assumed: BTreeSet<Priority>,
}

#[derive(Default)]
pub(crate) struct Begun {
    pub(crate) sessions: Vec<(Priority, SessionId)>,
    pub(crate) probes: Vec<(Priority, ProbeId)>,
}

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
    Probed(ProbeId, ProbeOutcome),
    /// An input has been silent for a while, or no longer is: a trace has that.
    Glance(Priority),
    /// A look at a session that has delivered since then.
    Look(SessionId, Nanos),
}

impl Run {
    /// Goes on with a stream that was made at `now`.
    pub(crate) fn new(
        stream: Stream,
        common: Common,
        sources: Rc<Sources>,
        now: Nanos,
        writer: Option<Writer>,
    ) -> Run {
        let outcome = Outcome {
            life: Life::new(&stream),
            decided: Vec::new(),
            falsely_left: BTreeSet::new(),
            assumed: BTreeSet::new(),
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
            Some(_) => glances(&sources),
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

    pub(crate) fn sources(&self) -> &Rc<Sources> {
        &self.sources
    }

    /// The session of an input, if it has one.
    pub(crate) fn session_of(&self, priority: Priority) -> Option<SessionId> {
        self.stream.inputs().iter().find(|input| input.priority() == priority)?.session()
    }

    /// Whether the session runs and has delivered, as far as the stream needs to know.
    pub(crate) fn delivers(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session) && !self.stream.awaits(session)
    }

    /// Tells the stream what happens at `at`.
    pub(crate) fn tell(&mut self, stimulus: Stimulus, at: Nanos) -> Result<(), Error> {
        self.now = self.now.max(at);
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
    pub(crate) fn advance(&mut self, until: Nanos, elsewhere: &dyn Fn(Question) -> bool) {
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
    pub(crate) fn answer(&mut self, elsewhere: &dyn Fn(Question) -> bool) {
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
        let (at, outcome) = match known.unwrap_or(Probed::Answered { after: 0 }) {
            Probed::Unsupported => (self.now, ProbeOutcome::Unsupported),
            Probed::Answered { after } => {
                let at = (began + after).max(self.now);
                let silent = source.is_some_and(|source| source.silence(at).is_some());
                let failed = || ProbeOutcome::Failed("delivers nothing".to_owned());
                (at, if silent { failed() } else { ProbeOutcome::Ok })
            }
        };
        let _ = self.tell(Stimulus::ProbeTaken { probe: id }, self.now);
        self.expect(at, Coming::Probed(id, outcome));
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
                match self.stream.awaits(session) {
                    true => self.tell(Stimulus::Packet { session }, now),
                    false => Ok(()),
                }
            }
            Coming::Commit(number) => self.tell(Stimulus::Committed { number }, now),
            Coming::Probed(probe, outcome) => match self.probes.contains_key(&probe) {
                true => self.tell(Stimulus::ProbeResult { probe, outcome }, now),
                false => Ok(()),
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
    pub(crate) fn see(&mut self, at: Nanos) {
        self.now = self.now.max(at);
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

    /// With the first packet of a session that has to be measured.
    fn begin_looks(&mut self, id: SessionId) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.measured) else {
            return;
        };
        let measurable = |source: &Source| !source.rates.is_empty();
        if !self.sources.get(&session.priority).is_some_and(measurable) {
            return;
        }
        session.measured = true;
        self.expect(now, Coming::Look(id, now));
    }

    /// Looks at a session, as long as it runs and a setting has it measured.
    fn look(&mut self, id: SessionId, since: Nanos) {
        let Some(Session { priority, .. }) = self.sessions.get(&id) else { return };
        let priority = *priority;
        let input = self.stream.inputs().iter().find(|input| input.priority() == priority);
        let Some(window) = input.and_then(|input| input.meter_window()) else {
            self.sessions.entry(id).and_modify(|session| session.measured = false);
            return;
        };
        self.tell_newest_packets();
        let source = &self.sources[&priority];
        let since_packet = Some(self.now - source.newest(self.now).max(since).min(self.now));
        let mut measure = Measure { since_packet, since_video: since_packet, ..Measure::default() };
        if self.now - since >= window {
            let from = self.now - window;
            let heard = window - source.silent_within(from, self.now);
            let mean = |of: &dyn Fn(&Rate) -> f64| {
                let sum =
                    source.rates.within(from, self.now).map(|(long, rate)| of(rate) * long as f64);
                sum.sum::<f64>() / window as f64
            };
            let share = heard as f64 / window as f64;
            measure.bitrate_kbps = Some((mean(&|rate| rate.kbps) * share) as u64);
            measure.fps_milli = Some((mean(&|rate| rate.fps) * share * 1e3) as u64);
            measure.loss_ppm = Some((mean(&|rate| rate.loss) * 1e4) as u64);
        }
        self.expect(self.now + window / LOOKS, Coming::Look(id, since));
        let _ = self.tell(Stimulus::Measured { session: id, measure }, self.now);
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
                }
            }
        }
        self.outcome.decided.push((self.now, notice));
    }

    /// The run ends: what became of it, and its trace, if there is one.
    pub(crate) fn end(self) -> (Outcome, Option<Writer>) {
        (self.outcome, self.writer)
    }
}

/// When an engine would look at which input for the sake of its trace.
fn glances(sources: &Sources) -> Vec<(Nanos, Priority)> {
    let of = |(priority, source): (&Priority, &Source)| {
        let long = |one: &&Silence| one.until - one.from >= Writer::SILENCES_FROM;
        let silences = source.silences.iter().filter(long);
        let times = silences.flat_map(|one| [one.from + Writer::SILENCES_FROM, one.until]);
        let known = times.filter(|at| *at < Nanos::MAX);
        known.map(|at| (at, *priority)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}
