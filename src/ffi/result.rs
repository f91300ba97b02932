//! Results: what the C functions answer, by name and in words.

use super::guard::guard_or;
use crate::vocabulary::{Error, ErrorWord, ERRORS};
use std::ffi::c_char;

pub use crate::vocabulary::codes::*;

/// A negative code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) i32);

pub(super) type Outcome<T = ()> = Result<T, Code>;

impl From<Error> for Code {
    fn from(error: Error) -> Code {
        Code(error.code())
    }
}

fn word(code: i32) -> Option<&'static ErrorWord> {
    ERRORS.iter().find(|word| word.number == code)
}

/// The name of a result, e.g. "CHANGEOVER_ERR_NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_name(code: i32) -> *const c_char {
    guard_or(c"unknown", || word(code).map_or(c"unknown", |word| word.name)).as_ptr()
}

/// A result in words, e.g. "a required pointer is NULL"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_error_message(code: i32) -> *const c_char {
    guard_or(c"unknown", || word(code).map_or(c"unknown", |word| word.message)).as_ptr()
}
