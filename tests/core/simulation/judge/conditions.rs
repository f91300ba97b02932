//! Rules 16 and 20: when a condition holds, and when it is over.

use super::*;
use crate::simulation::model::{Level, MS};
use changeover::core::{InputError, Measure, SessionId};
use changeover::Condition;

/// What was seen of an input, and what the host said of it.
#[derive(Debug, Default)]
pub struct Words {
    /// Of this session, the first look since when a measure is out of its limit.
    /// (No earlier than the first of two instants, and no later than the second.)
    out: BTreeMap<&'static str, [Nanos; 2]>,
    evidence: BTreeMap<&'static str, (u64, u64)>,
    /// Of this session, the first look since when everything that is set is known and met.
    clean_since: Option<Nanos>,
    /// What the host has against the input, or against a session of it; and when it was last told.
    told: BTreeSet<(&'static str, Option<SessionId>)>,
    told_until: Nanos,
    /// The tracks that were sent since the last update.
    video: bool,
    sound: bool,
}

impl Words {
    /// A new session has shown nothing.
    pub fn session_begins(&mut self) {
        self.out.clear();
        self.clean_since = None;
    }

    pub fn is_not_measured(&mut self) {
        self.session_begins();
    }

    pub fn session_ends(&mut self, session: SessionId, now: Nanos) {
        self.out.clear();
        self.clean_since = None;
        let ended = |word: &(&str, Option<SessionId>)| word.1 == Some(session);
        if self.told.iter().any(ended) {
            self.told_until = now;
        }
        self.told.retain(|word| !ended(word));
    }

    /// After a failure, what was seen before is not held against it.
    pub fn recovers(&mut self) {
        self.out.clear();
    }

    /// The input failed: what is said of it as a whole stands, and nothing else.
    pub fn forget(&mut self, now: Nanos) {
        self.out.clear();
        self.clean_since = None;
        if self.told.iter().any(|(_, session)| session.is_some()) {
            self.told_until = now;
        }
        self.told.retain(|(_, session)| session.is_none());
    }
}

/// How a measure stands: out of its limit, which is so much; or met by the margin, or not.
enum Stands {
    Out(u64, u64),
    Near,
    Met,
}

/// At least so much, or so much of what is usual.
fn least(measured: u64, fixed: u64, percent: u64, usual: Option<u64>) -> Stands {
    let of_usual = usual.map_or(0, |usual| usual * percent / 100);
    let limit = fixed.max(of_usual);
    let with_margin = limit + limit / 10;
    let enough = if of_usual >= fixed { with_margin.min(usual.unwrap_or(0)) } else { with_margin };
    match measured {
        measured if measured < limit => Stands::Out(measured, limit),
        measured if measured < enough => Stands::Near,
        _ => Stands::Met,
    }
}

impl Judge {
    /// Rules 16a, 16c, 16f, 16g: what a look shows, against the limits as they are set. `baseline`: as
    /// the status said before.
    pub fn look(
        &mut self,
        priority: Priority,
        first_packet: Nanos,
        measure: &Measure,
        baseline: (Option<u64>, Option<u64>),
        model: &Model,
        now: Nanos,
    ) {
        self.cause = Cause::Look(priority);
        let record = self.record(priority);
        let words = &mut record.words;
        words.video |= measure.since_video.is_some();
        words.sound |= measure.since_audio.is_some();
        let mut stands: Vec<(&'static str, Option<Stands>)> = Vec::new();
        let set = |get: fn(&Level) -> Option<u64>| model.limit(priority, get);
        let (fixed, percent) = (set(|l| l.min_bitrate), set(|l| l.min_bitrate_of_baseline));
        let usual = percent.and(baseline.0);
        if fixed.is_some() || usual.is_some() {
            let (fixed, percent) = (fixed.unwrap_or(0), percent.unwrap_or(0));
            let of = |measured| least(measured, fixed, percent, usual);
            stands.push(("low_bitrate", measure.bitrate_kbps.map(of)));
        }
        if let Some(limit) = set(|l| l.min_fps).filter(|_| words.video) {
            let of = |measured| least(measured, limit * 1000, 0, None);
            stands.push(("low_fps", measure.fps_milli.map(of)));
        }
        if let Some(percent) = set(|l| l.max_loss) {
            let limit = percent * 10_000;
            let of = |lost| match lost {
                lost if lost > limit => Stands::Out(lost, limit),
                lost if lost > limit - limit / 10 => Stands::Near,
                _ => Stands::Met,
            };
            stands.push(("packet_loss", measure.loss_ppm.map(of)));
        }
        let tracks = [
            ("video_lost", set(|l| l.video_timeout).filter(|_| words.video), measure.since_video),
            ("audio_lost", set(|l| l.audio_timeout).filter(|_| words.sound), measure.since_audio),
        ];
        for (condition, limit, since) in tracks {
            let Some(limit) = limit.map(|limit| limit * MS) else { continue };
            let since = since.unwrap_or(now - first_packet);
            let missing = since - measure.since_packet.unwrap_or(0);
            let out = if missing >= limit { Stands::Out(missing, limit) } else { Stands::Met };
            stands.push((condition, Some(out)));
        }
        self.note(priority, &stands, now);
    }

    fn note(&mut self, priority: Priority, stands: &[(&'static str, Option<Stands>)], now: Nanos) {
        // Rule 20e: what shows beside another's trial counts for nothing. Not of each session it is known
        // whether it still is one.
        let others = self.trials.iter().filter(|(_, trial)| **trial != priority);
        let others: Vec<_> = others.map(|(session, _)| *session).collect();
        let certain = others.iter().any(|session| !self.doubtful_trials.contains(session));
        let begins = [certain, !others.is_empty()];
        let record = self.record(priority);
        let words = &mut record.words;
        words.out.retain(|out, _| stands.iter().any(|(condition, _)| condition == out));
        let mut clean = true;
        for (condition, stands) in stands {
            clean &= matches!(stands, Some(Stands::Met));
            if let Some(Stands::Out(measured, limit)) = stands {
                let since = words.out.entry(condition).or_insert([now; 2]);
                for (since, begins) in since.iter_mut().zip(begins) {
                    *since = if begins { now } else { *since };
                }
                words.evidence.insert(condition, (*measured, *limit));
                record.shown_at = Some(now);
            } else {
                words.out.remove(condition);
            }
        }
        if clean {
            words.clean_since.get_or_insert(now);
        } else {
            words.clean_since = None;
        }
    }

    /// Rule 16d: the host's word, which is accepted.
    pub fn says(
        &mut self,
        priority: Priority,
        condition: Condition,
        session: Option<SessionId>,
        holds: bool,
        now: Nanos,
    ) {
        let record = self.record(priority);
        let word = (condition.name(), session);
        if holds {
            record.words.told.insert(word);
            record.words.told_until = now;
            record.shown_at = Some(now);
        } else if record.words.told.remove(&word) {
            record.words.told_until = now;
        }
    }

    /// Rule 16b: it showed for long enough, without a break. Rule 20e: not beside another's trial.
    pub(super) fn condition_begins(
        &mut self,
        priority: Priority,
        error: &InputError,
        scene: &Scene<'_>,
    ) {
        let condition = error.reason.name();
        let words = &self.records[&priority].words;
        if matches!(error.reason, Reason::Black | Reason::Frozen | Reason::Silent | Reason::Host) {
            assert!(
                words.told.iter().any(|(told, _)| *told == condition),
                "{condition}: who says so?"
            );
            return;
        }
        assert_eq!(self.cause, Cause::Look(priority), "{condition} without a look");
        let [since, _] = words.out.get(condition).expect("a measure that is out of its limit");
        let track = condition.ends_with("_lost");
        let asked = if track { 0 } else { scene.model.impair_after(priority) };
        assert!(scene.now - since >= asked, "{condition} too early");
        let (measured, limit) = words.evidence[condition];
        assert_eq!((error.detail.measured(), error.detail.limit()), (measured, limit));
        assert!(self.other_trials(priority, scene).next().is_none(), "{condition} beside a trial");
    }

    fn other_trials<'a>(
        &'a self,
        priority: Priority,
        scene: &'a Scene<'_>,
    ) -> impl Iterator<Item = &'a Running> {
        scene.invariants.running.iter().filter(move |running| {
            let trial = self.trials.contains_key(&running.id);
            running.priority != priority && trial && !self.doubtful_trials.contains(&running.id)
        })
    }

    /// Rules 16b and 16d, the other way round: what has shown for long enough holds.
    pub(super) fn conditions_hold(&self, scene: &Scene<'_>) {
        for input in scene.inputs() {
            let failed = input.severity() == Some(Severity::Failed);
            let Some(record) = self.records.get(&input.priority()).filter(|_| !failed) else {
                continue;
            };
            let holds =
                |condition: &str| input.conditions().any(|h| h.condition.name() == condition);
            for (condition, session) in &record.words.told {
                let of_current = session.is_none() || *session == input.session();
                assert!(holds(condition) || !of_current, "{condition} of {session:?} is told");
            }
            if self.cause != Cause::Look(input.priority()) {
                continue;
            }
            let trial = |running: &Running| self.trials.contains_key(&running.id);
            if scene.invariants.running.iter().any(trial) {
                continue;
            }
            for (condition, [_, since]) in &record.words.out {
                let asked = match condition.ends_with("_lost") {
                    true => 0,
                    false => scene.model.impair_after(input.priority()),
                };
                let shows = scene.now - since >= asked;
                assert!(
                    !shows || holds(condition),
                    "{condition} shows since {since} and does not hold"
                );
            }
        }
    }

    /// Rules 16e, 20b: healed only after `failback_stable` without a break, and without the host's word.
    pub(super) fn healed(&mut self, priority: Priority, scene: &Scene<'_>) {
        let record = &self.records[&priority];
        // What fails, recovers by other rules.
        if record.severity != Some(Severity::Impaired) {
            return;
        }
        let words = &record.words;
        let current = scene.running(priority).map(|running| running.id);
        let told = |word: &&(&str, Option<SessionId>)| word.1.is_none() || word.1 == current;
        assert!(words.told.iter().find(told).is_none(), "healed against the host's word");
        // With overlap off a probe or a wait is enough for the rest (20d).
        if scene.model.overlap_off() || scene.settings_changed {
            return;
        }
        let stable = scene.model.failback_stable();
        assert!(scene.now - words.told_until >= stable, "healed too early");
        // Without a session, what the host took back was all.
        if scene.model.is_measured(priority) && current.is_some() {
            let since = words.clean_since.expect("healed, and a measure is not known or not met");
            assert!(scene.now - since >= stable, "healed too early");
        }
    }

    /// Rule 20a: what is wrong with an impaired input, no probe finds. Rule 27a: a source that connects
    /// by itself can't be asked.
    pub(super) fn probed(&self, priority: Priority, scene: &Scene<'_>) {
        assert!(!scene.model.is_pushed(priority), "{priority} is pushed, and probed");
        let impaired = self.records[&priority].severity == Some(Severity::Impaired);
        assert!(!impaired || scene.model.overlap_off(), "{priority} is impaired, and probed");
    }

    pub(super) fn trial_starts(&mut self, priority: Priority, session: u64, scene: &Scene<'_>) {
        self.trials.insert(session, priority);
        let record = &self.records[&priority];
        assert!(record.severity.is_some(), "a trial of {priority}, which is healthy");
        if scene.model.overlap_off() {
            assert!(!scene.stream.on_air(), "overlap off: a trial beside what is on air");
        }
    }
}
