//! A number that may be absent, in the space of the number: there are millions of them.

use super::{Nanos, Priority};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An `Option<u64>` in 8 bytes. `u64::MAX` can't be told from none; no time and no id is that
/// large. Packed, so that what consists of these and of small things wastes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C, packed(4))]
pub(crate) struct MaybeNanos(u64);

impl MaybeNanos {
    pub(crate) const NONE: MaybeNanos = MaybeNanos(u64::MAX);

    pub(crate) const fn some(value: Nanos) -> Self {
        MaybeNanos(value)
    }

    #[inline]
    pub(crate) fn get(self) -> Option<u64> {
        (self != MaybeNanos::NONE).then_some(self.0)
    }

    pub(crate) fn is_some(self) -> bool {
        self != MaybeNanos::NONE
    }

    pub(crate) fn is_none(self) -> bool {
        self == MaybeNanos::NONE
    }

    pub(crate) fn set_if_none(&mut self, value: u64) {
        if self.is_none() {
            *self = MaybeNanos(value);
        }
    }
}

impl From<Option<u64>> for MaybeNanos {
    fn from(value: Option<u64>) -> Self {
        value.map_or(MaybeNanos::NONE, MaybeNanos)
    }
}

impl Default for MaybeNanos {
    fn default() -> Self {
        MaybeNanos::NONE
    }
}

impl fmt::Debug for MaybeNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// An `Option<Priority>` in 4 bytes: no input's is negative.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MaybePriority(Priority);

impl MaybePriority {
    pub(super) const NONE: MaybePriority = MaybePriority(-1);

    pub(super) const fn some(priority: Priority) -> Self {
        MaybePriority(priority)
    }

    pub(super) fn get(self) -> Option<Priority> {
        (self != MaybePriority::NONE).then_some(self.0)
    }
}

impl fmt::Debug for MaybePriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_may_be_absent_is_what_an_option_is() {
        for option in [None, Some(0), Some(1), Some(u64::MAX - 1)] {
            let maybe = MaybeNanos::from(option);
            assert_eq!(maybe.get(), option);
            assert_eq!(maybe.is_some(), option.is_some());
            assert_eq!(maybe.is_none(), option.is_none());
            assert_eq!(format!("{maybe:?}"), format!("{option:?}"));
        }
        assert_eq!(MaybeNanos::some(3).get(), Some(3));
        assert_eq!(MaybeNanos::default().get(), None);
    }

    #[test]
    fn what_is_set_stays() {
        let mut maybe = MaybeNanos::NONE;
        maybe.set_if_none(3);
        maybe.set_if_none(4);
        assert_eq!(maybe.get(), Some(3));
    }

    #[test]
    fn a_priority_may_be_absent() {
        for priority in [0, 1, Priority::MAX] {
            let maybe = MaybePriority::some(priority);
            assert_eq!(maybe.get(), Some(priority));
            assert_eq!(format!("{maybe:?}"), format!("{:?}", Some(priority)));
        }
        assert_eq!(MaybePriority::NONE.get(), None);
    }
}
