//! Which decisions differ: what was decided, and what would have been.

use crate::core::{Nanos, Notice, Priority};
use crate::vocabulary::{EventTag, Reason};
use std::collections::BTreeSet;
use std::fmt;

/// What is decided within so long of the same decision is no other one: as late as that, the engine's own
/// may be.
const SAME: Nanos = 20_000_000;

/// What is decided within so long of the same decision is the same, at another time.
const MOVED: Nanos = 60_000_000_000;

/// A decision that is another one, or at another time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// When it was decided, by the record; engine time.
    pub recorded: Option<Nanos>,
    /// When it would have been.
    pub otherwise: Option<Nanos>,
    /// Which decision it is; [`fmt::Display`] says it.
    pub kind: EventTag,
    /// The input that it is of: of a switch, the one chosen.
    pub priority: Option<Priority>,
    /// The input that is left by it.
    pub left: Option<Priority>,
    /// Why it was decided.
    pub reason: Option<Reason>,
    /// It would have left an input that went on delivering.
    pub is_false: bool,
}

impl Difference {
    /// For an event that says all else.
    pub(crate) fn in_words(&self) -> String {
        let what = self.kind.name();
        let seconds = |nanos: Nanos| nanos as f64 / 1e9;
        match (self.recorded, self.otherwise) {
            (Some(was), Some(is)) if is < was => {
                format!("{what} {:.3} s earlier", seconds(was - is))
            }
            (Some(was), Some(is)) => format!("{what} {:.3} s later", seconds(is - was)),
            (_, None) => format!("not {what} by the shadow"),
            (None, Some(_)) if self.is_false => {
                format!("{what} by the shadow alone, away from an input that went on delivering")
            }
            (None, Some(_)) => format!("{what} by the shadow alone"),
        }
    }

    /// A switch that came too late.
    #[cfg(test)]
    pub(crate) fn example() -> Difference {
        Difference {
            recorded: Some(3_000_000_000),
            otherwise: Some(1_300_000_000),
            kind: EventTag::Switched,
            priority: Some(1),
            left: Some(0),
            reason: Some(Reason::Timeout),
            is_false: false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { kind, priority, left, reason, .. } = *self;
        Said { at: 0, kind, priority, left, reason }.fmt(f)
    }
}

/// What was decided, and what would have been, of one stream: in their order, as far as it is not settled.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    recorded: Vec<Said>,
    otherwise: Vec<Said>,
}

impl Verdicts {
    pub(super) fn note_recorded(&mut self, at: Nanos, notice: &Notice) {
        self.recorded.extend(said(at, notice));
    }

    pub(super) fn note_otherwise(&mut self, at: Nanos, notice: &Notice) {
        self.otherwise.extend(said(at, notice));
    }

    /// The differences that are certain when everything is known of what comes before `known`.
    pub(super) fn settle(&mut self, known: Nanos) -> Vec<Difference> {
        let mut differences = Vec::new();
        loop {
            let of = |all: &[Said]| all.iter().map(|said| said.at).min();
            let (was, is) = (of(&self.recorded), of(&self.otherwise));
            let Some(oldest) = was.into_iter().chain(is).min() else { break };
            if oldest.saturating_add(MOVED) >= known {
                break;
            }
            differences.extend(self.settle_one(oldest));
        }
        differences
    }

    /// The oldest one: recorded, or what would have been decided.
    fn settle_one(&mut self, oldest: Nanos) -> Option<Difference> {
        let of = |all: &[Said]| all.iter().position(|said| said.at == oldest);
        let (was, is) = match of(&self.recorded) {
            None => (None, of(&self.otherwise)),
            was => (was, None),
        };
        let said = was.map(|was| &self.recorded[was]).or(is.map(|is| &self.otherwise[is]))?;
        let mut pairs = self.pairs(said).into_iter().map(|(was, is)| (Some(was), Some(is)));
        let (was, is) = pairs
            .find(|pair| was.is_some() && pair.0 == was || is.is_some() && pair.1 == is)
            .unwrap_or((was, is));
        let was = was.map(|place| self.recorded.remove(place));
        let is = is.map(|place| self.otherwise.remove(place));
        difference(was, is)
    }

    /// What is the same as the oldest one, each with the nearest, the nearest first: places in both lists.
    fn pairs(&self, oldest: &Said) -> Vec<(usize, usize)> {
        let last = oldest.at.saturating_add(MOVED);
        let alike = |said: &Said| said.is_like(oldest) && said.at <= last;
        let places = |all: &[Said]| {
            let alike = all.iter().enumerate().filter(|(_, said)| alike(said));
            alike.map(|(place, said)| (place, said.at)).collect::<Vec<_>>()
        };
        let (recorded, otherwise) = (places(&self.recorded), places(&self.otherwise));
        let mut near = Vec::new();
        for (was, at) in recorded {
            let apart = otherwise.iter().map(|(is, other)| (other.abs_diff(at), was, *is));
            near.extend(apart.filter(|(apart, ..)| *apart <= MOVED));
        }
        near.sort_unstable();
        let (mut of, mut with) = (BTreeSet::new(), BTreeSet::new());
        near.retain(|(_, was, is)| {
            let free = !of.contains(was) && !with.contains(is);
            if free {
                of.insert(*was);
                with.insert(*is);
            }
            free
        });
        near.into_iter().map(|(_, was, is)| (was, is)).collect()
    }
}

/// A decision, without what was measured.
#[derive(Clone, Debug)]
struct Said {
    at: Nanos,
    kind: EventTag,
    priority: Option<Priority>,
    left: Option<Priority>,
    reason: Option<Reason>,
}

impl Said {
    /// Whether it is the same, at whatever time.
    fn is_like(&self, other: &Said) -> bool {
        let what = |said: &Said| (said.kind, said.priority, said.left, said.reason);
        what(self) == what(other)
    }
}

/// What was decided, and what would have been instead; nothing, if that is the same.
fn difference(was: Option<Said>, is: Option<Said>) -> Option<Difference> {
    let [recorded, otherwise] = [&was, &is].map(|said| said.as_ref().map(|said| said.at));
    let is_same = recorded.zip(otherwise).is_some_and(|(was, is)| was.abs_diff(is) <= SAME);
    let Said { kind, priority, left, reason, .. } = is.or(was).filter(|_| !is_same)?;
    Some(Difference { recorded, otherwise, kind, priority, left, reason, is_false: false })
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = self.priority.unwrap_or(-1);
        let why = self.reason.map_or("", Reason::name);
        match self.kind {
            EventTag::Switched => {
                let from = self.left.map_or("none".to_owned(), |from| from.to_string());
                write!(f, "switched from {from} to {input} ({why})")
            }
            EventTag::Degraded if self.reason.is_some_and(gives_up) => {
                write!(f, "input {input} given up ({why})")
            }
            EventTag::Degraded => write!(f, "input {input} impaired ({why})"),
            EventTag::Recovered => write!(f, "input {input} recovered"),
            EventTag::Active => write!(f, "input {input} on air"),
            EventTag::Restored => write!(f, "restored by input {input}"),
            _ => f.write_str("no usable input is left"),
        }
    }
}

fn gives_up(reason: Reason) -> bool {
    matches!(reason, Reason::Timeout | Reason::Error | Reason::StartFailed)
}

fn said(at: Nanos, notice: &Notice) -> Option<Said> {
    let (priority, left, reason) = match notice {
        Notice::Switched(switch) => (Some(switch.to), switch.from, Some(switch.reason)),
        Notice::Degraded { priority, error } => (Some(*priority), None, Some(error.reason)),
        Notice::Recovered { priority, .. }
        | Notice::Active { priority, .. }
        | Notice::Restored { priority } => (Some(*priority), None, None),
        Notice::Exhausted { .. } => (None, None, None),
        _ => return None,
    };
    Some(Said { at, kind: notice.tag(), priority, left, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn recovered(at: Nanos, priority: Priority) -> (Nanos, Notice) {
        (at, Notice::Recovered { priority, exhausted: false })
    }

    /// All differences, when each is settled as soon as it can be.
    fn compare(
        recorded: &[(Nanos, Notice)],
        otherwise: &[(Nanos, Notice)],
    ) -> Vec<(Option<Nanos>, Option<Nanos>, String)> {
        let (mut verdicts, mut found) = (Verdicts::default(), Vec::new());
        let mut times: Vec<_> = recorded.iter().chain(otherwise).map(|(at, _)| *at).collect();
        times.sort_unstable();
        times.dedup();
        for now in times {
            found.extend(verdicts.settle(now));
            let at = |one: &&(Nanos, Notice)| one.0 == now;
            recorded.iter().filter(at).for_each(|(at, what)| verdicts.note_recorded(*at, what));
            otherwise.iter().filter(at).for_each(|(at, what)| verdicts.note_otherwise(*at, what));
        }
        found.extend(verdicts.settle(Nanos::MAX));
        found.into_iter().map(|one| (one.recorded, one.otherwise, one.to_string())).collect()
    }

    #[test]
    fn a_decision_is_the_same_moved_gone_or_added() {
        let recorded = [recovered(SECOND, 0), recovered(5 * SECOND, 1), recovered(200 * SECOND, 0)];
        assert_eq!(compare(&recorded, &recorded), []);
        let otherwise =
            [recovered(SECOND + SAME, 0), recovered(3 * SECOND, 1), recovered(4 * SECOND, 2)];
        let difference = |recorded, otherwise, priority| {
            (recorded, otherwise, format!("input {priority} recovered"))
        };
        assert_eq!(
            compare(&recorded, &otherwise),
            [
                difference(Some(5 * SECOND), Some(3 * SECOND), 1),
                difference(None, Some(4 * SECOND), 2),
                difference(Some(200 * SECOND), None, 0),
            ]
        );
    }

    #[test]
    fn a_decision_is_compared_with_the_nearest_that_is_the_same() {
        let recorded = [recovered(32 * SECOND, 0)];
        let otherwise = [recovered(10 * SECOND, 0), recovered(30 * SECOND, 0)];
        let what = || "input 0 recovered".to_owned();
        assert_eq!(
            compare(&recorded, &otherwise),
            [(None, Some(10 * SECOND), what()), (Some(32 * SECOND), Some(30 * SECOND), what()),]
        );
        // Later than a minute after it, it is another one.
        let otherwise = [recovered(93 * SECOND, 0)];
        assert_eq!(compare(&recorded, &otherwise).len(), 2);
    }
}
