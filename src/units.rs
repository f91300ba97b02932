//! Times and ranks, as every layer counts them.

/// Monotonic time in nanoseconds.
pub type Nanos = u64;
/// An input's rank in its stream: 0 and up, lower is preferred.
pub type Priority = i32;
