//! The trace: what decisions are made from, and what was decided, in files.

use super::abi_types::{changeover_engine, changeover_trace_options};
use super::convert;
use super::guard::guard;
use super::live::find;
use super::strings::text;
use super::versioned::{init, read_or_initial};
use crate::trace::TraceLimits;
use std::ffi::c_char;

/// Prepares limits of a trace: the library's, without URLs.
///
/// Pass sizeof(changeover_trace_options). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_trace_options_init(
    options: *mut changeover_trace_options,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(options, struct_size) })
}

/// Records everything that decisions are made from, and what was decided, to a file from now on, from
/// which the same decisions can be made again (docs/trace.md). It begins with all streams as they are. If
/// there is such a file, it is kept as `path` with ".1" at its end. A trace that was being written ends.
///
/// `options` may be NULL: files of 64 MiB, eight of them, without URLs. The file is written by a thread of
/// the library's, at most 100 ms later; what that is too slow for is lost to the trace, which says so.
/// Nothing of the engine waits for it, but for changeover_free and changeover_end_trace. If it can't be
/// written, the log says so.
///
/// Any thread; waits for the monitor.
/// Errors: SYSTEM: the file can't be made, and the log says why. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_trace_to(
    engine: *mut changeover_engine,
    path: *const c_char,
    path_len: usize,
    options: *const changeover_trace_options,
) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let (options, path) = unsafe { (read_or_initial(options)?, text(path, path_len)?) };
        let mut limits = TraceLimits::new().urls(convert::flag(options.urls)?);
        if options.file_bytes != 0 {
            limits = limits.file_bytes(options.file_bytes);
        }
        if options.files != 0 {
            limits = limits.files(options.files.try_into().unwrap_or(usize::MAX));
        }
        Ok(engine.trace_to(path, limits)?)
    })
}

/// Ends the trace, if there is one, and waits until it is written; in a callback, whichever engine's, it
/// does not wait. After TIMEOUT (changeover_set_call_timeout) it is written, or soon will be.
///
/// Any thread; waits for the monitor, and for the file. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_end_trace(engine: *mut changeover_engine) -> i32 {
    guard(|| Ok(find(engine)?.end_trace()?))
}
