//! Bugs on demand, for `ffi-tests/bugs.c`. Only in a library built for that.

use super::abi_types::changeover_engine;
use super::guard::guard;
use super::live::{find, with_stream};
use std::ffi::c_char;
use std::time::Duration;

/// Has a bug met in whatever happens to this stream from now on, and in no other.
#[no_mangle]
unsafe extern "C" fn changeover_test_plant_bug(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            engine.plant_bug(stream);
            Ok(())
        })
    }
}

/// Ends the monitor by a bug.
#[no_mangle]
unsafe extern "C" fn changeover_test_end_monitor(engine: *mut changeover_engine) -> i32 {
    guard(|| {
        find(engine)?.end_monitor();
        Ok(())
    })
}

/// Has the monitor hang for so many nanoseconds.
#[no_mangle]
unsafe extern "C" fn changeover_test_hang(engine: *mut changeover_engine, nanos: u64) -> i32 {
    guard(|| {
        find(engine)?.hang(Duration::from_nanos(nanos));
        Ok(())
    })
}
