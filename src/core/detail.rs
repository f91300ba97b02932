//! What a decision was based on. Kept as it is known, and put into words when somebody reads it:
//! when many streams fail at once, their gates do not wait for sentences.

use super::{Nanos, Reason};
use crate::print::cut;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A host's text is cut at this many bytes, on a character boundary.
const TOLD_MAX: usize = 255;

/// The evidence behind a switch or an error. [`fmt::Display`] is a sentence for people, empty when
/// the reason alone says everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Detail {
    /// The reason alone says everything.
    #[default]
    None,
    /// What the host said, at most 255 bytes of it.
    Told(Arc<str>),
    /// What the stream saw.
    Seen(#[serde(deserialize_with = "seen")] Sentence),
    /// Something did not come in time.
    Overdue {
        /// What did not come.
        awaited: Awaited,
        /// Nanoseconds without it.
        measured: Nanos,
        /// How many there may be.
        limit: Nanos,
    },
    /// No packet came for too long, where the limit is adaptive.
    Silent {
        /// Nanoseconds without one.
        measured: Nanos,
        /// How many there might be, at the time.
        limit: Nanos,
        /// How often packets came back after such a silence.
        returns: u32,
    },
    /// A measure was out of its limit. Bitrates are in kbit/s, frame rates in thousandths of a
    /// frame a second, losses in millionths, times in nanoseconds.
    OutOfLimit {
        /// The condition.
        condition: Reason,
        /// What was measured.
        measured: u64,
        /// Its limit.
        limit: u64,
        /// Over how many milliseconds; 0 for times.
        window: u16,
        /// For how many milliseconds it had shown when it was told; 0 for times.
        shown: u32,
    },
    /// A better input was healthy for long enough.
    Healthy {
        /// So many nanoseconds ago failback to it became due: `failback_stable` and
        /// `switch_cooldown` were over.
        past_due: Nanos,
    },
}

/// What can be overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Awaited {
    /// The first packet of a session.
    FirstPacket,
    /// The next packet.
    Packet,
    /// The answer to a probe.
    ProbeAnswer,
    /// That a trial shows it is good.
    Health,
}

/// By another name, or serde would borrow it from what it reads.
type Sentence = &'static str;

/// Whatever a stream sees, so that it can be read from a record.
const SEEN: [&str; 7] = [
    "delivers",
    "delivers again",
    "usable again",
    "probe succeeded",
    "asked for",
    "overlap was turned off",
    "delivers a key frame",
];

fn seen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    Ok(known_seen(&text))
}

/// One that only another version sees is told in general.
pub(crate) fn known_seen(text: &str) -> &'static str {
    SEEN.iter().find(|known| **known == text).copied().unwrap_or("seen")
}

/// What is kept of a host's text: up to 255 bytes, cut on a character boundary.
pub(crate) fn told(text: &str) -> &str {
    cut(text, TOLD_MAX)
}

impl Detail {
    pub(super) fn told(text: &str) -> Detail {
        Detail::Told(told(text).into())
    }

    /// Rule 15b: a condition and its measure.
    pub(super) fn out_of_limit(
        condition: Reason,
        [measured, limit]: [u64; 2],
        window: Nanos,
        shown: Nanos,
    ) -> Detail {
        let window = (window / 1_000_000).try_into().unwrap_or(u16::MAX);
        let shown = (shown / 1_000_000).try_into().unwrap_or(u32::MAX);
        Detail::OutOfLimit { condition, measured, limit, window, shown }
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

    /// What was measured, in nanoseconds or the unit of the condition; 0 when nothing was.
    pub fn measured(&self) -> Nanos {
        match self {
            Detail::Overdue { measured, .. }
            | Detail::Silent { measured, .. }
            | Detail::OutOfLimit { measured, .. } => *measured,
            _ => 0,
        }
    }

    /// Over how many nanoseconds it was measured; 0 where it is a time itself.
    pub fn window(&self) -> Nanos {
        match self {
            Detail::OutOfLimit { window, .. } => Nanos::from(*window) * 1_000_000,
            _ => 0,
        }
    }

    /// How long ago the fault was when it was detected, as far as that is known: the last packet, or the
    /// last of the track that is missing; of a rate or a loss the first look that showed it.
    pub fn detected_after(&self) -> Option<Nanos> {
        match self {
            Detail::Overdue { measured, .. } | Detail::Silent { measured, .. } => Some(*measured),
            Detail::OutOfLimit { window: 0, measured, .. } => Some(*measured),
            Detail::OutOfLimit { shown, .. } => Some(Nanos::from(*shown) * 1_000_000),
            _ => None,
        }
    }

    /// The limit it was measured against, in the same unit; 0 when there is none.
    pub fn limit(&self) -> Nanos {
        match self {
            Detail::Overdue { limit, .. }
            | Detail::Silent { limit, .. }
            | Detail::OutOfLimit { limit, .. } => *limit,
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
                    Awaited::Health => "not healthy",
                };
                write!(f, "{awaited} for {}, limit {}", Millis(*measured), Millis(*limit))
            }
            Detail::Silent { measured, limit, returns } => {
                let (measured, limit) = (Millis(*measured), Millis(*limit));
                write!(f, "no packet for {measured}, adaptive limit {limit}")?;
                match returns {
                    0 => Ok(()),
                    1 => f.write_str(", after which packets came back once"),
                    more => write!(f, ", after which packets came back {more} times"),
                }
            }
            Detail::OutOfLimit { condition, measured, limit, window, .. } => {
                write_out_of_limit(f, *condition, [*measured, *limit])?;
                match window {
                    0 => Ok(()),
                    window => write!(f, " over {window} ms"),
                }
            }
            Detail::Healthy { past_due } => {
                f.write_str("a better input was healthy for long enough")?;
                match Millis(*past_due) {
                    Millis(..1_000_000) => Ok(()),
                    more => write!(f, ", and for {more} more"),
                }
            }
        }
    }
}

/// In the units of the condition.
fn write_out_of_limit(
    f: &mut fmt::Formatter<'_>,
    condition: Reason,
    [measured, limit]: [u64; 2],
) -> fmt::Result {
    match condition {
        Reason::LowBitrate => write!(f, "{measured} of {limit} kbit/s"),
        Reason::LowFps => {
            let [measured, limit] = [measured, limit].map(|fps| Decimal(fps / 100));
            write!(f, "{measured} of {limit} frames/s")
        }
        Reason::PacketLoss => {
            // Never as small as the limit.
            let [measured, limit] = [measured + 999, limit].map(|ppm| Decimal(ppm / 1000));
            write!(f, "{measured} % lost, limit {limit} %")
        }
        _ => {
            let track = if condition == Reason::AudioLost { "sound" } else { "video" };
            write!(f, "no {track} for {}, limit {}", Millis(measured), Millis(limit))
        }
    }
}

/// Tenths.
struct Decimal(u64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
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
    fn whatever_a_stream_sees_can_be_read_from_a_record() {
        let sources = [
            include_str!("history.rs"),
            include_str!("stream/health.rs"),
            include_str!("stream/maintenance.rs"),
            include_str!("stream/planned.rs"),
            include_str!("stream/selection.rs"),
            include_str!("stream/update.rs"),
        ];
        let said = |source: &'static str| source.split("Detail::Seen(\"").skip(1);
        let sentences =
            sources.into_iter().flat_map(said).filter_map(|rest| rest.split('"').next());
        let sentences: Vec<_> = sentences.collect();
        assert!(sentences.len() >= SEEN.len() - 1, "{sentences:?}");
        assert_eq!(sentences.iter().find(|one| known_seen(one) != **one), None);
        assert_eq!(known_seen("of a later version"), "seen");
    }

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
            (
                Detail::Silent { measured: 212_340_000, limit: 180_000_000, returns: 0 },
                "no packet for 212.3 ms, adaptive limit 180.0 ms",
            ),
            (
                Detail::Silent { measured: 212_340_000, limit: 180_000_000, returns: 1 },
                "no packet for 212.3 ms, adaptive limit 180.0 ms, after which packets came back once",
            ),
            (
                Detail::Silent { measured: 0, limit: 0, returns: 2 },
                "no packet for 0.0 ms, adaptive limit 0.0 ms, after which packets came back 2 times",
            ),
            (
                Detail::out_of_limit(Reason::LowBitrate, [212, 1000], 1_000_000_000, 0),
                "212 of 1000 kbit/s over 1000 ms",
            ),
            (
                Detail::out_of_limit(Reason::LowFps, [2_599, 20_000], 1_500_000_000, 0),
                "2.5 of 20.0 frames/s over 1500 ms",
            ),
            (
                Detail::out_of_limit(Reason::PacketLoss, [20_001, 20_000], 1_000_000_000, 0),
                "2.1 % lost, limit 2.0 % over 1000 ms",
            ),
            (
                Detail::out_of_limit(Reason::VideoLost, [512_000_000, 500_000_000], 0, 0),
                "no video for 512.0 ms, limit 500.0 ms",
            ),
            (
                Detail::out_of_limit(Reason::AudioLost, [512_000_000, 500_000_000], 0, 0),
                "no sound for 512.0 ms, limit 500.0 ms",
            ),
            (Detail::Healthy { past_due: 999_999 }, "a better input was healthy for long enough"),
            (
                Detail::Healthy { past_due: 1_500_000 },
                "a better input was healthy for long enough, and for 1.5 ms more",
            ),
        ];
        for (detail, text) in said {
            assert_eq!((&*detail.text(), detail.is_empty()), (text, text.is_empty()));
        }
    }
}
