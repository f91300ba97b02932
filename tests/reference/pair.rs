//! Drives the core and the model with the same trace, as the driver's contract has it (`docs/rules.md`, 6).

mod compare;

use crate::model::told::{Answer, Out, Told};
use crate::model::Model;
use crate::settings::Set;
use crate::steps::{Step, Trace};
use changeover::core::{
    Action, Common, Input, InputsUpdate, Nanos, Priority, ProbeId, ProbeOutcome, Registration,
    SessionId, Stimulus, Stream,
};
use changeover::Error;
use std::collections::VecDeque;
use std::time::Duration;

/// As no monotonic clock does, time does not begin at 0.
const EPOCH: Nanos = 1_000_000_000_000;

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// What the core was told, and what it answered.
    pub events: u64,
    pub faults: u64,
    /// After so many of them everything was compared.
    pub steps: u64,
}

impl Figures {
    pub fn add(&mut self, other: Figures) {
        self.events += other.events;
        self.faults += other.faults;
        self.steps += other.steps;
    }
}

/// The first difference of a trace.
#[derive(Debug)]
pub struct Difference {
    /// After so many steps.
    pub after: usize,
    pub what: String,
}

/// A session, by its names here and there.
struct Running {
    priority: Priority,
    core: SessionId,
    model: u64,
    /// The host took its *start*.
    taken: bool,
    /// Its newest packet, and the one that the core was told of.
    newest: Nanos,
    told: Nanos,
}

#[derive(Clone, Copy, PartialEq)]
enum Command {
    Start(SessionId),
    Stop(SessionId),
    Probe(ProbeId),
}

struct Pair {
    core: Stream,
    common: Common,
    model: Model,
    /// Everything is printed.
    is_told: bool,
    now: Nanos,
    running: Vec<Running>,
    /// Each with whether the host took it.
    probes: Vec<(Priority, ProbeId, bool)>,
    /// What the host has not taken yet.
    queue: VecDeque<Command>,
    /// The last session and the last probe that ended.
    over: (Option<SessionId>, Option<ProbeId>),
    figures: Figures,
    actions: Vec<Action>,
    from_core: Vec<Out>,
    from_model: Vec<Out>,
    /// The last 20 switches.
    switches: VecDeque<Out>,
}

type Same = Result<(), String>;

/// Plays a trace to its end.
pub fn play(trace: &Trace) -> Result<Figures, Difference> {
    play_and_tell(trace, false)
}

/// The same; what both decide is printed on the way.
pub fn play_and_tell(trace: &Trace, told: bool) -> Result<Figures, Difference> {
    let mut pair = Pair::new(trace, told).map_err(|what| Difference { after: 0, what })?;
    for (index, step) in trace.steps.iter().enumerate() {
        pair.step(step).map_err(|what| Difference { after: index + 1, what })?;
    }
    pair.history().map_err(|what| Difference { after: trace.steps.len(), what })?;
    Ok(pair.figures)
}

fn input((priority, set): &(Priority, Set)) -> Input {
    Input::new(*priority, "").config(set.config())
}

impl Pair {
    fn new(trace: &Trace, is_told: bool) -> Result<Pair, String> {
        let mut common = Common::default();
        let registration = Registration {
            id: "s".into(),
            number: trace.registration,
            inputs: trace.inputs.iter().map(input).collect(),
            first_switch: trace.first_switch,
            config: trace.stream.config(),
            defaults: trace.defaults.defaults(),
            ..Registration::default()
        };
        let core = Stream::new(registration, EPOCH, &mut common);
        let model =
            Model::new("s", trace.defaults, trace.stream, &trace.inputs, trace.first_switch, EPOCH);
        let (core, model) = match (core, model) {
            (Ok(core), Ok(model)) => (core, model),
            (core, model) => {
                return Err(format!("registering: core {:?}, model {:?}", core.err(), model.err()));
            }
        };
        let mut pair = Pair {
            core,
            common,
            model,
            is_told,
            now: EPOCH,
            running: Vec::new(),
            probes: Vec::new(),
            queue: VecDeque::new(),
            over: (None, None),
            figures: Figures::default(),
            actions: Vec::new(),
            from_core: Vec::new(),
            from_model: Vec::new(),
            switches: VecDeque::new(),
        };
        pair.drain();
        pair.compare()?;
        Ok(pair)
    }

    // Steps.

    fn step(&mut self, step: &Step) -> Same {
        match step {
            Step::Wait(nanos) => self.pass_to(self.now + nanos),
            Step::Edge(offset) => match self.core.next_deadline() {
                Some(at) => {
                    let to = at.saturating_add_signed(*offset).max(self.now);
                    self.pass_to(at.min(to))?;
                    self.now = to;
                    Ok(())
                }
                None => Ok(()),
            },
            Step::Sleep(nanos) => {
                self.figures.faults += 1;
                self.now += nanos;
                Ok(())
            }
            Step::Tick => self.both(Stimulus::Tick, &Told::Tick),
            Step::Packet(priority) => self.packet(*priority),
            Step::Take => self.take(),
            Step::TakeAll => {
                while !self.queue.is_empty() {
                    self.take()?;
                }
                Ok(())
            }
            Step::Started(priority) => self.of_session(*priority, |session| {
                (Stimulus::StartResult { session, result: Ok(()) }, Told::Started(*priority))
            }),
            Step::StartFailed(priority, text) => self.of_session(*priority, |session| {
                let result = Err((*text).into());
                (Stimulus::StartResult { session, result }, Told::StartFailed(*priority, text))
            }),
            Step::SessionError(priority, text) => self.of_session(*priority, |session| {
                let text = *text;
                (
                    Stimulus::SessionError { session, text: text.into() },
                    Told::SessionError(*priority, text),
                )
            }),
            Step::Probed(priority, answer) => self.answer(*priority, *answer),
            Step::Stale => self.stale(),
            Step::Error(priority, text) => {
                let stimulus = Stimulus::InputError { priority: *priority, text: (*text).into() };
                self.both(stimulus, &Told::Error(*priority, text))
            }
            Step::SoftError(priority, text) => {
                let stimulus = Stimulus::SoftError { priority: *priority, text: (*text).into() };
                self.both(stimulus, &Told::SoftError(*priority, text))
            }
            Step::Switch(priority, lasts) => {
                let stimulus = Stimulus::SwitchInput {
                    priority: *priority,
                    lasts: lasts.map(Duration::from_nanos),
                };
                self.both(stimulus, &Told::Switch(*priority, *lasts))
            }
            Step::FailBack => self.both(Stimulus::FailBack, &Told::FailBack),
            Step::Enable(priority, enabled) => {
                let (priority, enabled) = (*priority, *enabled);
                let stimulus = Stimulus::SetInputEnabled { priority, enabled };
                self.both(stimulus, &Told::Enable(priority, enabled))
            }
            Step::ClearOverride => self.both(Stimulus::ClearOverride, &Told::ClearOverride),
            Step::Update(update) => {
                let stimulus = Stimulus::UpdateInputs(InputsUpdate {
                    removed: update.removed.clone(),
                    added: update.added.iter().map(input).collect(),
                    updated: update.updated.iter().map(input).collect(),
                });
                self.both(stimulus, &Told::Update(update.clone()))
            }
            Step::Buffer(text) => {
                self.both(Stimulus::UpdateBufferWriteId((*text).into()), &Told::Buffer(text))
            }
            Step::Config(set) => self.both(Stimulus::SetConfig(set.config()), &Told::Config(*set)),
            Step::Defaults(set) => {
                self.both(Stimulus::SetDefaults(set.defaults()), &Told::Defaults(*set))
            }
            Step::Unregister => self.both(Stimulus::Unregister, &Told::Unregister),
        }
    }

    /// With a tick at each deadline before that: in one instant packets come first (rule 3e).
    fn pass_to(&mut self, to: Nanos) -> Same {
        while let Some(at) = self.core.next_deadline().filter(|at| *at < to) {
            // What was recorded comes first, and may put it off.
            self.bring_up_to_date()?;
            if self.core.next_deadline() != Some(at) {
                continue;
            }
            self.now = self.now.max(at);
            self.both(Stimulus::Tick, &Told::Tick)?;
            if let Some(still) = self.core.next_deadline().filter(|still| *still <= self.now) {
                return Err(format!(
                    "after a tick at {} the core is still due at {still}",
                    self.now
                ));
            }
        }
        self.now = self.now.max(to);
        Ok(())
    }

    fn packet(&mut self, priority: Priority) -> Same {
        let Some(running) =
            self.running.iter_mut().find(|one| one.priority == priority && one.taken)
        else {
            return Ok(());
        };
        running.newest = self.now;
        let session = running.core;
        if self.core.awaits(session) {
            self.both(Stimulus::Packet { session }, &Told::Packet(priority))
        } else if self.model.waits_for(priority) {
            Err(format!("{priority}: the model waits for its packet, the core does not"))
        } else {
            self.model.tell(&Told::Recorded(priority), self.now).map_err(|error| error.to_string())
        }
    }

    fn take(&mut self) -> Same {
        let Some(command) = self.queue.pop_front() else { return Ok(()) };
        match command {
            Command::Start(session) => {
                let Some(running) = self.running.iter_mut().find(|one| one.core == session) else {
                    return Ok(());
                };
                running.taken = true;
                let priority = running.priority;
                self.both(Stimulus::StartTaken { session }, &Told::StartTaken(priority))
            }
            Command::Stop(_) => Ok(()),
            Command::Probe(probe) => {
                let Some(asked) = self.probes.iter_mut().find(|one| one.1 == probe) else {
                    return Ok(());
                };
                asked.2 = true;
                let priority = asked.0;
                self.both(Stimulus::ProbeTaken { probe }, &Told::ProbeTaken(priority))
            }
        }
    }

    fn of_session(
        &mut self,
        priority: Priority,
        what: impl FnOnce(SessionId) -> (Stimulus, Told),
    ) -> Same {
        let found = self.running.iter().find(|one| one.priority == priority && one.taken);
        let Some(session) = found.map(|one| one.core) else { return Ok(()) };
        let (stimulus, told) = what(session);
        self.both(stimulus, &told)
    }

    fn answer(&mut self, priority: Priority, answer: Answer) -> Same {
        let found = self.probes.iter().find(|one| one.0 == priority && one.2);
        let Some(probe) = found.map(|one| one.1) else { return Ok(()) };
        let outcome = match answer {
            Answer::Ok => ProbeOutcome::Ok,
            Answer::Failed(text) => ProbeOutcome::Failed(text.into()),
            Answer::Unsupported => ProbeOutcome::Unsupported,
        };
        self.probes.retain(|one| one.1 != probe);
        self.over.1 = Some(probe);
        self.both(Stimulus::ProbeResult { probe, outcome }, &Told::Probed(priority, answer))
    }

    /// Rule 12f: answers for what is over are refused, and errors of it mean nothing.
    fn stale(&mut self) -> Same {
        if let Some(session) = self.over.0 {
            self.bring_up_to_date()?;
            let stale = Err(Error::StaleSession);
            let failed = Stimulus::StartResult { session, result: Err("late".into()) };
            let answers = [
                (self.core.handle(failed, self.now, &mut self.common), stale),
                (
                    self.core.handle(Stimulus::StartTaken { session }, self.now, &mut self.common),
                    stale,
                ),
                (
                    self.core.handle(
                        Stimulus::SessionError { session, text: "late".into() },
                        self.now,
                        &mut self.common,
                    ),
                    stale,
                ),
            ];
            self.figures.events += answers.len() as u64;
            self.figures.faults += answers.len() as u64;
            for (is, should) in answers {
                if is != should && is != Err(Error::UnknownStream) {
                    return Err(format!("of what is over: {is:?} instead of {should:?}"));
                }
            }
        }
        if let Some(probe) = self.over.1 {
            let late = Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Ok };
            let answer = self.core.handle(late, self.now, &mut self.common);
            self.figures.events += 1;
            if !matches!(answer, Err(Error::StaleSession | Error::UnknownStream)) {
                return Err(format!("of a probe that is over: {answer:?}"));
            }
        }
        self.drain();
        self.compare()
    }

    // Both.

    /// The lazy part of recording.
    fn bring_up_to_date(&mut self) -> Same {
        for running in &mut self.running {
            if running.newest > running.told {
                running.told = running.newest;
                let seen = Stimulus::Seen { session: running.core, at: running.newest };
                self.figures.events += 1;
                self.core
                    .handle(seen, self.now, &mut self.common)
                    .map_err(|error| error.to_string())?;
                if self.core.drain().next().is_some() {
                    return Err("a packet that was only seen has decided something".into());
                }
            }
        }
        Ok(())
    }

    fn both(&mut self, stimulus: Stimulus, told: &Told) -> Same {
        self.bring_up_to_date()?;
        let core = self.core.handle(stimulus, self.now, &mut self.common);
        self.figures.events += 1;
        self.figures.faults += u64::from(told.is_fault());
        self.drain();
        let model = self.model.tell(told, self.now);
        if self.is_told {
            eprintln!("{:.6} ms: {told:?} -> {core:?}", (self.now - EPOCH) as f64 / 1e6);
        }
        if core != model {
            return Err(format!("{told:?}: the core answers {core:?}, the model {model:?}"));
        }
        self.compare()
    }

    fn drain(&mut self) {
        self.actions.clear();
        self.actions.extend(self.core.drain());
        self.figures.events += self.actions.len() as u64;
    }
}
