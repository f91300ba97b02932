//! Numbers and times, from C and to C.

use super::result::{Code, Outcome, CHANGEOVER_ERR_PRIORITY, CHANGEOVER_ERR_VALUE};
use crate::core::Priority;
use std::time::{Duration, SystemTime};

/// A priority that is to be looked up.
#[inline]
pub(super) fn priority(priority: i32) -> Outcome<Priority> {
    if priority < 0 {
        return Err(Code(CHANGEOVER_ERR_PRIORITY));
    }
    Ok(priority)
}

/// 1 or 0.
pub(super) fn flag(flag: i32) -> Outcome<bool> {
    match flag {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Code(CHANGEOVER_ERR_VALUE)),
    }
}

/// A time to wait; the greatest number is for ever.
pub(super) fn timeout(nanos: u64) -> Duration {
    if nanos == u64::MAX {
        return Duration::MAX;
    }
    Duration::from_nanos(nanos)
}

/// Nanoseconds since 1970.
pub(super) fn unix(at: SystemTime) -> i64 {
    let since_1970 = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since_1970.as_nanos().try_into().unwrap_or(i64::MAX)
}
