//! `changeover replay`.

use crate::rig::*;
use std::fs;

#[test]
fn the_same_is_decided_again_and_the_streams_are_told_of() {
    let place = Place::new("same");
    let switches = a_day(&place);
    let trace = place.file("day");
    let said = changeover(&["replay", &trace]);
    assert_eq!((said.code, &*said.err), (0, ""), "{said:?}");
    assert!(said.out.contains("\nidentical: "), "{said:?}");
    let said = changeover(&["replay", &trace, "--json"]);
    let report = said.json();
    assert_eq!((said.code, &report["identical"]), (0, &true.into()), "{report}");
    assert!(report["decided"].as_u64().unwrap() > 5, "{report}");
    assert!(report["damage"].is_null() && report["difference"].is_null(), "{report}");
    let news = &report["streams"][0];
    assert_eq!((&news["stream"], &news["on_air"]), (&"news".into(), &0.into()), "{report}");
    assert_eq!(news["switches"], switches.len(), "{report}");
    assert!(news["reasons"]["timeout"].as_u64() >= Some(1), "{report}");
    assert!(news["outages"].as_u64() >= Some(1), "{report}");
    // The silence before the first switch is dark, too.
    let dark = news["dark_seconds"].as_f64().unwrap();
    assert!((0.2..30.0).contains(&dark), "{report}");
    let check = changeover(&["replay", "--check", "--json", &trace]).json();
    assert_eq!(check["decided"], report["decided"]);
    assert!(check["streams"].is_null(), "{check}");
}

#[test]
fn no_stream_ends_where_records_are_missing() {
    let place = Place::new("gap");
    a_gap(&place);
    let report = changeover(&["replay", "--json", &place.file("gap")]).json();
    assert_eq!(report["identical"], true, "{report}");
    assert_eq!((&report["lost"], &report["skipped"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["streams"][0]["on_air"], 0, "{report}");
}

#[test]
fn a_torn_end_is_told_and_no_error() {
    let place = Place::new("torn");
    a_day(&place);
    let whole = fs::read(place.file("day")).unwrap();
    let torn = place.file("torn");
    fs::write(&torn, &whole[..whole.len() - 3]).unwrap();
    let said = changeover(&["replay", "--check", &torn]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("it ends within a record, at byte "), "{said:?}");
    assert!(said.out.contains("\nidentical: "), "{said:?}");
    assert!(changeover(&["replay", "--json", &torn]).json()["damage"].is_string());
}

#[test]
fn the_first_difference_is_told() {
    let place = Place::new("difference");
    a_day(&place);
    let mut bytes = fs::read(place.file("day")).unwrap();
    change_an_answer(&mut bytes);
    let changed = place.file("changed");
    fs::write(&changed, bytes).unwrap();
    let said = changeover(&["replay", "--check", &changed]);
    assert_eq!(said.code, 1, "{said:?}");
    for expected in ["\ndifferent at ", ": stream news was told ", "  recorded: ", "  replayed: "] {
        assert!(said.out.contains(expected), "{expected:?} in {said:?}");
    }
    let said = changeover(&["replay", "--json", &changed]);
    let report = said.json();
    assert_eq!((said.code, &report["identical"]), (1, &false.into()), "{report}");
    let difference = &report["difference"];
    assert_eq!(difference["stream"], "news", "{report}");
    assert_ne!(difference["recorded"], difference["replayed"], "{report}");
}

/// In the last record of a time that passed, which is a decision: its last byte, and its frame's checksum.
fn change_an_answer(bytes: &mut [u8]) {
    const SEVERAL: u8 = 7;
    const TICK: u8 = 32;
    let mut at = "changeover-trace\n".len();
    let mut found = None;
    while at < bytes.len() {
        let (begin, length) = number(bytes, at);
        let end = begin + length;
        let mut record = begin + 1;
        while bytes[begin] == SEVERAL && record < end {
            let (from, length) = number(bytes, record);
            record = from + length;
            if bytes[from] == TICK && length > 12 {
                found = Some((begin, record, end));
            }
        }
        at = end + 4;
    }
    let (begin, record, end) = found.expect("time passed, and something was decided");
    bytes[record - 1] ^= 1;
    let checksum = crc32fast::hash(&bytes[begin..end]);
    bytes[end..end + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// A number, and where it ends.
fn number(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (at, number);
        }
    }
}

#[test]
fn what_is_no_trace_is_an_error() {
    let place = Place::new("no-trace");
    let text = place.file("text");
    fs::write(&text, "what is this?").unwrap();
    let said = changeover(&["replay", &text]);
    assert_eq!((said.code, &*said.out), (1, ""), "{said:?}");
    assert_eq!(said.err, format!("changeover: {text}: this is no trace\n"));
    let said = changeover(&["replay", &place.file("absent")]);
    assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
    for wrong in [&["replay"][..], &["replay", "--chek", "x"], &["paint"], &[]] {
        let said = changeover(wrong);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains("Usage: changeover"), "{said:?}");
    }
}
