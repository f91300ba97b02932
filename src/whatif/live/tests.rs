//! What is decided while it is recorded is what is decided of the whole record.

use super::*;
use crate::core::{Common, Input, Priority, Registration, Stimulus};
use crate::trace::{Encoder, Urls, Writer};
use crate::whatif::{Run, Silence, Source, Sources};
use fastrand::Rng;
use std::time::{Duration, SystemTime};

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MS;
const BEGIN: Nanos = 5 * SECOND;

/// When it was decided, when otherwise, what, and whether it is false.
type Found = (Option<Nanos>, Option<Nanos>, String, bool);

fn found(difference: Difference) -> Found {
    let Difference { recorded, otherwise, is_false, .. } = difference;
    (recorded, otherwise, difference.to_string(), is_false)
}

/// A source that is silent at random, up to longer than any timeout.
fn source(random: &mut Rng, end: Nanos) -> Source {
    let (mut silences, mut at) = (Vec::new(), BEGIN);
    loop {
        at += random.u64(300..15_000) * MS;
        let longest = *random.choice(&[400, 2_000, 9_000]).unwrap();
        let until = at + random.u64(20..longest) * MS;
        if until >= end {
            return Source { silences, ..Source::default() };
        }
        silences.push(Silence { from: at, until, failed: random.bool() });
        at = until;
    }
}

/// The trace of a stream with three hot inputs: what a source does while it is not listened to, no trace has.
fn trace(random: &mut Rng, end: Nanos) -> Vec<u8> {
    let defaults = Config::new()
        .packet_timeout(Duration::from_secs(1))
        .probe_cooldown(Duration::from_secs(3_600))
        .switch_cooldown(Duration::from_secs(2));
    let inputs = (0..3).map(|priority| Input::new(priority, "test://").hot()).collect();
    let id = "news".into();
    let registration = Registration { id, number: 1, inputs, defaults, ..Registration::default() };
    let (mut writer, mut common) = (Writer::new(BEGIN, SystemTime::now()), Common::default());
    let stream = writer.register(registration, BEGIN, &mut common).unwrap();
    let sources: Sources = (0..3).map(|of: Priority| (of, source(random, end))).collect();
    let (_, writer) = Run::new(stream, common, sources.into(), BEGIN, Some(writer)).finish(end);
    writer.unwrap().into_bytes()
}

/// Reads all of it; its end.
fn read(trace: &[u8], mut each: impl FnMut(&Record, Nanos)) -> Nanos {
    let mut reader = Reader::new(trace);
    while let Some(record) = reader.next() {
        each(&record.unwrap(), reader.at());
    }
    reader.at()
}

/// All of it is heard before the first is applied.
fn of_the_whole(settings: &Config, trace: &[u8]) -> (Vec<Found>, Toll) {
    let mut what_if = WhatIf::new(settings.clone());
    read(trace, |record, at| what_if.hear(record, at));
    let end = read(trace, |record, at| what_if.apply(record, at).unwrap());
    what_if.finish(end);
    let mut toll = Toll::default();
    what_if.streams().for_each(|(_, one)| toll.add(one));
    let found = what_if.take_differences().into_iter().map(|(.., one)| found(one)).collect();
    (found, toll)
}

fn beginning() -> Vec<u8> {
    let mut beginning = Vec::new();
    crate::trace::put_beginning(&mut beginning);
    beginning
}

/// Frame by frame, as they come from an engine.
fn live(settings: &Config, trace: &[u8]) -> (Vec<Found>, Toll) {
    let beginning = beginning();
    let mut rest = trace.strip_prefix(&beginning[..]).unwrap();
    let mut live = Live::new(settings.clone(), None, &beginning);
    let (mut all, mut before) = (Vec::new(), Toll::default());
    let mut none_is_refused = |trouble: Trouble| panic!("{trouble}");
    let mut take = |live: &mut Live| {
        all.extend(live.take_differences().into_iter().map(|(.., one)| found(one)));
        let toll = live.take_toll();
        let sums = |toll: Toll| [toll.recorded, toll.otherwise];
        let pairs = sums(toll).into_iter().zip(sums(before));
        assert!(pairs.into_iter().all(|(is, was)| is.0 >= was.0 && is.1 >= was.1), "{toll:?}");
        before = toll;
    };
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
        let digit = |(place, byte): (usize, &u8)| usize::from(byte & 0x7f) << (7 * place);
        let length: usize = rest[..digits].iter().enumerate().map(digit).sum();
        let frame;
        (frame, rest) = rest.split_at(digits + length + 4);
        live.hear(frame).unwrap();
        if live.go_on(&mut none_is_refused).unwrap() {
            take(&mut live);
        }
        // Nothing happens for a while.
        live.time_is(live.heard);
    }
    live.finish(&mut none_is_refused).unwrap();
    take(&mut live);
    (all, before)
}

#[test]
fn what_is_found_live_is_what_is_found_in_the_whole_trace() {
    let mut differences = 0;
    for seed in 0..12 {
        let mut random = Rng::with_seed(seed);
        let trace = trace(&mut random, BEGIN + 300 * SECOND);
        let timeout = *random.choice(&[150, 300, 700, 1_000, 1_500, 4_000]).unwrap();
        let settings = Config::new().packet_timeout(Duration::from_millis(timeout));
        let (mut whole, toll) = of_the_whole(&settings, &trace);
        let (mut found, sums) = live(&settings, &trace);
        whole.sort();
        found.sort();
        assert_eq!(found, whole, "seed {seed}, {timeout} ms");
        assert_eq!(sums, toll, "seed {seed}, {timeout} ms");
        differences += whole.len();
    }
    assert!(differences > 50, "{differences}");
}

#[test]
fn where_records_are_missing_it_ends() {
    let trace = trace(&mut Rng::with_seed(1), BEGIN + 30 * SECOND);
    let beginning = beginning();
    let mut live = Live::new(Config::new(), None, &beginning);
    live.hear(&trace[beginning.len()..]).unwrap();
    let waiting = live.count.0;
    assert!(live.go_on(&mut |trouble| panic!("{trouble}")).unwrap());
    assert!((1..waiting).contains(&live.count.1), "some are applied: {:?}", live.count);
    let waiting = waiting - live.count.1;
    let mut encoder = Encoder::new(Urls::LeftOut);
    encoder.lost(7, live.heard);
    let broken = live.hear(encoder.take().sealed()).unwrap_err();
    assert!(matches!(broken, Broken::Lost(lost) if lost == 7 + waiting), "{broken:?}");
}

#[test]
fn more_than_there_is_room_for_ends_it() {
    let trace = trace(&mut Rng::with_seed(1), BEGIN + 30 * SECOND);
    let beginning = beginning();
    let mut live = Live::new(Config::new(), None, &beginning);
    let mut encoder = Encoder::new(Urls::Kept);
    let mut said = |bytes: usize| {
        let error = Stimulus::SoftError { priority: 0, text: "x".repeat(bytes) };
        encoder.stimulus(1, &error, BEGIN + 30 * SECOND);
        encoder.answer(1, Ok(&[]));
        encoder.take()
    };
    let states = [&trace[beginning.len()..], said(4 << 20).sealed()].concat();
    live.hear_states(&states).unwrap();
    let mut records = live.count.0;
    let broken = loop {
        let waits = live.hand.source_mut().len();
        assert!(waits <= WAITING + states.len(), "{waits} bytes wait");
        records += 1;
        if let Err(broken) = live.hear(said(1 << 20).sealed()) {
            break broken;
        }
    };
    assert!(matches!(broken, Broken::Lost(lost) if lost == records), "{broken:?} of {records}");
    let followed = live.hand.source_mut().len() - states.len();
    assert!(followed > WAITING, "they take no room of what follows: {followed}");
}
