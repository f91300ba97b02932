//! Making and freeing engines, and their callbacks.

use super::abi_types::{
    changeover_callbacks, changeover_destroy_fn, changeover_engine, changeover_log_fn,
    changeover_options, changeover_stream_fn,
};
use super::callbacks::{log_callback, stream_callback, HostIngestor};
use super::constants::level;
use super::convert;
use super::guard::guard;
use super::handles::pointer;
use super::host_pointer::HostPointer;
use super::live::{find, Live, ENGINES};
use super::output::Output;
use super::result::Outcome;
use super::settings::config_or_inherit;
use super::versioned::{init, read, read_known, Versioned};
use crate::engine::Engine;
use std::ffi::c_void;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Prepares callbacks: none, no user_data.
///
/// Pass sizeof(changeover_callbacks). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_callbacks_init(
    callbacks: *mut changeover_callbacks,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(callbacks, struct_size) })
}

/// Prepares options: the library's settings, and the host polls.
///
/// Pass sizeof(changeover_options). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_options_init(
    options: *mut changeover_options,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(options, struct_size) })
}

/// The options and callbacks, and from here on the responsibility for `user_data`.
///
/// # Safety
/// `options` is NULL or points to a struct as long as it says, and so does what is in it.
unsafe fn take_options(
    options: *const changeover_options,
) -> Outcome<(changeover_options, Option<(changeover_callbacks, HostPointer)>)> {
    if options.is_null() {
        return Ok((changeover_options::INITIAL, None));
    }
    // SAFETY: by this function's contract.
    unsafe {
        let known = read_known(options)?;
        if known.callbacks.is_null() {
            return Ok((read(options)?, None));
        }
        let callbacks = read_known(known.callbacks)?;
        let user_data = HostPointer::new(callbacks.user_data, callbacks.destroy);
        // Only now, so that `user_data` ends also when these set what this version does not know.
        read(options)?;
        read(known.callbacks)?;
        Ok((known, Some((callbacks, user_data))))
    }
}

/// Makes an engine and starts its threads.
///
/// `options` may be NULL: the library's settings, and the host polls. All of it is copied.
/// `engine` receives a handle that the caller owns and ends with changeover_free. If the call
/// fails, the callbacks' `destroy` is called before it returns. Only options or callbacks with a
/// struct_size that their _init refuses are not read, so not taken over either.
///
/// Any thread; does not wait.
/// Errors: CONFIG, SYSTEM; NULL also when start or stop is missing. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_new(
    options: *const changeover_options,
    engine: *mut *mut changeover_engine,
) -> i32 {
    // Before anything can fail. SAFETY: the caller's promise.
    let taken = unsafe { take_options(options) };
    // SAFETY: the caller's promise.
    guard(move || unsafe {
        let (options, callbacks) = taken?;
        let defaults = config_or_inherit(options.defaults);
        let link = Arc::new(OnceLock::new());
        let mut builder = Engine::builder();
        if let Some((callbacks, user_data)) = callbacks {
            builder = builder.ingestor(HostIngestor::new(&callbacks, user_data, link.clone())?);
        }
        if options.event_limit != 0 {
            builder = builder.event_limit(options.event_limit.try_into().unwrap_or(usize::MAX));
        }
        if options.callback_stack != 0 {
            let bytes = options.callback_stack.try_into().unwrap_or(usize::MAX);
            builder = builder.callback_stack(bytes);
        }
        let engine = Output::required(engine)?;
        let live = Arc::new(Live::new(builder.defaults(defaults?).build()?));
        let number = live.number();
        // The first and only time.
        let _ = link.set(Arc::downgrade(&live));
        let id = ENGINES.insert_as(number, live)?;
        engine.write(pointer(id));
        Ok(())
    })
}

/// Frees an engine: unregisters all streams, ends its threads, and ends the handle.
///
/// With callbacks, everything is delivered before it returns, the `destroy` of all of them
/// included. Without, whatever is still queued when it returns can't be taken any more: a host that
/// wants its stops as events unregisters its streams and takes them before. Another thread in
/// changeover_next_event takes what is left, then gets CHANGEOVER_ERR_SHUT_DOWN, or
/// CHANGEOVER_ERR_HANDLE if this has returned by then: both are the end. Nobody may wait on the
/// engine's descriptor any more. Open inputs stay valid until they are closed; recording to them
/// answers drop. After an error the engine lives on. NULL: nothing happens.
///
/// After TIMEOUT (changeover_set_call_timeout) the engine is shut down but for the callbacks that have
/// not returned, and the handle is to be freed again.
///
/// Any thread but those of callbacks, whichever engine's; waits for callbacks.
/// Errors: IN_CALLBACK. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_free(engine: *mut changeover_engine) -> i32 {
    guard(|| {
        if engine.is_null() {
            return Ok(());
        }
        find(engine)?.free()?;
        ENGINES.take(engine.addr() as u64).map(drop)
    })
}

/// How long any call to this engine may wait from now on, for the monitor or for callbacks, in
/// nanoseconds; UINT64_MAX, as it is at first: as long as it takes. A call that is given up answers
/// CHANGEOVER_ERR_TIMEOUT; what it asked for may still be done. (changeover_sync and
/// changeover_next_event have timeouts of their own.) Without it a callback that never returns holds up
/// changeover_unregister and changeover_free for ever.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_call_timeout(
    engine: *mut changeover_engine,
    timeout: u64,
) -> i32 {
    guard(|| {
        find(engine)?
            .set_call_timeout((timeout != u64::MAX).then(|| Duration::from_nanos(timeout)));
        Ok(())
    })
}

/// Has `callback` called with the id of each stream that is exhausted, on the event thread after
/// `notify`, in place of the one before. NULL: none.
///
/// `destroy` (may be NULL) is called exactly once with `user_data`, after any running callback:
/// when the callback is replaced, when the engine is freed, at once if `callback` is NULL, and
/// also if this call fails.
///
/// Any thread; does not wait.
/// Errors: WRONG_MODE on an engine without callbacks. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_exhausted_callback(
    engine: *mut changeover_engine,
    callback: changeover_stream_fn,
    user_data: *mut c_void,
    destroy: changeover_destroy_fn,
) -> i32 {
    let user_data = HostPointer::new(user_data, destroy);
    guard(move || {
        let callback = stream_callback(callback, user_data);
        Ok(find(engine)?.set_exhausted_callback(callback)?)
    })
}

/// Has `callback` called with the id of each stream that is on air again; otherwise as
/// changeover_set_exhausted_callback.
///
/// Any thread; does not wait.
/// Errors: WRONG_MODE on an engine without callbacks. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_restored_callback(
    engine: *mut changeover_engine,
    callback: changeover_stream_fn,
    user_data: *mut c_void,
    destroy: changeover_destroy_fn,
) -> i32 {
    let user_data = HostPointer::new(user_data, destroy);
    guard(move || {
        let callback = stream_callback(callback, user_data);
        Ok(find(engine)?.set_restored_callback(callback)?)
    })
}

/// Has lines up to `level` (CHANGEOVER_LOG_*) logged, on a thread of their own, in place of the
/// callback before. NULL or CHANGEOVER_LOG_OFF: no log. A slow callback loses
/// lines, beyond 4,096 or 4 MiB that wait; the log says how many.
/// What others wrote in them is as changeover_printable and changeover_printable_url make it.
///
/// `destroy` as for changeover_set_exhausted_callback. The callback before has returned and its
/// `destroy` was called when this returns; but called in a callback, whichever engine's, it returns at
/// once and they follow. After TIMEOUT (changeover_set_call_timeout) the new callback is in place.
///
/// Any thread; waits for callbacks (the one before).
/// Errors: SYSTEM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_log_callback(
    engine: *mut changeover_engine,
    level: i32,
    callback: changeover_log_fn,
    user_data: *mut c_void,
    destroy: changeover_destroy_fn,
) -> i32 {
    let user_data = HostPointer::new(user_data, destroy);
    guard(move || {
        let level = self::level(level)?;
        let engine = find(engine)?;
        Ok(engine.set_log_callback(log_callback(level, callback, user_data))?)
    })
}

/// Whether the log has URLs in full (`full` 1), and those in texts, or as changeover_printable_url makes
/// them (0, as it is at first). In force from the next line on.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_log_full_urls(
    engine: *mut changeover_engine,
    full: i32,
) -> i32 {
    guard(|| {
        let full = convert::flag(full)?;
        find(engine)?.set_log_full_urls(full);
        Ok(())
    })
}
