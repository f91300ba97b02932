//! The trace: a record of everything that enters [`core`](crate::core), with its time, and of what that
//! answered. From it the same decisions can be made again: [`Replay`].
//!
//! `docs/trace.md` says what is in it and what it is good for; this is how it looks in a file.
//!
//! A file is the line `changeover-trace` and then *frames*. A frame is the length of what is in it, that, and
//! its CRC-32 (4 bytes, the low one first): one record, or several (kind 7), each with its length before it, 4 KiB
//! or little more. Whatever is cut off costs only the frame it cuts. A record begins with its kind:
//!
//! | kind | what | what follows |
//! |---|---|---|
//! | 1 | header, first in a file | JSON: `format`, `version` of the library |
//! | 2 | checkpoint: all streams follow as they are | engine time, wall clock, last id, spread, how many |
//! | 3 | a stream as it is | JSON |
//! | 4 | clock | engine time, wall clock |
//! | 5 | lost | how many records were not written |
//! | 6 | URLs of a stream's inputs, where they were asked for | registration, JSON |
//! | 7 | several | records |
//! | 16 | registration | time, JSON, or the error it was refused with |
//! | 17 | mass failure | time, since when, until when |
//! | 32… | stimulus | time, registration, what it says, error, actions |
//! | 127 | what was measured of a session, right after its newest packet: only with what goes on | `look.rs` |
//! | 160… | the same, of the stream and the time of the record before; nothing came of it | what it says |
//!
//! Numbers are as in `wire.rs`. Engine times of kinds from 16 are what has passed since the record before,
//! or since the last clock or checkpoint; kinds from 32 name their stream by the number of its
//! registration. So whoever meets a kind that it does not know can skip it. What follows what is known of a
//! record is skipped, too. Numbers of kinds are permanent.
//!
//! It is written by hand, not derived from the types of `core`: what comes often is a few bytes, and a
//! type of `core` can change without a word here. What is rare is JSON, whose parts have names.
//!
//! | file | job |
//! |---|---|
//! | `wire.rs`, `frame.rs` | numbers and texts; frames |
//! | `stimulus.rs`, `look.rs`, `act.rs`, `notice.rs` | what a stream was told, and what it answered |
//! | `record.rs` | records, read |
//! | `encoder.rs` | records, written as they happen |
//! | `file.rs` | files with limits |
//! | `writer.rs` | a trace of streams in virtual time |
//! | `reader.rs` | records from a file |
//! | `replay.rs` | the same decisions again |

mod act;
mod encoder;
mod file;
mod frame;
mod look;
mod notice;
mod reader;
mod record;
mod replay;
mod stimulus;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

use crate::core::Nanos;

pub use act::Act;
pub(crate) use encoder::{Chunk, Encoder};
pub use file::TraceLimits;
pub(crate) use file::{put_beginning, Checkpoint, TraceFile};
pub use reader::{Damage, Reader, Why};
pub use record::{Header, Record, Told};
pub use replay::{Difference, Replay, Summary};
pub use writer::Writer;

/// Silences of inputs are recorded from this length on, in nanoseconds: shorter than any limit on silence
/// that is worth to be tried on a trace, longer than what is between two packets of most sources.
pub(crate) const SILENCES_FROM: Nanos = 100_000_000;

/// Whether URLs, options and the URLs in texts go into the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urls {
    LeftOut,
    Kept,
}
