//! Frames: the length of a record, the record, and its checksum.

use super::wire::put;

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"changeover-trace\n";

/// No record is longer: what claims to be is none.
pub(super) const LONGEST: u64 = 1 << 26;

/// Appends a record and its length. Its checksum is added where it is written.
pub(super) fn put_record(out: &mut Vec<u8>, record: &[u8]) {
    put(out, record.len() as u64);
    out.extend_from_slice(record);
}

/// Appends a record as a frame.
pub(super) fn put_frame(out: &mut Vec<u8>, record: &[u8]) {
    put_record(out, record);
    out.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
}

/// Appends what [`put_record`] made, as frames.
pub(super) fn put_frames(out: &mut Vec<u8>, mut records: &[u8]) {
    while !records.is_empty() {
        let mut after = super::wire::Source(records);
        let length = after.number().expect("it was put there") as usize;
        let (record, rest) = after.rest().split_at(length);
        put_frame(out, record);
        records = rest;
    }
}
