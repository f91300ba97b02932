//! What the host is told: commands to carry out and decisions to know of.

use super::event_fields::EventFields;
use crate::core::{Nanos, Notice, Probe, Start, Stop};
use crate::print::Urls;
use crate::units::nanos;
use crate::vocabulary::EventTag;
use crate::whatif::Difference;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// One event. The events of a stream come in the order of its decisions.
#[derive(Clone, Debug)]
pub struct Event {
    /// The stream; empty for [`EventKind::Gap`], [`EventKind::MassFailure`] and [`EventKind::ShadowGap`], and
    /// if a bug ended the monitor.
    pub stream: Arc<str>,
    /// Which life of that id.
    pub registration: u64,
    /// Engine clock, nanoseconds.
    pub at: Nanos,
    /// Wall clock, for people.
    pub wall: SystemTime,
    /// What happened.
    pub kind: EventKind,
}

/// What happened: a command to carry out, or a notice of a decision.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// Start an input.
    Start(Start),
    /// Stop a session.
    Stop(Stop),
    /// Find out whether an input works, and answer with `probe_result`.
    Probe(Probe),
    /// Something was decided.
    Notice(Notice),
    /// The host was slow: this many informational events were dropped here.
    Gap {
        /// How many.
        dropped: u64,
    },
    /// A great share of the streams on air failed within a second.
    MassFailure {
        /// How many.
        failed: u64,
        /// More than so many had to: `mass_share` of those on air.
        limit: u64,
        /// How many were on air.
        on_air: u64,
    },
    /// A shadow ([`Engine::shadow`](crate::Engine::shadow)) decided otherwise than the stream.
    ShadowDiffers(Box<Difference>),
    /// The shadow could not follow: it begins anew, with all streams as they are.
    ShadowGap {
        /// So many records were lost to it, or are.
        dropped: u64,
    },
}

impl EventKind {
    /// Which event it is.
    pub fn tag(&self) -> EventTag {
        match self {
            EventKind::Start(_) => EventTag::Start,
            EventKind::Stop(_) => EventTag::Stop,
            EventKind::Probe(_) => EventTag::Probe,
            EventKind::Notice(notice) => notice.tag(),
            EventKind::Gap { .. } => EventTag::Gap,
            EventKind::MassFailure { .. } => EventTag::MassFailure,
            EventKind::ShadowDiffers(_) => EventTag::ShadowDiffers,
            EventKind::ShadowGap { .. } => EventTag::ShadowGap,
        }
    }

    /// The event's name in logs.
    pub fn name(&self) -> &'static str {
        self.tag().name()
    }
}

impl Event {
    /// What it carries, whatever its kind.
    pub(crate) fn fields(&self) -> EventFields<'_> {
        let mut fields = EventFields::new(self.kind.tag(), &self.stream, self.registration);
        match &self.kind {
            EventKind::Start(Start { session, input, buffer_write_id, start_reason }) => {
                fields.start_reason = Some(*start_reason);
                fields.priority = Some(input.priority);
                fields.session = *session;
                (fields.url, fields.options) = (&input.url, input.options());
                fields.buffer_write_id = buffer_write_id;
                fields.user_data = input.user_data();
            }
            EventKind::Stop(Stop { session, priority, user_data }) => {
                fields.priority = Some(*priority);
                fields.session = *session;
                fields.user_data = user_data.as_ref();
            }
            EventKind::Probe(Probe { probe, input, timeout }) => {
                fields.priority = Some(input.priority);
                fields.probe = *probe;
                fields.limit = nanos(*timeout);
                fields.user_data = input.user_data();
                (fields.url, fields.options) = (&input.url, input.options());
            }
            EventKind::Notice(Notice::Switched(switch)) => {
                (fields.from, fields.priority) = (switch.from, Some(switch.to));
                fields.reason = Some(switch.reason);
                fields.switch_number = switch.number;
                fields.explain(&switch.detail);
                fields.times = switch.times;
                fields.passed_over = &switch.passed_over.best;
                fields.passed_over_more = switch.passed_over.more;
                fields.passed_over_text = switch.passed_over.text();
            }
            EventKind::Notice(Notice::Active { priority, session, waited }) => {
                fields.priority = Some(*priority);
                fields.session = *session;
                fields.measured = nanos(*waited);
            }
            EventKind::Notice(Notice::Degraded { priority, error }) => {
                fields.priority = Some(*priority);
                fields.reason = Some(error.reason);
                fields.explain(&error.detail);
                fields.times.detection = error.detail.detected_after();
            }
            EventKind::Notice(Notice::Recovered { priority, exhausted }) => {
                fields.priority = Some(*priority);
                fields.exhausted = *exhausted;
            }
            EventKind::Notice(Notice::Exhausted { reason }) => fields.reason = Some(*reason),
            EventKind::Notice(Notice::Restored { priority }) => fields.priority = Some(*priority),
            EventKind::Notice(Notice::Unregistered) => {}
            EventKind::Notice(Notice::Bug { detail }) => fields.detail = detail.text(),
            EventKind::Gap { dropped } | EventKind::ShadowGap { dropped } => {
                fields.dropped = *dropped;
            }
            EventKind::ShadowDiffers(found) => {
                (fields.from, fields.priority, fields.reason) =
                    (found.left, found.priority, found.reason);
                // Always more than 0, which stands for never.
                let ago = |at: Option<Nanos>| at.map_or(0, |at| self.at.saturating_sub(at).max(1));
                (fields.measured, fields.limit) = (ago(found.recorded), ago(found.otherwise));
                fields.detail = found.in_words().into();
            }
            EventKind::MassFailure { failed, limit, on_air } => {
                (fields.measured, fields.limit) = (*failed, *limit);
                let detail = format!("{failed} of {on_air} streams on air failed within a second");
                fields.detail = detail.into();
            }
        }
        fields
    }
}

/// One line for the log, with URLs as in [`printable_url`](crate::printable_url).
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields().line(Urls::Safe).fmt(f)
    }
}
