//! What the judge says of short stories, without engine and clock.

use super::*;
use crate::memory::Samples;
use crate::plan::{nanos, PERIOD, TIMEOUT};
use crate::records::NO_INPUT;

const MS: u64 = 1_000_000;
const LIMIT: u64 = nanos(TIMEOUT);

#[derive(Default)]
struct Story {
    records: Vec<Record>,
    stop: Option<(u64, u64)>,
}

impl Witness for Story {
    fn allowance(&self, from: u64, to: u64) -> u64 {
        let overlaps = self.stop.filter(|(began, ended)| *began < to && *ended > from);
        overlaps.map_or(0, |(began, ended)| ended - began + 50 * MS)
    }
    fn stop_before(&self, at: u64) -> Option<(u64, u64)> {
        self.stop.filter(|(_, ended)| *ended <= at)
    }
    fn sent_within(&self, _: usize, _: u64, _: u64) -> bool {
        false
    }
}

impl Story {
    /// Both inputs run in the sessions 1 and 2, the first is on air.
    fn begin() -> Story {
        let mut story = Story::default();
        story.add(Record { number: 1, more: NO_INPUT, ..record(What::SwitchedInitial, 0, 1) });
        for input in [0, 1] {
            let session = input as u64 + 1;
            story.add(Record { session, ..record(What::Start, input, 2) });
        }
        story
    }

    fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// An input's packets from one time to another, in milliseconds.
    fn packets(&mut self, input: usize, number: u64, from: u64, to: u64) {
        for at in (from..to).step_by(PERIOD.as_millis() as usize) {
            let session = input as u64 + 1;
            self.add(Record { session, number, ..record(What::Packet, input, at) });
        }
    }

    fn silent(&mut self, input: usize, at: u64) {
        self.add(record(What::DegradedSilent, input, at));
    }

    fn failover(&mut self, at: u64, number: u64) {
        self.silent(0, at);
        self.add(Record { number, more: 0, ..record(What::SwitchedTimeout, 1, at) });
    }

    /// False, missed, double.
    fn judged(self) -> [u64; 3] {
        let mut judge = Judge::new();
        self.records.iter().for_each(|record| judge.take(*record));
        judge.judge_until(u64::MAX, &self);
        [Kind::False, Kind::Missed, Kind::Double].map(|kind| judge.findings.of(kind))
    }
}

fn record(what: What, input: usize, at: u64) -> Record {
    Record::new(what, input, at * MS, at * MS)
}

/// The first input ends at 1 s, the second goes on from `resumes`.
fn outage(at: u64, resumes: u64) -> Story {
    let mut story = Story::begin();
    story.packets(0, 1, 100, 1_000);
    story.packets(1, 0, 100, at);
    story.failover(at, 2);
    story.packets(1, 2, resumes, 3_000);
    story
}

/// The last packet of the first input.
const LAST: u64 = 950;
const DUE: u64 = LAST + LIMIT / MS;

#[test]
fn a_failover_in_time_is_right() {
    assert_eq!(outage(DUE, DUE + 40).judged(), [0, 0, 0]);
}

#[test]
fn a_failover_too_early_is_false() {
    assert_eq!(outage(DUE - 1, DUE + 40).judged(), [1, 0, 0]);
}

#[test]
fn a_failover_too_late_is_missed() {
    assert_eq!(outage(DUE + 300, DUE + 340).judged(), [0, 1, 0]);
}

#[test]
fn a_silence_that_nobody_tells_is_missed() {
    let mut story = Story::begin();
    story.packets(0, 1, 100, 1_000);
    story.packets(0, 1, 1_500, 2_000);
    assert_eq!(story.judged(), [0, 1, 0]);
}

#[test]
fn a_stop_is_nobodys_silence() {
    let stopped = |at| {
        let mut story = outage(at, at + 40);
        // All packets wait for the end of the stop, and so does what is due.
        story.stop = Some((1_000 * MS, 3_000 * MS));
        story.judged()
    };
    assert_eq!(stopped(DUE + 2_000), [0, 0, 0]);
    assert_eq!(stopped(3_020), [1, 0, 0], "within the grace");
    assert_eq!(stopped(3_100), [1, 0, 0], "the stop counts as silence");
}

#[test]
fn a_time_that_is_not_known_is_judged_if_it_makes_no_difference() {
    // What is false or undecided, when it was decided at some time from 100 ms before it was due on.
    let judged = |resumes: u64, until: u64| {
        let mut story = outage(DUE, DUE + 40);
        let place = story.records.iter().position(|record| record.what == What::DegradedSilent);
        let told = &mut story.records[place.unwrap()];
        (told.from, told.to) = (until.saturating_sub(200) * MS, until * MS);
        story.packets(0, 0, resumes, resumes + 1);
        let mut judge = Judge::new();
        story.records.iter().for_each(|record| judge.take(*record));
        judge.judge_until(u64::MAX, &story);
        [Kind::False, Kind::Undecided].map(|kind| judge.findings.of(kind))
    };
    assert_eq!(judged(3_000, DUE + 200), [0, 0], "silent before and after");
    assert_eq!(judged(3_000, DUE + 199), [0, 1], "it may have been a moment too early");
    assert_eq!(judged(DUE + 100, DUE + 200), [0, 1], "there was a packet, before that or after");
    assert_eq!(
        judged(DUE - 10, DUE + 100),
        [1, 0],
        "whenever it was, it was not silent for so long"
    );
}

#[test]
fn two_on_air_are_double() {
    let mut story = outage(DUE, DUE + 40);
    // Its number was over long ago.
    story.packets(0, 1, 2_000, 2_001);
    assert_eq!(story.judged(), [0, 0, 1]);
    let mut story = outage(DUE, DUE + 40);
    story.packets(0, 2, 2_000, 2_001);
    assert_eq!(story.judged(), [0, 0, 1], "under one number");
}

#[test]
fn a_number_twice_is_double() {
    let mut story = outage(DUE, DUE + 40);
    story.add(Record { number: 2, more: 1, ..record(What::SwitchedOtherwise, 0, 2_900) });
    assert_eq!(story.judged(), [0, 0, 1]);
}

#[test]
fn what_is_told_twice_is_double() {
    let mut story = outage(DUE, DUE + 40);
    story.silent(0, DUE + 200);
    assert_eq!(story.judged(), [0, 0, 1], "a silence");
    let mut story = outage(DUE, DUE + 40);
    story.add(record(What::Exhausted, 0, 2_900));
    story.add(record(What::Exhausted, 0, 2_950));
    assert_eq!(story.judged(), [0, 0, 1], "an exhausted stream");
}

#[test]
fn an_error_that_nobody_reported_is_false() {
    let mut story = outage(DUE, DUE + 40);
    story.add(record(What::Blamed, 1, 2_900));
    story.add(record(What::DegradedByHost, 1, 2_901));
    story.add(record(What::DegradedByHost, 1, 2_950));
    assert_eq!(story.judged(), [1, 0, 0]);
}

#[test]
fn what_is_read_late_is_judged_as_if_it_was_not() {
    let mut judge = Judge::new();
    // An hour ago for a judge with a clock.
    for told in [record(What::DegradedByHost, 1, 1_001), record(What::Blamed, 1, 1_000)] {
        judge.take(told);
        judge.judge_what_is_known(&Story::default());
    }
    judge.judge_until(u64::MAX, &Story::default());
    assert_eq!((judge.findings.of(Kind::False), judge.findings.late_records), (0, 0));
}

#[test]
fn memory_that_grows_is_told() {
    let growth = |samples: Vec<u64>| Samples(samples).have_grown();
    let flat = (0..1_200).map(|second| 20_000 + second.min(300) * 50 + second % 7);
    assert!(!growth(flat.clone().collect()), "it may grow before it has settled");
    assert!(growth(flat.enumerate().map(|(second, kib)| kib + second as u64).collect()));
    assert!(growth((0..24).map(|second| 20_000 + second * 1_000).collect()), "in a short run");
}

#[test]
fn records_survive_the_pipe() {
    let packet = Record { session: 5, number: 6, more: u64::MAX, ..record(What::Restored, 599, 3) };
    let mut pipe = Vec::new();
    packet.write(&mut pipe).unwrap();
    assert_eq!(pipe.len(), crate::records::SIZE);
    assert_eq!(Record::read(&pipe[..]).unwrap(), packet);
}
