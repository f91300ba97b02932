//! Rule 16: what is wrong with an input that delivers, by its measures or by the host's word.
//!
//! | file | job |
//! |---|---|
//! | `baseline.rs` | what an input usually delivers |
//! | `limits.rs` | how what was measured stands against the limits that are set |

mod baseline;
mod limits;

use super::config::Settings;
use super::{Detail, Measure, Nanos, Reason, SessionId};
use baseline::Baseline;
pub use limits::Limits;
use limits::Standing;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A look at a running session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) measure: Measure,
    pub(super) now: Nanos,
    /// The session's first one.
    pub(super) first_packet: Nanos,
    /// Whether a condition may begin to hold: not while an input of the stream is on trial.
    pub(super) may_begin: bool,
    /// Another input of the stream is on trial, which may be what takes the bandwidth: what shows
    /// counts for nothing.
    pub(super) disturbed: bool,
    /// The input is usable, so what it delivers is usual.
    pub(super) healthy: bool,
}

/// What a look, or the host's word, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Those that hold from now on.
    pub(super) begun: SmallVec<[(Reason, Detail); 1]>,
    /// One that has shown for long enough, whether it was known to hold or not: a trial fails.
    pub(super) shown: Option<(Reason, Detail)>,
}

/// What a time without trouble has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Healing {
    Nothing,
    /// One condition ended, another holds.
    Partly,
    /// Since the beginning of that time.
    Healed(Nanos),
}

/// A condition that shows or holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    condition: Reason,
    /// Of which session the host said it; `None` for the input, and for what is measured.
    session: Option<SessionId>,
    /// The first look that shows it without a break.
    shown_since: Option<Nanos>,
    /// Since when it holds.
    holds_since: Option<Nanos>,
    /// For how long it had shown then.
    held_after: Nanos,
    /// Since when it is met again, or taken back.
    met_since: Option<Nanos>,
    evidence: Detail,
}

impl State {
    fn new(condition: Reason, session: Option<SessionId>) -> State {
        State {
            condition,
            session,
            shown_since: None,
            holds_since: None,
            held_after: 0,
            met_since: None,
            evidence: Detail::None,
        }
    }

    /// Whether it is the host that sees it.
    fn is_told(&self) -> bool {
        matches!(self.condition, Reason::Black | Reason::Frozen | Reason::Silent | Reason::Host)
    }

    fn holds(&self) -> bool {
        self.holds_since.is_some()
    }
}

/// A condition that holds, for status and events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldCondition {
    /// Which.
    pub condition: Reason,
    /// Since when.
    pub since: Nanos,
    /// What was measured against which limit when it was last seen, or what the host said.
    pub evidence: Detail,
}

/// The conditions of one input, and what it usually delivers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Conditions {
    states: SmallVec<[State; 1]>,
    /// Of this session's last look: every condition that is set was known and met.
    looks_clean: bool,
    /// Since when everything is known and met.
    clean_since: Option<Nanos>,
    /// The last time a condition showed.
    shown_at: Option<Nanos>,
    bitrate: Baseline,
    fps: Baseline,
    /// Sent since the input was last updated.
    video_seen: bool,
    audio_seen: bool,
}

/// Whether the picture can't be watched.
pub(super) fn is_useless(condition: Reason) -> bool {
    matches!(condition, Reason::VideoLost | Reason::Black | Reason::Frozen)
}

impl Conditions {
    /// Rules 16a to 16c: what a look shows.
    pub(super) fn look(&mut self, look: &Look, settings: &Settings) -> Seen {
        self.video_seen |= look.measure.since_video.is_some();
        self.audio_seen |= look.measure.since_audio.is_some();
        let standings = self.standings(settings, look);
        let mut seen = Seen::default();
        for state in &mut self.states {
            // Its limit was taken away.
            if !state.is_told() && standings.iter().all(|(set, _)| *set != state.condition) {
                state.shown_since = None;
                state.met_since.get_or_insert(look.now);
            }
        }
        self.looks_clean = true;
        for (condition, standing) in standings {
            self.looks_clean &= standing == Standing::Met;
            let one = self.stands(condition, standing, look, settings);
            seen.begun.extend(one.begun);
            seen.shown = seen.shown.or(one.shown);
        }
        self.states.retain(|state| state.holds() || state.shown_since.is_some());
        self.set_clean(true, look.now);
        self.learn(look);
        seen
    }

    fn stands(
        &mut self,
        condition: Reason,
        standing: Standing,
        look: &Look,
        settings: &Settings,
    ) -> Seen {
        let Standing::Out { measured, limit } = standing else {
            if let Some(state) = self.states.iter_mut().find(|s| s.condition == condition) {
                state.shown_since = None;
                let met = standing == Standing::Met;
                state.met_since = met.then(|| state.met_since.unwrap_or(look.now));
            }
            return Seen::default();
        };
        self.shown_at = Some(look.now);
        let (hold, window) = match condition {
            // They have lasted their own time.
            Reason::VideoLost | Reason::AudioLost => (0, 0),
            _ => (settings.impair_after, settings.measure_window),
        };
        let state = self.state(condition, None);
        state.met_since = None;
        if look.disturbed {
            state.shown_since = Some(look.now);
        }
        let shown_for = look.now - *state.shown_since.get_or_insert(look.now);
        let shown = shown_for >= hold;
        let begun = shown && look.may_begin && !state.holds();
        if begun {
            (state.holds_since, state.held_after) = (Some(look.now), shown_for);
        }
        let shown_for = if state.holds() { state.held_after } else { shown_for };
        state.evidence = Detail::out_of_limit(condition, [measured, limit], window, shown_for);
        let evidence = || (condition, state.evidence.clone());
        Seen { begun: begun.then(evidence).into_iter().collect(), shown: shown.then(evidence) }
    }

    fn state(&mut self, condition: Reason, session: Option<SessionId>) -> &mut State {
        let same = |state: &State| state.condition == condition && state.session == session;
        let at = self.states.iter().position(same).unwrap_or_else(|| {
            self.states.push(State::new(condition, session));
            self.states.len() - 1
        });
        &mut self.states[at]
    }

    /// Rule 16d: the host has something against the input, or against a session of it. It may say
    /// the same again.
    pub(super) fn accuse(
        &mut self,
        condition: Reason,
        session: Option<SessionId>,
        evidence: Detail,
        now: Nanos,
    ) -> Seen {
        self.shown_at = Some(now);
        self.clean_since = None;
        let state = self.state(condition, session);
        state.met_since = None;
        let begun = !state.holds();
        if begun {
            state.holds_since = Some(now);
            state.evidence = evidence;
        }
        let evidence = || (condition, state.evidence.clone());
        Seen { begun: begun.then(evidence).into_iter().collect(), shown: Some(evidence()) }
    }

    /// Rules 16d and 20b: the host takes it back. What an ended session left behind ends with a
    /// word of the `current` one.
    pub(super) fn acquit(
        &mut self,
        condition: Reason,
        session: Option<SessionId>,
        current: Option<SessionId>,
        metered: bool,
        now: Nanos,
    ) {
        for state in self.states.iter_mut().filter(|state| state.condition == condition) {
            let left_behind = state.session.is_some() && state.session != current;
            if state.session == session || left_behind {
                state.met_since.get_or_insert(now);
            }
        }
        self.set_clean(metered && current.is_some(), now);
    }

    /// `metered`: looks have to be clean, too.
    fn set_clean(&mut self, metered: bool, now: Nanos) {
        let met = self.states.iter().all(|state| state.met_since.is_some());
        if met && (self.looks_clean || !metered) {
            self.clean_since.get_or_insert(now);
        } else {
            self.clean_since = None;
        }
    }

    /// Rule 16h: only what is healthy is usual.
    fn learn(&mut self, look: &Look) {
        if !look.healthy || !self.states.is_empty() {
            self.bitrate.freeze();
            self.fps.freeze();
            return;
        }
        if let Some(kbps) = look.measure.bitrate_kbps {
            self.bitrate.learn(kbps, look.now);
        }
        if let Some(fps) = look.measure.fps_milli.filter(|_| self.video_seen) {
            self.fps.learn(fps, look.now);
        }
    }

    /// A session has begun or ended; `metered`: its input is. A new one has shown nothing yet.
    pub(super) fn session_changes(&mut self, metered: bool, runs: bool) {
        self.looks_clean = false;
        for state in self.states.iter_mut().filter(|state| metered && !state.is_told()) {
            state.shown_since = None;
            state.met_since = None;
        }
        self.states.retain(|state| state.holds());
        if (metered && runs) || self.states.iter().any(|state| state.met_since.is_none()) {
            self.clean_since = None;
        }
        self.bitrate.freeze();
        self.fps.freeze();
    }

    /// The session was replaced by another at once: what the host said of it has ended.
    pub(super) fn session_replaced(&mut self, metered: bool, now: Nanos) {
        for state in self.states.iter_mut().filter(|state| state.session.is_some()) {
            state.met_since.get_or_insert(now);
        }
        self.set_clean(metered, now);
    }

    /// The input failed, or is trusted again without a look: only what the host says of the input as
    /// a whole, or of the session that is `trusted`, and has not taken back, is still true.
    pub(super) fn forget(&mut self, trusted: Option<SessionId>) {
        let stands = |state: &State| {
            (state.session.is_none() || state.session == trusted) && state.met_since.is_none()
        };
        self.states.retain(|state| state.is_told() && stands(state));
        self.clean_since = None;
        self.looks_clean = false;
    }

    /// No setting asks for looks any longer.
    pub(super) fn meter_removed(&mut self, now: Nanos) {
        for state in self.states.iter_mut().filter(|state| !state.is_told()) {
            state.met_since.get_or_insert(now);
        }
        self.states.retain(|state| state.holds());
        self.set_clean(false, now);
    }

    /// When a time without trouble will have been long enough for something.
    pub(super) fn healing_due(&self, stable: Nanos) -> Option<Nanos> {
        let held = || self.states.iter().filter(|state| state.holds());
        held().next()?;
        if let Some(since) = self.clean_since {
            return Some(since + stable);
        }
        if held().all(|state| state.met_since.is_some()) {
            return None;
        }
        held().filter_map(|state| state.met_since).min().map(|since| since + stable)
    }

    /// Rule 16e.
    pub(super) fn heal(&mut self, now: Nanos, stable: Nanos) -> Healing {
        if self.healing_due(stable).is_none_or(|due| due > now) {
            return Healing::Nothing;
        }
        if let Some(since) = self.clean_since {
            self.states.clear();
            return Healing::Healed(since);
        }
        let over = |state: &State| state.met_since.is_some_and(|since| since + stable <= now);
        self.states.retain(|state| !over(state));
        Healing::Partly
    }

    /// Since when everything is known and met.
    pub(super) fn clean_since(&self) -> Option<Nanos> {
        self.clean_since
    }

    /// The last time a condition showed.
    pub(super) fn shown_at(&self) -> Option<Nanos> {
        self.shown_at
    }

    /// Whether any condition holds.
    pub(super) fn impaired(&self) -> bool {
        self.states.iter().any(State::holds)
    }

    /// Whether the host has something against the input as a whole, and has not taken it back.
    pub(super) fn accused(&self) -> bool {
        let stands =
            |state: &State| state.is_told() && state.session.is_none() && state.met_since.is_none();
        self.states.iter().any(stands)
    }

    /// Why the input is impaired: what makes it useless, else what has held for longest.
    pub(super) fn worst(&self) -> Option<(Reason, &Detail)> {
        let rank = |state: &&State| (!is_useless(state.condition), state.holds_since);
        let worst = self.states.iter().filter(|state| state.holds()).min_by_key(rank)?;
        Some((worst.condition, &worst.evidence))
    }

    /// Since when a condition holds.
    pub(super) fn since(&self, condition: Reason) -> Option<Nanos> {
        let holds = self.states.iter().filter(|state| state.condition == condition);
        holds.filter_map(|state| state.holds_since).min()
    }

    /// The worst first.
    pub(super) fn held(&self) -> impl Iterator<Item = HeldCondition> {
        let held = |state: &State| {
            let State { condition, evidence, .. } = state.clone();
            Some(HeldCondition { condition, since: state.holds_since?, evidence })
        };
        let mut all: SmallVec<[_; 1]> = self.states.iter().filter_map(held).collect();
        all.sort_by_key(|one| (!is_useless(one.condition), one.since));
        all.into_iter()
    }

    /// The usual bitrate in kbit/s and frame rate in thousandths, as far as they are known.
    pub(super) fn baseline(&self) -> (Option<u64>, Option<u64>) {
        (self.bitrate.get(), self.fps.get())
    }
}
