//! Switches: what the operator reads after an outage.

use super::{Detail, Nanos, PassedOver, Priority, Reason};
use serde::{Deserialize, Serialize};

/// One change of the input on air, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How long it took.
    pub times: Times,
    /// The inputs that would have gone before the one chosen, and what stands against each.
    pub passed_over: PassedOver,
}

/// How long each step to a switch took, as far as that is known; in nanoseconds, to a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// From the fault to its detection: from the last packet, or the last of the track that is missing;
    /// of a rate or a loss, from the first look that showed it.
    pub detection: Option<Nanos>,
    /// From the detection to the decision to switch.
    pub decision: Option<Nanos>,
    /// From the decision to the commit, when the gate moved.
    pub commit: Option<Nanos>,
}

impl Switch {
    /// One that needs no evidence.
    pub(super) fn new(
        at: Nanos,
        from: Option<Priority>,
        to: Priority,
        reason: Reason,
        number: u64,
    ) -> Switch {
        let (detail, times, passed_over) = (Detail::None, Times::default(), PassedOver::default());
        Switch { at, from, to, reason, detail, number, times, passed_over }
    }
}
