//! Traces: any bytes, and a kept one that is cut, damaged, or whose records say something else.

use arbitrary::{Arbitrary, Unstructured};
use changeover::trace::{Damage, Reader, Record, Replay};
use changeover::Error;
use std::borrow::Cow;
use std::sync::LazyLock;

const MAGIC: &[u8] = b"changeover-trace\n";

/// Kinds of records from here on are what a stream was told.
const STIMULI: u8 = 32;

/// A frame of several records, each with its length before it.
const SEVERAL: u8 = 7;

/// And these are all after that of a checkpoint.
const REGISTRATION: u8 = 16;

/// No engine runs so long: 146 years.
const LATE: u64 = 1 << 62;

/// One with everything in it.
static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    let bytes = include_bytes!("../../tests/traces/0.1.0.trace");
    let records = records_of(&bytes[MAGIC.len()..]);
    let (read, damage) = read(bytes);
    assert!(damage.is_none() && !read.is_empty() && records.len() >= read.len());
    Kept { bytes, records, read: read.len() }
});

struct Kept {
    bytes: &'static [u8],
    records: Vec<&'static [u8]>,
    /// How many records a reader finds; the others are clocks.
    read: usize,
}

/// A change of the kept trace that leaves its checksums right.
#[derive(Arbitrary, Debug)]
enum Change<'a> {
    Drop(u16),
    Again(u16, u16),
    Swap(u16, u16),
    Put(u16, u8, u8),
    Cut(u16, u8),
    Insert(u16, u8, &'a [u8]),
    /// After one of its kind, so that it names a stream that is there.
    Told {
        at: u16,
        kind: u8,
        says: &'a [u8],
    },
}

fn number(bytes: &[u8]) -> (u64, usize) {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).expect("a number ends");
    let digits = bytes[..length].iter().rev();
    (digits.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)), length)
}

fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Each of them, whether it has a frame to itself or not.
fn records_of(mut frames: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while !frames.is_empty() {
        let (frame, rest) = take(frames);
        frames = &rest[4..];
        let Some((&SEVERAL, mut several)) = frame.split_first() else {
            records.push(frame);
            continue;
        };
        while !several.is_empty() {
            let (record, rest) = take(several);
            records.push(record);
            several = rest;
        }
    }
    records
}

/// What has its length before it, and what follows.
fn take(from: &[u8]) -> (&[u8], &[u8]) {
    let (length, at) = number(from);
    from[at..].split_at(length as usize)
}

fn put_frame(into: &mut Vec<u8>, record: &[u8]) {
    put_number(into, record.len() as u64);
    into.extend_from_slice(record);
    into.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
}

fn read(bytes: &[u8]) -> (Vec<Record>, Option<Damage>) {
    let (records, damage, _) = read_in_time(bytes);
    (records, damage)
}

/// And the latest time of them.
fn read_in_time(bytes: &[u8]) -> (Vec<Record>, Option<Damage>, u64) {
    let (mut records, mut damage, mut latest) = (Vec::new(), None, 0);
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.next() {
        latest = reader.at().max(latest);
        match record {
            Ok(record) => records.push(record),
            Err(error) => {
                assert!(damage.replace(error).is_none(), "it ends with the damage");
            }
        }
    }
    if let Some(damage) = &damage {
        assert!(damage.offset <= bytes.len() as u64 && !damage.to_string().is_empty());
    }
    (records, damage, latest)
}

/// Whether the cores had a panic; what they decide otherwise is no matter.
fn panics(records: &[Record]) -> bool {
    let mut replay = Replay::new();
    let mut panicked = false;
    for record in records {
        if let Err(difference) = replay.apply(record) {
            panicked |= difference.replayed.0 == Error::Panic.code();
            assert!(!difference.to_string().is_empty());
        }
    }
    panicked
}

/// Decided as it was, up to where it could be read.
fn is_decided_the_same(records: &[Record]) {
    let mut replay = Replay::new();
    for record in records {
        if let Err(difference) = replay.apply(record) {
            panic!("decided otherwise at {}: {difference}", difference.at);
        }
    }
}

fn cut(at: usize) {
    let (records, damage) = read(&KEPT.bytes[..at]);
    assert!(records.len() <= KEPT.read);
    assert!(at < KEPT.bytes.len() || damage.is_none() && records.len() == KEPT.read);
    assert!(damage.is_none_or(|damage| damage.offset <= at as u64));
    is_decided_the_same(&records);
}

fn damaged(at: usize, with: u8) {
    let mut bytes = KEPT.bytes.to_vec();
    bytes[at] ^= with;
    let (records, damage) = read(&bytes);
    let damage = damage.expect("a byte is another one, and nobody says so");
    assert!(damage.offset <= at as u64, "read on behind the damage");
    let (before, _) = read(&KEPT.bytes[..damage.offset as usize]);
    assert_eq!(records.len(), before.len(), "all that was before it is read");
    is_decided_the_same(&records);
}

/// The first of the kept records, with these changes; whether all that a core was made from is as it was.
fn changed(first: usize, changes: &[Change]) -> (Vec<u8>, bool) {
    let kept = KEPT.records[..first].iter();
    let mut records: Vec<Cow<[u8]>> = kept.map(|record| Cow::Borrowed(*record)).collect();
    let mut is_sound = true;
    for change in changes {
        let len = records.len();
        let place = |at: u16| usize::from(at) % len;
        match *change {
            Change::Drop(at) => {
                let dropped = records.remove(place(at));
                is_sound &= dropped[0] >= REGISTRATION;
            }
            Change::Again(at, to) => {
                let again = records[place(at)].clone();
                is_sound &= again[0] >= STIMULI;
                records.insert(place(to), again);
            }
            Change::Swap(one, other) => {
                let both = [place(one), place(other)];
                is_sound &= both.iter().all(|at| records[*at][0] >= STIMULI);
                records.swap(both[0], both[1]);
            }
            Change::Put(at, byte, with) => {
                let record = records[place(at)].to_mut();
                let byte = usize::from(byte) % record.len();
                is_sound &= record[0] >= STIMULI;
                record[byte] = with;
                is_sound &= record[0] >= STIMULI;
            }
            Change::Cut(at, to) => {
                let record = records[place(at)].to_mut();
                is_sound &= record[0] >= STIMULI;
                record.truncate(1 + usize::from(to));
            }
            Change::Insert(at, kind, says) => {
                is_sound &= kind >= STIMULI;
                records.insert(place(at), [&[kind][..], says].concat().into());
            }
            Change::Told { at, kind, says } => {
                let kind = STIMULI + kind % 26;
                let mut told = vec![kind, 0];
                // The registrations that it has.
                told.push(1 + says.first().map_or(0, |byte| byte % 3));
                told.extend_from_slice(says);
                records.insert(place(at), told.into());
            }
        }
        if records.is_empty() {
            break;
        }
    }
    let mut bytes = MAGIC.to_vec();
    records.iter().for_each(|record| put_frame(&mut bytes, record));
    (bytes, is_sound)
}

fn follow(chance: &mut Unstructured) -> arbitrary::Result<()> {
    match chance.int_in_range(0..=7_u8)? {
        0 => {
            let (records, _) = read(chance.peek_bytes(chance.len()).unwrap_or_default());
            panics(&records);
        }
        1 => {
            let mut bytes = MAGIC.to_vec();
            while !chance.is_empty() {
                put_frame(&mut bytes, chance.arbitrary()?);
            }
            let (records, damage) = read(&bytes);
            assert!(damage.is_none_or(|damage| damage.to_string().contains("later version")));
            panics(&records);
        }
        2 => cut(chance.int_in_range(0..=KEPT.bytes.len())?),
        3 => damaged(chance.int_in_range(0..=KEPT.bytes.len() - 1)?, chance.int_in_range(1..=255)?),
        _ => {
            // What follows the changes takes the longest: mostly there is little of it.
            let [one, other]: [u8; 2] = chance.arbitrary()?;
            let first = 1 + usize::from(one.min(other)) * KEPT.records.len() / 256;
            let mut changes = Vec::new();
            while !chance.is_empty() && changes.len() < 32 {
                changes.push(chance.arbitrary()?);
            }
            let (bytes, is_sound) = changed(first, &changes);
            let (records, damage, latest) = read_in_time(&bytes);
            assert!(damage.is_none_or(|damage| damage.to_string().contains("later version")));
            let panicked = panics(&records);
            assert!(!panicked || !is_sound || latest >= LATE, "a core panics: {changes:?}");
        }
    }
    Ok(())
}

pub fn run(bytes: &[u8]) {
    // What has come to its end says no more.
    let _ = follow(&mut Unstructured::new(bytes));
}
