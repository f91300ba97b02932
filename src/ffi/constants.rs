//! The vocabulary in C: numbers, and their names.

use super::guard::guard_or;
use super::result::{Code, Outcome, CHANGEOVER_ERR_VALUE};
use crate::vocabulary::{ErrorWord, EventTag, Level, Reason, Status, Vocabulary, ERRORS};
use std::ffi::c_char;

/// A duration that is inherited: an input's from its stream, a stream's from the engine, the
/// engine's from the library.
pub const CHANGEOVER_INHERIT: u64 = u64::MAX;
/// A choice (failback, standby, overlap) that is inherited.
pub const CHANGEOVER_INHERIT_CHOICE: i32 = -1;

/// The largest number that a stream's switch numbers may begin with, 2^57: changeover_register_from.
pub const CHANGEOVER_FIRST_SWITCH_MAX: u64 = 144115188075855872;
const _: () = assert!(CHANGEOVER_FIRST_SWITCH_MAX == crate::units::FIRST_SWITCH_MAX);

/// A time that is not known.
pub const CHANGEOVER_UNKNOWN: u64 = u64::MAX;

/// The word with this number.
pub(super) fn word<T: Vocabulary>(number: i32) -> Outcome<T> {
    T::from_code(number).ok_or(Code(CHANGEOVER_ERR_VALUE))
}

/// `None` is off.
pub(super) fn level(number: i32) -> Outcome<Option<Level>> {
    if number == 0 {
        return Ok(None);
    }
    word(number).map(Some)
}

fn name<T: Vocabulary>(number: i32) -> *const c_char {
    guard_or(c"unknown", || T::WORDS.name_of(number).unwrap_or(c"unknown")).as_ptr()
}

/// A reason's name as in the JSON, e.g. "timeout"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_reason_name(reason: i32) -> *const c_char {
    name::<Reason>(reason)
}

/// An event kind's name, e.g. "start"; "none" for 0 and "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_event_name(kind: i32) -> *const c_char {
    name::<EventTag>(kind)
}

/// An input status's name as in the JSON, e.g. "degraded"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_status_name(status: i32) -> *const c_char {
    name::<Status>(status)
}

fn error(code: i32) -> Option<&'static ErrorWord> {
    ERRORS.iter().find(|error| error.number == code)
}

/// The name of a result, e.g. "CHANGEOVER_ERR_NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_name(code: i32) -> *const c_char {
    guard_or(c"unknown", || error(code).map_or(c"unknown", |error| error.name)).as_ptr()
}

/// A result in words, e.g. "a required pointer is NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_message(code: i32) -> *const c_char {
    guard_or(c"unknown", || error(code).map_or(c"unknown", |error| error.message)).as_ptr()
}
