//! The files of a trace: no more than so many, none much larger than asked for, each with all that is
//! needed to replay it.

use super::encoder::{by_priority, put_clock, unix_nanos, urls_record, Chunk};
use super::frame::{put_frame, MAGIC};
use super::record::{kind, Header};
use super::stimulus::put_json;
use super::wire::{put, put_option, put_text};
use super::{Urls, SILENCES_FROM};
use crate::core::{Nanos, Stream};
use crate::print::without_secrets;
use serde_json::Value;
use std::fs::{rename, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// How much a trace may take, and what goes into it.
///
/// ```
/// let limits = changeover::trace::TraceLimits::new().file_bytes(16 << 20).files(4);
/// # let _ = limits;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TraceLimits {
    file_bytes: u64,
    files: usize,
    urls: bool,
}

impl Default for TraceLimits {
    fn default() -> TraceLimits {
        TraceLimits { file_bytes: 64 << 20, files: 8, urls: false }
    }
}

impl TraceLimits {
    /// Eight files of 64 MiB, without URLs.
    pub fn new() -> TraceLimits {
        TraceLimits::default()
    }

    /// How many bytes a file may have before the next one begins, besides the state of all streams that
    /// it begins with; at least 64 KiB. Default 64 MiB.
    pub fn file_bytes(mut self, bytes: u64) -> TraceLimits {
        self.file_bytes = bytes.max(1 << 16);
        self
    }

    /// How many files there may be: the one being written, and those before it, whose names end in `.1`,
    /// `.2`, and so on, the older the higher. At least 1. Default 8.
    pub fn files(mut self, files: usize) -> TraceLimits {
        self.files = files.max(1);
        self
    }

    /// Whether URLs are recorded, with all that is secret in them; texts of the host's are recorded as
    /// they are, then. Default no: replay needs none.
    pub fn urls(mut self, urls: bool) -> TraceLimits {
        self.urls = urls;
        self
    }

    pub(crate) fn what_of_urls(&self) -> Urls {
        match self.urls {
            true => Urls::Kept,
            false => Urls::LeftOut,
        }
    }
}

/// All streams as they are at one instant.
pub(crate) struct Checkpoint {
    /// Engine time.
    pub(crate) at: Nanos,
    /// See [`Common::recorded`](crate::core::Common::recorded).
    pub(crate) common: (u64, Option<(Nanos, Nanos)>),
    pub(crate) streams: Vec<Arc<dyn AsRef<Stream> + Send + Sync>>,
}

impl Checkpoint {
    /// As whole frames.
    pub(crate) fn frames(&self, urls: Urls) -> Vec<u8> {
        let Checkpoint { at, common, streams } = self;
        let mut frames = Vec::new();
        let clock = (*at, unix_nanos(SystemTime::now()));
        put_checkpoint(&mut frames, clock, *common, streams.len());
        let mut record = Vec::new();
        for stream in streams {
            let stream: &Stream = (**stream).as_ref();
            record.clear();
            record.push(kind::STATE);
            put_text(&mut record, &state_of(stream, urls));
            put_frame(&mut frames, &record);
            if urls == Urls::Kept {
                let urls = by_priority(stream.inputs().iter().map(|input| &**input.spec()));
                put_frame(&mut frames, &urls_record(stream.registration(), &urls));
            }
        }
        frames
    }
}

/// The file that is being written, and those before it.
#[derive(Debug)]
pub(crate) struct TraceFile {
    path: PathBuf,
    limits: TraceLimits,
    file: File,
    /// What was written as a whole.
    length: u64,
    /// Where the state of all streams ends.
    body: u64,
    /// Records that could not be written, and of which the file does not tell yet.
    lost: u64,
}

impl TraceFile {
    /// Begins a file by this name; what is there by that name is kept as one of those before it.
    pub(crate) fn create(path: &Path, limits: TraceLimits) -> io::Result<TraceFile> {
        let path = path.to_owned();
        // The first one is begun by the first checkpoint.
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        Ok(TraceFile { path, limits, file, length: 0, body: 0, lost: 0 })
    }

    /// Whether a checkpoint should come: with it the next file begins.
    pub(crate) fn is_full(&self) -> bool {
        self.length - self.body >= self.limits.file_bytes
    }

    /// Whether records were lost, so that nothing can be replayed until a checkpoint comes.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost > 0
    }

    /// Appends what was gathered. What can't be written is lost, and counted.
    pub(crate) fn append(&mut self, mut chunk: Chunk) -> io::Result<()> {
        // Without its beginning nothing in a file can be read.
        let written = match self.length {
            0 => Err(ErrorKind::NotFound.into()),
            _ => self.write(chunk.sealed()),
        };
        if written.is_err() {
            self.lost += chunk.count();
        }
        written
    }

    /// Writes all streams as they are: in the next file, if this one is full or is none yet.
    pub(crate) fn checkpoint(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        let begins = self.length == 0 || self.is_full();
        if begins {
            self.begin_file()?;
        }
        let mut frames = Vec::new();
        if self.lost > 0 {
            let mut lost = vec![kind::LOST];
            put(&mut lost, self.lost);
            put_frame(&mut frames, &lost);
        }
        frames.extend(checkpoint.frames(self.limits.what_of_urls()));
        self.write(&frames)?;
        self.lost = 0;
        if begins {
            self.body = self.length;
        }
        Ok(())
    }

    fn begin_file(&mut self) -> io::Result<()> {
        let is_there = std::fs::metadata(&self.path).is_ok_and(|found| found.len() > 0);
        if is_there {
            // However many there may be: those there are.
            let is_free = |number: &usize| !self.numbered(*number).exists();
            let last = (1..self.limits.files).find(is_free).unwrap_or(self.limits.files - 1);
            for number in (1..=last).rev() {
                rename(self.numbered(number - 1), self.numbered(number))?;
            }
        }
        self.file = File::create(&self.path)?;
        (self.length, self.body) = (0, 0);
        let mut frames = Vec::new();
        put_beginning(&mut frames);
        self.write(&frames)
    }

    /// 0 is the one that is being written.
    fn numbered(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        if number > 0 {
            name.push(format!(".{number}"));
        }
        name.into()
    }

    /// Writes all frames, or none.
    fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(frames) {
            // Or readers would stop where the rest is missing.
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += frames.len() as u64;
        Ok(())
    }
}

/// What each trace begins with.
pub(crate) fn put_beginning(frames: &mut Vec<u8>) {
    frames.extend_from_slice(MAGIC);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let mut record = vec![kind::HEADER];
    let silences_from = Some(SILENCES_FROM);
    put_json(&mut record, &Header { format: Header::FORMAT, version, silences_from });
    put_frame(frames, &record);
}

/// A checkpoint at this engine and wall clock time; so many states follow.
pub(super) fn put_checkpoint(
    frames: &mut Vec<u8>,
    (at, unix): (Nanos, u64),
    (last_id, spread): (u64, Option<(Nanos, Nanos)>),
    streams: usize,
) {
    let mut record = vec![kind::CHECKPOINT];
    put_clock(&mut record, at, unix);
    put(&mut record, last_id);
    put_option(&mut record, spread.map(|(since, _)| since));
    put_option(&mut record, spread.map(|(_, until)| until));
    put(&mut record, streams as u64);
    put_frame(frames, &record);
}

/// As JSON. It has no URLs of its own, but may have texts of the host's, wherever a [`Detail`](crate::Detail) is.
fn state_of(stream: &Stream, urls: Urls) -> String {
    // What is recorded fails for no reason of its own.
    let state = serde_json::to_string(stream).expect("it can be written");
    if urls == Urls::Kept || !state.contains("\"Told\":") {
        return state;
    }
    let mut state = serde_json::from_str(&state).expect("it was written");
    leave_urls_out_of_texts(&mut state);
    state.to_string()
}

fn leave_urls_out_of_texts(value: &mut Value) {
    match value {
        Value::Object(parts) => {
            for (name, part) in parts {
                match part {
                    Value::String(text) if name == "Told" => *text = without_secrets(text),
                    part => leave_urls_out_of_texts(part),
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(leave_urls_out_of_texts),
        _ => {}
    }
}
