//! A number that may be absent, in the space of the number: there are millions of them.

use super::{Nanos, Priority};
use std::fmt;

/// An `Option<u64>` in 8 bytes. `u64::MAX` can't be told from none; no time and no id is that
/// large. Packed, so that what consists of these and of small things wastes nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(4))]
pub(crate) struct Optional(u64);

impl Optional {
    pub(crate) const NONE: Optional = Optional(u64::MAX);

    pub(crate) const fn some(value: Nanos) -> Self {
        Optional(value)
    }

    #[inline]
    pub(crate) fn get(self) -> Option<u64> {
        (self != Optional::NONE).then_some(self.0)
    }

    pub(crate) fn is_some(self) -> bool {
        self != Optional::NONE
    }

    pub(crate) fn is_none(self) -> bool {
        self == Optional::NONE
    }

    pub(crate) fn set_if_none(&mut self, value: u64) {
        if self.is_none() {
            *self = Optional(value);
        }
    }

    pub(crate) fn or(self, other: Optional) -> Optional {
        self.get().map_or(other, Optional)
    }
}

impl From<Option<u64>> for Optional {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Optional::NONE, Optional)
    }
}

impl Default for Optional {
    fn default() -> Self {
        Optional::NONE
    }
}

impl fmt::Debug for Optional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// An `Option<Priority>` in 4 bytes: no input's is negative.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice(Priority);

impl Choice {
    pub(super) const NONE: Choice = Choice(-1);

    pub(super) const fn some(priority: Priority) -> Self {
        Choice(priority)
    }

    pub(super) fn get(self) -> Option<Priority> {
        (self != Choice::NONE).then_some(self.0)
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
