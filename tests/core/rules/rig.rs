//! A stream in virtual time, driven as the engine drives it.
//!
//! The rig plays the sources (one packet every 100 ms, the first 100 ms after the host took the
//! *start*), the host (takes commands, answers probes) and the clock. Everything the stream does
//! becomes a line of the story (see `story.rs`).

mod assertions;
mod maintenance;
mod media;
mod registrations;

use super::story::Story;
use crate::host_queue::{Command, HostQueue};
use crate::invariants::Invariants;
use changeover::core::{
    Action, Common, Input, InputError, InputHealth, InputsUpdate, Measure, Nanos, Priority,
    ProbeId, ProbeOutcome, Registration, SessionId, Stimulus, Stream,
};
use changeover::{Condition, Config, Overlap};
use changeover::{Error, StartReason, Status};
use std::collections::{BTreeMap, HashMap};

pub use media::Accused;
pub use registrations::*;

pub const MS: Nanos = 1_000_000;
/// Virtual time does not start at 0, as no monotonic clock does.
const EPOCH: Nanos = 1_000_000 * MS;
const PACKET_INTERVAL: Nanos = 100 * MS;
const LOOK_INTERVAL: Nanos = 100 * MS;
const PROBE_TAKES: Nanos = 50 * MS;

/// How the host answers the probes of an input.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Ok if its source is up, else failed, after 50 ms.
    Honest,
    Unsupported,
    Never,
}

/// When the host takes a command.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taking {
    After(Nanos),
    Never,
}

#[derive(Debug)]
struct Source {
    up: bool,
    startable: bool,
    answer: Answer,
    /// Its packets are recorded by id, whether or not there is a session; when the last one was.
    publishes: Option<Nanos>,
    /// What looks show of it, once a window has passed.
    measure: Measure,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Look(SessionId, Priority, Nanos),
    Take(Command),
    Publish(Priority),
    Packet(SessionId, Priority),
    Answer(ProbeId, Priority),
}

pub struct Rig {
    pub stream: Stream,
    common: Common,
    now: Nanos,
    agenda: BTreeMap<(Nanos, u64), Step>,
    steps: u64,
    sources: HashMap<Priority, Source>,
    taking: Taking,
    host: HostQueue,
    invariants: Invariants,
    story: Story,
    started_for: Vec<StartReason>,
}

impl Rig {
    pub fn new(inputs: impl IntoIterator<Item = Input>) -> Rig {
        Rig::with_config(Config::new(), inputs)
    }

    /// All sources are up, startable and honest, the host takes everything at once.
    pub fn with_config(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
        Rig::prepared(config, inputs, |_| ())
    }

    /// `prepare` runs before the host takes the first command.
    pub fn prepared(
        config: Config,
        inputs: impl IntoIterator<Item = Input>,
        prepare: impl FnOnce(&mut Rig),
    ) -> Rig {
        Rig::registered(Registration { config, ..registration(inputs) }, prepare)
    }

    pub fn registered(registration: Registration, prepare: impl FnOnce(&mut Rig)) -> Rig {
        let mut common = Common::default();
        let config = registration.config.clone();
        let overlap_off = config == config.clone().overlap(Overlap::Off);
        let first_switch = registration.first_switch.max(1);
        let mut rig = Rig {
            stream: Stream::new(registration, EPOCH, &mut common).unwrap(),
            common,
            now: EPOCH,
            agenda: BTreeMap::new(),
            steps: 0,
            sources: HashMap::new(),
            taking: Taking::After(0),
            host: HostQueue::default(),
            invariants: Invariants::new(overlap_off, first_switch),
            story: Story::new(EPOCH),
            started_for: Vec::new(),
        };
        prepare(&mut rig);
        rig.obey();
        rig.run_to(EPOCH);
        rig
    }

    // The world.

    fn source(&mut self, priority: Priority) -> &mut Source {
        let honest = || Source {
            up: true,
            startable: true,
            answer: Answer::Honest,
            publishes: None,
            measure: Measure {
                bitrate_kbps: Some(2000),
                fps_milli: Some(25_000),
                loss_ppm: Some(0),
                since_video: Some(0),
                since_audio: Some(0),
                ..Measure::default()
            },
        };
        self.sources.entry(priority).or_insert_with(honest)
    }

    pub fn dies(&mut self, priority: Priority) {
        self.source(priority).up = false;
    }

    pub fn returns(&mut self, priority: Priority) {
        self.source(priority).up = true;
    }

    /// It connects by itself, and its packets are recorded by id: every 100 ms while it is up, with a
    /// session or without.
    pub fn publishes(&mut self, priority: Priority) {
        self.source(priority).publishes = Some(0);
        self.plan(PACKET_INTERVAL, Step::Publish(priority));
    }

    pub fn start_fails(&mut self, priority: Priority) {
        self.source(priority).startable = false;
    }

    pub fn start_works(&mut self, priority: Priority) {
        self.source(priority).startable = true;
    }

    pub fn probes_are(&mut self, priority: Priority, answer: Answer) {
        self.source(priority).answer = answer;
    }

    pub fn host_takes_after(&mut self, millis: u64) {
        self.taking = Taking::After(millis * MS);
    }

    pub fn host_is_stuck(&mut self) {
        self.taking = Taking::Never;
    }

    /// It takes what has piled up.
    pub fn host_wakes(&mut self) {
        self.taking = Taking::After(0);
        for command in self.host.untaken().collect::<Vec<_>>() {
            self.plan(0, Step::Take(command));
        }
        self.run_to(self.now);
    }

    // The operator and the host.

    pub fn handle(&mut self, event: Stimulus) -> Result<(), Error> {
        self.bring_up_to_date();
        let config = match &event {
            Stimulus::SetConfig(config) => Some(config.clone()),
            _ => None,
        };
        let result = self.stream.handle(event, self.now, &mut self.common);
        if let Some(config) = config.filter(|_| result.is_ok()) {
            self.invariants.overlap_off = config == config.clone().overlap(Overlap::Off);
        }
        self.obey();
        // Whatever became due in this very instant.
        self.run_to(self.now);
        result
    }

    pub fn switch_input(&mut self, priority: Priority) -> Result<(), Error> {
        self.handle(Stimulus::SwitchInput { priority, lasts: None })
    }

    pub fn force_input(&mut self, priority: Priority) -> Result<(), Error> {
        self.handle(Stimulus::ForceInput { priority })
    }

    pub fn clear_override(&mut self) {
        self.handle(Stimulus::ClearOverride).unwrap();
    }

    pub fn report(&mut self, priority: Priority, text: &str) -> Result<(), Error> {
        self.handle(Stimulus::InputError { priority, text: text.into() })
    }

    pub fn update(&mut self, update: InputsUpdate) -> Result<(), Error> {
        self.handle(Stimulus::UpdateInputs(update))
    }

    pub fn set_config(&mut self, config: Config) -> Result<(), Error> {
        self.handle(Stimulus::SetConfig(config))
    }

    // Time.

    pub fn now(&self) -> Nanos {
        self.now
    }

    /// So many milliseconds after the registration.
    pub fn at(&self, millis: u64) -> Nanos {
        EPOCH + millis * MS
    }

    /// Counts from the registration again, see [`Rig::reach`].
    pub fn count_from_registration(&mut self) {
        self.story.origin = EPOCH;
    }

    /// Lets time pass, to so many milliseconds of the story.
    pub fn until(&mut self, millis: u64) {
        self.run_to(self.story.origin + millis * MS);
    }

    /// Lets so many milliseconds pass.
    pub fn pass(&mut self, millis: u64) {
        self.run_to(self.now + millis * MS);
    }

    /// Lets time pass until this line is told; the story goes on behind it. Answers its time in
    /// milliseconds. Waits are jittered, so from here on the story counts from this line.
    pub fn reach(&mut self, line: &str) -> f64 {
        let give_up = self.now + 3_600_000 * MS;
        loop {
            let origin = self.story.origin;
            if let Some(at) = self.story.continue_after(line) {
                return (at - origin) as f64 / MS as f64;
            }
            let next = self.next_instant().filter(|at| *at <= give_up);
            let next = next.unwrap_or_else(|| {
                panic!("never told: {line}\n{:#?}", self.lines().collect::<Vec<_>>())
            });
            self.run_to(next);
        }
    }

    fn next_instant(&self) -> Option<Nanos> {
        let step = self.agenda.keys().next().map(|(at, _)| *at);
        let deadline = self.stream.next_deadline();
        step.into_iter().chain(deadline).min().map(|at| at.max(self.now))
    }

    fn run_to(&mut self, end: Nanos) {
        while let Some(next) = self.next_instant().filter(|next| *next <= end) {
            self.now = next;
            // What was recorded is seen before a deadline is judged.
            match self.agenda.first_entry().filter(|entry| entry.key().0 <= next) {
                Some(step) => {
                    let step = step.remove();
                    self.perform(step);
                }
                None => self.tick(),
            }
        }
        self.now = end;
    }

    fn tick(&mut self) {
        self.bring_up_to_date();
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        let next = self.stream.next_deadline();
        assert!(next.is_none_or(|next| next > self.now), "everything due is done after a tick");
        self.obey();
        self.stream.handle(Stimulus::Tick, self.now, &mut self.common).unwrap();
        assert!(self.stream.drain().next().is_none(), "and everything was decided");
    }

    /// The lazy part of recording.
    fn bring_up_to_date(&mut self) {
        for session in &self.invariants.running {
            if let Some(at) = session.last_packet {
                let seen = Stimulus::Seen { session: session.id, at };
                self.stream.handle(seen, self.now, &mut self.common).unwrap();
            }
        }
        for (priority, source) in &self.sources {
            if let Some(at) = source.publishes {
                let seen = Stimulus::SeenWithoutSession { priority: *priority, at };
                self.stream.handle(seen, self.now, &mut self.common).unwrap();
            }
        }
    }

    fn plan(&mut self, delay: Nanos, step: Step) {
        self.steps += 1;
        self.agenda.insert((self.now + delay, self.steps), step);
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Take(command) => self.take(command),
            Step::Packet(session, priority) => self.packet(session, priority),
            Step::Publish(priority) => self.publish(priority),
            Step::Look(session, priority, first) => self.look(session, priority, first),
            Step::Answer(probe, priority) => self.answer(probe, priority),
        }
    }

    fn take(&mut self, command: Command) {
        if !self.host.take(command) {
            return;
        }
        match command {
            Command::Start(session, priority) => {
                if let Some(running) = self.invariants.session(session) {
                    running.taken_at = Some(self.now);
                }
                self.send(Stimulus::StartTaken { session });
                if self.source(priority).startable {
                    self.plan(PACKET_INTERVAL, Step::Packet(session, priority));
                } else {
                    let result = Err("refused".into());
                    self.send(Stimulus::StartResult { session, result });
                }
            }
            Command::Stop(..) => {}
            Command::Probe(probe, priority) => {
                if self
                    .stream
                    .handle(Stimulus::ProbeTaken { probe }, self.now, &mut self.common)
                    .is_ok()
                {
                    self.plan(PROBE_TAKES, Step::Answer(probe, priority));
                }
            }
        }
    }

    /// An event that may come too late, as the host's always may.
    fn send(&mut self, event: Stimulus) {
        match self.stream.handle(event, self.now, &mut self.common) {
            Ok(()) | Err(Error::StaleSession) => self.obey(),
            Err(error) => panic!("{error}"),
        }
    }

    fn packet(&mut self, session: SessionId, priority: Priority) {
        if self.invariants.session(session).is_none() {
            return;
        }
        if self.source(priority).publishes.is_some() {
            return;
        }
        self.plan(PACKET_INTERVAL, Step::Packet(session, priority));
        if self.source(priority).up {
            let first = self.invariants.session(session).is_some_and(|s| s.last_packet.is_none());
            if first {
                self.plan(LOOK_INTERVAL, Step::Look(session, priority, self.now));
            }
            self.invariants.delivered(session, self.now);
            self.take_offer(session, false);
            if self.stream.awaits(session) {
                self.send(Stimulus::Packet { session });
            }
        }
    }

    /// A packet takes the offer, if it is one that may.
    fn take_offer(&mut self, session: SessionId, is_key_frame: bool) {
        let offer = self.stream.offer().filter(|offer| offer.session == session);
        if let Some(offer) = offer.filter(|offer| is_key_frame || offer.to_any_packet) {
            self.send(Stimulus::Committed { number: offer.number });
        }
    }

    /// An input with a running session sends a key frame.
    pub fn sends_key_frame(&mut self, priority: Priority) {
        let session = self.input(priority).session().expect("it runs");
        self.invariants.delivered(session, self.now);
        self.take_offer(session, true);
        if self.stream.awaits(session) {
            self.send(Stimulus::Packet { session });
        }
        self.is_flagged(priority, true, true);
    }

    /// How an input's packets were flagged so far.
    pub fn is_flagged(&mut self, priority: Priority, video: bool, key: bool) {
        self.send(Stimulus::Flagged { priority, video, key });
    }

    fn publish(&mut self, priority: Priority) {
        self.plan(PACKET_INTERVAL, Step::Publish(priority));
        if self.source(priority).up {
            self.records_by_id(priority);
        }
    }

    /// One packet is recorded by id.
    pub fn records_by_id(&mut self, priority: Priority) {
        let now = self.now;
        self.source(priority).publishes = Some(now);
        match self.input(priority).session() {
            Some(session) => {
                self.invariants.delivered(session, now);
                if self.stream.awaits(session) {
                    self.send(Stimulus::Packet { session });
                }
            }
            None if self.stream.awaits_input(priority) => {
                self.send(Stimulus::PacketWithoutSession { priority });
            }
            None => {}
        }
    }

    fn answer(&mut self, probe: ProbeId, priority: Priority) {
        let source = self.source(priority);
        let outcome = match (source.answer, source.up) {
            (Answer::Honest, true) => ProbeOutcome::Ok,
            (Answer::Honest, false) => ProbeOutcome::Failed("no answer".into()),
            (Answer::Unsupported, _) => ProbeOutcome::Unsupported,
            (Answer::Never, _) => return,
        };
        if self.invariants.probes.iter().any(|(id, _)| *id == probe) {
            self.invariants.answered(probe);
        }
        self.send(Stimulus::ProbeResult { probe, outcome });
    }

    // What comes out.

    /// Hands the actions to the host and into the story, and checks what must always hold.
    fn obey(&mut self) {
        let actions: Vec<_> = self.stream.drain().collect();
        for action in &actions {
            if let Action::Start(start) = action {
                self.started_for.push(start.start_reason);
            }
            self.invariants.observe(action, self.now);
            self.order(action);
        }
        self.story.tell(&actions, self.now);
        self.invariants.check(&self.stream);
    }

    fn order(&mut self, action: &Action) {
        let Some(command) = self.host.push(action) else { return };
        if let Taking::After(delay) = self.taking {
            self.plan(delay, Step::Take(command));
        }
    }
}
