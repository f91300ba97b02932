//! A trace from its beginning to its end, decided again.

use crate::answer::Failure;
use crate::clocks::Clocks;
use crate::words::{clock, seconds};
use changeover::trace::{Damage, Difference, Reader, Record, Replay, Why};
use changeover::Nanos;
use serde::Serialize;
use std::fs::File;
use std::io::{stderr, BufReader, Cursor, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

/// How often progress is shown.
const STEP: Duration = Duration::from_millis(200);

pub(crate) struct Tape {
    path: PathBuf,
    reader: Reader<Box<dyn Read>>,
    /// The streams as they were at the last record.
    pub(crate) replay: Replay,
    /// The version of the library that has written it.
    pub(crate) version: String,
    /// Its first moment.
    begin: Option<(Nanos, SystemTime)>,
    clocks: Clocks,
    /// What is later is not read.
    limit: Option<When>,
    /// Where it can't be read any further.
    damage: Option<Damage>,
    /// How many bytes there are, and when progress is shown next; where somebody watches.
    progress: Option<(u64, Instant)>,
}

/// A time that a person names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Since the beginning.
    After(Duration),
    Clock(SystemTime),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let time = match text.strip_prefix('+') {
            Some(seconds) => {
                let seconds = seconds.parse().ok();
                seconds.and_then(|n| Duration::try_from_secs_f64(n).ok()).map(When::After)
            }
            None => humantime::parse_rfc3339_weak(text).ok().map(When::Clock),
        };
        time.ok_or_else(|| "neither 2026-11-27T03:12:44Z nor +SECONDS".to_owned())
    }
}

/// What there is to say of a trace as a whole.
#[derive(Serialize)]
pub(crate) struct About {
    trace: String,
    version: String,
    from: String,
    until: String,
    pub(crate) seconds: f64,
    /// Why its end can't be read, if that is so.
    damage: Option<String>,
}

impl Tape {
    pub(crate) fn open(path: &Path) -> Result<Tape, Failure> {
        let refused = |error| Failure::Usage(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(refused)?;
        let bytes = file.metadata().map_err(refused)?.len();
        let file = BufReader::with_capacity(1 << 18, file);
        let mut tape = Tape::new(path, Box::new(file));
        tape.progress = stderr().is_terminal().then(|| (bytes, Instant::now() + STEP));
        Ok(tape)
    }

    /// One that is in memory, by this name.
    pub(crate) fn of(name: &str, trace: Vec<u8>) -> Tape {
        Tape::new(Path::new(name), Box::new(Cursor::new(trace)))
    }

    fn new(path: &Path, from: Box<dyn Read>) -> Tape {
        Tape {
            path: path.to_owned(),
            reader: Reader::new(from),
            replay: Replay::new(),
            version: String::new(),
            begin: None,
            clocks: Clocks::default(),
            limit: None,
            damage: None,
            progress: None,
        }
    }

    /// Up to a time, and no further.
    pub(crate) fn until(mut self, limit: When) -> Tape {
        self.limit = Some(limit);
        self
    }

    /// The next record, or the first one whose answer would be another today.
    ///
    /// # Errors
    /// As of [`Tape::read`].
    pub(crate) fn next(&mut self) -> Result<Option<Result<Record, Box<Difference>>>, Failure> {
        let record = self.read()?;
        Ok(record.map(|record| self.replay.apply(&record).map(|()| record)))
    }

    /// The next record, without deciding it.
    ///
    /// # Errors
    /// The file can't be read. An end that is torn or damaged is just an end.
    pub(crate) fn read(&mut self) -> Result<Option<Record>, Failure> {
        self.show_progress();
        let record = match self.reader.next() {
            None => return Ok(None),
            Some(Ok(record)) => record,
            Some(Err(damage)) => match damage.why {
                Why::Torn | Why::Damaged => {
                    self.damage = Some(damage);
                    return Ok(None);
                }
                _ => return Err(Failure::Trouble(format!("{}: {damage}", self.path.display()))),
            },
        };
        if let Record::Began(header) = &record {
            self.version.clone_from(&header.version);
        }
        if matches!(record, Record::Checkpoint { .. }) && self.begin.is_none() {
            self.begin = Some((self.reader.at(), self.reader.wall()));
        }
        if self.begin.is_some() {
            self.clocks.note(self.reader.at(), self.reader.wall());
        }
        if self.limit.is_some_and(|limit| self.engine_time(limit) < self.reader.at()) {
            return Ok(None);
        }
        Ok(Some(record))
    }

    /// Nothing can be said of a trace from which on this version decides otherwise.
    pub(crate) fn is_of_another_mind(&self, difference: &Difference) -> Failure {
        let at = clock(self.wall(difference.at));
        let (was, is) = (&self.version, env!("CARGO_PKG_VERSION"));
        Failure::Trouble(format!(
            "from {at} on this version ({is}) decides otherwise than the one that has written the \
             trace ({was}): changeover replay shows what"
        ))
    }

    /// Engine time of the last record.
    pub(crate) fn at(&self) -> Nanos {
        self.reader.at()
    }

    /// Engine time of the first.
    pub(crate) fn begin(&self) -> Nanos {
        self.begin.map_or(self.at(), |(at, _)| at)
    }

    /// The wall clock's time of an engine time.
    pub(crate) fn wall(&self, at: Nanos) -> SystemTime {
        self.clocks.wall(at)
    }

    /// The engine's time of a time that a person names.
    pub(crate) fn engine_time(&self, when: When) -> Nanos {
        match when {
            When::After(long) => {
                let nanos = Nanos::try_from(long.as_nanos()).unwrap_or(Nanos::MAX);
                self.begin().saturating_add(nanos)
            }
            When::Clock(clock) => self.clocks.engine(clock),
        }
    }

    pub(crate) fn about(&self) -> About {
        let now = (self.reader.at(), self.reader.wall());
        let (begin, wall) = self.begin.unwrap_or(now);
        About {
            trace: self.path.display().to_string(),
            version: self.version.clone(),
            from: clock(wall),
            until: clock(now.1),
            seconds: seconds(now.0 - begin),
            damage: self.damage.as_ref().map(Damage::to_string),
        }
    }

    fn show_progress(&mut self) {
        if let Some((bytes, next)) = &mut self.progress {
            if Instant::now() >= *next {
                *next = Instant::now() + STEP;
                let percent = self.reader.offset() * 100 / (*bytes).max(1);
                eprint!("\r\x1b[K{}: {percent} %\r", self.path.display());
            }
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        if self.progress.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

impl About {
    /// For people, a line or two.
    pub(crate) fn text(&self) -> String {
        let About { trace, version, from, until, .. } = self;
        let mut text = format!("{trace}: {from} to {until}, written by {version}\n");
        if let Some(damage) = &self.damage {
            text += &format!("  it {damage}; what stands before that was read\n");
        }
        text
    }
}
