//! What a stream answered, as bytes: what there is to be done, without what the stimuli have said already
//! (URLs, options, texts of the host's).

use super::notice::{put_notice, take_notice};
use super::stimulus::{priority, put_priority};
use super::wire::{put, put_option, Source};
use crate::core::{Action, Notice, Priority, ProbeId, SessionId};
use crate::vocabulary::{EventTag, StartReason};
use std::fmt;
use std::time::Duration;

/// One thing that a stream had its driver do. [`fmt::Display`] says it in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Start an input.
    Start {
        /// The new session.
        session: SessionId,
        /// The input.
        priority: Priority,
        /// What for.
        reason: StartReason,
    },
    /// Stop a session.
    Stop {
        /// The session.
        session: SessionId,
        /// Its input.
        priority: Priority,
    },
    /// Find out whether an input works.
    Probe {
        /// The probe.
        probe: ProbeId,
        /// The input.
        priority: Priority,
        /// How long it may take.
        timeout: Duration,
    },
    /// The answer to a probe is no longer wanted.
    CancelProbe {
        /// The probe.
        probe: ProbeId,
    },
    /// Let this session through, and no other.
    Gate {
        /// The session; `None` closes the gate.
        session: Option<SessionId>,
        /// The switch number from here on.
        number: u64,
    },
    /// Tell of this session's next packet.
    Await {
        /// The session.
        session: SessionId,
    },
    /// Tell of the next packet of an input without a session.
    AwaitInput {
        /// The input.
        priority: Priority,
    },
    /// Tell the host. A text of the host's in it is empty: it is in what the stream was told.
    Notify(Notice),
    /// Something that a later version does.
    Unknown,
}

const START: u8 = 1;
const STOP: u8 = 2;
const PROBE: u8 = 3;
const CANCEL_PROBE: u8 = 4;
const GATE: u8 = 5;
const AWAIT: u8 = 6;
const AWAIT_INPUT: u8 = 7;
/// From here on: what the host is told, by the number of its event.
const NOTICE: u8 = 16;

/// Appends an action.
pub(super) fn put_action(out: &mut Vec<u8>, action: &Action) {
    match action {
        Action::Start(start) => {
            out.push(START);
            put(out, start.session);
            put_priority(out, start.input.priority);
            put(out, start.start_reason.code() as u64);
        }
        Action::Stop(stop) => {
            out.push(STOP);
            put(out, stop.session);
            put_priority(out, stop.priority);
        }
        Action::Probe(probe) => {
            out.push(PROBE);
            put(out, probe.probe);
            put_priority(out, probe.input.priority);
            put(out, crate::units::nanos(probe.timeout));
        }
        Action::CancelProbe { probe } => {
            out.push(CANCEL_PROBE);
            put(out, *probe);
        }
        Action::Gate { session, number } => {
            out.push(GATE);
            put_option(out, *session);
            put(out, *number);
        }
        Action::Await { session } => {
            out.push(AWAIT);
            put(out, *session);
        }
        Action::AwaitInput { priority } => {
            out.push(AWAIT_INPUT);
            put_priority(out, *priority);
        }
        Action::Notify(notice) => {
            // Numbers of events are permanent, and few.
            out.push(NOTICE + notice.tag().code() as u8);
            put_notice(out, notice);
        }
    }
}

/// All that a stream answered at once.
pub(super) fn acts(bytes: &[u8]) -> Vec<Act> {
    let mut source = Source(bytes);
    let mut acts = Vec::new();
    while !source.0.is_empty() {
        match act(&mut source) {
            Some(act) => acts.push(act),
            None => {
                // Nor what follows it.
                acts.push(Act::Unknown);
                break;
            }
        }
    }
    acts
}

fn act(from: &mut Source) -> Option<Act> {
    Some(match from.byte()? {
        START => Act::Start {
            session: from.number()?,
            priority: priority(from)?,
            reason: StartReason::from_code(from.small()?)?,
        },
        STOP => Act::Stop { session: from.number()?, priority: priority(from)? },
        PROBE => Act::Probe {
            probe: from.number()?,
            priority: priority(from)?,
            timeout: Duration::from_nanos(from.number()?),
        },
        CANCEL_PROBE => Act::CancelProbe { probe: from.number()? },
        GATE => Act::Gate { session: from.option()?, number: from.number()? },
        AWAIT => Act::Await { session: from.number()? },
        AWAIT_INPUT => Act::AwaitInput { priority: priority(from)? },
        kind => {
            let tag = EventTag::from_code(kind.checked_sub(NOTICE)?.into())?;
            Act::Notify(take_notice(tag, from)?)
        }
    })
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Start { session, priority, reason } => {
                write!(f, "start of input {priority} as session {session} ({})", reason.name())
            }
            Act::Stop { session, priority } => {
                write!(f, "stop of session {session} of input {priority}")
            }
            Act::Probe { probe, priority, .. } => write!(f, "probe {probe} of input {priority}"),
            Act::CancelProbe { probe } => write!(f, "end of probe {probe}"),
            Act::Gate { session: Some(session), number } => {
                write!(f, "gate to session {session}, number {number}")
            }
            Act::Gate { session: None, number } => write!(f, "gate closed, number {number}"),
            Act::Await { session } => write!(f, "session {session} awaited"),
            Act::AwaitInput { priority } => write!(f, "input {priority} awaited"),
            Act::Notify(Notice::Switched(switch)) => {
                let from = switch.from.map_or("none".to_owned(), |from| from.to_string());
                write!(f, "switched from {from} to {} ({})", switch.to, switch.reason.name())
            }
            Act::Notify(Notice::Degraded { priority, error }) => {
                let what = if error.reason.is_condition() { "impaired" } else { "given up" };
                write!(f, "input {priority} {what} ({}", error.reason.name())?;
                match error.detail.is_empty() {
                    true => f.write_str(")"),
                    false => write!(f, ": {})", error.detail),
                }
            }
            Act::Notify(Notice::Active { priority, .. }) => write!(f, "input {priority} on air"),
            Act::Notify(Notice::Recovered { priority, .. }) => {
                write!(f, "input {priority} recovered")
            }
            Act::Notify(Notice::Exhausted { .. }) => f.write_str("no usable input is left"),
            Act::Notify(Notice::Restored { priority }) => {
                write!(f, "restored by input {priority}")
            }
            Act::Notify(notice) => f.write_str(notice.tag().name()),
            Act::Unknown => f.write_str("something of a later version"),
        }
    }
}
