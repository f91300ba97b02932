//! What a stream answered, as bytes: what there is to be done, without what the stimuli have said already
//! (URLs, options, texts of the host's).

use super::stimulus::priority;
use super::wire::{put, put_difference, put_option, put_text, Source};
use crate::core::{
    known_seen, Action, Awaited, Detail, InputError, Notice, PassedOver, Priority, ProbeId,
    Rejected, SessionId, Switch, Times,
};
use crate::vocabulary::{Obstacle, Reason, StartReason};
use std::fmt;
use std::sync::Arc;
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
const SWITCHED: u8 = 8;
const ACTIVE: u8 = 9;
const DEGRADED: u8 = 10;
const RECOVERED: u8 = 11;
const EXHAUSTED: u8 = 12;
const RESTORED: u8 = 13;
const UNREGISTERED: u8 = 14;
const BUG: u8 = 15;

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
        Action::Notify(notice) => put_notice(out, notice),
    }
}

fn put_notice(out: &mut Vec<u8>, notice: &Notice) {
    match notice {
        Notice::Switched(switch) => {
            out.push(SWITCHED);
            put_switch(out, switch);
        }
        Notice::Active { priority, session, waited } => {
            out.push(ACTIVE);
            put_priority(out, *priority);
            put(out, *session);
            put(out, crate::units::nanos(*waited));
        }
        Notice::Degraded { priority, error } => {
            out.push(DEGRADED);
            put_priority(out, *priority);
            put(out, error.at);
            put(out, error.reason.code() as u64);
            put_detail(out, &error.detail);
        }
        Notice::Recovered { priority, exhausted } => {
            out.push(RECOVERED);
            put_priority(out, *priority);
            out.push(u8::from(*exhausted));
        }
        Notice::Exhausted { reason } => {
            out.push(EXHAUSTED);
            put(out, reason.code() as u64);
        }
        Notice::Restored { priority } => {
            out.push(RESTORED);
            put_priority(out, *priority);
        }
        Notice::Unregistered => out.push(UNREGISTERED),
        Notice::Bug { .. } => out.push(BUG),
    }
}

fn put_switch(out: &mut Vec<u8>, switch: &Switch) {
    let Switch { at, from, to, reason, detail, number, times, passed_over } = switch;
    put(out, *at);
    put_priority(out, from.unwrap_or(-1));
    put_priority(out, *to);
    put(out, reason.code() as u64);
    put_detail(out, detail);
    put(out, *number);
    for time in [times.detection, times.decision, times.commit] {
        put_option(out, time);
    }
    put(out, passed_over.best.len() as u64);
    for Rejected { priority, obstacle, reason, detail, wait } in &passed_over.best {
        put_priority(out, *priority);
        put(out, obstacle.code() as u64);
        put(out, reason.map_or(0, Reason::code) as u64);
        put_detail(out, detail);
        put(out, *wait);
    }
    put(out, passed_over.more.into());
}

fn put_detail(out: &mut Vec<u8>, detail: &Detail) {
    match detail {
        Detail::None => out.push(0),
        Detail::Told(_) => out.push(1),
        Detail::Seen(text) => {
            out.push(2);
            put_text(out, text);
        }
        Detail::Overdue { awaited, measured, limit } => {
            out.push(3);
            out.push(match awaited {
                Awaited::FirstPacket => 0,
                Awaited::Packet => 1,
                Awaited::ProbeAnswer => 2,
                Awaited::Health => 3,
            });
            put(out, *measured);
            put(out, *limit);
        }
        Detail::Silent { measured, limit, returns } => {
            out.push(4);
            put(out, *measured);
            put(out, *limit);
            put(out, (*returns).into());
        }
        Detail::OutOfLimit { condition, measured, limit, window, shown } => {
            out.push(5);
            put(out, condition.code() as u64);
            put(out, *measured);
            put(out, *limit);
            put(out, (*window).into());
            put(out, (*shown).into());
        }
        Detail::Healthy { past_due } => {
            out.push(6);
            put(out, *past_due);
        }
    }
}

fn put_priority(out: &mut Vec<u8>, priority: Priority) {
    put_difference(out, priority as u64, 0);
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
        kind => Act::Notify(notice(kind, from)?),
    })
}

fn notice(kind: u8, from: &mut Source) -> Option<Notice> {
    Some(match kind {
        SWITCHED => Notice::Switched(Arc::new(switch(from)?)),
        ACTIVE => Notice::Active {
            priority: priority(from)?,
            session: from.number()?,
            waited: Duration::from_nanos(from.number()?),
        },
        DEGRADED => {
            let priority = priority(from)?;
            let (at, reason, detail) = (from.number()?, reason(from)??, detail(from)?);
            Notice::Degraded { priority, error: InputError { at, reason, detail } }
        }
        RECOVERED => Notice::Recovered { priority: priority(from)?, exhausted: from.flag()? },
        EXHAUSTED => Notice::Exhausted { reason: reason(from)?? },
        RESTORED => Notice::Restored { priority: priority(from)? },
        UNREGISTERED => Notice::Unregistered,
        BUG => Notice::Bug { detail: Detail::None },
        _ => return None,
    })
}

fn switch(from: &mut Source) -> Option<Switch> {
    let (at, left, to) = (from.number()?, priority(from)?, priority(from)?);
    let (reason_why, detail_why, number) = (reason(from)??, detail(from)?, from.number()?);
    let times =
        Times { detection: from.option()?, decision: from.option()?, commit: from.option()? };
    let mut passed_over = PassedOver::default();
    for _ in 0..from.number()? {
        passed_over.best.push(Rejected {
            priority: priority(from)?,
            obstacle: Obstacle::from_code(from.small()?)?,
            reason: reason(from)?,
            detail: detail(from)?,
            wait: from.number()?,
        });
    }
    passed_over.more = from.small()?;
    Some(Switch {
        at,
        from: (left >= 0).then_some(left),
        to,
        reason: reason_why,
        detail: detail_why,
        number,
        times,
        passed_over,
    })
}

/// 0 is none.
fn reason(from: &mut Source) -> Option<Option<Reason>> {
    match from.small()? {
        0 => Some(None),
        code => Some(Some(Reason::from_code(code)?)),
    }
}

fn detail(from: &mut Source) -> Option<Detail> {
    Some(match from.byte()? {
        0 => Detail::None,
        1 => Detail::Told("".into()),
        2 => Detail::Seen(known_seen(from.text()?)),
        3 => {
            let awaited = match from.byte()? {
                0 => Awaited::FirstPacket,
                1 => Awaited::Packet,
                2 => Awaited::ProbeAnswer,
                3 => Awaited::Health,
                _ => return None,
            };
            Detail::Overdue { awaited, measured: from.number()?, limit: from.number()? }
        }
        4 => Detail::Silent {
            measured: from.number()?,
            limit: from.number()?,
            returns: from.small()?,
        },
        5 => Detail::OutOfLimit {
            condition: reason(from)??,
            measured: from.number()?,
            limit: from.number()?,
            window: from.small()?,
            shown: from.small()?,
        },
        6 => Detail::Healthy { past_due: from.number()? },
        _ => return None,
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
                write!(f, "input {priority} degraded ({}", error.reason.name())?;
                match error.detail.is_empty() {
                    true => f.write_str(")"),
                    false => write!(f, ": {})", error.detail),
                }
            }
            Act::Notify(Notice::Active { priority, .. }) => write!(f, "input {priority} on air"),
            Act::Notify(Notice::Recovered { priority, .. }) => {
                write!(f, "input {priority} recovered")
            }
            Act::Notify(notice) => f.write_str(notice.tag().name()),
            Act::Unknown => f.write_str("something of a later version"),
        }
    }
}
