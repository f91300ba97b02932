//! The state of a stream, as an object of the caller's.

use super::abi_types::{
    changeover_engine, changeover_error_entry, changeover_input_status, changeover_status,
    changeover_stream_status, changeover_switch_entry,
};
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::with_stream;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_SHUT_DOWN};
use super::status_structs::StatusStructs;
use super::versioned::{fill, init};
use crate::vocabulary::Error;
use std::ffi::c_char;
use std::sync::Arc;

static STATUSES: Handles<StatusStructs> = Handles::new(Kind::Status);

fn structs(status: *const changeover_status) -> Outcome<Arc<StatusStructs>> {
    STATUSES.find(status.addr() as u64)
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

/// Prepares a struct for changeover_status_error.
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
            let id = STATUSES.insert(Arc::new(StatusStructs::new(now)))?;
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
    guard(|| unsafe { fill(out, structs(status)?.stream()) })
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
    guard(|| {
        let structs = structs(status)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, structs.input(index)?) }
    })
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
    guard(|| {
        let structs = structs(status)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, structs.error(input, index)?) }
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
    guard(|| {
        let structs = structs(status)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, structs.switch(index)?) }
    })
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
        let structs = structs(status)?;
        let json = Output::required(json)?;
        let json_text = structs.json();
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
