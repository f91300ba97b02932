//! An event as readers of a tap have it.

use super::event::{Event, EventKind};
use crate::core::{Input, Nanos, Priority};
use crate::print::json::to_json;
use crate::print::{url_without_secrets, without_secrets};
use crate::units::nanos;
use crate::vocabulary::{EventTag, Reason, StartReason};
use serde::{Serialize, Serializer};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

/// An event that a [`Tap`](crate::Tap) saw. All readers share it.
///
/// Serializes to the JSON object of [`Tapped::json`].
#[derive(Clone, Debug)]
pub struct Tapped {
    pub(super) missed: u64,
    pub(super) event: Arc<Numbered>,
}

impl Tapped {
    /// How many events this reader missed before this one since the last it took, because it was slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The event's number: the engine's events are numbered from 1 on, whether anybody follows them or
    /// not.
    pub fn seq(&self) -> u64 {
        self.event.number
    }

    /// The event, without the host's values that inputs carry
    /// ([`Input::user_data`](crate::Input::user_data)).
    pub fn event(&self) -> &Event {
        &self.event.event
    }

    /// The event as one line of JSON, without a line break at its end: `seq`, `event` (the kind),
    /// `unix_ns`, `engine_ns`, and of `stream`, `registration`, `priority`, `from`, `reason`, `detail`,
    /// `session`, `probe`, `switch_number`, `measured_ns` and `limit_ns` (in the unit of the reason),
    /// `window_ns`, `detection_ns`, `decision_ns`, `commit_ns`, `passed_over`, `exhausted`,
    /// `start_reason`, `url` what applies. URLs, and those in texts, are as in
    /// [`printable_url`](crate::printable_url). Made once for all readers.
    pub fn json(&self) -> &str {
        self.event.json.get_or_init(|| to_json(&Line::of(&self.event)))
    }
}

impl Serialize for Tapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Line::of(&self.event).serialize(serializer)
    }
}

/// An event and its number.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) number: u64,
    event: Event,
    json: OnceLock<String>,
}

impl Numbered {
    pub(super) fn new(number: u64, event: &Event) -> Numbered {
        Numbered { number, event: without_user_data(event.clone()), json: OnceLock::new() }
    }
}

/// The host's values end when their sessions do, and not on a thread of a reader.
fn without_user_data(mut event: Event) -> Event {
    match &mut event.kind {
        EventKind::Start(start) => take_user_data(&mut start.input),
        EventKind::Probe(probe) => take_user_data(&mut probe.input),
        EventKind::Stop(stop) => stop.user_data = None,
        EventKind::Notice(_) | EventKind::Gap { .. } | EventKind::MassFailure { .. } => {}
    }
    event
}

fn take_user_data(input: &mut Arc<Input>) {
    if input.user_data().is_some() {
        Arc::make_mut(input).set_user_data(None);
    }
}

/// What applies of an event.
#[derive(Serialize)]
struct Line<'a> {
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
    #[serde(skip_serializing_if = "String::is_empty")]
    passed_over: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exhausted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
}

impl Line<'_> {
    fn of(numbered: &Numbered) -> Line<'_> {
        let Numbered { number, event, .. } = numbered;
        let fields = event.fields();
        let switched = matches!(event.kind.tag(), EventTag::Switched);
        let since_1970 = event.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Line {
            seq: *number,
            event: fields.kind.name(),
            unix_ns: nanos(since_1970),
            engine_ns: event.at,
            stream: &event.stream,
            registration: fields.registration,
            priority: fields.priority,
            from: switched.then(|| fields.from.unwrap_or(-1)),
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
