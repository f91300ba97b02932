//! What goes into a stream's state machine and what comes out.

use super::problem::{any_twice, Problem, INPUTS_MAX};
use super::{
    Condition, Config, Detail, Error, Input, InputError, Measure, Nanos, Priority, ProbeId, Reason,
    SessionId, Switch,
};
use crate::user_data::UserData;
use crate::vocabulary::{EventTag, StartReason};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What a stream is told: something that happened to it.
#[derive(Clone, Debug)]
pub enum Stimulus {
    /// Time passed. The driver first sends [`Stimulus::Seen`] for every session that recorded.
    Tick,
    /// The packet that was awaited (see [`Action::Await`]) arrived just now.
    Packet {
        /// The session that delivered it.
        session: SessionId,
    },
    /// The newest packet of a session; sent lazily, before a tick. Never makes anything active.
    Seen {
        /// The session that delivered it.
        session: SessionId,
        /// When, at the latest.
        at: Nanos,
    },
    /// The packet of an input without a session that was awaited (see [`Action::AwaitInput`]) arrived
    /// just now: by id, or through a handle that is bound to no session.
    PacketWithoutSession {
        /// The input.
        priority: Priority,
    },
    /// The newest packet of an input without a session whose packets flow; sent lazily, before a
    /// tick.
    SeenWithoutSession {
        /// The input.
        priority: Priority,
        /// When, at the latest.
        at: Nanos,
    },
    /// A look at a running session whose input has a [`meter_window`](super::InputHealth::meter_window):
    /// ten times in each window. Ignored when the session is over.
    Measured {
        /// The session.
        session: SessionId,
        /// What is known of it now.
        measure: Measure,
    },
    /// How packets of an input were flagged so far.
    Flagged {
        /// The input.
        priority: Priority,
        /// Some were video.
        video: bool,
        /// Some were key frames.
        key: bool,
    },
    /// A packet took the [offer](super::Stream::offer) just now, and has moved the gate. Refused when
    /// no such offer was made.
    Committed {
        /// The number that was offered.
        number: u64,
    },
    /// The host took a *start*: the connect deadline runs from here. Nothing is decided by it.
    StartTaken {
        /// The session to be started.
        session: SessionId,
    },
    /// The host says how a *start* went.
    StartResult {
        /// The session that was to be started.
        session: SessionId,
        /// `Err` with the host's text when it failed.
        result: Result<(), String>,
    },
    /// The host took a probe: its deadline runs from here. Nothing is decided by it.
    ProbeTaken {
        /// The probe.
        probe: ProbeId,
    },
    /// The host says how a probe went.
    ProbeResult {
        /// The probe.
        probe: ProbeId,
        /// What it found.
        outcome: ProbeOutcome,
    },
    /// The host reports an error of an input, running or not.
    InputError {
        /// The input.
        priority: Priority,
        /// The host's text.
        text: String,
    },
    /// The host reports an error that counts only if another input is usable.
    SoftError {
        /// The input.
        priority: Priority,
        /// The host's text.
        text: String,
    },
    /// The host reports an error of one session; refused as stale when the session is over.
    SessionError {
        /// The session.
        session: SessionId,
        /// The host's text.
        text: String,
    },
    /// What a host that sees the media has against an input, or no longer has. It may say the same
    /// again.
    SetCondition {
        /// The input.
        priority: Priority,
        /// The session it is about; `None`: the input, whatever its session.
        session: Option<SessionId>,
        /// What it sees.
        condition: Condition,
        /// Whether it is so.
        holds: bool,
        /// The host's text.
        text: String,
    },
    /// Manual choice of an input.
    SwitchInput {
        /// The input.
        priority: Priority,
        /// For how long, from a millisecond to a year; `None` is until something else ends it.
        lasts: Option<Duration>,
    },
    /// Manual choice of an input, also of one that was given up.
    ForceInput {
        /// The input.
        priority: Priority,
    },
    /// End of the manual choice.
    ClearOverride,
    /// Return to the best healthy input now.
    FailBack,
    /// Whether an input may be used at all; at first it may.
    SetInputEnabled {
        /// The input.
        priority: Priority,
        /// Whether it may.
        enabled: bool,
    },
    /// Inputs removed, added and updated, as one change.
    UpdateInputs(InputsUpdate),
    /// The host writes elsewhere from now on; empty means the stream's id.
    UpdateBufferWriteId(String),
    /// New settings of the stream; what is unset inherits.
    SetConfig(Config),
    /// New settings of the engine.
    SetDefaults(Config),
    /// The end of this registration.
    Unregister,
}

impl Stimulus {
    /// Whether nothing is decided by it: at most, a deadline runs from here.
    pub(crate) fn only_arms(&self) -> bool {
        matches!(
            self,
            Stimulus::StartTaken { .. }
                | Stimulus::StartResult { result: Ok(()), .. }
                | Stimulus::ProbeTaken { .. }
        )
    }
}

/// One change of a stream's inputs; applied removed, added, updated.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct InputsUpdate {
    /// Inputs to add; their priorities must be free after the removals.
    pub added: Vec<Input>,
    /// Priorities to remove; they must exist.
    pub removed: Vec<Priority>,
    /// Inputs to replace; their priorities must exist and not be removed.
    pub updated: Vec<Input>,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// The source works.
    Ok,
    /// It does not; the host's text says why.
    Failed(String),
    /// This input can't be probed.
    Unsupported,
}

/// Something for the driver to do, in this order.
#[derive(Clone, Debug)]
pub enum Action {
    /// Tell the host to start an input.
    Start(Start),
    /// Tell the host to stop a session.
    Stop(Stop),
    /// Tell the host to probe an input.
    Probe(Probe),
    /// The answer to a probe is no longer wanted.
    CancelProbe {
        /// The probe.
        probe: ProbeId,
    },
    /// Let exactly this session through from now on, under this switch number.
    Gate {
        /// The session; `None` closes the gate.
        session: Option<SessionId>,
        /// The stream's new switch number.
        number: u64,
    },
    /// Tell the stream of this session's next packet.
    Await {
        /// The session.
        session: SessionId,
    },
    /// Tell the stream of the next packet of this input, which has no session.
    AwaitInput {
        /// The input.
        priority: Priority,
    },
    /// Tell the host what was decided.
    Notify(Notice),
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
    /// What it is started for.
    pub start_reason: StartReason,
}

/// Command: stop a session.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The session.
    pub session: SessionId,
    /// Its input.
    pub priority: Priority,
    /// Its input's, as in its *start*.
    pub user_data: Option<UserData>,
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

/// A decision, told to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The active input changed; or it recovered by itself, or was forced anew (`from` = `to`).
    Switched(Arc<Switch>),
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
        /// Until now the stream was exhausted.
        exhausted: bool,
    },
    /// No source is left that can be watched.
    Exhausted {
        /// Why the last one was given up.
        reason: Reason,
    },
    /// A source that can be watched is on air again.
    Restored {
        /// The input.
        priority: Priority,
    },
    /// The last word of a registration.
    Unregistered,
    /// A bug was met: the driver gives the stream up.
    Bug {
        /// What the panic said.
        detail: Detail,
    },
}

/// Hands all kinds of notices with their fields to a macro, so that each is listed once more, here.
macro_rules! with_notices {
    ($macro:ident) => {
        $macro! {
            Switched { 0: switch }
            Active { priority: priority, session: session, waited: waited }
            Degraded { priority: priority, error: error }
            Recovered { priority: priority, exhausted: exhausted }
            Exhausted { reason: reason }
            Restored { priority: priority }
            Unregistered {}
            Bug { detail: detail }
        }
    };
}
pub(crate) use with_notices;

macro_rules! tag_of_notices {
    ($($kind:ident { $($field:tt: $name:ident),* })*) => {
        impl Notice {
            /// Which event it is.
            pub fn tag(&self) -> EventTag {
                match self {
                    $(Notice::$kind { .. } => EventTag::$kind,)*
                }
            }
        }
    };
}
with_notices!(tag_of_notices);

impl InputsUpdate {
    /// Checks the update against the priorities a stream has.
    pub(super) fn validate(&self, existing: &[Priority]) -> Result<(), Error> {
        if [self.added.len(), self.removed.len(), self.updated.len()]
            .iter()
            .any(|n| *n > INPUTS_MAX)
        {
            return Err(Error::Limit);
        }
        let known = |priority: &Priority| existing.contains(priority);
        let removed = &self.removed;
        if removed.iter().any(|p| *p < 0) {
            return Err(Error::Priority);
        }
        if any_twice(removed.clone()) {
            return Err(Error::DuplicatePriority);
        }
        if !removed.iter().all(known) {
            return Err(Error::UnknownInput);
        }
        let updated: Vec<_> = self.updated.iter().map(|input| input.priority).collect();
        for input in self.added.iter().chain(&self.updated) {
            input.check().map_err(Problem::error)?;
        }
        if any_twice(updated.clone()) {
            return Err(Error::DuplicatePriority);
        }
        if !updated.iter().all(|p| known(p) && !removed.contains(p)) {
            return Err(Error::UnknownInput);
        }
        let mut after: Vec<_> = existing.iter().copied().filter(|p| !removed.contains(p)).collect();
        after.extend(self.added.iter().map(|input| input.priority));
        if after.len() > INPUTS_MAX {
            return Err(Error::Limit);
        }
        if any_twice(after) {
            return Err(Error::DuplicatePriority);
        }
        Ok(())
    }
}
