//! What the host is told: commands to carry out and decisions to know of.

use crate::core::{Detail, Input, Nanos, Notice, Probe, Start, Stop, Switch};
use crate::vocabulary::EventTag;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// One event. The events of a stream come in the order of its decisions.
#[derive(Clone, Debug)]
pub struct Event {
    /// The stream; empty for [`EventKind::Gap`], and if a bug ended the monitor.
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
        }
    }

    /// The event's name in logs.
    pub fn name(&self) -> &'static str {
        self.tag().name()
    }
}

/// One line for the log.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |duration: &Duration| duration.as_secs_f64() * 1000.0;
        let (stream, name) = (&self.stream, self.kind.name());
        write!(f, "{stream}: {name}")?;
        match &self.kind {
            EventKind::Start(Start { session, input, buffer_write_id }) => {
                let Input { priority, url, .. } = &**input;
                write!(f, " input {priority} session {session} {url} -> {buffer_write_id}")
            }
            EventKind::Stop(Stop { session, priority }) => {
                write!(f, " input {priority} session {session}")
            }
            EventKind::Probe(Probe { probe, input, timeout }) => {
                let Input { priority, url, .. } = &**input;
                let timeout = millis(timeout);
                write!(f, " input {priority} probe {probe} {url} within {timeout:.0} ms")
            }
            EventKind::Notice(Notice::Switched(Switch {
                from,
                to,
                reason,
                detail,
                number,
                ..
            })) => {
                let reason = reason.name();
                match from {
                    Some(from) => write!(f, " input {from} -> {to}")?,
                    None => write!(f, " none -> {to}")?,
                }
                write!(f, " #{number} reason {reason}")?;
                write_detail(f, detail)
            }
            EventKind::Notice(Notice::Active { priority, session, waited }) => {
                let waited = millis(waited);
                write!(f, " input {priority} session {session} after {waited:.1} ms")
            }
            EventKind::Notice(Notice::Degraded { priority, error }) => {
                write!(f, " input {priority} reason {}", error.reason.name())?;
                write_detail(f, &error.detail)
            }
            EventKind::Notice(Notice::Recovered { priority } | Notice::Restored { priority }) => {
                write!(f, " input {priority}")
            }
            EventKind::Notice(Notice::Exhausted { reason }) => {
                write!(f, ": no usable input, last reason {}", reason.name())
            }
            EventKind::Notice(Notice::Unregistered) => {
                write!(f, " registration {}", self.registration)
            }
            EventKind::Notice(Notice::Bug { detail }) => write!(f, ": {detail}"),
            EventKind::Gap { dropped } => write!(f, ": {dropped} events dropped"),
        }
    }
}

fn write_detail(f: &mut fmt::Formatter<'_>, detail: &Detail) -> fmt::Result {
    if detail.is_empty() {
        Ok(())
    } else {
        write!(f, " ({detail})")
    }
}
