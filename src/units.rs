//! Times and ranks, as every layer counts them.

use std::time::Duration;

/// Monotonic time in nanoseconds.
pub type Nanos = u64;
/// An input's rank in its stream: 0 and up, lower is preferred.
pub type Priority = i32;

/// At most what there is room for: 584 years.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    duration.as_nanos().try_into().unwrap_or(Nanos::MAX)
}
