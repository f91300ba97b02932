//! Switches: what the operator reads after an outage.

use super::{Detail, Nanos, Priority, Reason};

/// One change of the input on air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Engine clock, nanoseconds.
    pub at: Nanos,
    /// The input left; `None` (−1 in JSON and C) when there was none.
    pub from: Option<Priority>,
    /// The input chosen.
    pub to: Priority,
    /// Why.
    pub reason: Reason,
    /// The evidence: what was measured, against which limit.
    pub detail: Detail,
    /// The stream's switch number from here on: what `record` answers for the new session.
    pub number: u64,
}
