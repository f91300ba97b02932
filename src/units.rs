//! Times and ranks, as every layer counts them.

use std::time::Duration;

/// Monotonic time in nanoseconds.
pub type Nanos = u64;
/// The largest number that a stream's switch numbers may begin with. Of the 58 bits that a number has,
/// as many are left to rise in: more than a stream can use up.
pub const FIRST_SWITCH_MAX: u64 = 1 << 57;

/// An input's rank in its stream: 0 and up, lower is preferred.
pub type Priority = i32;

/// At most what there is room for: 584 years.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    duration.as_nanos().try_into().unwrap_or(Nanos::MAX)
}
