//! The last quarter of an hour of a stream, as the page draws it.

use crate::core::Priority;
use crate::engine::SwitchRecord;
use crate::print::json::{optional_text, rfc3339};
use crate::vocabulary::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Each list has what was so at `from`, then each change; everything holds until the next.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    #[serde(serialize_with = "rfc3339")]
    pub(super) from: SystemTime,
    /// Nothing is missing from there on.
    pub(super) complete: bool,
    pub(super) on_air: Vec<OnAir>,
    pub(super) inputs: BTreeMap<Priority, Vec<InputChange>>,
    pub(super) switches: Vec<SwitchRecord>,
}

/// Which input is on air; −1: none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct OnAir {
    #[serde(serialize_with = "rfc3339")]
    pub(super) at: SystemTime,
    pub(super) input: Priority,
}

/// What an input is worth, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct InputChange {
    #[serde(serialize_with = "rfc3339")]
    pub(super) at: SystemTime,
    #[serde(skip)]
    pub(super) priority: Priority,
    pub(super) status: &'static str,
    pub(super) conditions: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Arc<str>>,
    /// For so long there had been no packet when it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) silent_ms: Option<u64>,
}

impl InputChange {
    /// The first of an input's.
    pub(super) fn idle(priority: Priority, at: SystemTime) -> InputChange {
        InputChange::new(priority, at, Status::Idle, None)
    }

    /// The last of an input's.
    pub(super) fn removed(priority: Priority, at: SystemTime) -> InputChange {
        InputChange::new(priority, at, Status::Stopped, Some("removed".into()))
    }

    fn new(
        priority: Priority,
        at: SystemTime,
        status: Status,
        text: Option<Arc<str>>,
    ) -> InputChange {
        let (status, conditions) = (status.name(), Vec::new());
        InputChange { at, priority, status, conditions, reason: None, text, silent_ms: None }
    }

    /// It says the same, whenever.
    pub(super) fn same_as(&self, other: &InputChange) -> bool {
        (self.status, &self.conditions) == (other.status, &other.conditions)
    }
}
