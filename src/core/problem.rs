//! What is wrong with what a host asks for, and how much it may ask for at most.

use super::{Error, Priority};
use crate::vocabulary::c_string;
use std::ffi::CStr;
use std::fmt;

/// How many inputs a stream may have. What a decision costs grows with them.
pub(crate) const INPUTS_MAX: usize = 256;

/// How many options an input may have.
pub(crate) const OPTIONS_MAX: usize = 256;

/// How long an input's URL and options may be together, in bytes.
pub(crate) const INPUT_TEXT_MAX: usize = 65_536;

/// How long a buffer write id may be, in bytes.
pub(crate) const BUFFER_WRITE_ID_MAX: usize = 4_096;

/// What is wrong with settings, or with an input: which field, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    error: Error,
    field: &'static CStr,
    why: &'static CStr,
}

macro_rules! problem {
    ($error:ident, $field:literal, $why:literal) => {
        Problem::new(Error::$error, c_string!($field), c_string!($why))
    };
}

impl Problem {
    pub(crate) const NEGATIVE: Problem = problem!(Priority, "priority", "0 or more");
    pub(crate) const URL_TOO_LONG: Problem =
        problem!(Limit, "url", "at most 65,536 bytes, together with the options");
    pub(crate) const OPTIONS_TOO_LONG: Problem =
        problem!(Limit, "options", "at most 65,536 bytes, together with the url");
    pub(crate) const TOO_MANY_OPTIONS: Problem = problem!(Limit, "options", "at most 256");

    pub(crate) const fn new(error: Error, field: &'static CStr, why: &'static CStr) -> Problem {
        Problem { error, field, why }
    }

    /// What an operation answers that is given it.
    pub fn error(self) -> Error {
        self.error
    }

    /// The setting's name, in snake case; or `priority`, `url`, `options`.
    pub fn field(&self) -> &'static str {
        self.field.to_str().expect("names are ASCII")
    }

    /// What it should be, in a few words.
    pub fn why(&self) -> &'static str {
        self.why.to_str().expect("texts are ASCII")
    }

    #[cfg(feature = "capi")]
    pub(crate) fn texts(&self) -> (&'static CStr, &'static CStr) {
        (self.field, self.why)
    }
}

/// Whether a priority is there more than once.
pub(super) fn any_twice(mut priorities: Vec<Priority>) -> bool {
    priorities.sort_unstable();
    priorities.windows(2).any(|pair| pair[0] == pair[1])
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is to be {}", self.field(), self.why())
    }
}

impl std::error::Error for Problem {}
