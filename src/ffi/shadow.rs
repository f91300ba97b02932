//! The shadow: what would be decided under other settings, beside the engine.

use super::abi_types::changeover_engine;
use super::guard::guard;
use super::live::find;
use super::settings::{changeover_config, config};
use super::strings::stream_id;
use std::ffi::c_char;

/// From now on decides beside the engine what it would decide under other settings: for one stream, or for all of
/// them if `stream` is NULL and its length 0, and in place of what their inputs set themselves. It sees the
/// same events, and nothing is done of what it decides; where the engine decides otherwise,
/// CHANGEOVER_EVENT_SHADOW_DIFFERS tells, 70 seconds later. The metrics have what it would have cost
/// (docs/operations.md). A shadow that there is ends. What is inherited in `settings` stays as it is.
///
/// A thread of the library's (niceness 10) does what `changeover replay --set` does with a trace. If it is too slow, it
/// begins anew, and CHANGEOVER_EVENT_SHADOW_GAP tells. Streams that do not take these settings are left out; the log
/// says which. `settings` is copied.
///
/// Any thread; waits for the monitor, and for the end of the shadow that there is.
/// Errors: CONFIG: no stream takes these settings; SYSTEM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_shadow(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    settings: *const changeover_config,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        let of_all = stream.is_null() && stream_len == 0;
        let stream = if of_all { None } else { Some(stream_id(stream, stream_len)?) };
        Ok(engine.shadow(config(settings)?, stream)?)
    })
}

/// Ends the shadow, if there is one: what it has seen is decided, and what is left of it told. Waits for that; in a
/// callback, whichever engine's, it does not wait. After TIMEOUT (changeover_set_call_timeout) it has ended, or soon
/// will.
///
/// Any thread; waits for the monitor, and for the shadow. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_end_shadow(engine: *mut changeover_engine) -> i32 {
    guard(|| Ok(find(engine)?.end_shadow()?))
}
