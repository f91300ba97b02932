//! The operations on streams.

use super::abi_types::{changeover_engine, changeover_input_spec};
use super::config::{priorities, take_inputs};
use super::constants::word;
use super::convert;
use super::guard::guard;
use super::live::{find, with_stream};
use super::output::Output;
use super::result::{Code, CHANGEOVER_ERR_VALUE};
use super::settings::{changeover_config, config, config_or_inherit};
use super::strings::{stream_id, text};
use crate::core::{InputsUpdate, ProbeOutcome};
use crate::vocabulary::ProbeAnswer;
use std::ffi::c_char;

/// Registers a stream, selects its best input and starts it, and every hot one.
///
/// An empty buffer_write_id means the stream's id. A stream without inputs waits for some.
/// `config` (may be NULL) overrides the engine's settings. All of it is copied. `registration`
/// (may be NULL) receives the number of this life of the id, which every event of it carries.
///
/// The `destroy` of each input is called exactly once with its `user_data`. If the call fails, before it
/// returns (after TIMEOUT, once it is known what became of it). Else when the input is gone (removed,
/// updated, its stream unregistered, the engine freed) and no event that carries it and no status that
/// was made meanwhile is left; so the host has taken the stop of its last session by then. That is in one
/// of the host's calls to this engine, as a rule the one that ended it or that cleared its last stop; or
/// on the event thread; at the latest in changeover_free, or when what is left of these is freed after it. An
/// element whose struct_size is not that of the first is not looked at, nor any of an array that begins with
/// one that changeover_input_spec_init refuses.
///
/// Any thread; waits for the monitor.
/// Errors: STREAM_EXISTS, PRIORITY, DUPLICATE_PRIORITY, CONFIG, HOT_WITHOUT_OVERLAP. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_register(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    buffer_write_id: *const c_char,
    buffer_write_id_len: usize,
    inputs: *const changeover_input_spec,
    inputs_len: usize,
    config: *const changeover_config,
    registration: *mut u64,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        changeover_register_from(
            engine,
            stream,
            stream_len,
            buffer_write_id,
            buffer_write_id_len,
            inputs,
            inputs_len,
            config,
            0,
            registration,
        )
    }
}

/// As changeover_register, with the number of the first switch: from 1 to CHANGEOVER_FIRST_SWITCH_MAX,
/// which leaves as many to follow; 0 is as 1.
///
/// So the verdicts on a stream that moves, to another engine or another machine, go on to rise, and whoever
/// takes its packets can discard what comes of a writer that was replaced.
///
/// Any thread; waits for the monitor.
/// Errors: as changeover_register; FIRST_SWITCH for a larger one. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_register_from(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    buffer_write_id: *const c_char,
    buffer_write_id_len: usize,
    inputs: *const changeover_input_spec,
    inputs_len: usize,
    config: *const changeover_config,
    first_switch: u64,
    registration: *mut u64,
) -> i32 {
    // Before anything can fail. SAFETY: the caller's promise.
    let inputs = unsafe { take_inputs(inputs, inputs_len) };
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let buffer = text(buffer_write_id, buffer_write_id_len)?;
            let inputs = inputs?;
            let config = config_or_inherit(config)?;
            let registration = Output::optional(registration);
            let number = engine.register_from(stream, buffer, inputs, config, first_switch)?;
            registration.write(number);
            Ok(())
        })
    }
}

/// Ends a registration: its stops, then CHANGEOVER_EVENT_UNREGISTERED, its last event.
///
/// Any thread. Without callbacks it waits for the monitor: the events are queued when it returns.
/// With callbacks it waits for callbacks: they are delivered when it returns; called in a callback,
/// whichever engine's, it returns at once and they follow. After TIMEOUT (changeover_set_call_timeout)
/// the registration has ended, or soon will have, and they follow.
/// Errors: UNKNOWN_STREAM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_unregister(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| Ok(engine.unregister(stream)?))
    }
}

/// Whether a stream is registered: `registered` receives 1 or 0.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_is_registered(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    registered: *mut i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let registered = Output::required(registered)?;
            registered.write(engine.is_registered(stream).into());
            Ok(())
        })
    }
}

/// Changes the settings of a stream; with the stream (NULL, 0), the engine's.
///
/// What is inherited in `config` inherits again, whatever it was before. Running deadlines move
/// at once. `config` is copied.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM, CONFIG, HOT_WITHOUT_OVERLAP (of any stream). Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_config(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    config: *const changeover_config,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        let the_engines = stream.is_null() && stream_len == 0;
        let stream = if the_engines { None } else { Some(stream_id(stream, stream_len)?) };
        Ok(engine.set_config(stream, self::config(config)?)?)
    })
}

/// Puts an input on air and keeps it there while it is healthy (an override). The old input
/// stays on air until the new one delivers. Choosing the active input only pins it.
///
/// Any thread; waits for the monitor, not for the input.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DEGRADED, INPUT_DISABLED. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_switch_input(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            Ok(engine.switch_input(stream, convert::priority(priority)?)?)
        })
    }
}

/// As changeover_switch_input, also to an input that was given up: in a new session, and when it
/// delivers it has recovered and goes on air. If it does not, the choice ends. With overlap off the
/// input on air is stopped first: the stream is dark until the other delivers, or for
/// connect_timeout.
///
/// Any thread; waits for the monitor, not for the input.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DISABLED. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_force_input(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            Ok(engine.force_input(stream, convert::priority(priority)?)?)
        })
    }
}

/// Ends an override; failback is free again.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_clear_override(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| Ok(engine.clear_override(stream)?))
    }
}

/// Removes, adds and updates inputs, in this order, as one change. An updated input that runs is
/// stopped, and started in a new session. All of it is copied; `user_data` and `destroy` are as in
/// changeover_register.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM, UNKNOWN_INPUT, PRIORITY, DUPLICATE_PRIORITY, CONFIG,
/// HOT_WITHOUT_OVERLAP. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_update_inputs(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    added: *const changeover_input_spec,
    added_len: usize,
    removed: *const i32,
    removed_len: usize,
    updated: *const changeover_input_spec,
    updated_len: usize,
) -> i32 {
    // Before anything can fail. SAFETY: the caller's promise.
    let (added, updated) =
        unsafe { (take_inputs(added, added_len), take_inputs(updated, updated_len)) };
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let update = InputsUpdate {
                added: added?,
                removed: priorities(removed, removed_len)?,
                updated: updated?,
            };
            Ok(engine.update_inputs(stream, update)?)
        })
    }
}

/// Has every running session restarted onto another buffer; empty means the stream's id.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_update_buffer_write_id(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    buffer_write_id: *const c_char,
    buffer_write_id_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let buffer = text(buffer_write_id, buffer_write_id_len)?;
            Ok(engine.update_buffer_write_id(stream, buffer)?)
        })
    }
}

/// What a host that sees the media has against an input, or no longer has: holds is 1, or 0. It
/// counts at once, and may be said in a loop. `session` 0 is the input, whatever its session; else it
/// ends with that session. `condition` is CHANGEOVER_CONDITION_*. `text` says more; it is copied, up to
/// 255 bytes.
///
/// Any thread; waits for the monitor.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; STALE_SESSION when the session is over; VALUE for
/// another condition, or a `holds` that is neither. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_set_condition(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    session: u64,
    condition: i32,
    holds: i32,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let priority = convert::priority(priority)?;
            let (condition, text) = (word(condition)?, self::text(text, text_len)?);
            let holds = convert::flag(holds)?;
            Ok(engine.set_condition(stream, priority, session, condition, holds, text)?)
        })
    }
}

/// As changeover_report_input_error, if another input is usable: for an input that is better than
/// none.
///
/// Any thread; waits for the monitor.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; NO_OTHER_INPUT, and the input is kept. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_report_soft_error(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let text = self::text(text, text_len)?;
            Ok(engine.report_soft_error(stream, convert::priority(priority)?, text)?)
        })
    }
}

/// Reports an error of an input's current session, or of an input that never ran: it is given up
/// at once. Reporting twice is the same as once. `text` is copied, up to 255 bytes.
///
/// Any thread; waits for the monitor.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_report_input_error(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let text = self::text(text, text_len)?;
            Ok(engine.report_input_error(stream, convert::priority(priority)?, text)?)
        })
    }
}

/// Says how a start went: `result` 0, or negative when it failed. Success needs no word: the
/// first packet tells. `text` says why it failed; it is copied, up to 255 bytes.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM, STALE_SESSION. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_start_result(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    session: u64,
    result: i32,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let text = self::text(text, text_len)?;
            let result = match (result, text) {
                (0, _) => Ok(()),
                (..0, "") => Err(format!("the start failed with {result}")),
                (..0, text) => Err(text.to_owned()),
                _ => return Err(Code(CHANGEOVER_ERR_VALUE)),
            };
            Ok(engine.start_result(stream, session, result)?)
        })
    }
}

/// Answers a probe. `outcome` is CHANGEOVER_PROBE_OK, _FAILED or _UNSUPPORTED; `text` says why it
/// failed; it is copied, up to 255 bytes.
///
/// Any thread; waits for the monitor.
/// Errors: UNKNOWN_STREAM, STALE_SESSION (too late, or not wanted any more). Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_probe_result(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    probe: u64,
    outcome: i32,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let text = self::text(text, text_len)?;
            let outcome = match (word(outcome)?, text) {
                (ProbeAnswer::Ok, _) => ProbeOutcome::Ok,
                (ProbeAnswer::Failed, "") => ProbeOutcome::Failed("the probe failed".to_owned()),
                (ProbeAnswer::Failed, text) => ProbeOutcome::Failed(text.to_owned()),
                (ProbeAnswer::Unsupported, _) => ProbeOutcome::Unsupported,
                (ProbeAnswer::Later, _) => return Err(Code(CHANGEOVER_ERR_VALUE)),
            };
            Ok(engine.probe_result(stream, probe, outcome)?)
        })
    }
}

/// Returns when everything before it, records included, is decided and published, and with
/// callbacks delivered. At most after `timeout` nanoseconds; UINT64_MAX: no limit.
///
/// Any thread but those of callbacks, whichever engine's; waits for callbacks.
/// Errors: TIMEOUT, IN_CALLBACK. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_sync(engine: *mut changeover_engine, timeout: u64) -> i32 {
    guard(|| Ok(find(engine)?.sync(convert::timeout(timeout))?))
}

/// How late the monitor's oldest duty is: `late` receives nanoseconds; 0 if there is none. A duty is a
/// tick or a deadline that was due, or a call that was not carried out. In a healthy engine it is well
/// below a millisecond, or as long as the machine keeps its threads waiting: for a watchdog, seconds
/// mean that the monitor hangs. CHANGEOVER_ERR_MONITOR_DIED: a bug has ended it. Then nothing is decided
/// any more, recording goes on answering as it last did, and what is left is to end the process, or to
/// free the engine and make another.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_alive(engine: *mut changeover_engine, late: *mut u64) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let late = unsafe { Output::required(late) }?;
        late.write(u64::try_from(engine.alive()?.as_nanos()).unwrap_or(u64::MAX));
        Ok(())
    })
}

/// The engine's clock: `now` receives monotonic nanoseconds, what events are stamped with. It
/// pauses while the engine is stalled, that is more than 20 ms late (a stopped process, a paused
/// machine, a CPU limit), and so do all timeouts; after a stall no input is given up for 50 ms more.
/// Where stalls follow each other within a second, it keeps at least a quarter of its speed.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_now(engine: *mut changeover_engine, now: *mut u64) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let now = unsafe { Output::required(now) }?;
        now.write(engine.now());
        Ok(())
    })
}
