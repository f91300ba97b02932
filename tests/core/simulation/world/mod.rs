//! The sources, the host and the operator around one stream, all of them unreliable.

mod expected;
mod faults;

use super::model::{Level, Model, MS};
use super::random::Random;
use crate::host_queue::{Command, HostQueue};
use crate::invariants::Invariants;
use changeover::core::{
    Action, Common, InputsUpdate, Nanos, Notice, Priority, Probe, ProbeId, ProbeOutcome,
    Registration, SessionId, Start, Stimulus, Stop, Stream,
};
use changeover::{Error, Reason, Status};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Priorities are 0 to 5; so many sources there are.
const SOURCES: usize = 6;
const CHAOS: Nanos = 30_000 * MS;
/// More than any wait there is: 8 × 8 s × 9/8 of backoff and all the timeouts.
const QUIET: Nanos = 900_000 * MS;

#[derive(Clone, Copy, Debug)]
struct Source {
    up: bool,
    interval: Nanos,
    connects_in: Nanos,
    /// Of 100 starts, so many fail.
    starts_fail: u64,
    /// Of 100 packets, so many are key frames.
    key_frames: u64,
    probes: Probes,
}

/// As they are at the end.
const QUIET_SOURCE: Source = Source {
    up: true,
    interval: 30 * MS,
    connects_in: 20 * MS,
    starts_fail: 0,
    key_frames: 2,
    probes: Probes::Honest,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Probes {
    Honest,
    Lying,
    Unsupported,
    Unanswered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Take(Command),
    StartFails(SessionId),
    Packet(SessionId, Priority),
    ById(Priority),
    Answer(ProbeId, Priority),
    Fault,
    Operation,
}

pub struct World {
    random: Random,
    now: Nanos,
    stream: Stream,
    /// What [`Stream::next_deadline`] answered last.
    deadline: Option<Nanos>,
    common: Common,
    model: Model,
    invariants: Invariants,
    sources: [Source; SOURCES],
    /// The newest packets that were recorded without a session.
    by_id: [Option<Nanos>; SOURCES],
    agenda: BinaryHeap<Reverse<(Nanos, u64, Step)>>,
    steps: u64,
    host: HostQueue,
    /// When it takes the last of its commands.
    queue_ends: Nanos,
    host_is_slow: bool,
    /// When the active input was last chosen or restarted, at the latest.
    chosen_at: Nanos,
    switched_at: Nanos,
    /// The last switch was one while the chosen input starts.
    bridged: bool,
    /// The next switch may be a failback that was asked for.
    asked_to_return: bool,
    calm: bool,
    ever_unsupported: bool,
    settings_changed: bool,
    events: u64,
    hash: u64,
    actions: Vec<Action>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut random = Random::new(seed);
        let now = random.range(0, 1 << 50);
        let overlap_off = random.percent(25);
        let mut model =
            Model { stream: Level::random_stream(&mut random, overlap_off), ..Model::default() };
        if random.percent(30) {
            model.engine = Level::random_stream(&mut random, overlap_off);
            model.engine.hot = None;
        }
        let mut inputs = Vec::new();
        for priority in 0..SOURCES as Priority {
            if random.percent(40) {
                let (level, input) = model.random_input(&mut random, priority);
                model.inputs.insert(priority, level);
                inputs.insert(random.range(0, inputs.len() as u64) as usize, input);
            }
        }
        let mut common = Common::default();
        let (config, defaults) = (model.stream.config(), model.engine.config());
        let (id, number) = ("s".into(), seed);
        let registration =
            Registration { id, number, inputs, config, defaults, ..Registration::default() };
        let stream = Stream::new(registration, now, &mut common).unwrap();
        let source = Source {
            up: true,
            interval: 0,
            connects_in: 0,
            starts_fail: 0,
            key_frames: 0,
            probes: Probes::Honest,
        };
        let mut world = World {
            random,
            now,
            stream,
            deadline: None,
            common,
            model,
            invariants: Invariants::new(overlap_off),
            sources: [source; SOURCES],
            by_id: [None; SOURCES],
            agenda: BinaryHeap::new(),
            steps: 0,
            host: HostQueue::default(),
            queue_ends: now,
            host_is_slow: false,
            chosen_at: now,
            switched_at: now,
            bridged: false,
            asked_to_return: false,
            calm: false,
            ever_unsupported: false,
            settings_changed: false,
            events: 0,
            hash: 0,
            actions: Vec::new(),
        };
        for priority in 0..SOURCES {
            world.change_source(priority);
        }
        world.obey(true);
        world
    }

    pub fn events(&self) -> u64 {
        self.events
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Everything happens at once.
    pub fn chaos(&mut self) {
        self.plan(0, Step::Fault);
        self.plan(0, Step::Operation);
        (0..SOURCES as Priority).for_each(|priority| self.plan(0, Step::ById(priority)));
        self.run_to(self.now + CHAOS);
    }

    /// Faults and operations end; at least one source delivers steadily. The stream must come on
    /// air on the best such input, and stay.
    pub fn quiet(&mut self) {
        self.calm = true;
        self.host_is_slow = false;
        self.handle(Stimulus::ClearOverride).unwrap();
        self.enable_all();
        if self.stream.inputs().is_empty() {
            let priority = self.random_priority();
            self.add(priority);
        }
        let steady: Vec<_> = self.stream.inputs().iter().map(|input| input.priority()).collect();
        let spared = self.pick(&steady);
        for priority in 0..SOURCES as Priority {
            let up = priority == spared || self.random.percent(50);
            let probes = if self.random.percent(20) { Probes::Unsupported } else { Probes::Honest };
            self.ever_unsupported |= probes == Probes::Unsupported;
            self.sources[priority as usize] = Source { up, probes, ..QUIET_SOURCE };
        }
        let mut steady = steady.into_iter().filter(|priority| self.sources[*priority as usize].up);
        let best = steady.next().expect("one is spared");
        // Without overlap a better input that can't be probed must wait for an exhausted stream.
        let pushed = (0..SOURCES as Priority).any(|priority| self.model.is_pushed(priority));
        let unfindable = self.model.overlap_off() && (self.ever_unsupported || pushed);
        let any = unfindable || self.model.failback_is_manual();
        let well = |world: &World| {
            let active = world.stream.active();
            let lives = active.is_some_and(|active| world.sources[active as usize].up);
            world.stream.on_air() && lives && (active == Some(best) || any)
        };
        // Late answers of the chaos may still lead astray, but not for ever.
        let give_up = self.now + QUIET;
        let (mut chosen, mut steps_well) = (None, 0);
        while steps_well < 30 {
            assert!(
                self.now < give_up,
                "not on air on {best}: {:#?}\n{:#?}",
                self.stream,
                self.sources
            );
            self.run_to(self.now + 100 * MS);
            let stays = well(self) && self.stream.active() == chosen;
            steps_well = if stays { steps_well + 1 } else { 0 };
            chosen = self.stream.active();
        }
        assert!(!self.stream.exhausted());
    }

    /// The registration ends, and the host takes what is left.
    pub fn end(&mut self) {
        self.handle(Stimulus::Unregister).unwrap();
        self.run_to(self.now + 10_000 * MS);
        assert_eq!(self.host.untaken().next(), None);
        assert!(self.host.running().is_empty(), "every taken start gets exactly one stop");
    }

    // Time.

    fn plan(&mut self, delay: Nanos, step: Step) {
        self.steps += 1;
        self.agenda.push(Reverse((self.now + delay, self.steps, step)));
    }

    fn run_to(&mut self, end: Nanos) {
        loop {
            let step = self.agenda.peek().map(|Reverse((at, ..))| *at);
            let deadline = self.deadline.map(|at| at.max(self.now));
            let Some(next) = step.into_iter().chain(deadline).min().filter(|next| *next <= end)
            else {
                self.now = end;
                return;
            };
            self.now = next;
            if step == Some(next) {
                let Reverse((_, _, step)) = self.agenda.pop().expect("peeked");
                self.perform(step);
            } else {
                self.tick();
            }
        }
    }

    fn tick(&mut self) {
        for at in 0..self.invariants.running.len() {
            let session = &self.invariants.running[at];
            if let Some(at) = session.last_packet {
                let seen = Stimulus::Seen { session: session.id, at };
                self.stream.handle(seen, self.now, &mut self.common).unwrap();
                self.events += 1;
            }
        }
        for (priority, at) in (0..).zip(self.by_id) {
            if let Some(at) = at {
                let seen = Stimulus::SeenWithoutSession { priority, at };
                self.stream.handle(seen, self.now, &mut self.common).unwrap();
            }
        }
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        self.obey(true);
        assert!(self.deadline.is_none_or(|next| next > self.now), "nothing is due after a tick");
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        assert!(self.stream.drain().next().is_none(), "a tick decides everything");
    }

    fn handle(&mut self, event: Stimulus) -> Result<(), Error> {
        let result = self.stream.handle(event, self.now, &mut self.common);
        self.obey(result.is_ok());
        result
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Take(command) => self.take(command),
            Step::StartFails(session) => {
                let result = Err("refused".into());
                let _ = self.handle(Stimulus::StartResult { session, result });
            }
            Step::Packet(session, priority) => self.packet(session, priority),
            Step::ById(priority) if !self.calm => self.by_id(priority),
            Step::ById(_) => {}
            Step::Answer(probe, priority) => self.answer(probe, priority),
            Step::Fault if !self.calm => self.fault(),
            Step::Operation if !self.calm => self.operation(),
            Step::Fault | Step::Operation => {}
        }
    }

    // The host.

    fn take(&mut self, command: Command) {
        if !self.host.take(command) {
            return;
        }
        match command {
            Command::Start(session, priority) => self.take_start(session, priority),
            Command::Stop(..) => {}
            Command::Probe(probe, priority) => {
                let taken = self.handle(Stimulus::ProbeTaken { probe });
                let delay = self.random.range(0, if self.calm { 8 } else { 150 }) * MS;
                if taken.is_ok() || self.random.percent(10) {
                    self.plan(delay, Step::Answer(probe, priority));
                }
            }
        }
    }

    fn take_start(&mut self, session: SessionId, priority: Priority) {
        if self.model.overlap_off() && !self.settings_changed {
            assert_eq!(self.host.running().len(), 1, "overlap off: two sessions on the host");
        }
        if let Some(running) = self.invariants.session(session) {
            running.taken_at = Some(self.now);
        }
        let _ = self.handle(Stimulus::StartTaken { session });
        let source = self.sources[priority as usize];
        if self.random.percent(source.starts_fail) {
            let delay = self.pick(&[0, 0, 50, 1000]) * MS;
            self.plan(delay, Step::StartFails(session));
        } else {
            self.plan(source.connects_in, Step::Packet(session, priority));
            if self.random.percent(30) {
                let _ = self.handle(Stimulus::StartResult { session, result: Ok(()) });
            }
        }
    }

    fn packet(&mut self, session: SessionId, priority: Priority) {
        let source = self.sources[priority as usize];
        if self.invariants.session(session).is_none() {
            return;
        }
        let late = if self.calm || !self.random.percent(2) { 0 } else { self.pick(&[100, 900]) };
        self.plan(source.interval + late * MS, Step::Packet(session, priority));
        if !source.up {
            return;
        }
        self.invariants.delivered(session, self.now);
        let key = source.key_frames > 0 && self.random.percent(source.key_frames);
        let offer = self.stream.offer().filter(|offer| offer.session == session);
        if let Some(offer) = offer.filter(|offer| key || offer.to_any_packet) {
            self.handle(Stimulus::Committed { number: offer.number }).unwrap();
        }
        if self.stream.awaits(session) {
            self.handle(Stimulus::Packet { session }).unwrap();
        }
        if key {
            self.handle(Stimulus::Flagged { priority, video: true, key }).unwrap();
        }
    }

    /// Sources send by id, also while they have no session.
    fn by_id(&mut self, priority: Priority) {
        let pause = self.pick(&[20, 20, 60, 60, 60, 150, 900]);
        self.plan(pause * MS, Step::ById(priority));
        let runs = self.invariants.running.iter().any(|running| running.priority == priority);
        if runs || !self.sources[priority as usize].up {
            return;
        }
        self.by_id[priority as usize] = Some(self.now);
        if self.stream.awaits_input(priority) {
            self.handle(Stimulus::PacketWithoutSession { priority }).unwrap();
        }
    }

    fn answer(&mut self, probe: ProbeId, priority: Priority) {
        let source = self.sources[priority as usize];
        let outcome = match (source.probes, source.up) {
            (Probes::Honest, true) | (Probes::Lying, false) => ProbeOutcome::Ok,
            (Probes::Honest, false) | (Probes::Lying, true) => ProbeOutcome::Failed("no".into()),
            (Probes::Unsupported, _) => ProbeOutcome::Unsupported,
            (Probes::Unanswered, _) => return,
        };
        self.ever_unsupported |= outcome == ProbeOutcome::Unsupported;
        let awaited = self.invariants.probes.iter().any(|(id, _)| *id == probe);
        if awaited {
            self.invariants.answered(probe);
        }
        let result = self.handle(Stimulus::ProbeResult { probe, outcome });
        assert_eq!(result.is_ok(), awaited, "an answer counts while it is awaited");
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        self.random.pick(from)
    }

    fn random_priority(&mut self) -> Priority {
        self.random.range(0, SOURCES as u64 - 1) as Priority
    }

    // What comes out.

    fn obey(&mut self, accepted: bool) {
        self.events += 1;
        let mut actions = std::mem::take(&mut self.actions);
        actions.extend(self.stream.drain());
        assert!(accepted || actions.is_empty(), "what is refused changes nothing");
        for action in actions.drain(..) {
            self.invariants.observe(&action, self.now);
            self.account(&action);
            self.order(&action);
        }
        self.actions = actions;
        self.deadline = self.stream.next_deadline();
        self.invariants.check(&self.stream);
        self.stream.check().unwrap();
        self.check_deadlines();
    }

    fn order(&mut self, action: &Action) {
        let Some(command) = self.host.push(action) else { return };
        let delay = match (self.calm, self.host_is_slow) {
            (true, _) => 5,
            (false, true) => self.random.range(0, 1500),
            (false, false) => self.pick(&[0, 0, 0, 1, 10]),
        };
        self.queue_ends = self.queue_ends.max(self.now + delay * MS);
        self.plan(self.queue_ends - self.now, Step::Take(command));
    }

    fn account(&mut self, action: &Action) {
        match action {
            Action::Start(Start { session, .. }) => self.mix(1, *session),
            Action::Stop(Stop { session, .. }) => self.mix(2, *session),
            Action::Probe(Probe { probe, .. }) => self.mix(3, *probe),
            Action::CancelProbe { probe } => self.mix(4, *probe),
            Action::Await { session } => self.mix(5, *session),
            Action::AwaitInput { priority } => self.mix(13, *priority as u64),
            Action::Gate { session, number } => {
                self.chosen_at = self.now;
                self.mix(6, session.unwrap_or(0) ^ (number << 32));
            }
            Action::Notify(notice) => self.told(notice),
        }
    }

    fn mix(&mut self, kind: u64, value: u64) {
        let word = value ^ (kind << 56) ^ self.now;
        self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}
