//! What a command answers, and how it fails.

use serde::Serialize;
use std::fmt;
use std::process::ExitCode;

/// What is printed, and whether all is well.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) well: bool,
}

impl Answer {
    /// One line of JSON.
    pub(crate) fn json(value: &impl Serialize, well: bool) -> Answer {
        // Texts, numbers and lists: nothing in it can fail to be written.
        let json = serde_json::to_string(value).expect("it can be written");
        Answer { text: json + "\n", well }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(u8::from(!self.well))
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked makes no sense.
    Usage(String),
    /// It could not be done.
    Trouble(String),
}

impl Failure {
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Failure::Trouble(_) => ExitCode::from(1),
            Failure::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) | Failure::Trouble(text) => f.write_str(text),
        }
    }
}
