//! An event as readers of a tap have it.

use super::event::{Event, EventKind};
use super::event_json::EventJson;
use crate::core::Input;
use crate::print::json::to_json;
use crate::units::nanos;
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
        self.event.json.get_or_init(|| to_json(&self.event.as_json()))
    }
}

impl Serialize for Tapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event.as_json().serialize(serializer)
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

    fn as_json(&self) -> EventJson<'_> {
        let Numbered { number, event, .. } = self;
        let since_1970 = event.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        EventJson::new(*number, event.at, nanos(since_1970), &event.fields())
    }
}

/// The host's values end when their sessions do, and not on a thread of a reader.
fn without_user_data(mut event: Event) -> Event {
    match &mut event.kind {
        EventKind::Start(start) => take_user_data(&mut start.input),
        EventKind::Probe(probe) => take_user_data(&mut probe.input),
        EventKind::Stop(stop) => stop.user_data = None,
        EventKind::Notice(_)
        | EventKind::Gap { .. }
        | EventKind::MassFailure { .. }
        | EventKind::ShadowDiffers(_)
        | EventKind::ShadowGap { .. } => {}
    }
    event
}

fn take_user_data(input: &mut Arc<Input>) {
    if input.user_data().is_some() {
        Arc::make_mut(input).set_user_data(None);
    }
}
