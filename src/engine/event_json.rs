//! An event as JSON: with the names and units that programs read.

use super::event_fields::EventFields;
use crate::core::{Nanos, Priority};
use crate::print::{url_without_secrets, without_secrets};
use crate::vocabulary::{EventTag, Reason, StartReason};
use serde::Serialize;

/// What applies of an event: see [`Tapped::json`](super::Tapped::json).
#[derive(Serialize)]
pub(crate) struct EventJson<'a> {
    #[serde(skip_serializing_if = "is_zero")]
    seq: u64,
    event: &'static str,
    unix_ns: u64,
    engine_ns: Nanos,
    #[serde(skip_serializing_if = "str::is_empty")]
    stream: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    registration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "is_zero")]
    session: u64,
    #[serde(skip_serializing_if = "is_zero")]
    probe: u64,
    #[serde(skip_serializing_if = "is_zero")]
    switch_number: u64,
    #[serde(skip_serializing_if = "is_zero")]
    measured_ns: u64,
    #[serde(skip_serializing_if = "is_zero")]
    limit_ns: u64,
    #[serde(skip_serializing_if = "is_zero")]
    window_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detection_ns: Option<Nanos>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_ns: Option<Nanos>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_ns: Option<Nanos>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    passed_over: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exhausted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
}

impl<'a> EventJson<'a> {
    /// `seq` 0: it has no number.
    pub(crate) fn new(
        seq: u64,
        at: Nanos,
        unix_ns: u64,
        fields: &EventFields<'a>,
    ) -> EventJson<'a> {
        let from_none = (fields.kind == EventTag::Switched).then_some(-1);
        EventJson {
            seq,
            event: fields.kind.name(),
            unix_ns,
            engine_ns: at,
            stream: fields.stream,
            registration: fields.registration,
            priority: fields.priority,
            from: fields.from.or(from_none),
            reason: fields.reason.map(Reason::name),
            detail: without_secrets(&fields.detail),
            session: fields.session,
            probe: fields.probe,
            switch_number: fields.switch_number,
            measured_ns: fields.measured,
            limit_ns: fields.limit,
            window_ns: fields.window,
            detection_ns: fields.times.detection,
            decision_ns: fields.times.decision,
            commit_ns: fields.times.commit,
            dropped: fields.dropped,
            passed_over: without_secrets(&fields.passed_over_text),
            exhausted: fields.exhausted,
            start_reason: fields.start_reason.map(StartReason::name),
            url: url_without_secrets(fields.url),
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
