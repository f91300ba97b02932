//! Strings in: pointer and length, checked. Strings out: with a NUL behind them.

use super::arrays::bytes;
use super::result::{Code, Outcome, CHANGEOVER_ERR_STREAM_ID, CHANGEOVER_ERR_UTF8};
use crate::core::STREAM_ID_MAX;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ffi::c_char;

/// A string of the caller's.
///
/// # Safety
/// `pointer` is NULL or good for reading `len` bytes for as long as the result is used.
pub(super) unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Outcome<&'a str> {
    // SAFETY: by this function's contract.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    std::str::from_utf8(bytes).map_err(|_| Code(CHANGEOVER_ERR_UTF8))
}

/// A string of the caller's that may be anything: what is not UTF-8 becomes U+FFFD.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn lossy_text<'a>(pointer: *const c_char, len: usize) -> Outcome<Cow<'a, str>> {
    // SAFETY: by this function's contract.
    unsafe { bytes(pointer.cast(), len) }.map(String::from_utf8_lossy)
}

/// A stream id of the caller's.
///
/// # Safety
/// `pointer` is NULL or good for reading `len` bytes for as long as the result is used.
#[inline]
pub(super) unsafe fn stream_id<'a>(pointer: *const c_char, len: usize) -> Outcome<&'a str> {
    // SAFETY: by this function's contract.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    if !(1..=STREAM_ID_MAX).contains(&bytes.len()) {
        return Err(Code(CHANGEOVER_ERR_STREAM_ID));
    }
    std::str::from_utf8(bytes).map_err(|_| Code(CHANGEOVER_ERR_UTF8))
}

/// A string for the caller, to be used while its [`Texts`] lives and is not cleared.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub(super) pointer: *const c_char,
    pub(super) len: usize,
}

impl Text {
    /// "" in static memory, so that C code may print any string it is handed.
    pub(super) const EMPTY: Text = Text { pointer: c"".as_ptr(), len: 0 };
}

/// Strings for the caller, in one allocation.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
}

impl Texts {
    /// Clears it, and makes room for all the strings that will be put in.
    pub(super) fn restart<'a>(&mut self, strings: impl Iterator<Item = &'a str>) {
        self.bytes.clear();
        self.bytes.reserve_exact(strings.map(|string| string.len() + 1).sum());
    }

    /// Puts in a string that there is room for.
    pub(super) fn push(&mut self, string: &str) -> Text {
        if string.is_empty() {
            return Text::EMPTY;
        }
        let start = self.bytes.len();
        // Growing would move what was handed out before.
        assert!(self.bytes.capacity() - start > string.len(), "no room was made for this string");
        self.bytes.extend_from_slice(string.as_bytes());
        self.bytes.push(0);
        // SAFETY: `start` is within the buffer, which now goes beyond it.
        let pointer = unsafe { self.bytes.as_ptr().add(start) };
        Text { pointer: pointer.cast(), len: string.len() }
    }
}

/// Strings for the caller, put in one after the other before any is handed out.
pub(super) struct Arena {
    texts: String,
    /// Where each ends, without the NUL behind it.
    ends: SmallVec<[usize; 32]>,
}

impl Arena {
    /// With room for so many bytes; it grows nevertheless.
    pub(super) fn with_room(bytes: usize) -> Arena {
        Arena { texts: String::with_capacity(bytes), ends: SmallVec::new() }
    }

    /// Puts in what `write` appends.
    pub(super) fn add(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.texts.len();
        write(&mut self.texts);
        self.ends.push(self.texts.len());
        if self.texts.len() > start {
            self.texts.push('\0');
        }
    }

    /// All of them, in their order; good until another is put in.
    pub(super) fn texts(&self) -> impl Iterator<Item = Text> + '_ {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let text = &self.texts[start..*end];
            if text.is_empty() {
                return Text::EMPTY;
            }
            start = end + 1;
            Text { pointer: text.as_ptr().cast(), len: text.len() }
        })
    }

    /// The memory in which they are.
    pub(super) fn all(&self) -> Text {
        if self.texts.is_empty() {
            return Text::EMPTY;
        }
        Text { pointer: self.texts.as_ptr().cast(), len: self.texts.len() }
    }
}
