//! Frames: the length of what is in them, that, and its checksum. What is in a frame is one record, or several.

use super::record::kind;
use super::wire::{put, Source};

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"changeover-trace\n";

/// No frame is longer: what claims to be is none.
pub(super) const LONGEST: u64 = 1 << 26;

/// A frame of several records is closed when it has so many bytes: that is what a torn end costs, and what one
/// checksum is made for.
pub(super) const FULL: usize = 4096;

/// A length of this many digits has room for [`LONGEST`].
const LENGTH: usize = 4;

const CHECKSUM: usize = 4;

/// Appends a record and its length, as several of them are in a frame.
pub(super) fn put_record(out: &mut Vec<u8>, record: &[u8]) {
    put(out, record.len() as u64);
    out.extend_from_slice(record);
}

/// Appends a record as a frame.
pub(super) fn put_frame(out: &mut Vec<u8>, record: &[u8]) {
    put_record(out, record);
    out.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
}

/// Frames of several records, without their checksums: these are made by who writes them.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Where the frame begins that is open.
    open: Option<usize>,
}

impl Frames {
    pub(super) fn with_capacity(bytes: usize) -> Frames {
        Frames { bytes: Vec::with_capacity(bytes), open: None }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Where a record is appended, with its length before it.
    #[inline]
    pub(super) fn records(&mut self) -> &mut Vec<u8> {
        if self.open.is_none() {
            self.open = Some(self.bytes.len());
            self.bytes.extend([0; LENGTH]);
            self.bytes.push(kind::SEVERAL);
        }
        &mut self.bytes
    }

    /// After each record: whether the next one begins another frame.
    #[inline]
    pub(super) fn close_if_full(&mut self) -> bool {
        let is_full = self.open.is_some_and(|open| self.bytes.len() - open >= FULL);
        if is_full {
            self.close();
        }
        is_full
    }

    /// Nothing is added to the frame that is open.
    pub(super) fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let begin = open + LENGTH;
        let length = self.bytes.len() - begin;
        for (digit, byte) in self.bytes[open..begin].iter_mut().enumerate() {
            let more = if digit + 1 < LENGTH { 0x80 } else { 0 };
            *byte = (length >> (7 * digit)) as u8 & 0x7f | more;
        }
        self.bytes.extend([0; CHECKSUM]);
    }

    /// With their checksums.
    pub(super) fn sealed(&mut self) -> &[u8] {
        self.close();
        let mut frames = &mut self.bytes[..];
        while let Some((length, rest)) = frames.split_at_mut_checked(LENGTH) {
            let length = Source(length).number().unwrap_or(0) as usize;
            let (records, rest) = rest.split_at_mut(length);
            let (checksum, rest) = rest.split_at_mut(CHECKSUM);
            checksum.copy_from_slice(&crc32fast::hash(records).to_le_bytes());
            frames = rest;
        }
        &self.bytes
    }
}
