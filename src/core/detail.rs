//! What a decision was based on. Kept as it is known, and put into words when somebody reads it:
//! when many streams fail at once, their gates do not wait for sentences.

use super::Nanos;
use crate::print::cut;
use std::fmt;
use std::sync::Arc;

/// A host's text is cut at this many bytes, on a character boundary.
const TOLD_MAX: usize = 255;

/// The evidence behind a switch or an error. [`fmt::Display`] is a sentence for people, empty when
/// the reason alone says everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detail {
    /// The reason alone says everything.
    #[default]
    None,
    /// What the host said, at most 255 bytes of it.
    Told(Arc<str>),
    /// What the stream saw.
    Seen(&'static str),
    /// Something did not come in time.
    Overdue {
        /// What did not come.
        awaited: Awaited,
        /// Nanoseconds without it.
        measured: Nanos,
        /// How many there may be.
        limit: Nanos,
    },
    /// A better input was healthy for long enough.
    Healthy {
        /// So many nanoseconds ago failback to it became due: `failback_stable` and
        /// `switch_cooldown` were over.
        past_due: Nanos,
    },
}

/// What can be overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaited {
    /// The first packet of a session.
    FirstPacket,
    /// The next packet.
    Packet,
    /// The answer to a probe.
    ProbeAnswer,
}

/// What is kept of a host's text: up to 255 bytes, cut on a character boundary.
pub(crate) fn told(text: &str) -> &str {
    cut(text, TOLD_MAX)
}

impl Detail {
    pub(super) fn told(text: &str) -> Detail {
        Detail::Told(told(text).into())
    }

    /// The sentence, see [`Detail`].
    pub fn text(&self) -> Arc<str> {
        match self {
            Detail::Told(text) => text.clone(),
            other => other.to_string().into(),
        }
    }

    /// There is nothing to be said.
    pub fn is_empty(&self) -> bool {
        match self {
            Detail::None => true,
            Detail::Told(text) => text.is_empty(),
            _ => false,
        }
    }

    /// What was measured, in nanoseconds; 0 when nothing was.
    pub fn measured(&self) -> Nanos {
        match self {
            Detail::Overdue { measured, .. } => *measured,
            _ => 0,
        }
    }

    /// The limit it was measured against, in nanoseconds; 0 when there is none.
    pub fn limit(&self) -> Nanos {
        match self {
            Detail::Overdue { limit, .. } => *limit,
            _ => 0,
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Detail::None => Ok(()),
            Detail::Told(text) => f.write_str(text),
            Detail::Seen(text) => f.write_str(text),
            Detail::Overdue { awaited, measured, limit } => {
                let awaited = match awaited {
                    Awaited::FirstPacket => "no first packet",
                    Awaited::Packet => "no packet",
                    Awaited::ProbeAnswer => "no answer to a probe",
                };
                write!(f, "{awaited} for {}, limit {}", Millis(*measured), Millis(*limit))
            }
            Detail::Healthy { past_due } => {
                write!(f, "a better input is healthy, {} past due", Millis(*past_due))
            }
        }
    }
}

/// Nanoseconds for people: rounded down, so that what is below a limit never looks like it.
struct Millis(Nanos);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0 / 100_000;
        write!(f, "{}.{} ms", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_a_sentence_or_nothing() {
        let overdue = |awaited| Detail::Overdue { awaited, measured: 1_999_999_999, limit: 5 };
        let said = [
            (Detail::None, ""),
            (Detail::told(""), ""),
            (Detail::told("refused"), "refused"),
            (Detail::Seen("delivers"), "delivers"),
            (overdue(Awaited::Packet), "no packet for 1999.9 ms, limit 0.0 ms"),
            (overdue(Awaited::FirstPacket), "no first packet for 1999.9 ms, limit 0.0 ms"),
            (overdue(Awaited::ProbeAnswer), "no answer to a probe for 1999.9 ms, limit 0.0 ms"),
            (Detail::Healthy { past_due: 150_000 }, "a better input is healthy, 0.1 ms past due"),
        ];
        for (detail, text) in said {
            assert_eq!((&*detail.text(), detail.is_empty()), (text, text.is_empty()));
        }
    }
}
