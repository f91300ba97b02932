//! The same while it is being recorded: what a trace would have is heard as it comes, and applied ten seconds
//! later.

use super::beside::{Beside, Trouble, WhatIf};
use super::verdicts::Difference;
use crate::core::{Config, Nanos};
use crate::trace::{Reader, Record};
use std::collections::VecDeque;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// So long after it was heard a record is applied: as far ahead what the sources do is known.
const HINDSIGHT: Nanos = 10_000_000_000;

/// How often it is seen to that time passes for streams of which there are no records, and what is over is
/// forgotten.
const STEP: Nanos = 1_000_000_000;

/// So many bytes of records may wait to be applied, besides the states of all streams.
const WAITING: usize = 64 << 20;

/// A record that is being written, and what would have been decided otherwise.
#[derive(Debug)]
pub(crate) struct Live {
    what_if: WhatIf,
    /// Hears what comes.
    ear: Reader<VecDeque<u8>>,
    /// Reads the same again, later.
    hand: Reader<VecDeque<u8>>,
    /// What it has read and is to be applied next.
    next: Option<(Nanos, Record)>,
    /// Everything before is heard.
    heard: Nanos,
    /// Up to here time has passed.
    passed: Nanos,
    /// Records that were heard, and of these, applied.
    count: (u64, u64),
    /// So many bytes of records may wait, the states of all streams included.
    room: usize,
    /// Of streams that have ended.
    ended: Toll,
}

/// What a time has cost, by the record and under the other settings: sums of all streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Toll {
    /// Each: switches, and nanoseconds in which nothing was on air.
    pub(crate) recorded: (u64, Nanos),
    pub(crate) otherwise: (u64, Nanos),
}

/// Why it can't go on, and has to begin anew.
#[derive(Debug)]
pub(crate) enum Broken {
    /// So many records are missing, or were too many.
    Lost(u64),
    /// What was recorded is not what is decided now.
    AnotherMind(Trouble),
}

impl Live {
    /// Of a record that begins with a checkpoint. `beginning` is what each trace begins with.
    pub(crate) fn new(settings: Config, only: Option<&str>, beginning: &[u8]) -> Live {
        let what_if = WhatIf::new(settings);
        let beginning: VecDeque<u8> = beginning.iter().copied().collect();
        Live {
            what_if: match only {
                Some(stream) => what_if.only(stream),
                None => what_if,
            },
            ear: Reader::new(beginning.clone()),
            hand: Reader::new(beginning),
            next: None,
            heard: 0,
            passed: 0,
            count: (0, 0),
            room: WAITING,
            ended: Toll::default(),
        }
    }

    /// Hears the states of all streams, which come first. They take no room of what follows.
    ///
    /// # Errors
    /// As of [`Live::hear`].
    pub(crate) fn hear_states(&mut self, frames: &[u8]) -> Result<(), Broken> {
        self.room = WAITING + frames.len();
        self.hear(frames)
    }

    /// Hears whole frames, the next ones.
    ///
    /// # Errors
    /// Records are missing, or more wait than there is room for.
    pub(crate) fn hear(&mut self, frames: &[u8]) -> Result<(), Broken> {
        self.ear.source_mut().extend(frames);
        self.hand.source_mut().extend(frames);
        while let Some(record) = self.ear.next() {
            // What was made here is whole.
            let Ok(record) = record else { return Err(Broken::Lost(0)) };
            if let Record::Lost { records } = record {
                return Err(Broken::Lost(records + self.count.0 - self.count.1));
            }
            self.count.0 += 1;
            self.heard = self.heard.max(self.ear.at());
            self.what_if.hear(&record, self.ear.at());
        }
        match self.hand.source_mut().len() <= self.room {
            true => Ok(()),
            false => Err(Broken::Lost(self.count.0 - self.count.1)),
        }
    }

    /// Everything before `now` was heard.
    pub(crate) fn time_is(&mut self, now: Nanos) {
        self.heard = self.heard.max(now);
    }

    /// Decides what was heard long enough ago; once a second, also what is decided because time passes: true.
    /// `refused` is told of streams that do not take the settings.
    ///
    /// # Errors
    /// [`Broken::AnotherMind`].
    pub(crate) fn go_on(&mut self, refused: &mut dyn FnMut(Trouble)) -> Result<bool, Broken> {
        let until = self.heard.saturating_sub(HINDSIGHT);
        self.apply_until(until, refused)?;
        let steps = until >= self.passed + STEP;
        if steps {
            self.passed = until;
            self.what_if.pass(until);
        }
        Ok(steps)
    }

    /// Decides all that was heard: nothing follows.
    ///
    /// # Errors
    /// As of [`Live::go_on`].
    pub(crate) fn finish(&mut self, refused: &mut dyn FnMut(Trouble)) -> Result<(), Broken> {
        self.apply_until(Nanos::MAX, refused)?;
        self.passed = self.heard;
        self.what_if.finish(self.heard);
        Ok(())
    }

    fn apply_until(
        &mut self,
        until: Nanos,
        refused: &mut dyn FnMut(Trouble),
    ) -> Result<(), Broken> {
        loop {
            if self.next.is_none() {
                let Some(Ok(record)) = self.hand.next() else { return Ok(()) };
                self.next = Some((self.hand.at(), record));
            }
            let Some((at, record)) = self.next.take_if(|(at, _)| *at < until) else {
                return Ok(());
            };
            self.count.1 += 1;
            match self.what_if.apply(&record, at) {
                Ok(()) => {}
                Err(trouble @ Trouble::Refused { .. }) => refused(trouble),
                Err(trouble) => return Err(Broken::AnotherMind(trouble)),
            }
        }
    }

    /// The differences that have become certain: the stream, the number of its registration, and what differs.
    pub(crate) fn take_differences(&mut self) -> Vec<(Arc<str>, u64, Difference)> {
        self.what_if.take_differences()
    }

    /// What it has cost up to now, as far as it is decided. Forgets what is over.
    pub(crate) fn take_toll(&mut self) -> Toll {
        let ended = &mut self.ended;
        self.what_if.forget(self.passed, |one| ended.add(one));
        let mut toll = self.ended;
        self.what_if.streams().for_each(|(_, one)| toll.add(one));
        toll
    }

    /// How many streams are compared now.
    pub(crate) fn streams(&self) -> usize {
        self.what_if.len()
    }
}

impl Toll {
    /// What has been added to an earlier one.
    pub(crate) fn since(self, before: Toll) -> Toll {
        // What was dark for less than a tick was not dark in the end.
        let less = |now: (u64, Nanos), before: (u64, Nanos)| {
            (now.0 - before.0, now.1.saturating_sub(before.1))
        };
        Toll {
            recorded: less(self.recorded, before.recorded),
            otherwise: less(self.otherwise, before.otherwise),
        }
    }

    fn add(&mut self, one: &Beside) {
        let [recorded, otherwise] = one.sums();
        let sum = |one: (u64, Nanos), more: (u64, Nanos)| (one.0 + more.0, one.1 + more.1);
        self.recorded = sum(self.recorded, recorded);
        self.otherwise = sum(self.otherwise, otherwise);
    }
}
