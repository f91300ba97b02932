//! An independent judge: what rules 16 to 27 say of a run, written from their text.
//!
//! It sees what a host sees (actions, notices, the status), and what the world knows of its sources.
//! Of times it knows bounds: an input can't have been healthy for longer than since it was last known
//! not to be, nor for less than since it was told recovered. So each rule is judged in both directions:
//! what is decided was due, and what is due is decided or has its deadline.
//!
//! | file | rules |
//! |---|---|
//! | `conditions.rs` | 16 and 20: what is wrong with an input, and when it is healed |
//! | `choice.rs` | 17, 18, 19, 21 and 27: which input goes on air, and when |
//! | `explained.rs` | 22 and 24: silence as a session knows it, and what is said of a switch |
//! | `offers.rs` | 23: what waits for a key frame, and for how long |

mod choice;
mod conditions;
mod explained;
mod offers;

use super::model::Model;
use crate::invariants::{Invariants, Running};
use changeover::core::{
    Action, InputHealth, Nanos, Notice, Priority, SessionId, Start, Stimulus, Stream,
};
use changeover::{Reason, Severity, StartReason, Status};
use conditions::Words;
use explained::Gaps;
use offers::Offers;
pub use offers::Recorded;
use std::collections::{BTreeMap, BTreeSet};

/// What happens: as far as it matters for what may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Cause {
    #[default]
    Time,
    Packet,
    Look(Priority),
    Committed,
    /// The operator, or an error that is told.
    Other,
}

/// What is known of one input.
#[derive(Debug, Default)]
struct Record {
    words: Words,
    severity: Option<Severity>,
    /// It was last known not to be healthy.
    bad_at: Nanos,
    /// The last time a condition showed.
    shown_at: Option<Nanos>,
    /// It was last told recovered, or registered or updated.
    good_at: Nanos,
    /// Its faults: no fewer, and no more.
    faults: [u32; 2],
    /// When they were last counted.
    faults_at: Nanos,
    /// It became untested after its wait.
    was_untested: bool,
}

/// What an input is worth on air, from its status: rule 17a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Healthy,
    Poor,
    Untested,
    Fill,
    Useless,
}

#[derive(Debug, Default)]
pub struct Judge {
    records: BTreeMap<Priority, Record>,
    offers: Offers,
    gaps: BTreeMap<SessionId, Gaps>,
    cause: Cause,
    /// Sessions that were started for a trial.
    trials: BTreeMap<SessionId, Priority>,
    /// Of these, the sessions that may be none any longer: their inputs were active.
    doubtful_trials: BTreeSet<SessionId>,
    /// The inputs that this event starts, and those whose trials have ended with it.
    started: BTreeSet<Priority>,
    ended_trials: BTreeSet<Priority>,
    /// Since when nothing is on air; since when the active input is.
    dark_since: Option<Nanos>,
    air_since: Option<Nanos>,
    /// Before this event: what was on air, and what each was worth.
    on_air: Option<Priority>,
    worth: BTreeMap<Priority, Option<Worth>>,
    untested: BTreeSet<Priority>,
    notices: Vec<Notice>,
    /// When the operator asked for a return, which is not made yet.
    asked_to_return: Option<Nanos>,
    /// The target of the switch that waits, and since when.
    pending_since: Option<(Priority, Nanos)>,
    ended: bool,
}

/// All there is to see after an event.
pub struct Scene<'a> {
    pub model: &'a Model,
    pub stream: &'a Stream,
    pub invariants: &'a Invariants,
    pub deadline: Option<Nanos>,
    /// The settings of the stream were others before, so times are not judged.
    pub settings_changed: bool,
    pub now: Nanos,
}

impl Scene<'_> {
    fn inputs(&self) -> impl Iterator<Item = &InputHealth> {
        self.stream.inputs().iter()
    }

    fn input(&self, priority: Priority) -> Option<&InputHealth> {
        self.inputs().find(|input| input.priority() == priority)
    }

    fn running(&self, priority: Priority) -> Option<&Running> {
        self.invariants.running.iter().find(|running| running.priority == priority)
    }

    fn worth_of(&self, input: &InputHealth) -> Option<Worth> {
        let useless = |reason| matches!(reason, Reason::VideoLost | Reason::Black | Reason::Frozen);
        let fill = self.model.is_fill(input.priority());
        match input.severity() {
            Some(Severity::Failed) => None,
            _ if input.status() == Status::Stopped => None,
            _ if input.conditions().any(|held| useless(held.condition)) => Some(Worth::Useless),
            _ if fill => Some(Worth::Fill),
            Some(_) => Some(Worth::Poor),
            None if input.untested() => Some(Worth::Untested),
            None => Some(Worth::Healthy),
        }
    }

    fn worth(&self, priority: Priority) -> Option<Worth> {
        self.input(priority).and_then(|input| self.worth_of(input))
    }

    /// It has its deadline. (What is overdue, its tick decides in this very instant.)
    fn is_due(&self, at: Nanos, what: &str) {
        let deadline = self.deadline.is_some_and(|deadline| deadline <= at.max(self.now));
        assert!(deadline, "no deadline: {what}, at {at}, now {}", self.now);
    }
}

impl Judge {
    pub fn new(now: Nanos) -> Judge {
        Judge { dark_since: Some(now), ..Judge::default() }
    }

    fn record(&mut self, priority: Priority) -> &mut Record {
        self.records.entry(priority).or_default()
    }

    /// What happens, and is accepted.
    pub fn hear(&mut self, event: &Stimulus, now: Nanos) {
        self.cause = match event {
            Stimulus::Tick => Cause::Time,
            Stimulus::Packet { .. } | Stimulus::PacketWithoutSession { .. } => Cause::Packet,
            Stimulus::Committed { .. } => Cause::Committed,
            Stimulus::Measured { .. } => match self.cause {
                Cause::Look(priority) => Cause::Look(priority),
                _ => Cause::Other,
            },
            _ => Cause::Other,
        };
        match event {
            Stimulus::UpdateInputs(update) => {
                let added = update.added.iter().map(|input| input.priority);
                let replaced = update.updated.iter().map(|input| input.priority);
                for priority in update.removed.iter().copied().chain(added.clone()) {
                    self.offers.forget_flags(priority);
                }
                for priority in update.removed.iter().copied().chain(added).chain(replaced) {
                    let fresh = Record { good_at: now, bad_at: now, ..Record::default() };
                    self.records.insert(priority, fresh);
                    self.trials.retain(|_, trial| *trial != priority);
                }
            }
            Stimulus::FailBack => self.asked_to_return = Some(now),
            // One that becomes pushed is on trial no longer.
            Stimulus::SetConfig(_) => self.doubtful_trials.extend(self.trials.keys()),
            Stimulus::SwitchInput { priority, .. } | Stimulus::ForceInput { priority } => {
                self.record(*priority).faults = [0; 2];
            }
            _ => {}
        }
    }

    /// With each action of the event.
    pub fn observe(&mut self, action: &Action, scene: &Scene<'_>) {
        match action {
            Action::Start(Start { session, input, start_reason, .. }) => {
                let record = self.record(input.priority);
                record.words.session_begins();
                self.started.insert(input.priority);
                // A trial that is restarted stays one, unless a restart takes its place.
                let again = self.ended_trials.remove(&input.priority);
                if *start_reason == StartReason::Restart && again {
                    self.trials.insert(*session, input.priority);
                    self.doubtful_trials.insert(*session);
                }
                if *start_reason == StartReason::Trial {
                    self.trial_starts(input.priority, *session, scene);
                }
            }
            Action::Stop(stop) => {
                if self.trials.remove(&stop.session).is_some() {
                    self.ended_trials.insert(stop.priority);
                }
                self.record(stop.priority).words.session_ends(stop.session, scene.now);
                self.pushed_is_kept(stop.priority, scene);
            }
            Action::Probe(probe) => self.probed(probe.input.priority, scene),
            Action::Notify(notice) => {
                self.told(notice, scene);
                self.notices.push(notice.clone());
            }
            _ => {}
        }
    }

    fn told(&mut self, notice: &Notice, scene: &Scene<'_>) {
        match notice {
            Notice::Degraded { priority, error } => {
                let condition = error.reason.is_condition();
                if condition {
                    self.condition_begins(*priority, error, scene);
                }
                self.was_silent(*priority, &error.detail, scene);
                self.count_health(*priority, scene);
                let left_air = self.on_air == Some(*priority) && !condition;
                // With overlap off one is counted, too, of what took the air and did not deliver.
                let in_vain = scene.model.overlap_off() && !condition;
                let record = self.record(*priority);
                let (before, impaired) = (record.severity, Some(Severity::Impaired));
                let untested = scene.input(*priority).is_some_and(|input| input.untested());
                let stays = before == Some(Severity::Failed) && untested;
                record.severity =
                    if condition && !stays { impaired } else { Some(Severity::Failed) };
                if !condition {
                    record.words.forget(scene.now);
                } else {
                    let failed = before == Some(Severity::Failed) && !untested;
                    assert!(!failed, "an input that failed is not impaired");
                }
                record.bad_at = scene.now;
                if in_vain {
                    record.faults[1] = (record.faults[1] + 1).min(8);
                }
                if left_air {
                    self.fault(*priority);
                }
            }
            Notice::Recovered { priority, .. } => {
                self.healed(*priority, scene);
                let record = self.record(*priority);
                if record.severity == Some(Severity::Failed) {
                    record.words.recovers();
                }
                record.severity = None;
                record.good_at = scene.now;
                self.trials.retain(|_, trial| trial != priority);
            }
            Notice::Switched(switch) if switch.reason.is_condition() => {
                if let Some(from) = switch.from.filter(|from| self.on_air == Some(*from)) {
                    self.fault(from);
                }
            }
            _ => {}
        }
    }

    /// After an event, and after its actions were observed.
    pub fn judge(&mut self, scene: &Scene<'_>) {
        for input in scene.inputs() {
            let fresh = || Record { good_at: scene.now, bad_at: scene.now, ..Record::default() };
            let record = self.records.entry(input.priority()).or_insert_with(fresh);
            if input.status() == Status::Stopped {
                // Rule 25: as if it were not there, and then as new.
                *record = fresh();
            }
            if !scene.model.is_measured(input.priority()) {
                record.words.is_not_measured();
            }
        }
        let notices = std::mem::take(&mut self.notices);
        self.ended |= notices.contains(&Notice::Unregistered);
        if !self.ended {
            self.conditions_hold(scene);
            self.choices(&notices, scene);
            self.note_air(&notices, scene);
            self.bridge_is_due(scene);
            self.better_is_due(scene);
            self.outage(&notices, scene);
            self.untested_once(scene);
            self.key_frames(&notices, scene);
        }
        self.on_air = scene.stream.active().filter(|_| scene.stream.on_air());
        self.worth =
            scene.inputs().map(|input| (input.priority(), scene.worth_of(input))).collect();
        // What is chosen is on trial no longer. (Of an exhausted stream's last one it is not known.)
        let chosen = |priority: Priority| {
            let to = |notice: &Notice| matches!(notice, Notice::Switched(switch) if switch.to == priority);
            scene.stream.pending() == Some(priority) || notices.iter().any(to)
        };
        self.trials.retain(|_, trial| !chosen(*trial));
        let active = self.trials.iter().filter(|(_, trial)| scene.stream.active() == Some(**trial));
        self.doubtful_trials.extend(active.map(|(session, _)| *session));
        if notices.iter().any(|notice| matches!(notice, Notice::Switched(_))) {
            self.asked_to_return = None;
        }
        let pending = scene.stream.pending().map(|target| (target, scene.now));
        let stays =
            self.pending_since.filter(|(target, _)| scene.stream.pending() == Some(*target));
        self.pending_since = stays.or(pending);
        self.cause = Cause::Other;
        self.ended_trials.clear();
        self.started.clear();
    }

    fn note_air(&mut self, notices: &[Notice], scene: &Scene<'_>) {
        let now = scene.now;
        let moved = |notice: &Notice| {
            matches!(notice, Notice::Switched(_) | Notice::Active { .. } | Notice::Degraded { .. })
        };
        if !scene.stream.on_air() {
            self.air_since = None;
            self.dark_since.get_or_insert(now);
        } else if self.air_since.is_none() || notices.iter().any(moved) {
            let stays = self.on_air == scene.stream.active()
                && !notices.iter().any(|notice| matches!(notice, Notice::Switched(_)));
            if !stays || self.air_since.is_none() {
                self.air_since = Some(now);
            }
            self.dark_since = None;
        }
    }
}
