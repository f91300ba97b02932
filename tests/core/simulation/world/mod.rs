//! The sources, the host and the operator around one stream, all of them unreliable.

mod expected;
mod faults;
mod host;
mod media;
mod quiet;

use super::judge::{Judge, Recorded, Scene};
use super::model::{Level, Model, MS};
use super::random::Random;
use crate::host_queue::{Command, HostQueue};
use crate::invariants::Invariants;
use changeover::core::{
    Action, Common, InputsUpdate, Nanos, Notice, Priority, Probe, ProbeId, ProbeOutcome,
    Registration, SessionId, Start, Stimulus, Stop, Stream,
};
use changeover::{Error, Reason, Severity, Status, FIRST_SWITCH_MAX};
use media::Media;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Priorities are 0 to 5; so many sources there are.
const SOURCES: usize = 6;
const CHAOS: Nanos = 30_000 * MS;

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
    media: Media,
    /// While it is up, it is for so long, and then not for so long.
    flaps: Option<[Nanos; 2]>,
}

impl Source {
    fn delivers(&self, age: Nanos) -> bool {
        let on = |[on, off]: [Nanos; 2]| age % (on + off) < on;
        self.up && self.flaps.is_none_or(on)
    }
}

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
    Look(SessionId, Priority),
    ById(Priority),
    Answer(ProbeId, Priority),
    Fault,
    Operation,
}

/// What the judge sees. (A macro, so that the judge itself may be changed meanwhile.)
macro_rules! scene {
    ($world:ident) => {
        Scene {
            model: &$world.model,
            stream: &$world.stream,
            invariants: &$world.invariants,
            deadline: $world.deadline,
            settings_changed: $world.settings_changed,
            now: $world.now,
        }
    };
}
use scene;

pub struct World {
    random: Random,
    began: Nanos,
    now: Nanos,
    stream: Stream,
    /// What [`Stream::next_deadline`] answered last.
    deadline: Option<Nanos>,
    common: Common,
    model: Model,
    invariants: Invariants,
    judge: Judge,
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
    /// The settings of the stream stay as they are.
    steady: bool,
    settings_changed: bool,
    /// What happens is printed.
    pub told: bool,
    /// What the stream was told, and what it answered.
    events: u64,
    faults: u64,
    hash: u64,
    actions: Vec<Action>,
}

impl World {
    /// A stream that is registered so long after the clock's beginning.
    pub fn new(seed: u64, now: Nanos) -> World {
        let mut random = Random::new(seed);
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
        let first_switch = [1, 2, 7 << 20, FIRST_SWITCH_MAX][seed as usize % 4];
        let registration = Registration {
            id,
            number,
            inputs,
            first_switch,
            config,
            defaults,
            ..Registration::default()
        };
        let stream = Stream::new(registration, now, &mut common).unwrap();
        let mut world = World {
            steady: random.percent(60),
            random,
            began: now,
            now,
            stream,
            deadline: None,
            common,
            model,
            invariants: Invariants::new(overlap_off, first_switch),
            judge: Judge::new(now),
            sources: [quiet::SOURCE; SOURCES],
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
            told: false,
            events: 0,
            faults: 0,
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

    pub fn faults(&self) -> u64 {
        self.faults
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

    /// The newest packets are told before a tick, and before whatever the host says or the operator asks for.
    fn bring_up_to_date(&mut self) {
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
    }

    fn tick(&mut self) {
        self.bring_up_to_date();
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        self.judge.hear(&Stimulus::Tick, self.now);
        self.obey(true);
        assert!(self.deadline.is_none_or(|next| next > self.now), "nothing is due after a tick");
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        assert!(self.stream.drain().next().is_none(), "a tick decides everything");
    }

    fn handle(&mut self, event: Stimulus) -> Result<(), Error> {
        let result = self.stream.handle(event.clone(), self.now, &mut self.common);
        if self.told {
            println!("{} {event:?} {result:?}", self.now - self.began);
        }
        if result.is_ok() {
            self.judge.hear(&event, self.now);
        }
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
            Step::Look(session, priority) => self.look(session, priority),
            Step::ById(priority) if !self.calm => self.by_id(priority),
            Step::ById(_) => {}
            Step::Answer(probe, priority) => self.answer(probe, priority),
            Step::Fault if !self.calm => {
                self.bring_up_to_date();
                self.fault();
            }
            Step::Operation if !self.calm => {
                self.bring_up_to_date();
                self.operation();
            }
            Step::Fault | Step::Operation => {}
        }
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
        self.events += actions.len() as u64;
        assert!(accepted || actions.is_empty(), "what is refused changes nothing");
        self.deadline = self.stream.next_deadline();
        for action in actions.drain(..) {
            self.invariants.observe(&action, self.now);
            self.judge.observe(&action, &scene!(self));
            self.account(&action);
            if self.told {
                println!("{} - {action:?}", self.now - self.began);
            }
            self.order(&action);
        }
        self.actions = actions;
        self.invariants.check(&self.stream);
        self.judge.judge(&scene!(self));
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
        let word = value ^ (kind << 56) ^ (self.now - self.began);
        self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}
