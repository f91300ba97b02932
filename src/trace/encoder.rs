//! Records, written as they happen: the monitor's part of the work, so it is little.

use super::act::put_action;
use super::frame::{put_record, Frames};
use super::look::{Look, MEASURED};
use super::record::kind;
use super::stimulus::{kind_of, put_json, put_stimulus};
use super::wire::put;
use super::Urls;
use crate::core::{Action, Input, InputsUpdate, Nanos, Priority, Registration, Stimulus};
use crate::vocabulary::Error;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Records in their order.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(super) frames: Frames,
    /// How many records there are, those included of which it says that they were lost before it.
    pub(super) count: u64,
}

impl Chunk {
    /// The frames, whole.
    pub(crate) fn sealed(&mut self) -> &[u8] {
        self.frames.sealed()
    }

    /// How many records would be lost with it.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// Makes records of what enters the cores, and gathers them.
#[derive(Debug)]
pub(crate) struct Encoder {
    chunk: Chunk,
    /// Engine time of the last record.
    last: Nanos,
    /// The stream that the last record is of; 0: none, or the frame was closed behind it.
    last_stream: u64,
    urls: Urls,
    /// An engine time and the wall clock's, where that does not run by itself.
    clock: Option<(Nanos, u64)>,
    /// The record that is not answered yet: its kind, how much later than the last one it is, its stream (or 0).
    kind: u8,
    later: Nanos,
    stream: u64,
    /// Where it begins, with its length, and where what it says begins.
    place: usize,
    body: usize,
    /// It is of the last record's stream and time.
    goes_on: bool,
    /// What the records of that stream and time say of newest packets.
    look: Look,
    /// The URLs that go with it.
    begun_urls: Option<BTreeMap<Priority, String>>,
}

impl Encoder {
    pub(crate) fn new(urls: Urls) -> Encoder {
        Encoder {
            chunk: Chunk::default(),
            last: 0,
            last_stream: 0,
            urls,
            clock: None,
            kind: 0,
            later: 0,
            stream: 0,
            place: 0,
            body: 0,
            goes_on: false,
            look: Look::default(),
            begun_urls: None,
        }
    }

    /// In virtual time, of which one instant is known by the wall clock, too.
    pub(super) fn at(urls: Urls, clock: (Nanos, u64)) -> Encoder {
        Encoder { clock: Some(clock), ..Encoder::new(urls) }
    }

    /// How many bytes were gathered.
    pub(crate) fn gathered(&self) -> usize {
        self.chunk.frames.len()
    }

    /// Takes what was gathered. Whatever becomes of it, what follows can be read without it.
    pub(crate) fn take(&mut self) -> Chunk {
        let frames = Frames::with_capacity(self.gathered());
        self.last_stream = 0;
        std::mem::replace(&mut self.chunk, Chunk { frames, count: 0 })
    }

    /// First in a chunk, so that times are counted from here.
    fn begin_chunk(&mut self, now: Nanos) {
        let mut clock = vec![kind::CLOCK];
        let unix = match self.clock {
            Some((at, unix)) => unix + now.saturating_sub(at),
            None => unix_nanos(SystemTime::now()),
        };
        put_clock(&mut clock, now, unix);
        self.put(&clock);
        self.last = now;
    }

    /// A record that is of no stream.
    fn put(&mut self, record: &[u8]) {
        put_record(self.chunk.frames.records(), record);
        self.chunk.frames.close_if_full();
        self.last_stream = 0;
    }

    /// Some records that were taken were not written.
    pub(crate) fn lost(&mut self, records: u64, now: Nanos) {
        self.begin_chunk(now);
        let mut lost = vec![kind::LOST];
        put(&mut lost, records);
        self.put(&lost);
        self.chunk.count += records;
    }

    /// `stream` is its registration, or 0. What it says is to be appended.
    #[inline]
    fn begin(&mut self, kind: u8, stream: u64, now: Nanos) -> &mut Vec<u8> {
        if self.gathered() == 0 {
            self.begin_chunk(now);
        }
        self.goes_on = stream != 0 && (stream, now) == (self.last_stream, self.last);
        // Time never goes back; if it did, no more than the time would be wrong.
        (self.kind, self.later, self.stream) = (kind, now.saturating_sub(self.last), stream);
        self.last = self.last.max(now);
        self.last_stream = stream;
        let records = self.chunk.frames.records();
        self.place = records.len();
        // Mostly its length is one digit.
        records.push(0);
        if self.goes_on {
            records.push(kind | kind::GOES_ON);
        } else {
            self.look.begin();
            put_head(records, kind, self.later, stream);
        }
        self.body = records.len();
        records
    }

    /// Something came of what goes on: it is said in full of what it is.
    fn say_in_full(&mut self) {
        let records = self.chunk.frames.records();
        if self.kind == MEASURED {
            let said = self.look.taken_back(&records[self.body..], self.last);
            let (session, measure) = said.expect("it was said in short");
            let measured = Stimulus::Measured { session, measure };
            records.truncate(self.body);
            put_stimulus(records, &measured, self.last, self.urls);
            self.kind = kind_of(&measured);
        }
        let mut head = Vec::new();
        put_head(&mut head, self.kind, self.later, self.stream);
        records.splice(self.place + 1..self.body, head);
    }

    fn end(&mut self) {
        let records = self.chunk.frames.records();
        let length = records.len() - self.place - 1;
        if length < 0x80 {
            records[self.place] = length as u8;
        } else {
            let mut digits = Vec::new();
            put(&mut digits, length as u64);
            records.splice(self.place..=self.place, digits);
        }
        self.chunk.count += 1;
        if self.chunk.frames.close_if_full() {
            self.last_stream = 0;
        }
    }

    /// A stream is about to be told something; [`Encoder::answer`] follows.
    #[inline]
    pub(crate) fn stimulus(&mut self, registration: u64, stimulus: &Stimulus, now: Nanos) {
        let urls = self.urls;
        self.begin(kind_of(stimulus), registration, now);
        let records = self.chunk.frames.records();
        match stimulus {
            Stimulus::Measured { session, measure }
                if self.goes_on && self.look.put(records, *session, measure, now) =>
            {
                (self.kind, records[self.body - 1]) = (MEASURED, MEASURED | kind::GOES_ON);
            }
            _ => put_stimulus(records, stimulus, now, urls),
        }
        if let Stimulus::Seen { session, at } = stimulus {
            self.look.see(*session, *at);
        }
        if let Stimulus::UpdateInputs(update) = stimulus {
            self.begun_urls = self.urls_of(update);
        }
    }

    fn urls_of(&self, update: &InputsUpdate) -> Option<BTreeMap<Priority, String>> {
        let inputs = update.added.iter().chain(&update.updated);
        (self.urls == Urls::Kept).then(|| by_priority(inputs))
    }

    /// What came of it. A stream that is refused something does nothing.
    #[inline]
    pub(crate) fn answer(&mut self, registration: u64, answer: Result<&[Action], Error>) {
        let nothing_came = answer.is_ok_and(<[_]>::is_empty);
        if !nothing_came {
            if self.goes_on {
                self.say_in_full();
            }
            self.look.begin();
        }
        if !nothing_came || !self.goes_on {
            let records = self.chunk.frames.records();
            put(records, answer.err().map_or(0, |error| error.code().unsigned_abs().into()));
            answer.unwrap_or_default().iter().for_each(|action| put_action(records, action));
        }
        self.end();
        let urls = self.begun_urls.take();
        if let Some(urls) = urls.filter(|_| answer.is_ok()) {
            self.put_urls(registration, &urls);
        }
    }

    /// A stream is registered.
    pub(crate) fn registered(&mut self, registration: &Registration, now: Nanos) {
        let records = self.begin(kind::REGISTERED, 0, now);
        put(records, 0);
        put_json(records, registration);
        self.begun_urls =
            (self.urls == Urls::Kept).then(|| by_priority(registration.inputs.iter()));
    }

    /// The registration was refused: what it was has no part in any decision.
    pub(crate) fn registration_refused(&mut self, error: Error) {
        self.chunk.frames.records().truncate(self.body);
        self.begun_urls = None;
        self.answer(0, Err(error));
    }

    /// What a new stream answered.
    pub(crate) fn registration_answer(&mut self, registration: u64, acts: &[Action]) {
        let records = self.chunk.frames.records();
        acts.iter().for_each(|action| put_action(records, action));
        self.end();
        if let Some(urls) = self.begun_urls.take() {
            self.put_urls(registration, &urls);
        }
    }

    /// Very many streams have failed.
    pub(crate) fn mass_failure(&mut self, since: Nanos, until: Nanos, now: Nanos) {
        let records = self.begin(kind::MASS_FAILURE, 0, now);
        put(records, since);
        put(records, until);
        self.end();
    }

    fn put_urls(&mut self, registration: u64, urls: &BTreeMap<Priority, String>) {
        self.put(&urls_record(registration, urls));
    }
}

/// What is before what a record says.
#[inline]
fn put_head(out: &mut Vec<u8>, kind: u8, later: Nanos, stream: u64) {
    out.push(kind);
    put(out, later);
    if kind >= kind::OF_STREAM {
        put(out, stream);
    }
}

pub(super) fn urls_record(registration: u64, urls: &BTreeMap<Priority, String>) -> Vec<u8> {
    let mut record = vec![kind::URLS];
    put(&mut record, registration);
    put_json(&mut record, urls);
    record
}

pub(super) fn by_priority<'a>(
    inputs: impl Iterator<Item = &'a Input>,
) -> BTreeMap<Priority, String> {
    inputs.map(|input| (input.priority, input.url.to_string())).collect()
}

pub(super) fn put_clock(out: &mut Vec<u8>, now: Nanos, unix: u64) {
    put(out, now);
    put(out, unix);
}

pub(super) fn unix_nanos(wall: SystemTime) -> u64 {
    let since = wall.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, crate::units::nanos)
}
