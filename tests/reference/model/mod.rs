//! One stream, as `docs/rules.md` has it: written from that page alone, to be obvious rather than fast.
//! Nothing is kept that can be found out from what is known; each function says which rule it plays.

mod changes;
mod decide;
mod input;
mod maintenance;
mod time;
pub mod told;

use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use changeover::{Error, Reason, StartReason, Status};
use input::{Attempt, Input, Session, Wait};
use told::{Answer, Evidence, Failure, Out, Told};

pub struct Model {
    stream: Set,
    defaults: Set,
    /// By priority.
    inputs: Vec<Input>,
    active: Option<Priority>,
    /// By the update that is being told.
    added: Vec<Priority>,
    /// It was removed just now.
    removed: Option<Priority>,
    /// When it was selected or restarted.
    selected: Nanos,
    /// Since when it is on air.
    on_air: Option<Nanos>,
    /// For long enough to have proved itself.
    proved: bool,
    pending: Option<Pending>,
    pinned: Option<Priority>,
    /// Rule 25d.
    pinned_until: Option<Nanos>,
    exhausted: bool,
    /// The active input was lost, and nothing was decided of it yet.
    lost: Option<(Reason, Evidence)>,
    gate: Option<u64>,
    number: u64,
    last_switch: Nanos,
    buffer: String,
    id: String,
    over: bool,
    last_session: u64,
    /// Rule 6g.
    trial_taken: bool,
    now: Nanos,
    out: Vec<Out>,
}

/// Rule 7: a switch that waits for its target's packet.
#[derive(Clone, Copy, Debug)]
struct Pending {
    target: Priority,
    reason: Reason,
}

impl Model {
    /// Rule 1.
    pub fn new(
        id: &str,
        defaults: Set,
        stream: Set,
        inputs: &[(Priority, Set)],
        first_switch: u64,
        now: Nanos,
    ) -> Result<Model, Error> {
        let mut model = Model {
            stream,
            defaults,
            inputs: Vec::new(),
            active: None,
            removed: None,
            added: Vec::new(),
            selected: now,
            on_air: None,
            proved: false,
            pending: None,
            pinned: None,
            pinned_until: None,
            exhausted: false,
            lost: None,
            gate: None,
            number: first_switch - 1,
            last_switch: now,
            buffer: id.into(),
            id: id.into(),
            over: false,
            last_session: 0,
            trial_taken: false,
            now,
            out: Vec::new(),
        };
        for (priority, set) in inputs {
            model.add(*priority, *set, now)?;
        }
        model.refuse_hot_without_overlap()?;
        if let Some(first) = model.choice() {
            model.select(first, Reason::Initial, Evidence::Any, StartReason::Initial, now);
        }
        model.evaluate(now);
        Ok(model)
    }

    /// What happened, and what follows from it.
    pub fn tell(&mut self, told: &Told, now: Nanos) -> Result<(), Error> {
        if self.over {
            return Err(Error::UnknownStream);
        }
        self.now = now;
        match told {
            Told::Tick => self.pass_deadlines(now),
            Told::Packet(priority) => self.packet(*priority, now),
            Told::Recorded(priority) => {
                if let Some(session) = &mut self.input(*priority).session {
                    session.last_packet = Some(now);
                }
                return Ok(());
            }
            Told::StartTaken(priority) | Told::Started(priority) => {
                if let Some(session) = &mut self.input(*priority).session {
                    session.taken.get_or_insert(now);
                }
                return Ok(());
            }
            Told::ProbeTaken(priority) => {
                if let Some(probe) = &mut self.input(*priority).probe {
                    probe.taken.get_or_insert(now);
                }
                return Ok(());
            }
            Told::StartFailed(priority, text) => self.start_failed(*priority, text, now),
            Told::Probed(priority, answer) => self.probed(*priority, *answer, now),
            Told::Error(priority, text) => {
                self.known(*priority)?;
                self.report(*priority, text, now);
            }
            Told::SoftError(priority, text) => {
                self.known(*priority)?;
                // Rule 4e.
                if !self.inputs.iter().any(|input| input.priority != *priority && input.available())
                {
                    return Err(Error::NoOtherInput);
                }
                self.report(*priority, text, now);
            }
            Told::SessionError(priority, text) => self.report(*priority, text, now),
            Told::Switch(priority, lasts) => self.switch(*priority, *lasts, now)?,
            Told::FailBack => self.fail_back(now)?,
            Told::Enable(priority, true) => self.enable(*priority, now)?,
            Told::Enable(priority, false) => self.disable(*priority)?,
            Told::ClearOverride => self.clear_override(),
            Told::Update(update) => self.update(update, now)?,
            Told::Buffer(buffer) => self.change_buffer(buffer, now),
            Told::Config(set) => {
                let returned = self.returns_by_itself();
                let before = std::mem::replace(&mut self.stream, *set);
                self.changed_settings(returned, now).inspect_err(|_| self.stream = before)?;
            }
            Told::Defaults(set) => {
                let returned = self.returns_by_itself();
                let before = std::mem::replace(&mut self.defaults, *set);
                self.changed_settings(returned, now).inspect_err(|_| self.defaults = before)?;
            }
            Told::Unregister => {
                self.unregister();
                return Ok(());
            }
        }
        self.evaluate(now);
        self.added.clear();
        if *told == Told::Tick {
            self.decide_all_that_is_due(now);
        }
        Ok(())
    }

    /// What follows, in the order of the decisions.
    pub fn take_out(&mut self) -> std::vec::Drain<'_, Out> {
        self.out.drain(..)
    }

    // What is known.

    fn at(&self, priority: Priority) -> Option<&Input> {
        self.inputs.iter().find(|input| input.priority == priority)
    }

    fn input(&mut self, priority: Priority) -> &mut Input {
        self.inputs.iter_mut().find(|input| input.priority == priority).expect("it is there")
    }

    fn known(&self, priority: Priority) -> Result<&Input, Error> {
        self.at(priority).ok_or(Error::UnknownInput)
    }

    fn active_input(&self) -> Option<&Input> {
        self.active.and_then(|active| self.at(active))
    }

    /// The active input was given up, or there is none.
    fn nothing_usable_is_active(&self) -> bool {
        !self.active_input().is_some_and(Input::usable)
    }

    fn dark(&self) -> bool {
        self.on_air.is_none()
    }

    // The settings in force.

    fn of_input(&self, input: &Input, setting: fn(&[&Set]) -> Nanos) -> Nanos {
        setting(&[&input.set, &self.stream, &self.defaults])
    }

    fn of_stream(&self, setting: fn(&[&Set]) -> Nanos) -> Nanos {
        setting(&[&self.stream, &self.defaults])
    }

    fn overlap_off(&self) -> bool {
        Set::overlap_off(&[&self.stream, &self.defaults])
    }

    fn returns_by_itself(&self) -> bool {
        !Set::failback_by_request(&[&self.stream, &self.defaults])
    }

    fn hot(&self, input: &Input) -> bool {
        Set::hot(&[&input.set, &self.stream, &self.defaults])
    }

    // What the status shows.

    pub fn active(&self) -> Option<Priority> {
        self.active
    }

    /// It was unregistered.
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn pending(&self) -> Option<Priority> {
        self.pending.map(|pending| pending.target)
    }

    pub fn pinned(&self) -> Option<Priority> {
        self.pinned
    }

    pub fn pinned_until(&self) -> Option<Nanos> {
        self.pinned_until.filter(|_| self.pinned.is_some())
    }

    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    pub fn is_on_air(&self) -> bool {
        self.on_air.is_some()
    }

    pub fn gate(&self) -> (Option<u64>, u64) {
        (self.gate, self.number)
    }

    pub fn buffer(&self) -> &str {
        &self.buffer
    }

    pub fn status(&self, priority: Priority) -> Status {
        match self.at(priority) {
            _ if self.over => Status::Stopped,
            Some(input) if input.stopped => Status::Stopped,
            Some(input) if !input.usable() => Status::Degraded,
            _ if self.active == Some(priority) && self.on_air.is_some() => Status::Active,
            _ => Status::Idle,
        }
    }

    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter()
    }

    // Sessions.

    fn start(&mut self, priority: Priority, attempt: Option<Attempt>, why: StartReason) {
        self.last_session += 1;
        let session = self.last_session;
        let input = self.input(priority);
        input.session = Some(Session::new(session, attempt));
        if attempt.is_some() {
            input.wait = None;
        }
        self.out.push(Out::Start { priority, session, why });
    }

    fn stop(&mut self, priority: Priority) {
        let input = self.input(priority);
        let Some(session) = input.session.take() else { return };
        let overtaken = !input.usable() && session.attempt.is_some();
        self.out.push(Out::Stop { priority, session: session.id });
        if overtaken {
            // Rule 9g.
            self.begin_wait(priority, self.now);
        }
    }

    /// In place of the session it has, if any; the gate goes along.
    fn restart(&mut self, priority: Priority, attempt: Option<Attempt>, why: StartReason) {
        let admitted =
            self.input(priority).session.is_some_and(|session| self.gate == Some(session.id));
        self.stop(priority);
        self.start(priority, attempt, why);
        if admitted {
            let session = self.input(priority).session.map(|session| session.id);
            self.move_gate(session);
        }
    }

    fn move_gate(&mut self, session: Option<u64>) {
        self.number += 1;
        self.gate = session;
    }

    // Inputs come and go.

    /// Rules 1d and 12a.
    fn add(&mut self, priority: Priority, set: Set, now: Nanos) -> Result<(), Error> {
        if priority < 0 {
            return Err(Error::Priority);
        }
        if self.at(priority).is_some() {
            return Err(Error::DuplicatePriority);
        }
        let mut input = Input::new(priority, set);
        // Rule 10b.
        input.healthy_since = (!self.hot(&input)).then_some(now);
        self.inputs.push(input);
        self.inputs.sort_by_key(|input| input.priority);
        Ok(())
    }

    fn refuse_hot_without_overlap(&self) -> Result<(), Error> {
        match self.overlap_off() && self.inputs.iter().any(|input| self.hot(input)) {
            true => Err(Error::HotWithoutOverlap),
            false => Ok(()),
        }
    }

    /// Rules 3d, 4a, 6e: it is given up, unless it was already.
    fn degrade(&mut self, priority: Priority, failure: Failure, now: Nanos) {
        let input = self.input(priority);
        if !input.usable() {
            return;
        }
        let draining = input.disabled;
        input.failed = Some(failure);
        input.untested = false;
        input.healthy_since = None;
        Input::keep(&mut input.errors, failure);
        if let Some(session) = &mut input.session {
            session.awaited = true;
            session.reported = failure.reason == Reason::Error;
        }
        // Rule 9f: doubled when it fails again before it has proved itself.
        input.doubled = Some(input.doubled.map_or(0, |doubled| (doubled + 1).min(3)));
        self.begin_wait(priority, now);
        self.out.push(Out::Degraded { priority, failure });
        if self.pinned == Some(priority) {
            // Rule 11c.
            self.pinned = None;
        }
        if self.active == Some(priority) {
            self.lost = Some((failure.reason, failure.evidence));
            self.on_air = None;
        }
        if self.pending.is_some_and(|pending| pending.target == priority) {
            // Rule 7b.
            self.pending = None;
        }
        if draining {
            // Rule 25b.
            self.retire(priority);
            return;
        }
        // Rules 7b and 9d: only what was active goes on behind the closed gate (6b).
        if self.active != Some(priority) && !self.hot(self.at(priority).expect("it is there")) {
            self.stop(priority);
        }
    }

    /// It is usable again, and has been healthy since then.
    fn recover(&mut self, priority: Priority, healthy_since: Nanos) {
        let exhausted = self.exhausted;
        let input = self.input(priority);
        input.failed = None;
        input.untested = false;
        input.wait = None;
        input.probe = None;
        input.healthy_since = Some(healthy_since);
        input.errors.clear();
        input.attempts.clear();
        if let Some(session) = &mut input.session {
            let attempt = session.attempt.take();
            input.tried_well += u64::from(attempt.is_some());
            session.reported = false;
        }
        self.out.push(Out::Recovered { priority, exhausted });
    }

    /// Rule 9: an attempt to get it back has failed.
    fn attempt_failed(&mut self, priority: Priority, failure: Failure, now: Nanos) {
        let input = self.input(priority);
        input.probe = None;
        input.tried_in_vain += 1;
        Input::keep(&mut input.attempts, failure);
        input.doubled = Some((input.doubled.unwrap_or(0) + 1).min(3));
        let attempt = input.session.as_mut().and_then(|session| session.attempt.take());
        if let Some(session) = input.session.as_mut().filter(|_| attempt.is_some()) {
            session.awaited = true;
            // Rule 4d.
            session.reported |= failure.reason == Reason::Error;
        }
        self.begin_wait(priority, now);
        // Rule 9c: but the last active session of an exhausted stream is left running.
        let last = self.active == Some(priority) && failure.reason != Reason::StartFailed;
        if attempt == Some(Attempt::Trial) && !last {
            self.stop(priority);
        }
    }

    // What happened to an input.

    /// Rule 4.
    fn report(&mut self, priority: Priority, text: &'static str, now: Nanos) {
        let failure = Failure { at: now, reason: Reason::Error, evidence: Evidence::Said(text) };
        let input = self.input(priority);
        if input.usable() {
            self.degrade(priority, failure, now);
        } else if input.attempt().is_some() {
            self.attempt_failed(priority, failure, now);
        }
    }

    /// Rules 6e and 9c.
    fn start_failed(&mut self, priority: Priority, text: &'static str, now: Nanos) {
        let failure =
            Failure { at: now, reason: Reason::StartFailed, evidence: Evidence::Said(text) };
        let input = self.input(priority);
        if input.usable() {
            self.degrade(priority, failure, now);
        } else if input.attempt().is_some() {
            self.attempt_failed(priority, failure, now);
        }
        // Rule 4g: in any case. The gate is moved by what follows, or closes.
        self.stop(priority);
    }

    /// Rule 9b.
    fn probed(&mut self, priority: Priority, answer: Answer, now: Nanos) {
        match answer {
            Answer::Ok => {
                self.input(priority).tried_well += 1;
                self.recover(priority, now);
                self.stop(priority);
            }
            Answer::Failed(text) => {
                let failure =
                    Failure { at: now, reason: Reason::Error, evidence: Evidence::Said(text) };
                self.attempt_failed(priority, failure, now);
            }
            Answer::Unsupported => {
                let input = self.input(priority);
                input.probe = None;
                input.cannot_be_probed = true;
                // Its wait was over when it was probed.
                input.wait = Some(Wait { at_least: now, at_most: now });
            }
        }
    }
}
