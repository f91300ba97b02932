//! One registration, as it is told: its sessions, its choices, and what its gate lets through.

use super::{Moment, Recorded, Registering};
use crate::core::{Nanos, Notice, Priority, SessionId};
use crate::engine::simulation::plan::Settings;
use crate::engine::{Event, EventKind, RuntimeStatus};
use crate::vocabulary::Reason;
use std::collections::BTreeMap;

/// What is known of an input.
#[derive(Debug)]
pub(crate) struct Known {
    /// Which input of the engine this is; one that is removed and added is another.
    pub(super) life: u64,
    /// It was told that it failed, and nothing that undoes it.
    pub(super) failed: bool,
    impaired: bool,
    /// It was chosen though it failed, and has not delivered since.
    untested: bool,
    pub(super) disabled: bool,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// Since its last session ended, some came that are no session's.
    without_session: bool,
}

/// A session that was started and not stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub(super) session: SessionId,
    pub(super) priority: Priority,
    /// When the host took its *start*, by the virtual clock.
    pub(super) taken: Option<Nanos>,
    /// Its newest packet.
    pub(super) last: Option<Moment>,
}

/// Whose packets were admitted under the newest number.
#[derive(Clone, Copy, Debug, Default)]
struct Admitted {
    number: u64,
    priority: Priority,
    session: Option<SessionId>,
}

#[derive(Debug)]
pub(crate) struct Life {
    pub(super) stream: usize,
    pub(super) number: u64,
    pub(super) settings: Settings,
    pub(super) inputs: BTreeMap<Priority, Known>,
    pub(super) running: Vec<Running>,
    pub(super) active: Option<Priority>,
    /// It is on air, as far as that is told.
    pub(super) on_air: Option<SessionId>,
    /// Since when the active input is, in engine time.
    pub(super) selected_at: Nanos,
    switch: u64,
    admitted: Admitted,
    exhausted: bool,
    settings_changed: bool,
    pub(super) ended: bool,
    pub(super) bug_is_planted: bool,
    /// An input was once forced.
    pub(super) forced: bool,
}

impl Life {
    pub(super) fn new(stream: usize, number: u64, registering: &Registering) -> Life {
        // No smaller one is to be seen.
        let before = registering.first_switch.saturating_sub(1);
        Life {
            stream,
            number,
            settings: registering.settings,
            inputs: BTreeMap::new(),
            running: Vec::new(),
            active: None,
            on_air: None,
            selected_at: 0,
            switch: before,
            admitted: Admitted { number: before, ..Admitted::default() },
            exhausted: false,
            settings_changed: false,
            ended: false,
            bug_is_planted: false,
            forced: false,
        }
    }

    pub(super) fn add(&mut self, priority: Priority, life: u64) {
        let known = Known {
            life,
            failed: false,
            impaired: false,
            untested: false,
            disabled: false,
            packets: 0,
            bytes: 0,
            without_session: false,
        };
        self.inputs.insert(priority, known);
    }

    /// Rule 12: one change.
    pub(super) fn update(
        &mut self,
        removed: &[Priority],
        added: &[Priority],
        updated: &[Priority],
        lives: &mut u64,
    ) {
        for priority in removed.iter().filter(|priority| !added.contains(priority)) {
            self.inputs.remove(priority);
            self.active = self.active.filter(|active| active != priority);
        }
        for priority in added {
            match self.inputs.get_mut(priority) {
                // To its handles, and to whoever counts, it is the same input.
                Some(known) => {
                    (known.failed, known.impaired, known.untested) = Default::default();
                    known.disabled = false;
                }
                None => {
                    *lives += 1;
                    self.add(*priority, *lives);
                }
            }
        }
        for priority in updated {
            let known = self.inputs.get_mut(priority).expect("only what is there is updated");
            (known.failed, known.impaired, known.untested) = Default::default();
        }
    }

    /// Rule 25.
    pub(super) fn enable(&mut self, priority: Priority, enabled: bool) {
        let known = self.inputs.get_mut(&priority).expect("only what is there is enabled");
        if enabled && known.disabled {
            (known.failed, known.impaired, known.untested) = Default::default();
        }
        known.disabled = !enabled;
    }

    pub(super) fn set(&mut self, settings: &Settings) {
        self.settings = *settings;
        self.settings_changed = true;
    }

    fn input(&mut self, priority: Priority) -> Option<&mut Known> {
        self.inputs.get_mut(&priority)
    }

    pub(super) fn session(&self, session: SessionId) -> Option<&Running> {
        self.running.iter().find(|running| running.session == session)
    }

    fn running_of(&self, priority: Priority) -> Option<&Running> {
        self.running.iter().find(|running| running.priority == priority)
    }

    /// The host took the *start* of a session.
    pub(super) fn taken(&mut self, session: SessionId, now: Nanos) {
        let running = self.running.iter_mut().find(|running| running.session == session);
        running.into_iter().for_each(|running| running.taken = Some(now));
    }

    /// Something was told of it.
    /// `in_call`: it may be what a call makes of it, and how the inputs are then, is known later.
    pub(super) fn hear(&mut self, event: &Event, in_call: bool) {
        assert!(!self.ended, "after its end: {event}");
        match &event.kind {
            EventKind::Start(start) => {
                let (session, priority) = (start.session, start.input.priority);
                assert!(self.running_of(priority).is_none(), "two sessions of one input: {event}");
                let alone = !self.settings.overlap_off || self.settings_changed;
                assert!(alone || self.running.is_empty(), "overlap is off: {event}");
                self.running.push(Running { session, priority, taken: None, last: None });
                if self.active == Some(priority) {
                    self.on_air = None;
                }
            }
            EventKind::Stop(stop) => {
                let at = self.running.iter().position(|running| running.session == stop.session);
                let stopped = self.running.swap_remove(at.expect("only what runs is stopped"));
                assert_eq!(stopped.priority, stop.priority, "{event}");
                if let Some(known) = self.input(stop.priority) {
                    known.without_session = false;
                }
                self.on_air = self.on_air.filter(|session| *session != stop.session);
            }
            EventKind::Probe(probe) => {
                let known = self.inputs.get(&probe.input.priority);
                let sound = known.is_some_and(|one| !one.failed && !one.impaired && !one.untested);
                // One that is forced failed, and is left again without a word.
                assert!(!sound || in_call || self.forced, "what is well is probed: {event}");
            }
            EventKind::Notice(notice) => self.hear_notice(notice, event, in_call),
            EventKind::Gap { .. }
            | EventKind::MassFailure { .. }
            | EventKind::ShadowDiffers(_)
            | EventKind::ShadowGap { .. } => panic!("no stream's, or no shadow is there: {event}"),
        }
    }

    fn hear_notice(&mut self, notice: &Notice, event: &Event, in_call: bool) {
        match notice {
            Notice::Switched(switch) => {
                let stays = switch.from == Some(switch.to) && switch.reason == Reason::Recovery;
                let rises = switch.number > self.switch;
                assert!(rises || stays && switch.number == self.switch, "{}: {event}", self.switch);
                if let Some(known) = self.input(switch.to) {
                    assert!(!known.disabled || in_call, "a disabled input is chosen: {event}");
                    // Rule 27c: one that is untested, which is not told, until it delivers.
                    known.untested |= std::mem::take(&mut known.failed);
                }
                self.switch = switch.number;
                self.active = Some(switch.to);
                self.on_air = None;
                self.selected_at = event.at;
            }
            Notice::Active { priority, session, .. } => {
                assert_eq!(self.active, Some(*priority), "on air, and not chosen: {event}");
                let running = self.session(*session).expect("what is on air runs");
                // Rule 27b: what came before its session may have been its recovery.
                let came = running.last.is_some()
                    || self.inputs.get(priority).is_some_and(|known| known.without_session);
                assert!(came, "it has not delivered: {event}");
                self.on_air = Some(*session);
                if let Some(known) = self.input(*priority) {
                    (known.failed, known.untested) = (false, false);
                }
            }
            Notice::Degraded { priority, error } => {
                let condition = error.reason.is_condition();
                if let Some(known) = self.input(*priority) {
                    known.impaired |= condition;
                    known.failed |= !condition;
                }
                if self.active == Some(*priority) && !condition {
                    self.on_air = None;
                }
            }
            Notice::Recovered { priority, .. } => {
                if let Some(known) = self.input(*priority) {
                    (known.failed, known.impaired, known.untested) = Default::default();
                }
            }
            Notice::Exhausted { .. } => {
                assert!(!std::mem::replace(&mut self.exhausted, true), "twice: {event}");
            }
            Notice::Restored { priority } => {
                assert!(std::mem::replace(&mut self.exhausted, false), "of nothing: {event}");
                assert_eq!(self.active, Some(*priority), "restored by another: {event}");
            }
            Notice::Unregistered => {
                assert!(self.running.is_empty(), "sessions are left: {:?}", self.running);
                self.ended = true;
            }
            Notice::Bug { .. } => assert!(self.bug_is_planted, "{event}"),
        }
    }

    /// Promises 2 and 3: a packet was counted, and admitted or not.
    pub(super) fn recorded(&mut self, packet: &Recorded, now: &Moment, all_is_told: bool) {
        let Recorded { priority, session, number, .. } = *packet;
        let without = session.is_none() && self.running_of(priority).is_none();
        if let Some(known) = self.input(priority).filter(|known| known.life == packet.input) {
            known.without_session |= without;
            known.packets += packet.packets;
            known.bytes += packet.bytes;
            let of = |running: &&mut Running| session.is_none_or(|one| one == running.session);
            let mut running = self.running.iter_mut().filter(|one| one.priority == priority);
            running.find(of).into_iter().for_each(|running| running.last = Some(*now));
        }
        if number == 0 {
            let on_air = session.is_some() && self.on_air == session;
            // One that is taken since is told in the next turn.
            let overtaken = self.admitted.number > self.switch;
            let draining = self.inputs.get(&priority).is_none_or(|known| known.disabled);
            assert!(!on_air || overtaken || draining || !all_is_told, "on air, and shut out");
            return;
        }
        assert!(!self.ended, "a packet after the end is admitted");
        assert!(number >= self.admitted.number, "the gate has gone back: {packet:?}");
        assert!(number >= self.switch, "the gate is behind: {packet:?}");
        if let Some(session) = session {
            let runs = self.session(session).is_some();
            assert!(runs || !all_is_told, "a session that does not run is admitted: {packet:?}");
        }
        if number == self.switch {
            assert_eq!(self.active.unwrap_or(priority), priority, "another is chosen: {packet:?}");
        }
        if number == self.admitted.number {
            let same = self.admitted.session == session
                || self.admitted.session.is_none()
                || session.is_none();
            assert!(same, "two sessions under one number: {packet:?}");
            assert_eq!(self.admitted.priority, priority, "two inputs under one number");
        }
        let session = session.or(self.admitted.session.filter(|_| number == self.admitted.number));
        self.admitted = Admitted { number, priority, session };
    }

    /// When everything is told that was decided.
    pub(super) fn judge(&self) {
        if self.ended || self.forced {
            return;
        }
        let failed = |priority: &Priority| self.inputs.get(priority).is_none_or(|one| one.failed);
        if self.active.as_ref().is_none_or(failed) {
            let usable = |known: &Known| !known.failed && !known.untested && !known.disabled;
            let usable = self.inputs.iter().find(|(_, known)| usable(known));
            assert!(usable.is_none(), "{:?} is not chosen, instead of {:?}", usable, self.active);
        }
    }

    pub(super) fn compare(&self, status: &RuntimeStatus) {
        let active = status.active_input_priority;
        assert!(active == -1 || self.active == Some(active), "{active} was not told: {self:?}");
        assert_eq!(status.exhausted, self.exhausted, "exhausted");
        for input in &status.inputs {
            let running = self.running_of(input.input_priority).map(|running| running.session);
            assert_eq!(input.session, running, "a session that was not told");
            let known = &self.inputs[&input.input_priority];
            assert_eq!(input.disabled, known.disabled, "disabled");
        }
    }

    /// Where any input may be used, one is on air.
    pub(crate) fn is_on_air_if_it_can(&self) -> bool {
        self.inputs.is_empty() || self.on_air.is_some()
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Recorded { registration, priority, session, number, key, .. } = self;
        write!(f, "{registration}/{priority} session {session:?} key {key} number {number}")
    }
}
