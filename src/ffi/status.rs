//! The state of a stream, as an object of the caller's.

use super::abi_status::{
    changeover_condition_entry, changeover_error_entry, changeover_input_status,
    changeover_status_view, changeover_stream_status, changeover_switch_entry,
};
use super::abi_types::{changeover_engine, changeover_status};
use super::convert;
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::with_stream;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_SHUT_DOWN};
use super::status_structs::{AskedStatus, StatusStructs};
use super::versioned::{check, fill, init, Versioned};
use crate::vocabulary::Error;
use std::ffi::c_char;
use std::sync::Arc;

static STATUSES: Handles<AskedStatus> = Handles::new(Kind::Status);

fn asked(status: *const changeover_status) -> Outcome<Arc<AskedStatus>> {
    STATUSES.find(status.addr() as u64)
}

/// Fills a struct of the caller's with one of a status. A struct that is none is told also where there is
/// nothing to fill it with.
///
/// # Safety
/// As [`fill`].
unsafe fn answer<T: Versioned>(
    status: *const changeover_status,
    out: *mut T,
    find: impl FnOnce(&StatusStructs) -> Outcome<&T>,
) -> i32 {
    // SAFETY: by this function's contract.
    guard(|| unsafe {
        let status = asked(status)?;
        check(out)?;
        fill(out, find(status.structs())?)
    })
}

/// Prepares a struct for changeover_status_stream.
///
/// Pass sizeof(changeover_stream_status). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_stream_status_init(
    status: *mut changeover_stream_status,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(status, struct_size) })
}

/// Prepares a struct for changeover_status_input.
///
/// Pass sizeof(changeover_input_status). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_input_status_init(
    status: *mut changeover_input_status,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(status, struct_size) })
}

/// Prepares a struct for changeover_status_error and changeover_status_attempt.
///
/// Pass sizeof(changeover_error_entry). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_error_entry_init(
    entry: *mut changeover_error_entry,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(entry, struct_size) })
}

/// Prepares a struct for changeover_status_condition.
///
/// Pass sizeof(changeover_condition_entry). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_condition_entry_init(
    entry: *mut changeover_condition_entry,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(entry, struct_size) })
}

/// Prepares a struct for changeover_status_view_all.
///
/// Pass sizeof(changeover_status_view). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_view_init(
    view: *mut changeover_status_view,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(view, struct_size) })
}

/// Prepares a struct for changeover_status_switch.
///
/// Pass sizeof(changeover_switch_entry). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_switch_entry_init(
    entry: *mut changeover_switch_entry,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(entry, struct_size) })
}

/// The state of a stream at this instant: `status` receives a handle that the caller owns and
/// ends with changeover_status_free. It outlives the stream and the engine.
///
/// Any thread; does not wait for the monitor.
/// Errors: UNKNOWN_STREAM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_runtime_status(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    status: *mut *mut changeover_status,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let status = Output::required(status)?;
            let now = match engine.runtime_status(stream) {
                Err(Error::UnknownStream) if engine.is_closed() => {
                    return Err(Code(CHANGEOVER_ERR_SHUT_DOWN))
                }
                now => now?,
            };
            let id = STATUSES.insert(Arc::new(AskedStatus::new(now)))?;
            status.write(pointer(id));
            Ok(())
        })
    }
}

/// The state of the stream itself. `out` must be prepared.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_stream(
    status: *const changeover_status,
    out: *mut changeover_stream_status,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| Ok(structs.stream())) }
}

/// The health of the input at `index`; best first. `out` must be prepared; its strings are
/// borrowed until changeover_status_free.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_input(
    status: *const changeover_status,
    index: usize,
    out: *mut changeover_input_status,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| structs.input(index)) }
}

/// The error at `index` of the input at `input`; oldest first. `out` must be prepared; its
/// strings are borrowed until changeover_status_free.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_error(
    status: *const changeover_status,
    input: usize,
    index: usize,
    out: *mut changeover_error_entry,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| structs.error(input, index)) }
}

/// As changeover_status_error, of the probes, trials and restarts that failed since it was given up.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_attempt(
    status: *const changeover_status,
    input: usize,
    index: usize,
    out: *mut changeover_error_entry,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| structs.attempt(input, index)) }
}

/// The condition at `index` that holds of the input at `input`; the worst first. `out` must be prepared;
/// its strings are borrowed until changeover_status_free.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_condition(
    status: *const changeover_status,
    input: usize,
    index: usize,
    out: *mut changeover_condition_entry,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| structs.condition(input, index)) }
}

/// All of it at once: `view` receives where it is, borrowed until changeover_status_free. For those
/// who read all of it, e.g. for another language. `full_urls` 0: URLs, and those in texts, as in the
/// JSON; 1: with all that is in them, as in the other structs. `view` must be prepared.
///
/// Any thread; does not wait.
/// Errors: VALUE for another `full_urls`. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_view_all(
    status: *const changeover_status,
    full_urls: i32,
    view: *mut changeover_status_view,
) -> i32 {
    guard(|| {
        let status = asked(status)?;
        let full = convert::flag(full_urls)?;
        let structs = if full { status.structs() } else { status.safe_structs() };
        // SAFETY: the caller's promise.
        unsafe { fill(view, &structs.view()) }
    })
}

/// The switch at `index`; oldest first. `out` must be prepared; its strings are borrowed until
/// changeover_status_free.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_switch(
    status: *const changeover_status,
    index: usize,
    out: *mut changeover_switch_entry,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { answer(status, out, |structs| structs.switch(index)) }
}

/// All of it as a JSON text: `json` receives a string that is borrowed until
/// changeover_status_free, `json_len` (may be NULL) its length.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_json(
    status: *const changeover_status,
    json: *mut *const c_char,
    json_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let status = asked(status)?;
        let json = Output::required(json)?;
        let json_text = status.json();
        json.write(json_text.as_ptr());
        Output::optional(json_len).write(json_text.count_bytes());
        Ok(())
    })
}

/// Frees a status and what its strings point to. NULL, or a handle that is not live: nothing
/// happens.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_status_free(status: *mut changeover_status) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(STATUSES.take(status.addr() as u64)));
}
