//! The same decisions again, by the same `core`.

use super::act::{acts, put_action, Act};
use super::record::{Record, Told};
use crate::core::{Common, Nanos, Registration, Stimulus, Stream};
use crate::vocabulary::Error;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

/// Decides again what a trace has recorded, with what the cores really do.
#[derive(Debug, Default)]
pub struct Replay {
    common: Common,
    /// By the numbers of their registrations.
    streams: BTreeMap<u64, Stream>,
    summary: Summary,
    /// Records are missing: until the next checkpoint nothing is known of any stream.
    lost: bool,
}

/// How much was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Stimuli, registrations included, that were decided again.
    pub decided: u64,
    /// Actions that came of them, each as it was recorded.
    pub actions: u64,
    /// Stimuli that could not be decided again: after records were lost, or of a later version.
    pub skipped: u64,
    /// Records that are missing.
    pub lost: u64,
    /// Checkpoints; what was known when one came, was as it says.
    pub checkpoints: u64,
}

/// The first thing that was decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Engine time.
    pub at: Nanos,
    /// The stream.
    pub stream: Arc<str>,
    /// What it was told.
    pub told: String,
    /// What it had answered: the code of an error or 0, and its actions.
    pub recorded: (i32, Vec<Act>),
    /// What it answers now.
    pub replayed: (i32, Vec<Act>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "stream {}: told {}", crate::print::printable_name(&self.stream), self.told)?;
        writeln!(f, "  recorded: {}", Answer(&self.recorded))?;
        write!(f, "  replayed: {}", Answer(&self.replayed))
    }
}

struct Answer<'a>(&'a (i32, Vec<Act>));

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (error, acts) = self.0;
        if *error != 0 {
            write!(f, "error {error}")?;
        }
        match &acts[..] {
            [] if *error == 0 => f.write_str("nothing to be done"),
            acts => acts.iter().enumerate().try_for_each(|(at, act)| {
                let comma = if at + usize::from(*error != 0) > 0 { ", " } else { "" };
                write!(f, "{comma}{act}")
            }),
        }
    }
}

/// What a stream answers.
struct Answered {
    error: i32,
    bytes: Vec<u8>,
}

impl Replay {
    /// Of a trace from its beginning.
    pub fn new() -> Replay {
        Replay::default()
    }

    /// How much was replayed.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// What the streams have in common now, for one that is driven apart from here on.
    pub fn common(&self) -> Common {
        let (last_id, spread) = self.common.recorded();
        Common::resumed(last_id, spread)
    }

    /// A stream as it is now, by the number of its registration.
    pub fn stream(&self, registration: u64) -> Option<&Stream> {
        self.streams.get(&registration)
    }

    /// All streams as they are now.
    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.streams.values()
    }

    /// Decides again what the next record says.
    ///
    /// # Errors
    /// What is decided is not what was recorded. Whatever follows means nothing.
    pub fn apply(&mut self, record: &Record) -> Result<(), Box<Difference>> {
        match record {
            Record::Checkpoint { last_id, spread, .. } => {
                self.common = Common::resumed(*last_id, *spread);
                self.streams.clear();
                self.lost = false;
                self.summary.checkpoints += 1;
            }
            Record::State(stream) => {
                let mut stream = (**stream).clone();
                stream.resume(&mut self.common);
                self.streams.insert(stream.registration(), stream);
            }
            Record::Lost { records } => {
                self.streams.clear();
                self.lost = true;
                self.summary.lost += records;
            }
            Record::Registered { at, registration: Ok(registration), answer, .. } => {
                return self.register(*at, registration, answer);
            }
            Record::MassFailure { since, until, .. } => self.common.spread_waits(*since, *until),
            Record::Told(told) => return self.tell(told),
            Record::Unknown { registration, .. } => {
                if registration.is_some_and(|number| self.streams.remove(&number).is_some()) {
                    self.summary.skipped += 1;
                }
            }
            Record::Began(_) | Record::Urls { .. } | Record::Registered { .. } => {}
        }
        Ok(())
    }

    fn register(
        &mut self,
        at: Nanos,
        registration: &Registration,
        recorded: &[u8],
    ) -> Result<(), Box<Difference>> {
        if self.lost {
            self.summary.skipped += 1;
            return Ok(());
        }
        let (number, id) = (registration.number, registration.id.clone());
        let common = &mut self.common;
        let made = contained(|| Stream::new(registration.clone(), at, common));
        let answered = match made {
            Ok(mut stream) => {
                let answered = answer_of(&mut stream);
                self.streams.insert(number, stream);
                answered
            }
            Err(error) => Answered { error: error.code(), bytes: Vec::new() },
        };
        self.compare(at, id, &"its registration", (0, recorded), answered)
    }

    fn tell(&mut self, told: &Told) -> Result<(), Box<Difference>> {
        let Told { at, registration, stimulus, error, answer } = told;
        let Some(stream) = self.streams.get_mut(registration).filter(|_| !self.lost) else {
            self.summary.skipped += 1;
            return Ok(());
        };
        if *error == Error::Limit.code() {
            // Texts were too long that are not recorded. What is refused changes nothing.
            self.summary.skipped += 1;
            return Ok(());
        }
        let id = stream.id().clone();
        let common = &mut self.common;
        let handled = contained(|| stream.handle(stimulus.clone(), *at, common));
        let mut answered = Answered { error: 0, bytes: Vec::new() };
        match handled {
            Err(error) => answered.error = error.code(),
            Ok(()) => answered = answer_of(stream),
        }
        let is_over = matches!(stimulus, Stimulus::Unregister) && answered.error == 0;
        if is_over || answered.error == Error::Panic.code() {
            self.streams.remove(registration);
        }
        self.compare(*at, id, stimulus, (*error, answer), answered)
    }

    fn compare(
        &mut self,
        at: Nanos,
        stream: Arc<str>,
        told: &dyn fmt::Debug,
        (error, recorded): (i32, &[u8]),
        answered: Answered,
    ) -> Result<(), Box<Difference>> {
        if error == answered.error && recorded == answered.bytes {
            self.summary.decided += 1;
            self.summary.actions += acts(recorded).len() as u64;
            return Ok(());
        }
        let (recorded, replayed) =
            ((error, acts(recorded)), (answered.error, acts(&answered.bytes)));
        Err(Box::new(Difference { at, stream, told: format!("{told:?}"), recorded, replayed }))
    }
}

fn answer_of(stream: &mut Stream) -> Answered {
    let mut bytes = Vec::new();
    stream.drain().for_each(|action| put_action(&mut bytes, &action));
    Answered { error: 0, bytes }
}

/// A bug of the core is what the engine says of it.
fn contained<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Error::Panic))
}
