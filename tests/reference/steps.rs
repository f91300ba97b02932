//! A trace: how a stream is registered, and what happens then. Each step means something whatever came
//! before it, so that a trace can be shortened by leaving steps out.

use crate::model::told::{Answer, Text, Update};
use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use std::fmt;

#[derive(Clone)]
pub struct Trace {
    pub registration: u64,
    pub first_switch: u64,
    pub defaults: Set,
    pub stream: Set,
    pub inputs: Vec<(Priority, Set)>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Time passes, with a tick at each deadline.
    Wait(Nanos),
    /// Until so many nanoseconds from the next deadline. Its tick comes after what else happens then.
    Edge(i64),
    /// The driver sleeps for so long: whatever was due comes late.
    Sleep(Nanos),
    /// A tick that nobody asked for.
    Tick,
    /// A packet of an input's session, if it runs.
    Packet(Priority),
    /// The host takes the oldest command; or all of them.
    Take,
    TakeAll,
    /// The host says how the *start* of an input's session went.
    Started(Priority),
    StartFailed(Priority, Text),
    /// And the probe of an input.
    Probed(Priority, Answer),
    /// It answers for a session, and for a probe, that is over.
    Stale,
    Error(Priority, Text),
    SoftError(Priority, Text),
    SessionError(Priority, Text),
    /// For so long, or until something else ends it.
    Switch(Priority, Option<Nanos>),
    FailBack,
    Enable(Priority, bool),
    ClearOverride,
    Update(Update),
    Buffer(Text),
    Config(Set),
    Defaults(Set),
    Unregister,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "registration {}, from number {}, engine {:?}, stream {:?}",
            self.registration, self.first_switch, self.defaults, self.stream
        )?;
        for (priority, set) in &self.inputs {
            writeln!(f, "  input {priority}: {set:?}")?;
        }
        for step in &self.steps {
            writeln!(f, "  {step:?}")?;
        }
        Ok(())
    }
}
