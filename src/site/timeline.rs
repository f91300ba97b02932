//! The last quarter of an hour of a stream, as the page draws it.

use crate::core::Priority;
use crate::engine::{Event, EventKind, SwitchRecord};
use crate::print::json::{optional_rfc3339, optional_text, rfc3339};
use crate::vocabulary::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

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
    /// In the order in which a shadow told them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shadow: Vec<Differing>,
}

/// Which input is on air; −1: none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct OnAir {
    #[serde(serialize_with = "rfc3339")]
    pub(super) at: SystemTime,
    pub(super) input: Priority,
}

/// What a shadow decided otherwise than the engine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Differing {
    /// When that was told.
    #[serde(skip)]
    pub(super) told: SystemTime,
    /// `switched from 0 to 1 (timeout)`
    pub(super) what: String,
    /// When the engine decided it, if it did.
    #[serde(serialize_with = "optional_rfc3339")]
    pub(super) recorded: Option<SystemTime>,
    /// When the shadow did, if it did.
    #[serde(serialize_with = "optional_rfc3339")]
    pub(super) otherwise: Option<SystemTime>,
    /// It left an input that went on delivering.
    #[serde(rename = "false")]
    pub(super) is_false: bool,
}

impl Differing {
    /// As an event says it, if it is a shadow's.
    pub(super) fn of(event: &Event) -> Option<Differing> {
        let EventKind::ShadowDiffers(found) = &event.kind else { return None };
        let ago = |at| Duration::from_nanos(event.at.saturating_sub(at));
        let wall = |at| event.wall.checked_sub(ago(at)).unwrap_or(event.wall);
        Some(Differing {
            told: event.wall,
            what: found.to_string(),
            recorded: found.recorded.map(wall),
            otherwise: found.otherwise.map(wall),
            is_false: found.is_false,
        })
    }
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
