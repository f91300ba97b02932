//! What the sources show: how much of it comes, and what the host says that sees the media.

use super::*;
use changeover::core::{InputHealth, Measure};
use changeover::Condition;

pub const CONDITIONS: [Condition; 4] =
    [Condition::Black, Condition::Frozen, Condition::Silent, Condition::Host];

/// What looks show of a source, and the tracks that it sends.
#[derive(Clone, Copy, Debug)]
pub struct Media {
    kbps: u64,
    fps_milli: u64,
    loss_ppm: u64,
    video: Track,
    sound: Track,
}

#[derive(Clone, Copy, Debug)]
enum Track {
    On,
    /// Since then.
    Off(Nanos),
}

impl Media {
    pub const GOOD: Media =
        Media { kbps: 2000, fps_milli: 25_000, loss_ppm: 0, video: Track::On, sound: Track::On };

    /// Thin, slow, with losses or without a track; around the limits of the model, on both sides.
    pub fn random(random: &mut Random, now: Nanos) -> Media {
        if random.percent(40) {
            return Media::GOOD;
        }
        let mut track = |chance| if random.percent(chance) { Track::Off(now) } else { Track::On };
        let (video, sound) = (track(20), track(20));
        Media {
            kbps: random.pick(&[2000, 2000, 1100, 1099, 1000, 999, 330, 300, 299, 0]),
            fps_milli: random.pick(&[25_000, 25_000, 22_000, 21_999, 20_000, 19_999, 0]),
            loss_ppm: random.pick(&[0, 0, 18_000, 18_001, 20_000, 20_001, 100_001, 1_000_000]),
            video,
            sound,
        }
    }

    pub fn has_video(&self) -> bool {
        matches!(self.video, Track::On)
    }

    /// As an engine measures a session, whose first and last packets came then.
    fn measure(&self, first: Nanos, last: Nanos, now: Nanos, window: Nanos) -> Measure {
        let since = |track| match track {
            Track::On => Some(now - last),
            // A session that began later has had none of it.
            Track::Off(at) => (at > first).then(|| now - at.min(last)),
        };
        let silent = now - last >= window;
        let whole_window = |measured| (now - first >= window).then_some(measured);
        let flow = |measured| whole_window(if silent { 0 } else { measured });
        Measure {
            bitrate_kbps: flow(self.kbps),
            fps_milli: flow(self.fps_milli),
            loss_ppm: flow(self.loss_ppm),
            since_packet: Some(now - last),
            since_video: since(self.video),
            since_audio: since(self.sound),
            ..Measure::default()
        }
    }
}

impl World {
    /// A look at a session, ten times in each window.
    pub(super) fn look(&mut self, session: SessionId, priority: Priority) {
        let Some(running) = self.invariants.session(session) else { return };
        let (first, last) = (running.first_packet.unwrap(), running.last_packet.unwrap());
        let input = self.stream.inputs().iter().find(|input| input.priority() == priority);
        let input = input.expect("what runs is registered");
        let baseline = input.baseline();
        let measured = self.model.is_measured(priority);
        let wanted = measured || self.model.is_adaptive(priority);
        assert_eq!(input.meter_window().is_some(), wanted, "measured if a setting asks, only then");
        let window = self.model.measure_window(priority);
        self.plan(window / 10, Step::Look(session, priority));
        if wanted {
            self.judge.looked(session);
            let measure =
                self.sources[priority as usize].media.measure(first, last, self.now, window);
            if measured {
                self.judge.look(priority, first, &measure, baseline, &self.model, self.now);
            }
            self.handle(Stimulus::Measured { session, measure }).unwrap();
        }
    }

    /// A host that sees the media says so; not always is it true, or of a session that runs.
    pub(super) fn say(&mut self) {
        let priority = self.random_priority();
        let running = self.invariants.running.iter().find(|one| one.priority == priority);
        let current = running.map(|running| running.id);
        let session = match self.random.range(0, 3) {
            0 => None,
            1 => Some(self.random.range(0, 200)),
            _ => current,
        };
        let condition = self.pick(&CONDITIONS);
        let holds = self.random.percent(50);
        let known = self.model.inputs.contains_key(&priority);
        let expected = match session {
            _ if !known => Err(Error::UnknownInput),
            Some(_) if session != current => Err(Error::StaleSession),
            _ => Ok(()),
        };
        if expected.is_ok() {
            self.judge.says(priority, condition, session, holds, self.now);
        }
        let text = "seen".to_owned();
        let said = Stimulus::SetCondition { priority, session, condition, holds, text };
        assert_eq!(self.handle(said), expected);
    }

    /// At the end the host takes back what it has against any input and session.
    pub(super) fn all_is_well(&mut self) {
        let of = |input: &InputHealth| (input.priority(), input.session());
        for (priority, session) in self.stream.inputs().iter().map(of).collect::<Vec<_>>() {
            self.say_that_all_is_well(priority, None);
            if session.is_some() {
                self.say_that_all_is_well(priority, session);
            }
        }
    }

    fn session_of(&self, priority: Priority) -> Option<SessionId> {
        self.stream.inputs().iter().find(|input| input.priority() == priority)?.session()
    }

    pub(super) fn say_that_all_is_well(&mut self, priority: Priority, session: Option<SessionId>) {
        for condition in CONDITIONS {
            // What is said may have ended it.
            if session.is_some() && self.session_of(priority) != session {
                return;
            }
            self.judge.says(priority, condition, session, false, self.now);
            let (holds, text) = (false, String::new());
            let said = Stimulus::SetCondition { priority, session, condition, holds, text };
            self.handle(said).unwrap();
        }
    }
}
