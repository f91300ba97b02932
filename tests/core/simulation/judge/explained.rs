//! Rules 22 and 24: silence as a session knows it, and what is said of a switch.

use super::*;
use changeover::core::{Detail, Switch};
use changeover::Obstacle;

/// The gaps of one session.
#[derive(Debug, Default)]
pub struct Gaps {
    last: Option<Nanos>,
    longest: Nanos,
    /// As the last look saw it.
    seen: Nanos,
}

impl Judge {
    /// A packet of this session came.
    pub fn came(&mut self, session: SessionId, now: Nanos) {
        let gaps = self.gaps.entry(session).or_default();
        gaps.longest = gaps.longest.max(gaps.last.map_or(0, |last| now - last));
        gaps.last = Some(now);
    }

    /// A look at it.
    pub fn looked(&mut self, session: SessionId) {
        let gaps = self.gaps.entry(session).or_default();
        gaps.seen = gaps.longest;
    }

    /// Rule 22: no shorter than its own gaps, within its bounds.
    pub(super) fn was_silent(&self, priority: Priority, detail: &Detail, scene: &Scene<'_>) {
        let Detail::Silent { measured, limit, .. } = detail else { return };
        let (least, most) = scene.model.silence_bounds(priority);
        assert!((least..=most).contains(limit), "{limit} is not within {least} and {most}");
        assert!(measured >= limit, "not silent for long enough");
        let session = scene.running(priority).map(|running| running.id);
        let seen = session.and_then(|session| self.gaps.get(&session)).map_or(0, |gaps| gaps.seen);
        if scene.settings_changed {
            return;
        }
        // It is remembered for minutes.
        assert!(*limit >= seen.min(most), "{priority} pauses for {seen}, and its limit is {limit}");
    }

    /// Rule 24: who is passed over, and what stands against each.
    pub(super) fn explained(&self, switch: &Switch, scene: &Scene<'_>) {
        // The others are taken as if nothing was wrong with them; the one chosen as it is, or was.
        let hoped = |priority: Priority| match scene.model.is_fill(priority) {
            true => Worth::Fill,
            false => Worth::Healthy,
        };
        let before = |chosen: Worth| {
            let all = scene.inputs().map(|input| input.priority());
            let goes_before = |priority: &Priority| {
                let others = Some(*priority) != switch.from && *priority != switch.to;
                others && (hoped(*priority), *priority) < (chosen, switch.to)
            };
            let mut before: Vec<_> = all.filter(goes_before).collect();
            before.sort_unstable_by_key(|priority| (hoped(*priority), *priority));
            let more = before.len().saturating_sub(3) as u32;
            before.truncate(3);
            (before, more)
        };
        let told: Vec<_> = switch.passed_over.best.iter().map(|one| one.priority).collect();
        let told = (told, switch.passed_over.more);
        let worth = [scene.worth(switch.to), self.worth.get(&switch.to).copied().flatten()];
        let expected = worth.into_iter().flatten().any(|worth| before(worth) == told);
        assert!(expected, "{switch:?}, which is {worth:?}");
        for one in &switch.passed_over.best {
            let waits = matches!(one.obstacle, Obstacle::Held | Obstacle::Unproven);
            assert_eq!(one.wait > 0, waits, "{one:?}");
            let why = matches!(one.obstacle, Obstacle::Failed | Obstacle::Impaired);
            assert_eq!(one.reason.is_some(), why, "{one:?}");
        }
        if switch.reason == Reason::Timeout {
            let detection = switch.times.detection.expect("silence has begun some time");
            assert!(detection >= switch.detail.limit(), "{switch:?}");
        }
    }
}
