//! What a reader makes of bytes that are no trace, or not all of one.

use crate::trace::tests::{put_frames_of, read, replay, Place, Told, MS};
use crate::trace::wire::put;
use crate::trace::{frame, record, stimulus, Damage, Header, Record, Replay, Why};
use fastrand::Rng;

/// Frames have so many stimuli, with a mass failure here and there.
const IN_A_FRAME: usize = 3;

#[test]
fn a_trace_that_is_cut_anywhere_is_read_up_to_there() {
    let place = Place::new("cut");
    let bytes = Told::with_streams(7).write_in_frames_of(IN_A_FRAME, &place, 25);
    let (all, _) = read(&bytes);
    let mut before = 0;
    for end in 0..bytes.len() {
        let (records, damage) = read(&bytes[..end]);
        assert!((before..=before + 2 * IN_A_FRAME).contains(&records.len()), "cut at {end}");
        before = records.len();
        replay(&records);
        if let Some(damage) = damage {
            let fits = matches!(damage.why, Why::Torn) || end == 0;
            assert!(fits && damage.offset <= end as u64, "cut at {end}: {damage}");
        }
    }
    assert_eq!(before + 25 % IN_A_FRAME, all.len(), "only the last frame is missing");
}

#[test]
fn a_trace_with_any_byte_flipped_is_read_up_to_there() {
    let place = Place::new("flipped");
    let mut bytes = Told::with_streams(11).write_in_frames_of(IN_A_FRAME, &place, 13);
    let (all, _) = read(&bytes);
    let mut seen = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            bytes[at] ^= flip;
            let (records, damage) = read(&bytes);
            bytes[at] ^= flip;
            assert!(damage.is_some_and(|damage| damage.offset <= at as u64), "byte {at}");
            assert!(records.len() < all.len(), "byte {at}");
            if records.len() > seen {
                seen = records.len();
                replay(&records);
            }
        }
    }
    assert_eq!(seen + 13 % IN_A_FRAME, all.len());
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let mut random = Rng::with_seed(5);
    for _ in 0..20_000 {
        // Frames that are whole, so that what is in them is read.
        let mut bytes = frame::MAGIC.to_vec();
        for _ in 0..random.u8(1..4) {
            let mut record = vec![random.u8(..64) | random.u8(..2) << 7];
            record.extend((0..random.u8(..40)).map(|_| random.u8(..)));
            bytes.extend(put_frames_of(&record));
        }
        let (records, damage) = read(&bytes);
        assert!(damage.is_none());
        // Nor what they say the replay.
        let mut replay = Replay::new();
        let _ = records.iter().try_for_each(|record| replay.apply(record));
    }
}

#[test]
fn kinds_and_parts_of_later_versions_are_skipped() {
    let place = Place::new("later");
    let mut told = Told::with_streams(2);
    let mut bytes = told.write(&place, 20);
    // After a millisecond, something that is not known here; and more of what is.
    bytes.extend(put_frames_of(&[15, 1, 2, 3]));
    let mut later = vec![100];
    put(&mut later, MS);
    later.extend([99, 1, 2, 3]);
    bytes.extend(put_frames_of(&later));
    let mut clock = vec![record::kind::CLOCK];
    put(&mut clock, told.now + 3 * MS);
    put(&mut clock, 0);
    clock.extend([7, 7, 7]);
    bytes.extend(put_frames_of(&clock));
    let (records, damage) = read(&bytes);
    assert!(damage.is_none());
    let [.., Record::Unknown { kind: 15, .. }, Record::Unknown { kind: 100, at, registration }] =
        &records[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!((*at, *registration), (told.now + MS, Some(99)));
    assert_eq!(replay(&records).summary().decided, 20);
}

#[test]
fn a_file_of_another_format_is_refused() {
    let mut bytes = frame::MAGIC.to_vec();
    let mut record = vec![record::kind::HEADER];
    stimulus::put_json(
        &mut record,
        &Header { format: 2, version: "9.0.0".into(), silences_from: None },
    );
    bytes.extend(put_frames_of(&record));
    assert!(matches!(read(&bytes).1, Some(Damage { why: Why::LaterFormat, .. })));
    assert!(matches!(read(b"#!/bin/sh\n").1, Some(Damage { why: Why::NotATrace, .. })));
}
