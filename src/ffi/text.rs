//! Texts of any length, as objects of the caller's.

use super::abi_types::changeover_text;
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::output::Output;
use super::result::Outcome;
use super::strings::Texts;
use std::ffi::c_char;
use std::sync::Arc;

static TEXTS: Handles<OwnText> = Handles::new(Kind::Text);

/// One string with a NUL behind it.
pub(super) struct OwnText {
    text: super::strings::Text,
    _memory: Texts,
}

// SAFETY: the pointer in `text` points into `_memory`, which moves with it and is never changed again.
unsafe impl Send for OwnText {}
// SAFETY: as above.
unsafe impl Sync for OwnText {}

impl OwnText {
    pub(super) fn new(text: &str) -> OwnText {
        let mut memory = Texts::default();
        memory.restart([text].into_iter());
        OwnText { text: memory.push(text), _memory: memory }
    }

    /// Hands it out: borrowed, for as long as it lives.
    pub(super) fn write(&self, string: Output<*const c_char>, len: Output<usize>) {
        string.write(self.text.pointer);
        len.write(self.text.len);
    }
}

/// A handle of a text that the caller is to own.
pub(super) fn hand_out(text: &str, out: Output<*mut changeover_text>) -> Outcome {
    out.write(pointer(TEXTS.insert(Arc::new(OwnText::new(text)))?));
    Ok(())
}

/// What a text says: `string` receives a string that is borrowed until changeover_text_free,
/// `string_len` (may be NULL) its length.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_text_get(
    text: *const changeover_text,
    string: *mut *const c_char,
    string_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let text = TEXTS.find(text.addr() as u64)?;
        text.write(Output::required(string)?, Output::optional(string_len));
        Ok(())
    })
}

/// Frees a text. NULL, or a handle that is not live: nothing happens.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_text_free(text: *mut changeover_text) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(TEXTS.take(text.addr() as u64)));
}
