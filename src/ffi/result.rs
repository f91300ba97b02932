//! Result codes: their numbers, names and messages, and the engine's errors as codes.

use super::guard::guard_or;
use crate::core::Error;
use std::ffi::{c_char, CStr};

/// Success.
pub const CHANGEOVER_OK: i32 = 0;
/// A required pointer is NULL.
pub const CHANGEOVER_ERR_NULL: i32 = -1;
/// Not a live handle: freed, closed, or never ours.
pub const CHANGEOVER_ERR_HANDLE: i32 = -2;
/// A struct_size is too small or absurd, or a field this version does not know is not zero.
pub const CHANGEOVER_ERR_STRUCT_SIZE: i32 = -3;
/// A string is not UTF-8.
pub const CHANGEOVER_ERR_UTF8: i32 = -4;
/// A stream id is empty or longer than 255 bytes.
pub const CHANGEOVER_ERR_STREAM_ID: i32 = -5;
/// A priority is negative.
pub const CHANGEOVER_ERR_PRIORITY: i32 = -6;
/// Two inputs of one stream have the same priority.
pub const CHANGEOVER_ERR_DUPLICATE_PRIORITY: i32 = -7;
/// A duration is zero where it must not be or longer than a year, or the setting makes no sense
/// on the level it was given for.
pub const CHANGEOVER_ERR_CONFIG: i32 = -8;
/// Hot standby was asked for where two sessions can't overlap.
pub const CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP: i32 = -9;
/// The stream id is already registered.
pub const CHANGEOVER_ERR_STREAM_EXISTS: i32 = -10;
/// No such stream is registered.
pub const CHANGEOVER_ERR_UNKNOWN_STREAM: i32 = -11;
/// The stream has no input of that priority.
pub const CHANGEOVER_ERR_UNKNOWN_INPUT: i32 = -12;
/// The input is degraded, so it can't be chosen.
pub const CHANGEOVER_ERR_INPUT_DEGRADED: i32 = -13;
/// That session or probe is over, replaced, or was never given out.
pub const CHANGEOVER_ERR_STALE_SESSION: i32 = -14;
/// A length that no buffer can have.
pub const CHANGEOVER_ERR_LENGTH: i32 = -15;
/// A number that is not one of the constants, or a reserved field that is not zero.
pub const CHANGEOVER_ERR_VALUE: i32 = -16;
/// The wait ended before what was waited for.
pub const CHANGEOVER_ERR_TIMEOUT: i32 = -17;
/// A polling call on an engine with callbacks, or the reverse.
pub const CHANGEOVER_ERR_WRONG_MODE: i32 = -18;
/// The call would wait for the thread it is made on.
pub const CHANGEOVER_ERR_IN_CALLBACK: i32 = -19;
/// The engine is being freed.
pub const CHANGEOVER_ERR_SHUT_DOWN: i32 = -20;
/// The handle belongs to the parent of this forked process.
pub const CHANGEOVER_ERR_FORKED: i32 = -21;
/// An index beyond the end.
pub const CHANGEOVER_ERR_INDEX: i32 = -22;
/// The system refused a thread or a descriptor.
pub const CHANGEOVER_ERR_SYSTEM: i32 = -23;
/// A bug in the library, stopped before it reached the caller.
pub const CHANGEOVER_ERR_PANIC: i32 = -24;

/// A negative code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) i32);

pub(super) type Outcome<T = ()> = Result<T, Code>;

impl From<Error> for Code {
    fn from(error: Error) -> Code {
        // Without a wildcard, so that no new error can be left without a code.
        Code(match error {
            Error::StreamId => CHANGEOVER_ERR_STREAM_ID,
            Error::Priority => CHANGEOVER_ERR_PRIORITY,
            Error::DuplicatePriority => CHANGEOVER_ERR_DUPLICATE_PRIORITY,
            Error::Config => CHANGEOVER_ERR_CONFIG,
            Error::HotWithoutOverlap => CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP,
            Error::StreamExists => CHANGEOVER_ERR_STREAM_EXISTS,
            Error::UnknownStream => CHANGEOVER_ERR_UNKNOWN_STREAM,
            Error::UnknownInput => CHANGEOVER_ERR_UNKNOWN_INPUT,
            Error::InputDegraded => CHANGEOVER_ERR_INPUT_DEGRADED,
            Error::StaleSession => CHANGEOVER_ERR_STALE_SESSION,
            Error::Timeout => CHANGEOVER_ERR_TIMEOUT,
            Error::WrongMode => CHANGEOVER_ERR_WRONG_MODE,
            Error::InCallback => CHANGEOVER_ERR_IN_CALLBACK,
            Error::ShutDown => CHANGEOVER_ERR_SHUT_DOWN,
            Error::Forked => CHANGEOVER_ERR_FORKED,
            Error::System => CHANGEOVER_ERR_SYSTEM,
        })
    }
}

/// Code, name and message, in the order of the codes.
pub(super) const CODES: [(i32, &CStr, &CStr); 25] = [
    (CHANGEOVER_OK, c"CHANGEOVER_OK", c"success"),
    (CHANGEOVER_ERR_NULL, c"CHANGEOVER_ERR_NULL", c"a required pointer is NULL"),
    (CHANGEOVER_ERR_HANDLE, c"CHANGEOVER_ERR_HANDLE", c"not a live handle"),
    (
        CHANGEOVER_ERR_STRUCT_SIZE,
        c"CHANGEOVER_ERR_STRUCT_SIZE",
        c"struct_size is wrong, or a field unknown to this version is set",
    ),
    (CHANGEOVER_ERR_UTF8, c"CHANGEOVER_ERR_UTF8", c"a string is not UTF-8"),
    (CHANGEOVER_ERR_STREAM_ID, c"CHANGEOVER_ERR_STREAM_ID", c"a stream id has 1 to 255 bytes"),
    (CHANGEOVER_ERR_PRIORITY, c"CHANGEOVER_ERR_PRIORITY", c"a priority is 0 or more"),
    (
        CHANGEOVER_ERR_DUPLICATE_PRIORITY,
        c"CHANGEOVER_ERR_DUPLICATE_PRIORITY",
        c"priorities are unique within a stream",
    ),
    (
        CHANGEOVER_ERR_CONFIG,
        c"CHANGEOVER_ERR_CONFIG",
        c"a setting is out of range or not allowed on this level",
    ),
    (
        CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP,
        c"CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP",
        c"hot standby needs overlap on",
    ),
    (
        CHANGEOVER_ERR_STREAM_EXISTS,
        c"CHANGEOVER_ERR_STREAM_EXISTS",
        c"the stream is already registered",
    ),
    (
        CHANGEOVER_ERR_UNKNOWN_STREAM,
        c"CHANGEOVER_ERR_UNKNOWN_STREAM",
        c"no such stream is registered",
    ),
    (
        CHANGEOVER_ERR_UNKNOWN_INPUT,
        c"CHANGEOVER_ERR_UNKNOWN_INPUT",
        c"the stream has no input of that priority",
    ),
    (CHANGEOVER_ERR_INPUT_DEGRADED, c"CHANGEOVER_ERR_INPUT_DEGRADED", c"the input is degraded"),
    (
        CHANGEOVER_ERR_STALE_SESSION,
        c"CHANGEOVER_ERR_STALE_SESSION",
        c"that session or probe is over",
    ),
    (CHANGEOVER_ERR_LENGTH, c"CHANGEOVER_ERR_LENGTH", c"a length that no buffer can have"),
    (CHANGEOVER_ERR_VALUE, c"CHANGEOVER_ERR_VALUE", c"not one of the constants"),
    (CHANGEOVER_ERR_TIMEOUT, c"CHANGEOVER_ERR_TIMEOUT", c"timed out"),
    (
        CHANGEOVER_ERR_WRONG_MODE,
        c"CHANGEOVER_ERR_WRONG_MODE",
        c"not available with this way of event delivery",
    ),
    (CHANGEOVER_ERR_IN_CALLBACK, c"CHANGEOVER_ERR_IN_CALLBACK", c"not allowed inside a callback"),
    (CHANGEOVER_ERR_SHUT_DOWN, c"CHANGEOVER_ERR_SHUT_DOWN", c"the engine is being freed"),
    (
        CHANGEOVER_ERR_FORKED,
        c"CHANGEOVER_ERR_FORKED",
        c"the handle belongs to the parent of this forked process",
    ),
    (CHANGEOVER_ERR_INDEX, c"CHANGEOVER_ERR_INDEX", c"an index beyond the end"),
    (
        CHANGEOVER_ERR_SYSTEM,
        c"CHANGEOVER_ERR_SYSTEM",
        c"the system refused a thread or a descriptor",
    ),
    (CHANGEOVER_ERR_PANIC, c"CHANGEOVER_ERR_PANIC", c"a bug in the library"),
];

fn entry(code: i32) -> Option<&'static (i32, &'static CStr, &'static CStr)> {
    CODES.iter().find(|(known, ..)| *known == code)
}

/// The name of a result, e.g. "CHANGEOVER_ERR_NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_name(code: i32) -> *const c_char {
    guard_or(c"unknown", || entry(code).map_or(c"unknown", |(_, name, _)| name)).as_ptr()
}

/// A result in words, e.g. "a required pointer is NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_message(code: i32) -> *const c_char {
    guard_or(c"unknown", || entry(code).map_or(c"unknown", |(_, _, message)| message)).as_ptr()
}
