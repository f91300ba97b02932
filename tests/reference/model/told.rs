//! What the model is told, and what it says should follow.

use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use changeover::{Reason, StartReason};

/// A text of the host's.
pub type Text = &'static str;

/// What happened. Sessions and probes go by their input: it has one of each at most, and answers for
/// what is over never get here.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Tick,
    /// The next packet of an input's session.
    Packet(Priority),
    /// The same without a decision: nobody waits for it.
    Recorded(Priority),
    StartTaken(Priority),
    Started(Priority),
    StartFailed(Priority, Text),
    ProbeTaken(Priority),
    Probed(Priority, Answer),
    Error(Priority, Text),
    SoftError(Priority, Text),
    SessionError(Priority, Text),
    /// For so long, or until something else ends it.
    Switch(Priority, Option<Nanos>),
    ClearOverride,
    FailBack,
    Enable(Priority, bool),
    Update(Update),
    Buffer(Text),
    Config(Set),
    Defaults(Set),
    Unregister,
}

impl Told {
    /// Whether something goes wrong by it.
    pub fn is_fault(&self) -> bool {
        match self {
            Told::StartFailed(..)
            | Told::Error(..)
            | Told::SoftError(..)
            | Told::SessionError(..) => true,
            Told::Probed(_, answer) => *answer != Answer::Ok,
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Ok,
    Failed(Text),
    Unsupported,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    pub removed: Vec<Priority>,
    pub added: Vec<(Priority, Set)>,
    pub updated: Vec<(Priority, Set)>,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Out {
    Start {
        priority: Priority,
        session: u64,
        why: StartReason,
    },
    Stop {
        priority: Priority,
        session: u64,
    },
    Probe {
        priority: Priority,
        timeout: Nanos,
    },
    Switched {
        from: Option<Priority>,
        to: Priority,
        reason: Reason,
        evidence: Evidence,
        number: u64,
    },
    Active {
        priority: Priority,
        waited: Nanos,
    },
    Degraded {
        priority: Priority,
        failure: Failure,
    },
    Recovered {
        priority: Priority,
        exhausted: bool,
    },
    Exhausted {
        reason: Reason,
    },
    Restored {
        priority: Priority,
    },
    Unregistered,
}

/// Why an input was given up, or an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    pub at: Nanos,
    pub reason: Reason,
    pub evidence: Evidence,
}

/// What a decision was based on.
#[derive(Clone, Copy, Debug)]
pub enum Evidence {
    /// The rules don't say, or there is none.
    Any,
    Said(Text),
    Overdue {
        measured: Nanos,
        limit: Nanos,
    },
}

impl PartialEq for Evidence {
    fn eq(&self, other: &Evidence) -> bool {
        match (self, other) {
            (Evidence::Said(one), Evidence::Said(other)) => one == other,
            (
                Evidence::Overdue { measured, limit },
                Evidence::Overdue { measured: also, limit: too },
            ) => (measured, limit) == (also, too),
            (Evidence::Any, _) | (_, Evidence::Any) => true,
            _ => false,
        }
    }
}
