//! Which decisions differ: what was decided, and what would have been.

use changeover::{Nanos, Notice, Priority, Reason};
use std::collections::BTreeSet;

/// What is decided within so long of the same decision is no other one: as late as that, the engine's own
/// may be.
const SAME: Nanos = 20_000_000;

/// What is decided within so long of the same decision is the same, at another time.
const MOVED: Nanos = 60_000_000_000;

/// A decision that is another one, or at another time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// When it was decided, by the record.
    pub(crate) recorded: Option<Nanos>,
    /// When it would have been.
    pub(crate) otherwise: Option<Nanos>,
    pub(crate) what: String,
    /// The input that is left by it.
    pub(crate) left: Option<Priority>,
}

/// The differences, in the order of their times.
pub(crate) fn compare(
    recorded: &[(Nanos, Notice)],
    otherwise: &[(Nanos, Notice)],
) -> Vec<Difference> {
    let mut recorded: Vec<_> = said(recorded).collect();
    let mut otherwise: Vec<_> = said(otherwise).collect();
    pairs(&mut recorded, &mut otherwise, SAME);
    let moved = pairs(&mut recorded, &mut otherwise, MOVED);
    let both = moved.into_iter().map(|(was, is)| is.difference(Some(was.at), true));
    let gone = recorded.into_iter().map(|was| was.difference(Some(was.at), false));
    let added = otherwise.into_iter().map(|is| is.difference(None, true));
    let mut all: Vec<_> = both.chain(gone).chain(added).collect();
    all.sort_by_key(|one| one.otherwise.or(one.recorded));
    all
}

/// Takes out what is in both lists, no further apart than this: each with the nearest, the nearest first.
fn pairs(recorded: &mut Vec<Said>, otherwise: &mut Vec<Said>, apart: Nanos) -> Vec<(Said, Said)> {
    let mut near = Vec::new();
    for (at, was) in recorded.iter().enumerate() {
        let same = |is: &Said| is.what == was.what && is.at.abs_diff(was.at) <= apart;
        let same = otherwise.iter().enumerate().filter(|(_, is)| same(is));
        near.extend(same.map(|(place, is)| (is.at.abs_diff(was.at), at, place)));
    }
    near.sort_unstable();
    let (mut of, mut with) = (BTreeSet::new(), BTreeSet::new());
    near.retain(|(_, at, place)| {
        let free = !of.contains(at) && !with.contains(place);
        if free {
            of.insert(*at);
            with.insert(*place);
        }
        free
    });
    let pair =
        |(_, at, place): &(Nanos, usize, usize)| (recorded[*at].clone(), otherwise[*place].clone());
    let pairs = near.iter().map(pair).collect();
    let rest = |all: &mut Vec<Said>, taken: BTreeSet<usize>| {
        let mut at = 0..;
        all.retain(|_| !taken.contains(&at.next().unwrap_or_default()));
    };
    rest(recorded, of);
    rest(otherwise, with);
    pairs
}

/// A decision in words that leave out what was measured.
#[derive(Clone, Debug)]
struct Said {
    at: Nanos,
    what: String,
    left: Option<Priority>,
}

impl Said {
    fn difference(&self, recorded: Option<Nanos>, decided: bool) -> Difference {
        let (what, left) = (self.what.clone(), self.left);
        Difference { recorded, otherwise: decided.then_some(self.at), what, left }
    }
}

fn said(decided: &[(Nanos, Notice)]) -> impl Iterator<Item = Said> + '_ {
    decided.iter().filter_map(|(at, notice)| {
        let mut left = None;
        let what = match notice {
            Notice::Switched(switch) => {
                left = switch.from;
                let from = switch.from.map_or("none".to_owned(), |from| from.to_string());
                format!("switched from {from} to {} ({})", switch.to, switch.reason.name())
            }
            Notice::Degraded { priority, error } => match error.reason {
                Reason::Timeout | Reason::Error | Reason::StartFailed => {
                    format!("input {priority} given up ({})", error.reason.name())
                }
                reason => format!("input {priority} impaired ({})", reason.name()),
            },
            Notice::Recovered { priority, .. } => format!("input {priority} recovered"),
            Notice::Active { priority, .. } => format!("input {priority} on air"),
            Notice::Exhausted { .. } => "no usable input is left".to_owned(),
            Notice::Restored { priority } => format!("restored by input {priority}"),
            _ => return None,
        };
        Some(Said { at: *at, what, left })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn recovered(at: Nanos, priority: Priority) -> (Nanos, Notice) {
        (at, Notice::Recovered { priority, exhausted: false })
    }

    #[test]
    fn a_decision_is_the_same_moved_gone_or_added() {
        let recorded = [recovered(SECOND, 0), recovered(5 * SECOND, 1), recovered(200 * SECOND, 0)];
        assert_eq!(compare(&recorded, &recorded), []);
        let otherwise =
            [recovered(SECOND + SAME, 0), recovered(3 * SECOND, 1), recovered(4 * SECOND, 2)];
        let difference = |recorded, otherwise, priority| Difference {
            recorded,
            otherwise,
            what: format!("input {priority} recovered"),
            left: None,
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
}
