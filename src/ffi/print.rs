//! What others wrote, and events, as text that can be printed, in a buffer of the caller's.

use super::abi_types::changeover_event;
use super::event::fields_of;
use super::guard::guard;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_LENGTH, CHANGEOVER_ERR_NULL};
use super::strings::lossy_text;
use super::versioned::read;
use crate::engine::EventJson;
use crate::print::json::to_json;
use crate::print::{cut, printable, printable_url, Urls};
use std::ffi::c_char;
use std::fmt::Display;

/// A text as it can be printed on a line: control characters, line separators and marks of text
/// direction are escaped (`\n`, `\u{1b}`), and URLs in it are as changeover_printable_url makes them.
/// What is not UTF-8 is printed as U+FFFD. What was printed may be printed again.
///
/// `buffer` receives as much of it as there is room for, cut between characters, and a NUL; `printed_len`
/// (may be NULL) the length of all of it: if that is not less than `buffer_size`, it was cut. (NULL, 0)
/// is no buffer.
///
/// Any thread; does not wait, but allocates.
/// Errors: LENGTH. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_printable(
    text: *const c_char,
    text_len: usize,
    buffer: *mut c_char,
    buffer_size: usize,
    printed_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let text = lossy_text(text, text_len)?;
        write(printable(&text), buffer, buffer_size, printed_len)
    })
}

/// A URL as it can be printed on a line, without what tends to be secret: `***` stands for userinfo, the
/// last segment of the path (stream keys), values of the query, the fragment, and other parts of the path
/// that are long or unusual. A URL that could be read in more than one way is `***` from there on.
/// Long ones are cut. A name without a slash, and what begins with `file:`, is printed in full.
///
/// Otherwise as changeover_printable.
///
/// Any thread; does not wait, but allocates.
/// Errors: LENGTH. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_printable_url(
    url: *const c_char,
    url_len: usize,
    buffer: *mut c_char,
    buffer_size: usize,
    printed_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let url = lossy_text(url, url_len)?;
        write(printable_url(&url), buffer, buffer_size, printed_len)
    })
}

/// An event as one line, which is what the log has of it too; what others wrote in it is as
/// changeover_printable and changeover_printable_url make it. `buffer` and `text_len` as there.
///
/// Any thread; does not wait, but allocates.
/// Errors: LENGTH; VALUE for a struct without an event; HANDLE for a copy of an event that was cleared.
/// Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_event_text(
    event: *const changeover_event,
    buffer: *mut c_char,
    buffer_size: usize,
    text_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let event = read(event)?;
        write(fields_of(&event)?.line(Urls::Safe), buffer, buffer_size, text_len)
    })
}

/// An event as one line of JSON, without a line break at its end: `seq`, `event` (the kind), `unix_ns`,
/// `engine_ns`, and of `stream`, `registration`, `priority`, `from`, `reason`, `detail`, `session`,
/// `probe`, `switch_number`, `measured_ns` and `limit_ns` (in the unit of the reason), `window_ns`,
/// `detection_ns`, `decision_ns`, `commit_ns`, `dropped`, `passed_over`, `exhausted`, `start_reason`, `url`
/// what applies. URLs, and those in texts, are as changeover_printable_url makes them. `buffer` and
/// `json_len` as for changeover_printable; what was cut is no JSON.
///
/// Any thread; does not wait, but allocates.
/// Errors: LENGTH; VALUE for a struct without an event; HANDLE for a copy of an event that was cleared.
/// Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_event_json(
    event: *const changeover_event,
    buffer: *mut c_char,
    buffer_size: usize,
    json_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let event = read(event)?;
        let at_unix = event.at_unix.try_into().unwrap_or(0);
        let fields = fields_of(&event)?;
        let json = EventJson::new(event.seq, event.at, at_unix, &fields);
        write(to_json(&json), buffer, buffer_size, json_len)
    })
}

/// # Safety
/// `buffer` is NULL or good for writing `size` bytes, `len` NULL or good for writing.
unsafe fn write(text: impl Display, buffer: *mut c_char, size: usize, len: *mut usize) -> Outcome {
    if size > isize::MAX as usize {
        return Err(Code(CHANGEOVER_ERR_LENGTH));
    }
    if buffer.is_null() && size > 0 {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    let text = text.to_string();
    // SAFETY: by this function's contract.
    let len = unsafe { Output::optional(len) };
    if let Some(room) = size.checked_sub(1) {
        let fits = cut(&text, room).len();
        // SAFETY: not NULL, and `fits` bytes and a NUL have room in `size`.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), fits);
            buffer.add(fits).write(0);
        }
    }
    len.write(text.len());
    Ok(())
}
