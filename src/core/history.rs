//! The last switches of a stream, for its operator.

use super::{Nanos, Priority, Reason, Switch};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Switches kept per stream.
const KEPT: usize = 20;

/// The first choice is kept in place, without what is the same for every first choice: most streams
/// never have another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History {
    first: Option<First>,
    /// Those after it, oldest first. Shared by copies of the stream.
    later: Option<Arc<SmallVec<[Arc<Switch>; 1]>>>,
}

/// A switch that needs no explanation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct First {
    at: Nanos,
    number: NonZeroU64,
    to: Priority,
}

impl History {
    pub(super) fn push(&mut self, switch: &Arc<Switch>) {
        let number = NonZeroU64::new(switch.number);
        match number.filter(|_| self.len() == 0 && **switch == First::switch_of(switch)) {
            Some(number) => self.first = Some(First { at: switch.at, number, to: switch.to }),
            None => {
                if self.len() == KEPT && self.first.take().is_none() {
                    self.push_later(switch, 1);
                } else {
                    self.push_later(switch, 0);
                }
            }
        }
    }

    fn push_later(&mut self, switch: &Arc<Switch>, forgotten: usize) {
        let kept = self.later()[forgotten..].iter().chain([switch]).cloned();
        self.later = Some(Arc::new(kept.collect()));
    }

    /// The last one: when it was, why, and which input was chosen.
    pub(super) fn last(&self) -> Option<(Nanos, Reason, Priority)> {
        match self.later() {
            [.., last] => Some((last.at, last.reason, last.to)),
            [] => self.first.map(|first| (first.at, Reason::Initial, first.to)),
        }
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Cow<'_, Switch>> {
        let skipped = usize::from(self.first.is_none());
        (skipped..self.len() + skipped).map(|at| match (at, self.first) {
            (0, Some(first)) => Cow::Owned(first.switch()),
            (at, _) => Cow::Borrowed(&*self.later()[at - 1]),
        })
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.later().len()
    }

    fn later(&self) -> &[Arc<Switch>] {
        self.later.as_deref().map_or(&[], SmallVec::as_slice)
    }
}

impl First {
    fn switch(&self) -> Switch {
        Switch::new(self.at, None, self.to, Reason::Initial, self.number.get())
    }

    /// As it would be if it were a first one.
    fn switch_of(switch: &Switch) -> Switch {
        Switch::new(switch.at, None, switch.to, Reason::Initial, switch.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Detail;

    fn switch(number: u64, reason: Reason) -> Arc<Switch> {
        let from = (number > 1).then_some(1);
        Arc::new(Switch::new(number * 10, from, 0, reason, number))
    }

    #[test]
    fn a_first_choice_is_in_place_and_the_last_twenty_are_kept() {
        let mut history = History::default();
        assert_eq!((history.last(), history.iter().len()), (None, 0));
        let all: Vec<_> = (1..=30)
            .map(|number| switch(number, if number == 1 { Reason::Initial } else { Reason::Error }))
            .collect();
        for (pushed, switch) in all.iter().enumerate() {
            history.push(switch);
            assert_eq!(history.last(), Some((switch.at, switch.reason, 0)));
            let kept: Vec<_> = history.iter().map(Cow::into_owned).collect();
            let expected: Vec<_> = all[..=pushed].iter().map(|one| (**one).clone()).collect();
            assert_eq!(kept, expected[expected.len().saturating_sub(KEPT)..]);
            assert_eq!(history.first.is_some(), pushed < KEPT);
            assert_eq!(history.later.is_none(), pushed == 0);
        }
    }

    #[test]
    fn one_that_says_more_is_kept_as_it_is() {
        let mut history = History::default();
        let detail = Detail::Seen("usable again");
        let told = Arc::new(Switch { detail, ..(*switch(1, Reason::Initial)).clone() });
        history.push(&told);
        assert_eq!(history.iter().last().as_deref(), Some(&*told));
        assert!(history.first.is_none());
    }
}
