//! What a stream knows about the health of one input.

mod retry;

use super::backoff::Backoff;
use super::conditions::{Conditions, HeldCondition, Limits};
use super::config::Settings;
use super::damping::Damping;
use super::gaps::Gaps;
use super::input_spec::Input;
pub(super) use super::session::{Attempt, Session};
use super::{
    Detail, MaybeNanos, Nanos, Priority, ProbeId, Reason, SessionId, Severity, Source, Status,
};
use crate::vocabulary::Role;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// How many errors, and how many failed attempts, are kept of each input.
const ERRORS_KEPT: usize = 5;

/// Why an input was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    /// Engine clock, nanoseconds.
    pub at: Nanos,
    /// The kind of failure.
    pub reason: Reason,
    /// What happened.
    pub detail: Detail,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Probe {
    pub(super) id: ProbeId,
    pub(super) taken_at: Option<Nanos>,
}

/// Rule 27b: packets that show that a failed input is there again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Life {
    /// The first one; since then there was no gap of `packet_timeout`.
    pub(super) since: Nanos,
    /// The newest one while the input has no session, as far as the driver has told.
    pub(super) last: Nanos,
}

/// Rules 27c and 27d: whether an input is idle though it was given up and has not delivered since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Untested {
    #[default]
    No,
    /// Its wait is over, and it can't be probed.
    Waited,
    /// It was chosen by hand, for as long as it is.
    Forced,
}

/// What there is to know of an input that was ever given up, or is measured; most never are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Trouble {
    /// Why it was given up.
    pub(super) errors: SmallVec<[InputError; 1]>,
    /// Attempts to get it back that failed since.
    pub(super) attempts: SmallVec<[InputError; 1]>,
    pub(super) probe: Option<Probe>,
    pub(super) probe_unsupported: bool,
    /// Probes, trials and restarts asked for.
    pub(super) probes: u64,
    /// Those that brought it back.
    pub(super) probes_ok: u64,
    /// Those that did not.
    pub(super) probes_failed: u64,
    /// While degraded: when to probe, try or restart it next.
    pub(super) retry_at: Option<Nanos>,
    /// When that wait began, unless it was spread since (rule 26b).
    pub(super) waits_since: Option<Nanos>,
    pub(super) backoff: Backoff,
    /// It recovered and has not been on air for `failback_stable` since.
    pub(super) unproven: bool,
    /// While it has failed: that its packets flow.
    pub(super) life: Option<Life>,
    /// It has no session, and its next packet changes something, so the driver must tell of it.
    pub(super) listening: bool,
    pub(super) untested: Untested,
    /// Rule 27c: it became untested when its wait was over, in this outage or the last one.
    pub(super) was_untested: bool,
    /// Rule 25d: when the manual choice of this input ends, if it is in force.
    pub(super) override_ends: Option<Nanos>,
    pub(super) damping: Damping,
    /// Of an input that is measured, or of which the host said something.
    pub(super) conditions: Option<Box<Conditions>>,
    /// Of its session, where the limit on silence is adaptive.
    pub(super) gaps: Option<Box<Gaps>>,
    /// Its packets came back after a silence for which it was given up.
    pub(super) silence_returns: u64,
}

impl Trouble {
    pub(super) fn clear_errors(&mut self) {
        self.errors.clear();
        self.attempts.clear();
    }

    /// No packet is awaited or tells anything, unless it is one of a session.
    pub(super) fn stop_listening(&mut self) {
        self.life = None;
        self.listening = false;
    }
}

/// Appends to the last few.
fn push_kept(list: &mut SmallVec<[InputError; 1]>, error: InputError) {
    list.reserve_exact(1);
    if list.len() == ERRORS_KEPT {
        list.remove(0);
    }
    list.push(error);
}

/// The health of one input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputHealth {
    pub(super) spec: Arc<Input>,
    /// They come from its own, its stream's and the engine's.
    #[serde(skip, default = "Settings::library")]
    pub(super) settings: Arc<Settings>,
    trouble: Option<Arc<Trouble>>,
    pub(super) session: Option<Session>,
    pub(super) state_since: Nanos,
    /// Usable without a break since then; a hot input is not before its first packet.
    pub(super) healthy_since: MaybeNanos,
    pub(super) status: Status,
    /// Ever, as its packets were flagged.
    pub(super) sent_video: bool,
    pub(super) sent_key_frames: bool,
    /// Rule 25: the host does not want it to be used.
    pub(super) disabled: bool,
}

impl InputHealth {
    pub(super) fn new(spec: Arc<Input>, settings: Arc<Settings>, now: Nanos) -> Self {
        let healthy_since = (!settings.is_hot()).then_some(now).into();
        InputHealth {
            spec,
            settings,
            trouble: None,
            session: None,
            state_since: now,
            healthy_since,
            status: Status::Idle,
            sent_video: false,
            sent_key_frames: false,
            disabled: false,
        }
    }

    /// The host's value ends when nothing of it is left to be told.
    pub(super) fn forget_user_data(&mut self) {
        if self.spec.user_data().is_some() {
            Arc::make_mut(&mut self.spec).set_user_data(None);
        }
    }

    /// What the host said about it.
    pub fn spec(&self) -> &Arc<Input> {
        &self.spec
    }

    /// Its rank.
    pub fn priority(&self) -> Priority {
        self.spec.priority
    }

    /// What it is worth. An impaired input is degraded, also while it is on air.
    pub fn status(&self) -> Status {
        match self.severity() {
            Some(_) => Status::Degraded,
            None => self.status,
        }
    }

    /// How bad it is, if it is degraded.
    pub fn severity(&self) -> Option<Severity> {
        match self.status {
            Status::Stopped => None,
            Status::Degraded => Some(Severity::Failed),
            _ => self.impaired().then_some(Severity::Impaired),
        }
    }

    /// The conditions that hold.
    pub fn conditions(&self) -> impl Iterator<Item = HeldCondition> + '_ {
        self.known_conditions().into_iter().flat_map(Conditions::held)
    }

    /// What it usually delivers, as far as that is known: kbit/s, and frames in a thousand seconds.
    pub fn baseline(&self) -> (Option<u64>, Option<u64>) {
        self.known_conditions().map_or((None, None), Conditions::baseline)
    }

    /// The limits that its measures are held against.
    pub fn limits(&self) -> Limits {
        Limits::new(&self.settings, self.known_conditions())
    }

    /// Since when.
    pub fn state_since(&self) -> Nanos {
        self.state_since
    }

    /// Its current session.
    pub fn session(&self) -> Option<SessionId> {
        self.session.as_ref().map(|session| session.id)
    }

    /// What a look reads of it besides the input itself, to be prefetched.
    pub(crate) fn trouble_in_memory(&self) -> Option<&impl Sized> {
        self.trouble()
    }

    /// What that leads to, likewise.
    pub(crate) fn measured_in_memory(&self) -> (Option<&impl Sized>, Option<&impl Sized>) {
        (self.known_conditions(), self.trouble().and_then(|trouble| trouble.gaps.as_deref()))
    }

    /// The newest packet of its session, as far as the driver has told.
    pub(crate) fn last_packet(&self) -> Nanos {
        self.session.as_ref().map_or(0, |session| session.last_packet)
    }

    /// Why it was given up, the last 5 times, oldest first; recovery clears them.
    pub fn errors(&self) -> impl ExactSizeIterator<Item = &InputError> {
        self.trouble().map_or(&[][..], |trouble| &trouble.errors).iter()
    }

    /// The last 5 probes, trials and restarts that failed since then, oldest first; recovery clears
    /// them.
    pub fn attempts(&self) -> impl ExactSizeIterator<Item = &InputError> {
        self.trouble().map_or(&[][..], |trouble| &trouble.attempts).iter()
    }

    /// How often it was probed, tried or, silent though hot, restarted.
    pub fn probes(&self) -> u64 {
        self.trouble().map_or(0, |trouble| trouble.probes)
    }

    /// How many of these brought it back.
    pub fn probes_ok(&self) -> u64 {
        self.trouble().map_or(0, |trouble| trouble.probes_ok)
    }

    /// How many of these failed. One that is under way, that was overtaken (by an update, by packets
    /// of its own) or answered *unsupported* counts neither here nor there.
    pub fn probes_failed(&self) -> u64 {
        self.trouble().map_or(0, |trouble| trouble.probes_failed)
    }

    /// The window over which its sessions have to be measured, in nanoseconds; `None` while no
    /// setting needs that. Changes with the settings.
    pub fn meter_window(&self) -> Option<Nanos> {
        self.settings.need_meter().then_some(self.settings.measure_window)
    }

    /// Whether its packets of sound have to be counted. Changes with the settings.
    pub fn needs_sound(&self) -> bool {
        self.settings.audio_timeout.is_some()
    }

    /// Silence after which it is given up.
    pub fn packet_timeout(&self) -> Nanos {
        self.settings.packet_timeout
    }

    pub(super) fn is_hot(&self) -> bool {
        self.settings.is_hot()
    }

    pub(super) fn is_fill(&self) -> bool {
        self.settings.role == Role::Fill
    }

    pub(super) fn is_pushed(&self) -> bool {
        self.settings.source == Source::Pushed
    }

    /// Rule 27a: a pushed input whose session waits for its source, and is all there is to be done.
    pub(super) fn listens(&self) -> bool {
        self.is_pushed() && self.session.is_some()
    }

    pub(super) fn keeps_session(&self) -> bool {
        self.settings.keeps_session()
    }

    /// Idle and may be chosen, though it was given up and has not delivered since: after its wait,
    /// because it can't be probed, or because it was forced.
    pub fn untested(&self) -> bool {
        self.is_untested(Untested::Waited) || self.is_untested(Untested::Forced)
    }

    pub(super) fn is_untested(&self, how: Untested) -> bool {
        self.status == Status::Idle && self.trouble().is_some_and(|trouble| trouble.untested == how)
    }

    /// It was given up and has not shown since that it works.
    pub(super) fn failed(&self) -> bool {
        self.status == Status::Degraded || self.untested()
    }

    /// Of a failed input: the packets that show that it is there again, if they flow.
    pub(super) fn life(&self) -> Option<Life> {
        self.trouble()?.life
    }

    /// Whether it was given up, and its packets would be its recovery: of a session that is kept for
    /// that, or without one.
    pub fn listening(&self) -> bool {
        let flows = |trouble: &Trouble| trouble.listening || trouble.life.is_some();
        self.failed() && (self.listens() || self.trouble().is_some_and(flows))
    }

    /// Whether it has no session, and its next packet is awaited.
    pub(crate) fn awaited_without_session(&self) -> bool {
        self.session.is_none() && self.trouble().is_some_and(|trouble| trouble.listening)
    }

    /// The newest packet that the driver has told of, while it has no session and its packets flow.
    pub(crate) fn flows_without_session(&self) -> Option<Nanos> {
        Some(self.life().filter(|_| self.session.is_none())?.last)
    }

    /// Whether the host has disabled it. It is stopped; if it was on air, as soon as another input has
    /// taken its place.
    pub fn disabled(&self) -> bool {
        self.disabled
    }

    pub(super) fn usable(&self) -> bool {
        matches!(self.status, Status::Idle | Status::Active)
    }

    /// Usable, and not about to be stopped because it is disabled.
    pub(super) fn available(&self) -> bool {
        self.usable() && !self.disabled
    }

    pub(super) fn delivering(&self) -> bool {
        self.session.as_ref().is_some_and(Session::delivering)
    }

    pub(super) fn known_conditions(&self) -> Option<&Conditions> {
        self.trouble()?.conditions.as_deref()
    }

    /// Its conditions, if there are any, to be changed.
    pub(super) fn known_conditions_mut(&mut self) -> Option<&mut Conditions> {
        self.known_conditions()?;
        self.trouble_mut().conditions.as_deref_mut()
    }

    pub(super) fn conditions_mut(&mut self) -> (&mut Conditions, &Settings) {
        let trouble = Arc::make_mut(self.trouble.get_or_insert_default());
        (trouble.conditions.get_or_insert_default(), &self.settings)
    }

    /// Rule 16: why it is impaired, if it is.
    pub(super) fn impairment(&self) -> Option<(Reason, &Detail)> {
        self.known_conditions()?.worst()
    }

    pub(super) fn impaired(&self) -> bool {
        self.known_conditions().is_some_and(Conditions::impaired)
    }

    /// Rule 16d: the host has something against the input itself.
    pub(super) fn accused(&self) -> bool {
        self.known_conditions().is_some_and(Conditions::accused)
    }

    /// Rule 17b: since when its own conditions have been met for `measure_window`. What was never
    /// seen counts as met.
    pub(super) fn met_since(&self) -> Nanos {
        let shown = self.known_conditions().and_then(Conditions::shown_at);
        shown.map_or(0, |at| at + self.settings.measure_window)
    }

    /// Rules 9g and 20a: it has to be looked at before it is chosen again: one that failed, or a cold
    /// one that was left for a condition.
    pub(super) fn needs_attempt(&self) -> bool {
        let waits = || !self.keeps_session() && self.session.is_none() && !self.untested();
        self.status == Status::Degraded || (self.usable() && self.impaired() && waits())
    }

    pub(super) fn on_trial(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.attempt == Attempt::Trial)
    }

    pub(super) fn set_status(&mut self, status: Status, now: Nanos) {
        if self.status != status {
            self.status = status;
            self.state_since = now;
        }
    }

    pub(super) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_deref()
    }

    pub(super) fn trouble_mut(&mut self) -> &mut Trouble {
        Arc::make_mut(self.trouble.get_or_insert_default())
    }

    pub(super) fn probe(&self) -> Option<&Probe> {
        self.trouble()?.probe.as_ref()
    }

    /// Rule 9c: because the host says so, or because it is the source that connects.
    pub(super) fn cannot_be_probed(&self) -> bool {
        self.is_pushed() || self.trouble().is_some_and(|trouble| trouble.probe_unsupported)
    }

    /// When the wait for the next attempt to get it back is over, by the engine's clock in nanoseconds;
    /// that attempt may have to wait for longer. `None` while there is nothing to wait for, or one is
    /// under way.
    pub fn retry_at(&self) -> Option<Nanos> {
        self.trouble()?.retry_at
    }

    /// Rule 9f: it has yet to prove itself on air, or has a backoff to be forgotten.
    pub(super) fn on_probation(&self) -> bool {
        self.trouble().is_some_and(|trouble| trouble.unproven || !trouble.backoff.is_reset())
    }

    /// Its session, if it has one, is no attempt to get it back any longer.
    pub(super) fn end_attempt(&mut self) {
        if let Some(session) = self.session.as_mut() {
            session.attempt = Attempt::No;
        }
    }

    /// It is back; an attempt that was under way has succeeded.
    pub(super) fn end_successful_attempt(&mut self) {
        if self.session.as_ref().is_some_and(|session| session.attempt != Attempt::No) {
            self.trouble_mut().probes_ok += 1;
        }
        self.end_attempt();
    }

    /// Rule 15c.
    pub(super) fn push_error(&mut self, error: InputError) {
        push_kept(&mut self.trouble_mut().errors, error);
    }

    /// Rule 15c: kept apart, so that no attempt hides why the input was given up.
    pub(super) fn push_failed_attempt(&mut self, error: InputError) {
        let trouble = self.trouble_mut();
        trouble.probes_failed += 1;
        push_kept(&mut trouble.attempts, error);
    }

    /// Rule 12d: back to new, for an update by the host.
    pub(super) fn forgive(&mut self, now: Nanos) {
        self.set_status(Status::Idle, now);
        self.healthy_since = (!self.is_hot()).then_some(now).into();
        if self.trouble.is_some() {
            let trouble = self.trouble_mut();
            trouble.clear_errors();
            trouble.stop_listening();
            trouble.untested = Untested::No;
            trouble.was_untested = false;
            trouble.backoff.reset();
            trouble.unproven = false;
            trouble.retry_at = None;
            trouble.probe_unsupported = false;
            trouble.damping = Damping::default();
            trouble.conditions = None;
            trouble.silence_returns = 0;
            trouble.gaps = None;
        }
    }
}
