//! What the host is told: commands to carry out and decisions to know of.

use crate::core::{
    Detail, Input, InputError, Nanos, Notice, Priority, ProbeId, Reason, SessionId, Switch,
};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// One event. The events of a stream come in the order of its decisions.
#[derive(Clone, Debug)]
pub struct Event {
    /// The stream; empty for [`EventKind::Gap`].
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

/// What happened. *Start*, *stop* and *probe* are commands; the rest is information.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// Start an input.
    Start(Start),
    /// Stop a session.
    Stop(Stop),
    /// Find out whether an input works, and answer with `probe_result`.
    Probe(Probe),
    /// The active input changed, or recovered by itself (`from` = `to`).
    Switched(Switch),
    /// The first packet of the active input is on air.
    Active {
        /// The input.
        priority: Priority,
        /// Its session.
        session: SessionId,
        /// Time from its selection to this packet.
        waited: Duration,
    },
    /// An input was given up.
    Degraded {
        /// The input.
        priority: Priority,
        /// Why, with the measured time and the limit.
        error: InputError,
    },
    /// A degraded input is usable again.
    Recovered {
        /// The input.
        priority: Priority,
    },
    /// No usable input is left.
    Exhausted {
        /// Why the last one was given up.
        reason: Reason,
    },
    /// An input is on air again.
    Restored {
        /// The input.
        priority: Priority,
    },
    /// The last event of a registration.
    Unregistered,
    /// The host was slow: this many informational events were dropped here.
    Gap {
        /// How many.
        dropped: u64,
    },
}

/// Command: start an input. A *start* the host has taken gets exactly one *stop*, even if it
/// failed.
#[derive(Clone, Debug)]
pub struct Start {
    /// The new session.
    pub session: SessionId,
    /// The input, as registered.
    pub input: Arc<Input>,
    /// Where the ingestor writes.
    pub buffer_write_id: Arc<str>,
}

/// Command: stop a session.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The session.
    pub session: SessionId,
    /// Its input.
    pub priority: Priority,
}

/// Command: find out whether an input works.
#[derive(Clone, Debug)]
pub struct Probe {
    /// To be given back with the answer.
    pub probe: ProbeId,
    /// The input, as registered.
    pub input: Arc<Input>,
    /// How long it may take, from when the host took it. A later answer is ignored.
    pub timeout: Duration,
}

impl EventKind {
    pub(super) fn is_command(&self) -> bool {
        matches!(self, EventKind::Start(_) | EventKind::Stop(_) | EventKind::Probe(_))
    }

    /// The event's name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            EventKind::Start(_) => "start",
            EventKind::Stop(_) => "stop",
            EventKind::Probe(_) => "probe",
            EventKind::Switched(_) => "switched",
            EventKind::Active { .. } => "active",
            EventKind::Degraded { .. } => "degraded",
            EventKind::Recovered { .. } => "recovered",
            EventKind::Exhausted { .. } => "exhausted",
            EventKind::Restored { .. } => "restored",
            EventKind::Unregistered => "unregistered",
            EventKind::Gap { .. } => "gap",
        }
    }
}

impl From<Notice> for EventKind {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Switched(switch) => EventKind::Switched(switch),
            Notice::Active { priority, session, waited } => {
                EventKind::Active { priority, session, waited: Duration::from_nanos(waited) }
            }
            Notice::Degraded { priority, error } => EventKind::Degraded { priority, error },
            Notice::Recovered { priority } => EventKind::Recovered { priority },
            Notice::Exhausted { reason } => EventKind::Exhausted { reason },
            Notice::Restored { priority } => EventKind::Restored { priority },
            Notice::Unregistered => EventKind::Unregistered,
        }
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
            EventKind::Switched(Switch { from, to, reason, detail, number, .. }) => {
                let reason = reason.name();
                match from {
                    Some(from) => write!(f, " input {from} -> {to}")?,
                    None => write!(f, " none -> {to}")?,
                }
                write!(f, " #{number} reason {reason}")?;
                write_detail(f, detail)
            }
            EventKind::Active { priority, session, waited } => {
                let waited = millis(waited);
                write!(f, " input {priority} session {session} after {waited:.1} ms")
            }
            EventKind::Degraded { priority, error } => {
                write!(f, " input {priority} reason {}", error.reason.name())?;
                write_detail(f, &error.detail)
            }
            EventKind::Recovered { priority } | EventKind::Restored { priority } => {
                write!(f, " input {priority}")
            }
            EventKind::Exhausted { reason } => {
                write!(f, ": no usable input, last reason {}", reason.name())
            }
            EventKind::Unregistered => write!(f, " registration {}", self.registration),
            EventKind::Gap { dropped } => write!(f, ": {dropped} events dropped"),
        }
    }
}

fn write_detail(f: &mut fmt::Formatter<'_>, detail: &Detail) -> fmt::Result {
    match detail.is_empty() {
        true => Ok(()),
        false => write!(f, " ({detail})"),
    }
}
