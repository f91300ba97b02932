//! The state of one stream, and what each stimulus does to it first.
//!
//! Every stimulus that may change a decision ends in [`Stream::evaluate`] (see `selection.rs`), which
//! looks at the state alone and never at how it came about: no decision can be lost because an edge
//! was missed.

mod attempts;
mod check;
mod conditions;
mod explained;
mod health;
mod life;
mod maintenance;
mod order;
#[cfg(test)]
pub(crate) mod passes;
mod planned;
mod recorded;
mod selection;
mod timers;
mod turns;
mod update;

use super::config::{Settings, StreamSettings};
use super::history::History;
use super::input::{Attempt, InputHealth, Session};
use super::{
    Action, Awaited, Commit, Common, Condition, Config, Detail, Error, Failback, Input, MaybeNanos,
    MaybePriority, Nanos, Notice, Overlap, Priority, ProbeId, ProbeOutcome, Reason, Registration,
    SessionId, Start, StartReason, Status, Stimulus, Stop, Switch,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

pub use check::Broken;
pub use planned::Offer;
use planned::Pending;

/// Why the next switch will be made.
#[derive(Clone, Debug)]
struct Cause {
    from: Option<Priority>,
    reason: Reason,
    detail: Detail,
}

/// One life of one stream. See the [module](super) for how it is driven.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    id: Arc<str>,
    registration: u64,
    buffer_write_id: Arc<str>,
    settings: Arc<StreamSettings>,
    /// Best first.
    inputs: Box<[InputHealth]>,
    active: MaybePriority,
    /// When the active input was selected or restarted, or since when there is none.
    selected_at: Nanos,
    /// Since when the active input is on air, or since when nothing is.
    air_since: Nanos,
    gate: Option<NonZeroU64>,
    /// Of the gate's last move; before the first, one less than that will have.
    switch_number: u64,
    /// How many of the numbers that follow it were given to offers.
    offers: u32,
    /// Apart, because there is none most of the time.
    pending: Option<Box<Pending>>,
    /// The manual choice.
    pinned: MaybePriority,
    exhausted: bool,
    unregistered: bool,
    switches: History,
    /// Apart, because there is none most of the time: nothing is left of one when it was drained.
    #[serde(skip)]
    decision: Option<Box<Decision>>,
}

/// There may be a million of them.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Stream>() <= 160 && size_of::<InputHealth>() <= 72);

/// What is being decided.
#[derive(Clone, Debug)]
struct Decision {
    /// Those that were not drained yet.
    actions: Vec<Action>,
    /// Why the active input was given up, until the switch that follows.
    cause: Option<Cause>,
}

impl Decision {
    /// Hardly any has more.
    const ACTIONS: usize = 8;

    fn new() -> Box<Decision> {
        Box::new(Decision { actions: Vec::with_capacity(Decision::ACTIONS), cause: None })
    }
}

impl Stream {
    /// Rule 1: selects the best input and starts it, and every hot one.
    ///
    /// # Errors
    /// [`Error::StreamId`], [`Error::Limit`], [`Error::FirstSwitch`], [`Error::Priority`],
    /// [`Error::DuplicatePriority`], [`Error::Config`], [`Error::HotWithoutOverlap`].
    pub fn new(
        registration: Registration,
        now: Nanos,
        common: &mut Common,
    ) -> Result<Stream, Error> {
        registration.validate()?;
        let before = registration.number_before();
        let Registration { id, buffer_write_id, number, inputs, config, defaults, .. } =
            registration;
        let mut stream = Stream {
            buffer_write_id: buffer_name(buffer_write_id, &id),
            id,
            registration: number,
            settings: common.stream_settings.share(StreamSettings::new(&config, &defaults)),
            inputs: Box::default(),
            active: MaybePriority::NONE,
            selected_at: now,
            air_since: now,
            gate: None,
            switch_number: before,
            offers: 0,
            pending: None,
            pinned: MaybePriority::NONE,
            exhausted: false,
            unregistered: false,
            switches: History::default(),
            decision: None,
        };
        stream.insert_inputs(inputs, now, common);
        if stream.settings.overlap == Overlap::Off && stream.inputs.iter().any(InputHealth::is_hot)
        {
            return Err(Error::HotWithoutOverlap);
        }
        if let Some(best) = stream.select(now) {
            let cause = Cause { from: None, reason: Reason::Initial, detail: Detail::None };
            stream.commit(best, cause, StartReason::Initial, now, common);
        }
        stream.start_what_is_kept(common);
        stream.debug_check(before);
        Ok(stream)
    }

    /// Tells the stream what happened at `now`: the only way in for what decisions depend on, `now`
    /// included. Then [`drain`](Self::drain), also when it is refused.
    ///
    /// # Errors
    /// What the stimulus asks for is refused; nothing has changed. [`Error::UnknownStream`] for
    /// whatever comes after [`Stimulus::Unregister`].
    pub fn handle(
        &mut self,
        stimulus: Stimulus,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let number = self.switch_number;
        let result = self.decide(stimulus, now, common);
        self.debug_check(number);
        result
    }

    fn decide(&mut self, stimulus: Stimulus, now: Nanos, common: &mut Common) -> Result<(), Error> {
        if self.unregistered {
            return Err(Error::UnknownStream);
        }
        match stimulus {
            Stimulus::Tick => {
                self.fire_timers(now, common);
                // It ended in an evaluation.
                return Ok(());
            }
            Stimulus::Packet { session } => {
                if let Some(priority) = self.packet(session, now) {
                    self.come_back(priority, now, common);
                }
            }
            Stimulus::Seen { session, at } => {
                if let Some(session) = self.session_mut(session) {
                    session.last_packet = session.last_packet.max(at);
                }
                return Ok(());
            }
            Stimulus::PacketWithoutSession { priority } => {
                let Some(index) = self.index_of(priority) else { return Ok(()) };
                self.packet_without_session(index, now);
            }
            Stimulus::SeenWithoutSession { priority, at } => {
                if let Some(index) = self.index_of(priority) {
                    self.seen_without_session(index, at);
                }
                return Ok(());
            }
            Stimulus::Measured { session, measure } => {
                if !self.measured(session, measure, now) {
                    return Ok(());
                }
            }
            Stimulus::Flagged { priority, video, key } => {
                let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
                self.inputs[index].sent_video |= video;
                self.inputs[index].sent_key_frames |= video && key;
                return Ok(());
            }
            Stimulus::Committed { number } => self.committed(number, now, common)?,
            Stimulus::StartTaken { session } => {
                let session = self.session_mut(session).ok_or(Error::StaleSession)?;
                session.take(now);
                return Ok(());
            }
            Stimulus::StartResult { session, result } => {
                let index = self.index_of_session(session).ok_or(Error::StaleSession)?;
                match result {
                    Ok(()) => {
                        self.session_mut(session).ok_or(Error::StaleSession)?.take(now);
                        return Ok(());
                    }
                    Err(text) => self.start_failed(index, &text, now),
                }
            }
            Stimulus::ProbeTaken { probe } => {
                let index = self.index_of_probe(probe).ok_or(Error::StaleSession)?;
                let probe = self.inputs[index].trouble_mut().probe.as_mut();
                probe.ok_or(Error::StaleSession)?.taken_at.get_or_insert(now);
                return Ok(());
            }
            Stimulus::ProbeResult { probe, outcome } => {
                let index = self.index_of_probe(probe).ok_or(Error::StaleSession)?;
                self.probe_answered(index, outcome, now);
            }
            Stimulus::InputError { priority, text } => {
                let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
                self.error_reported(index, &text, now);
            }
            Stimulus::SoftError { priority, text } => {
                let index = self.index_of(priority).ok_or(Error::UnknownInput)?;
                let mut others = self.inputs.iter().filter(|input| input.priority() != priority);
                if !others.any(InputHealth::available) {
                    return Err(Error::NoOtherInput);
                }
                self.error_reported(index, &text, now);
            }
            Stimulus::SessionError { session, text } => {
                let index = self.index_of_session(session).ok_or(Error::StaleSession)?;
                self.error_reported(index, &text, now);
            }
            Stimulus::SetCondition { priority, session, condition, holds, text } => {
                self.set_condition(priority, session, condition, holds.then_some(&text), now)?;
            }
            Stimulus::SwitchInput { priority, lasts } => {
                self.switch_input(priority, lasts, now, common)?;
            }
            Stimulus::ForceInput { priority } => self.force_input(priority, now, common)?,
            Stimulus::ClearOverride => self.clear_override(),
            Stimulus::FailBack => self.fail_back(now, common)?,
            Stimulus::SetInputEnabled { priority, enabled } => {
                self.set_input_enabled(priority, enabled, now, common)?;
            }
            Stimulus::UpdateInputs(update) => self.update_inputs(update, now, common)?,
            Stimulus::UpdateBufferWriteId(name) => {
                self.update_buffer_write_id(&name, now, common)?;
            }
            Stimulus::SetConfig(config) => {
                self.set_config(config, self.settings.defaults.clone(), now, common)?;
            }
            Stimulus::SetDefaults(defaults) => {
                self.set_config(self.settings.config.clone(), defaults, now, common)?;
            }
            Stimulus::Unregister => {
                self.unregister(now);
                return Ok(());
            }
        }
        self.evaluate(now, common);
        Ok(())
    }

    /// Takes the queued actions, oldest first. To be carried out in this order.
    pub fn drain(&mut self) -> impl ExactSizeIterator<Item = Action> {
        let actions = self.decision.take().map_or(Vec::new(), |decision| decision.actions);
        self.debug_check(self.switch_number);
        actions.into_iter()
    }

    /// What ends this registration after a bug, which said `what`; nothing of the stream is changed. The
    /// driver, which has put the stream back to what it was after the last `drain`, carries it out and
    /// drops the stream.
    pub fn give_up(&self, what: &str) -> Vec<Action> {
        let mut actions = vec![Action::Notify(Notice::Bug { detail: Detail::told(what) })];
        for input in &self.inputs {
            let priority = input.spec.priority;
            let user_data = || input.spec.user_data().cloned();
            let stop = |session| Action::Stop(Stop { session, priority, user_data: user_data() });
            actions.extend(input.session().map(stop));
            actions.extend(input.probe().map(|probe| Action::CancelProbe { probe: probe.id }));
        }
        actions.push(Action::Gate { session: None, number: self.last_number() + 1 });
        actions.push(Action::Notify(Notice::Unregistered));
        actions
    }

    /// The registration has ended: what the host gave its inputs does not wait for those who still
    /// read this state.
    pub(crate) fn forget_user_data(&mut self) {
        self.inputs.iter_mut().for_each(InputHealth::forget_user_data);
    }

    /// The stream's id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The number of this registration.
    pub fn registration(&self) -> u64 {
        self.registration
    }

    /// The input that is on air, or selected to be.
    pub fn active(&self) -> Option<Priority> {
        self.active.get()
    }

    /// When the active input was selected or restarted, or since when there is none.
    pub(crate) fn selected_at(&self) -> Nanos {
        self.selected_at
    }

    /// The target of a planned switch that waits for its first packet, or its key frame.
    pub fn pending(&self) -> Option<Priority> {
        self.pending.as_ref().map(|pending| pending.target)
    }

    /// The manual choice in force.
    pub fn override_input(&self) -> Option<Priority> {
        self.pinned.get()
    }

    /// No source is left that can be watched.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// The session the gate admits.
    pub fn gate(&self) -> Option<SessionId> {
        self.gate.map(NonZeroU64::get)
    }

    /// The number of the last gate move; before the first, one less than that will have.
    pub fn switch_number(&self) -> u64 {
        self.switch_number
    }

    /// The inputs, best first.
    pub fn inputs(&self) -> &[InputHealth] {
        &self.inputs
    }

    /// The last switches, oldest first.
    pub fn switches(&self) -> impl ExactSizeIterator<Item = Cow<'_, Switch>> {
        self.switches.iter()
    }

    /// Whether the stream waits for this session's next packet.
    pub fn awaits(&self, session: SessionId) -> bool {
        self.index_of_session(session)
            .and_then(|index| self.inputs[index].session.as_ref())
            .is_some_and(|session| session.awaited)
    }

    /// Whether the stream waits for the next packet of this input, which has no session.
    pub fn awaits_input(&self, priority: Priority) -> bool {
        self.index_of(priority).is_some_and(|i| self.inputs[i].awaited_without_session())
    }

    /// Whether the stream waits for a packet of any input without a session.
    pub(crate) fn listens_without_sessions(&self) -> bool {
        let listens = |input: &InputHealth| {
            input.awaited_without_session() || input.flows_without_session().is_some()
        };
        !self.unregistered && self.inputs.iter().any(listens)
    }

    /// Whether these engine settings would be accepted, see [`Stimulus::SetDefaults`].
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::HotWithoutOverlap`].
    pub fn check_defaults(&self, defaults: &Config) -> Result<(), Error> {
        self.check_config(&self.settings.config, defaults)
    }

    fn index_of(&self, priority: Priority) -> Option<usize> {
        self.inputs.iter().position(|input| input.spec.priority == priority)
    }

    fn index_of_session(&self, id: SessionId) -> Option<usize> {
        self.inputs.iter().position(|input| input.session() == Some(id))
    }

    fn index_of_probe(&self, id: ProbeId) -> Option<usize> {
        self.inputs.iter().position(|input| input.probe().is_some_and(|p| p.id == id))
    }

    fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.inputs.iter_mut().filter_map(|input| input.session.as_mut()).find(|s| s.id == id)
    }

    fn is_active(&self, index: usize) -> bool {
        self.active() == Some(self.inputs[index].spec.priority)
    }

    fn is_pending(&self, index: usize) -> bool {
        self.pending() == Some(self.inputs[index].spec.priority)
    }

    fn act(&mut self, action: Action) {
        self.decision.get_or_insert_with(Decision::new).actions.push(action);
    }

    fn set_cause(&mut self, cause: Cause) {
        self.decision.get_or_insert_with(Decision::new).cause = Some(cause);
    }

    fn cause(&self) -> Option<&Cause> {
        self.decision.as_ref()?.cause.as_ref()
    }

    fn take_cause(&mut self) -> Option<Cause> {
        self.decision.as_mut()?.cause.take()
    }

    fn notify(&mut self, notice: Notice) {
        self.act(Action::Notify(notice));
    }

    /// Rule 14a.
    fn unregister(&mut self, now: Nanos) {
        for index in 0..self.inputs.len() {
            self.stop(index);
            self.cancel_probe(index);
            self.inputs[index].set_status(Status::Stopped, now);
        }
        self.pending = None;
        self.pinned = MaybePriority::NONE;
        self.unregistered = true;
        self.move_gate(None);
        self.notify(Notice::Unregistered);
    }
}

/// An empty buffer write id means the stream's own.
fn buffer_name(name: Arc<str>, stream: &Arc<str>) -> Arc<str> {
    if name.is_empty() {
        stream.clone()
    } else {
        name
    }
}
