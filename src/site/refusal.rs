//! What is refused, and how that is said.

use super::message::{Response, JSON};
use crate::print::json::to_json;
use crate::vocabulary::{Error, ERRORS};
use serde::Serialize;

/// Why a request is not answered.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: u16,
    #[serde(rename = "error")]
    name: String,
    message: String,
    /// The methods that a path has.
    #[serde(skip)]
    allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: u16, name: &str, message: &str) -> Refusal {
        Refusal { status, name: name.into(), message: message.into(), allow: None }
    }

    /// Of something that is not there.
    pub(super) fn not_found() -> Refusal {
        Refusal::new(404, "not_found", "there is nothing by this path")
    }

    /// Of another method than a path has.
    pub(super) fn method(allow: &'static str) -> Refusal {
        let allow = Some(allow);
        Refusal { allow, ..Refusal::new(405, "method", "not by this method") }
    }

    /// As the answer.
    pub(super) fn response(&self) -> Response {
        let response = Response::text(self.status, JSON, to_json(self));
        match (self.status, self.allow) {
            (401, _) => response.with("www-authenticate", "Bearer"),
            (_, Some(allow)) => response.with("allow", allow),
            _ => response,
        }
    }
}

#[cfg(feature = "serve")]
impl Response {
    /// A refusal.
    pub(crate) fn refused(status: u16, name: &str, message: &str) -> Response {
        Refusal::new(status, name, message).response()
    }
}

/// The engine's refusals: the names as in C, without what all of them begin with.
impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match error {
            Error::UnknownStream | Error::UnknownInput => 404,
            Error::InputDegraded
            | Error::InputDisabled
            | Error::NoBetterInput
            | Error::NoOtherInput => 409,
            Error::ShutDown | Error::MonitorDied | Error::Timeout | Error::Forked => 503,
            Error::Config | Error::Priority | Error::StreamId => 400,
            _ => 500,
        };
        let word = ERRORS.iter().find(|word| word.number == error.code());
        let name = word.map_or("", |word| word.name.to_str().unwrap_or_default());
        let name = name.strip_prefix("CHANGEOVER_ERR_").unwrap_or(name).to_ascii_lowercase();
        Refusal::new(status, &name, &error.to_string())
    }
}
