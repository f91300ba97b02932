//! Records, as they are read.

use super::act::{acts, Act};
use super::look::{Look, MEASURED};
use super::stimulus::{self, stimulus};
use super::wire::Source;
use crate::core::{Nanos, Priority, Registration, Stimulus, Stream};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// Permanent.
pub(super) mod kind {
    pub(in crate::trace) const HEADER: u8 = 1;
    pub(in crate::trace) const CHECKPOINT: u8 = 2;
    pub(in crate::trace) const STATE: u8 = 3;
    pub(in crate::trace) const CLOCK: u8 = 4;
    pub(in crate::trace) const LOST: u8 = 5;
    pub(in crate::trace) const URLS: u8 = 6;
    /// A frame of several records, each with its length before it.
    pub(in crate::trace) const SEVERAL: u8 = 7;
    /// From here on kinds begin with a time.
    pub(in crate::trace) const TIMED: u8 = 16;
    pub(in crate::trace) const REGISTERED: u8 = 16;
    pub(in crate::trace) const MASS_FAILURE: u8 = 17;
    /// From here on they name a stream after that.
    pub(in crate::trace) const OF_STREAM: u8 = 32;
    /// With this bit, they are of the stream and the time of the record before, which they do not name then, and
    /// nothing came of it.
    pub(in crate::trace) const GOES_ON: u8 = 0x80;
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// Of the file. Rises when readers of the one before can't read it any more.
    pub format: u32,
    /// Of the library that has written it.
    pub version: String,
    /// Silences of an input that runs are in it if they lasted for so many nanoseconds; without it,
    /// only those for which it was given up.
    #[serde(default)]
    pub silences_from: Option<Nanos>,
}

impl Header {
    /// The one that is read and written here.
    pub(super) const FORMAT: u32 = 1;
}

/// One record of a trace.
#[derive(Debug)]
#[non_exhaustive]
pub enum Record {
    /// A file begins.
    Began(Header),
    /// All streams follow as they are now, each as a [`Record::State`]: from here on it can be replayed.
    Checkpoint {
        /// Engine time.
        at: Nanos,
        /// The last id of a session or probe.
        last_id: u64,
        /// From when until when waits are spread.
        spread: Option<(Nanos, Nanos)>,
        /// How many streams follow.
        streams: u64,
    },
    /// A stream as it was at the checkpoint.
    State(Box<Stream>),
    /// Some records are missing here.
    Lost {
        /// So many.
        records: u64,
    },
    /// The URLs of a stream's inputs, where these are recorded.
    Urls {
        /// The number of its registration.
        registration: u64,
        /// By the inputs' priorities.
        urls: BTreeMap<Priority, String>,
    },
    /// A stream was to be registered.
    Registered {
        /// Engine time.
        at: Nanos,
        /// What with, without URLs and options; or the code of the error it was refused with.
        registration: Result<Box<Registration>, i32>,
        /// What the stream answered.
        acts: Vec<Act>,
        /// The same, as it was recorded.
        answer: Vec<u8>,
    },
    /// Very many streams failed at once.
    MassFailure {
        /// Engine time.
        at: Nanos,
        /// Waits that begin from then on
        since: Nanos,
        /// until then are spread.
        until: Nanos,
    },
    /// A stream was told something.
    Told(Box<Told>),
    /// Something that a later version records.
    Unknown {
        /// Its kind.
        kind: u8,
        /// Engine time.
        at: Nanos,
        /// The stream, if it is one of a stream.
        registration: Option<u64>,
    },
}

/// What a stream was told, and what it answered.
#[derive(Debug)]
#[non_exhaustive]
pub struct Told {
    /// Engine time.
    pub at: Nanos,
    /// The number of the stream's registration.
    pub registration: u64,
    /// What it was told.
    pub stimulus: Stimulus,
    /// The code of the error it was refused with, or 0.
    pub error: i32,
    /// What it answered, as it was recorded.
    pub(super) answer: Vec<u8>,
}

impl Told {
    /// What the stream answered.
    pub fn acts(&self) -> Vec<Act> {
        acts(&self.answer)
    }
}

/// Reads the records of one file, one after the other.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Engine time of the last record.
    at: Nanos,
    /// The stream of the last record that names one.
    stream: Option<u64>,
    /// At the last clock: engine time, and nanoseconds since 1970.
    clock: (Nanos, u64),
    /// What the records of this stream and time say of newest packets.
    look: Look,
}

impl Decoder {
    /// Engine time of the last record.
    pub(super) fn at(&self) -> Nanos {
        self.at
    }

    /// Wall clock time of the last record.
    pub(super) fn wall(&self) -> SystemTime {
        let (at, unix) = self.clock;
        let since = Duration::from_nanos(self.at.saturating_sub(at));
        SystemTime::UNIX_EPOCH + Duration::from_nanos(unix) + since
    }

    /// `None` if it says nothing besides the time.
    pub(super) fn decode(&mut self, record: &[u8]) -> Option<Record> {
        let mut from = Source(record);
        let first = from.byte().unwrap_or(0);
        let (kind, goes_on) = (first & !kind::GOES_ON, first & kind::GOES_ON != 0);
        if kind >= kind::TIMED && !goes_on {
            self.at = self.at.wrapping_add(from.number().unwrap_or(0));
        }
        if kind >= kind::OF_STREAM && !goes_on {
            self.stream = from.number();
        }
        if !goes_on {
            self.look.begin();
        }
        let registration = self.stream.filter(|_| kind >= kind::OF_STREAM);
        let known = match (kind, registration) {
            (kind::CLOCK, _) if !goes_on => {
                self.set_clock(&mut from);
                return None;
            }
            (stimulus::FIRST..=stimulus::LAST | MEASURED, Some(registration)) => {
                self.told(kind, goes_on, registration, &mut from)
            }
            _ if goes_on => None,
            _ => self.rare(kind, &mut from),
        };
        Some(known.unwrap_or(Record::Unknown { kind, at: self.at, registration }))
    }

    fn set_clock(&mut self, from: &mut Source) -> Option<()> {
        let clock = (from.number()?, from.number()?);
        (self.at, self.clock) = (clock.0, clock);
        Some(())
    }

    fn told(
        &mut self,
        kind: u8,
        goes_on: bool,
        registration: u64,
        from: &mut Source,
    ) -> Option<Record> {
        let stimulus = match kind {
            MEASURED if goes_on => {
                let (session, measure) = self.look.measured(from, self.at)?;
                Stimulus::Measured { session, measure }
            }
            _ => stimulus(kind, from, self.at)?,
        };
        let (error, answer) = match goes_on {
            true => (0, Vec::new()),
            false => (error(from)?, from.rest().to_vec()),
        };
        match &stimulus {
            _ if error != 0 || !answer.is_empty() => self.look.begin(),
            Stimulus::Seen { session, at } => self.look.see(*session, *at),
            _ => {}
        }
        Some(Record::Told(Box::new(Told { at: self.at, registration, stimulus, error, answer })))
    }

    fn rare(&mut self, kind: u8, from: &mut Source) -> Option<Record> {
        Some(match kind {
            kind::HEADER => Record::Began(serde_json::from_str(from.text()?).ok()?),
            kind::CHECKPOINT => {
                self.set_clock(from)?;
                let last_id = from.number()?;
                let spread = from.option()?.zip(from.option()?);
                Record::Checkpoint { at: self.at, last_id, spread, streams: from.number()? }
            }
            kind::STATE => Record::State(serde_json::from_str(from.text()?).ok()?),
            kind::LOST => Record::Lost { records: from.number()? },
            kind::URLS => {
                let registration = from.number()?;
                Record::Urls { registration, urls: serde_json::from_str(from.text()?).ok()? }
            }
            kind::REGISTERED => {
                let registration = match error(from)? {
                    0 => Ok(serde_json::from_str(from.text()?).ok()?),
                    code => Err(code),
                };
                let answer = from.rest().to_vec();
                Record::Registered { at: self.at, registration, acts: acts(&answer), answer }
            }
            kind::MASS_FAILURE => {
                Record::MassFailure { at: self.at, since: from.number()?, until: from.number()? }
            }
            _ => return None,
        })
    }
}

/// Codes are 0 or negative.
fn error(from: &mut Source) -> Option<i32> {
    Some(-from.small::<i32>()?)
}
