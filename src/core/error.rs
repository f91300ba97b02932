//! Everything an operation can refuse. Nothing has changed when one of these is returned.

/// Why an operation was refused. A refused operation changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream id is empty or longer than 255 bytes.
    #[error("a stream id has 1 to 255 bytes")]
    StreamId,
    /// A priority is negative.
    #[error("a priority is 0 or more")]
    Priority,
    /// Two inputs of one stream have the same priority.
    #[error("priorities are unique within a stream")]
    DuplicatePriority,
    /// A duration is zero where it must not be, is longer than a year, or the setting makes no
    /// sense on the level it was given for.
    #[error("a setting is out of range or not allowed on this level")]
    Config,
    /// Hot standby was asked for where two sessions can't overlap.
    #[error("hot standby needs overlap on")]
    HotWithoutOverlap,
    /// The stream id is already registered.
    #[error("the stream is already registered")]
    StreamExists,
    /// No such stream is registered.
    #[error("no such stream is registered")]
    UnknownStream,
    /// The stream has no input of that priority.
    #[error("the stream has no input of that priority")]
    UnknownInput,
    /// The input is degraded, so it can't be chosen.
    #[error("the input is degraded")]
    InputDegraded,
    /// The session or probe is over, replaced, or was never given out.
    #[error("that session or probe is over")]
    StaleSession,
    /// The wait ended before what was waited for.
    #[error("timed out")]
    Timeout,
    /// A polling call on an engine that delivers to callbacks, or the reverse.
    #[error("not available with this way of event delivery")]
    WrongMode,
    /// The call would wait for the thread it is made on.
    #[error("not allowed inside a callback")]
    InCallback,
    /// The engine was shut down.
    #[error("the engine is shut down")]
    ShutDown,
    /// Called in the child of a fork; the engine's threads live in the parent.
    #[error("the engine belongs to the parent of this forked process")]
    Forked,
    /// The system refused a thread or a descriptor.
    #[error("the system refused a thread or a descriptor")]
    System,
}
