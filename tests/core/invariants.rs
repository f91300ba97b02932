//! What holds after every event, whatever happened: checked by the rig and by the simulation.
//!
//! It is written from the design and sees only what a host sees: the actions and the status.

use changeover::core::{
    Action, Input, Nanos, Notice, Priority, Probe, ProbeId, SessionId, Start, Stop, Stream,
};
use changeover::{Reason, Severity, Status};

/// A session that was started and not stopped.
#[derive(Clone, Debug)]
pub struct Running {
    pub id: SessionId,
    pub priority: Priority,
    pub taken_at: Option<Nanos>,
    pub first_packet: Option<Nanos>,
    pub last_packet: Option<Nanos>,
}

#[derive(Debug, Default)]
pub struct Invariants {
    pub running: Vec<Running>,
    pub probes: Vec<(ProbeId, Priority)>,
    pub overlap_off: bool,
    last_id: u64,
    number: u64,
    gate: Option<SessionId>,
    active: Option<Priority>,
    was_on_air: bool,
    exhausted: bool,
    last_switch: Option<(Nanos, Priority)>,
    switches: usize,
    started_now: Vec<Priority>,
    /// Those that are no sources.
    fills: Vec<Priority>,
    ended: bool,
}

impl Invariants {
    /// Of a stream that was registered with this first switch number.
    pub fn new(overlap_off: bool, first_switch: u64) -> Self {
        Invariants { overlap_off, number: first_switch - 1, ..Invariants::default() }
    }

    pub fn session(&mut self, id: SessionId) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| running.id == id)
    }

    /// The host recorded a packet of a running session.
    pub fn delivered(&mut self, id: SessionId, now: Nanos) {
        if let Some(session) = self.session(id) {
            session.first_packet.get_or_insert(now);
            session.last_packet = Some(now);
        }
    }

    /// Call with the actions of one event, then [`Invariants::check`].
    pub fn observe(&mut self, action: &Action, now: Nanos) {
        assert!(!self.ended, "an action after `unregistered`: {action:?}");
        match action {
            Action::Start(Start { session, input, .. }) => self.started(*session, input),
            Action::Stop(Stop { session, priority, .. }) => self.stopped(*session, *priority),
            Action::Probe(Probe { probe, input, timeout }) => {
                assert!(!timeout.is_zero());
                self.new_id(*probe);
                assert!(self.probes.iter().all(|(_, p)| *p != input.priority), "two probes");
                self.probes.push((*probe, input.priority));
            }
            Action::CancelProbe { probe } => self.answered(*probe),
            Action::Gate { session, number } => {
                assert!(*number > self.number, "switch numbers only rise");
                self.number = *number;
                self.gate = *session;
            }
            Action::Await { .. } | Action::AwaitInput { .. } => {}
            Action::Notify(notice) => self.told(notice, now),
        }
    }

    pub fn answered(&mut self, probe: ProbeId) {
        let at = self.probes.iter().position(|(id, _)| *id == probe).expect("a probe in flight");
        self.probes.swap_remove(at);
    }

    fn new_id(&mut self, id: u64) {
        assert!(id > self.last_id, "ids are never reused");
        self.last_id = id;
    }

    fn started(&mut self, id: SessionId, input: &Input) {
        self.new_id(id);
        let priority = input.priority;
        assert!(
            self.running.iter().all(|running| running.priority != priority),
            "at most one session per input"
        );
        assert!(!self.started_now.contains(&priority), "two starts of {priority} for one decision");
        assert!(!self.overlap_off || self.running.is_empty(), "overlap off: stop precedes start");
        self.started_now.push(priority);
        if input.config_is_fill() {
            self.fills.push(priority);
        }
        self.running.push(Running {
            id,
            priority,
            taken_at: None,
            first_packet: None,
            last_packet: None,
        });
    }

    fn stopped(&mut self, id: SessionId, priority: Priority) {
        self.was_on_air &= self.gate != Some(id);
        let at = self.running.iter().position(|running| running.id == id);
        let session = self.running.swap_remove(at.expect("a stop of a running session"));
        assert_eq!(session.priority, priority);
    }

    fn told(&mut self, notice: &Notice, now: Nanos) {
        match notice {
            Notice::Switched(switch) => {
                assert_eq!((switch.at, switch.number), (now, self.number));
                assert_eq!(switch.from, self.active, "a switch leaves the active input");
                let passed_over = &switch.passed_over;
                let known = |priority| [switch.from, Some(switch.to)].contains(&Some(priority));
                assert!(passed_over.best.iter().all(|one| !known(one.priority)), "{switch:?}");
                assert!(passed_over.best.len() == 3 || passed_over.more == 0, "{switch:?}");
                let no_move = switch.reason == Reason::Initial || switch.from == Some(switch.to);
                assert!(switch.times.commit.is_some() || no_move, "{switch:?}");
                if switch.reason == Reason::Failback {
                    let better = |from: Priority| switch.to < from || self.fills.contains(&from);
                    assert!(switch.from.is_some_and(better), "to a better one");
                }
                if switch.reason == Reason::Initial {
                    assert!(self.last_switch.is_none() && switch.from.is_none());
                }
                self.break_after_make(switch.reason, switch.to, now);
                self.active = Some(switch.to);
                self.was_on_air = false;
                self.last_switch = Some((now, switch.to));
                self.switches += 1;
            }
            Notice::Active { priority, session, .. } => {
                assert_eq!(self.active, Some(*priority));
                assert_eq!(self.gate, Some(*session), "on air means through the gate");
                let running = self.session(*session).expect("a running session on air");
                assert_eq!(running.last_packet, Some(now), "on air with a packet, not before");
                self.was_on_air = true;
            }
            Notice::Degraded { priority, .. } => {
                self.was_on_air &= self.active != Some(*priority);
            }
            Notice::Recovered { exhausted, .. } => {
                assert_eq!(*exhausted, self.exhausted, "between exhausted and restored it says so");
            }
            Notice::Exhausted { .. } => {
                assert!(!self.exhausted, "exhausted twice");
                self.exhausted = true;
            }
            Notice::Restored { .. } => {
                assert!(self.exhausted, "restored without exhausted");
                self.exhausted = false;
            }
            Notice::Unregistered => self.ended = true,
            Notice::Bug { detail } => panic!("met a bug: {detail}"),
            _ => {}
        }
    }

    /// A planned switch away from an input on air is made when the new one has just delivered.
    fn break_after_make(&self, reason: Reason, to: Priority, now: Nanos) {
        let planned = matches!(
            reason,
            Reason::Manual | Reason::Failback | Reason::InputAdded | Reason::Disabled
        ) || reason.is_condition();
        if planned && self.was_on_air && !self.overlap_off {
            let target = self.running.iter().find(|running| running.priority == to);
            let last = target.and_then(|running| running.last_packet);
            assert_eq!(last, Some(now), "{reason:?} off the air before {to} delivers");
        }
    }

    /// The state after one event.
    pub fn check(&mut self, stream: &Stream) {
        self.started_now.clear();
        self.active = stream.active();
        if self.ended {
            assert!(self.running.is_empty(), "every session is stopped");
            assert!(self.probes.is_empty(), "every probe is cancelled");
            assert_eq!(stream.gate(), None);
            assert_eq!(stream.next_deadline(), None);
            return;
        }
        assert_eq!(stream.switch_number(), self.number);
        assert_eq!(stream.gate(), self.gate);
        assert_eq!(stream.exhausted(), self.exhausted);
        assert_eq!(stream.switches().len(), self.switches.min(20), "the last 20 switches");
        let last = stream.switches().last().map(|switch| (switch.at, switch.to));
        assert_eq!(last, self.last_switch);
        self.check_inputs(stream);
        let fills = stream.inputs().iter().filter(|input| input.spec().config_is_fill());
        self.fills = fills.map(|input| input.priority()).collect();
        self.check_choice(stream);
        self.was_on_air = stream.on_air();
        assert!(!self.overlap_off || self.running.len() <= 1, "overlap off: one session");
    }

    fn check_inputs(&self, stream: &Stream) {
        let mut sessions = 0;
        for pair in stream.inputs().windows(2) {
            assert!(pair[0].priority() < pair[1].priority(), "best first");
        }
        for input in stream.inputs() {
            let priority = input.priority();
            let running = self.running.iter().find(|running| running.priority == priority);
            assert_eq!(input.session(), running.map(|running| running.id), "session of {priority}");
            sessions += usize::from(running.is_some());
            assert!(input.errors().len() <= 5, "the last 5 errors");
            let degraded = input.status() == Status::Degraded;
            let failed = input.severity() == Some(Severity::Failed);
            let given_up = degraded || input.untested();
            assert_eq!(input.errors().len() > 0, given_up, "errors are those of the degradation");
            if input.status() == Status::Active {
                assert_eq!(stream.active(), Some(priority));
                let delivered = running.is_some_and(|running| running.first_packet.is_some());
                assert!(delivered, "active means it delivered");
            }
            let hot = input.spec().config_is_hot();
            let stopped = input.status() == Status::Stopped;
            let runs = running.is_some();
            assert!(!hot || failed || stopped || runs, "usable hot inputs run: {priority}");
            assert!(!stopped || (input.disabled() && !runs), "stopped means disabled: {priority}");
        }
        assert_eq!(sessions, self.running.len(), "sessions of removed inputs are stopped");
        for (_, priority) in &self.probes {
            let input = stream.inputs().iter().find(|input| input.priority() == *priority);
            assert_eq!(input.map(|input| input.status()), Some(Status::Degraded));
        }
    }

    fn check_choice(&self, stream: &Stream) {
        let usable = |p: Priority| {
            let input = stream.inputs().iter().find(|input| input.priority() == p);
            input.is_some_and(|input| {
                input.status() != Status::Stopped && input.severity() != Some(Severity::Failed)
            })
        };
        let session =
            |p: Priority| self.running.iter().find(|running| running.priority == p).map(|r| r.id);
        let any_usable = stream.inputs().iter().any(|input| usable(input.priority()));
        match stream.active() {
            Some(active) => {
                assert_eq!(usable(active), any_usable, "a usable input is chosen if there is one");
                assert!(usable(active) || stream.exhausted(), "no usable input is exhausted");
                assert!(!usable(active) || session(active).is_some(), "the chosen input runs");
                assert_eq!(stream.gate(), session(active), "the gate admits the active session");
            }
            None => {
                assert!(!any_usable, "a usable input is chosen");
                assert_eq!(stream.gate(), None, "nothing to admit");
            }
        }
        if let Some(pending) = stream.pending() {
            assert!(usable(pending) && session(pending).is_some(), "a pending input runs");
            assert_ne!(stream.active(), Some(pending));
        }
        if let Some(pinned) = stream.override_input() {
            assert!(usable(pinned), "an override ends when its input degrades");
            let chosen = stream.active() == Some(pinned) || stream.pending() == Some(pinned);
            assert!(chosen, "an override is in force");
        }
    }
}

/// What the test gave an input, as far as the invariants need it.
trait SpecExt {
    fn config_is_hot(&self) -> bool;
    fn config_is_fill(&self) -> bool;
}

impl SpecExt for Input {
    fn config_is_hot(&self) -> bool {
        self.config == self.config.clone().standby(changeover::Standby::Hot)
    }

    fn config_is_fill(&self) -> bool {
        self.config == self.config.clone().role(changeover::Role::Fill)
    }
}
