//! Results: what the C functions answer.

use crate::vocabulary::Error;

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
