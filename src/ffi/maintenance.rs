//! Operations for maintenance: inputs out of use, choices that end, returns, all streams at once.

use super::abi_types::changeover_engine;
use super::convert;
use super::guard::guard;
use super::live::{find, with_stream};
use std::ffi::c_char;
use std::time::Duration;

/// Whether an input may be used: `enabled` is 1, as it is at first, or 0. Disabled it is
/// CHANGEOVER_STATUS_STOPPED: not started, not probed, not chosen, and its packets and errors count for
/// nothing; updates of it leave it so. On air it stays there until another input delivers, and is
/// stopped then, or when there is none to try (with overlap off it is stopped first). Enabled it is as
/// newly added. Saying the same again changes nothing.
///
/// Any thread; waits for the monitor, not for inputs.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; VALUE if `enabled` is neither. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_input_enabled(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    enabled: i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let (priority, enabled) = (convert::priority(priority)?, convert::flag(enabled)?);
            Ok(engine.set_input_enabled(stream, priority, enabled)?)
        })
    }
}

/// As changeover_switch_input, for so many nanoseconds from now: then it ends as by
/// changeover_clear_override. From a millisecond to a year (CHANGEOVER_NEVER).
///
/// Any thread; waits for the monitor, not for the input.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DEGRADED, INPUT_DISABLED; CONFIG for another
/// duration. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_switch_input_for(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    lasts: u64,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let (priority, lasts) = (convert::priority(priority)?, Duration::from_nanos(lasts));
            Ok(engine.switch_input_for(stream, priority, lasts)?)
        })
    }
}

/// Returns to the best healthy input, without the waits of an automatic failback and whatever the
/// policy; its faults are forgotten. The input on air stays there until the other delivers (with
/// overlap off it is stopped first). Ends an override.
///
/// Any thread; waits for the monitor, not for the input.
/// Errors: UNKNOWN_STREAM; NO_BETTER_INPUT when none that is healthy is better. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_fail_back(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| Ok(engine.fail_back(stream)?))
    }
}

/// Ends all registrations, as changeover_unregister ends one: in one call, with one wait.
///
/// Any thread. Without callbacks it waits for the monitor, with callbacks for callbacks, as
/// changeover_unregister does; called in a callback, whichever engine's, it returns at once. After
/// TIMEOUT (changeover_set_call_timeout) they have ended, or soon will have, and their last events follow.
/// Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_unregister_all(engine: *mut changeover_engine) -> i32 {
    guard(|| Ok(find(engine)?.unregister_all()?))
}
