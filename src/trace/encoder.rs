//! Records, written as they happen: the monitor's part of the work, so it is little.

use super::act::put_action;
use super::frame::put_record;
use super::record::kind;
use super::stimulus::{kind_of, put_json, put_stimulus};
use super::wire::put;
use super::Urls;
use crate::core::{Action, Input, InputsUpdate, Nanos, Priority, Registration, Stimulus};
use crate::vocabulary::Error;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Records in their order, each with its length.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(super) records: Vec<u8>,
    /// How many there are, those included of which it says that they were lost before it.
    pub(super) count: u64,
}

impl Chunk {
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
    urls: Urls,
    /// An engine time and the wall clock's, where that does not run by itself.
    clock: Option<(Nanos, u64)>,
    /// What was told and not answered yet.
    begun: Vec<u8>,
    /// The URLs that go with it.
    begun_urls: Option<BTreeMap<Priority, String>>,
}

impl Encoder {
    pub(crate) fn new(urls: Urls) -> Encoder {
        let (begun, begun_urls) = (Vec::new(), None);
        Encoder { chunk: Chunk::default(), last: 0, urls, clock: None, begun, begun_urls }
    }

    /// In virtual time, of which one instant is known by the wall clock, too.
    pub(super) fn at(urls: Urls, clock: (Nanos, u64)) -> Encoder {
        Encoder { clock: Some(clock), ..Encoder::new(urls) }
    }

    /// How many bytes were gathered.
    pub(crate) fn gathered(&self) -> usize {
        self.chunk.records.len()
    }

    /// Takes what was gathered. Whatever becomes of it, what follows can be read without it.
    pub(crate) fn take(&mut self) -> Chunk {
        let room = self.gathered();
        std::mem::replace(&mut self.chunk, Chunk { records: Vec::with_capacity(room), count: 0 })
    }

    /// First in a chunk, so that times are counted from here.
    fn begin_chunk(&mut self, now: Nanos) {
        let mut clock = vec![kind::CLOCK];
        let unix = match self.clock {
            Some((at, unix)) => unix + now.saturating_sub(at),
            None => unix_nanos(SystemTime::now()),
        };
        put_clock(&mut clock, now, unix);
        put_record(&mut self.chunk.records, &clock);
        self.last = now;
    }

    /// Some records that were taken were not written.
    pub(crate) fn lost(&mut self, records: u64, now: Nanos) {
        self.begin_chunk(now);
        let mut lost = vec![kind::LOST];
        put(&mut lost, records);
        put_record(&mut self.chunk.records, &lost);
        self.chunk.count += records;
    }

    fn begin(&mut self, kind: u8, now: Nanos) {
        if self.chunk.records.is_empty() {
            self.begin_chunk(now);
        }
        self.begun.clear();
        self.begun.push(kind);
        // Time never goes back; if it did, no more than the time would be wrong.
        put(&mut self.begun, now.saturating_sub(self.last));
        self.last = self.last.max(now);
    }

    fn end(&mut self) {
        put_record(&mut self.chunk.records, &self.begun);
        self.chunk.count += 1;
    }

    /// A stream is about to be told something; [`Encoder::answer`] follows.
    #[inline]
    pub(crate) fn stimulus(&mut self, registration: u64, stimulus: &Stimulus, now: Nanos) {
        self.begin(kind_of(stimulus), now);
        put(&mut self.begun, registration);
        put_stimulus(&mut self.begun, stimulus, now, self.urls);
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
        put(&mut self.begun, answer.err().map_or(0, |error| error.code().unsigned_abs().into()));
        let acts = answer.unwrap_or_default();
        acts.iter().for_each(|action| put_action(&mut self.begun, action));
        self.end();
        let urls = self.begun_urls.take();
        if let Some(urls) = urls.filter(|_| answer.is_ok()) {
            self.put_urls(registration, &urls);
        }
    }

    /// A stream is registered.
    pub(crate) fn registered(&mut self, registration: &Registration, now: Nanos) {
        self.begin(kind::REGISTERED, now);
        put(&mut self.begun, 0);
        put_json(&mut self.begun, registration);
        self.begun_urls =
            (self.urls == Urls::Kept).then(|| by_priority(registration.inputs.iter()));
    }

    /// The registration was refused: what it was has no part in any decision.
    pub(crate) fn registration_refused(&mut self, error: Error) {
        // Its kind and its time.
        let length = 1 + self.begun[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
        self.begun.truncate(length);
        self.begun_urls = None;
        self.answer(0, Err(error));
    }

    /// What a new stream answered.
    pub(crate) fn registration_answer(&mut self, registration: u64, acts: &[Action]) {
        acts.iter().for_each(|action| put_action(&mut self.begun, action));
        self.end();
        if let Some(urls) = self.begun_urls.take() {
            self.put_urls(registration, &urls);
        }
    }

    /// Very many streams have failed.
    pub(crate) fn mass_failure(&mut self, since: Nanos, until: Nanos, now: Nanos) {
        self.begin(kind::MASS_FAILURE, now);
        put(&mut self.begun, since);
        put(&mut self.begun, until);
        self.end();
    }

    fn put_urls(&mut self, registration: u64, urls: &BTreeMap<Priority, String>) {
        put_record(&mut self.chunk.records, &urls_record(registration, urls));
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

#[cfg(test)]
impl Encoder {
    /// The record that was made last, without its length.
    pub(super) fn last_record(&self) -> &[u8] {
        &self.begun
    }
}
