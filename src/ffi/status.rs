//! The state of a stream and the list of streams, as objects of the caller's.

use super::abi_types::{
    changeover_engine, changeover_error_entry, changeover_input_status, changeover_status,
    changeover_stream_list, changeover_stream_status, changeover_switch_entry,
};
use super::constants::{of_reason, of_status};
use super::convert::unix;
use super::guard::{guard, guard_or};
use super::handles::{Handles, Kind};
use super::live::{find, with_stream};
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_INDEX, CHANGEOVER_ERR_SHUT_DOWN};
use super::strings::{Text, Texts};
use super::versioned::{fill, init};
use crate::core::Error;
use crate::engine::RuntimeStatus;
use std::ffi::c_char;
use std::ops::Range;
use std::ptr::without_provenance_mut;
use std::sync::{Arc, OnceLock};

pub(super) static STATUSES: Handles<Snapshot> = Handles::new(Kind::Status);
pub(super) static STREAM_LISTS: Handles<StreamList> = Handles::new(Kind::StreamList);

/// A status as the structs that will be asked for.
pub(super) struct Snapshot {
    status: RuntimeStatus,
    json: OnceLock<String>,
    stream: changeover_stream_status,
    /// Each with its part of `errors`.
    inputs: Vec<(changeover_input_status, Range<usize>)>,
    errors: Vec<changeover_error_entry>,
    switches: Vec<changeover_switch_entry>,
    /// What the structs point to.
    _texts: Texts,
}

// SAFETY: the pointers in the structs point into `_texts`, which moves with them and is never
// changed again.
unsafe impl Send for Snapshot {}
// SAFETY: as above.
unsafe impl Sync for Snapshot {}

impl Snapshot {
    fn new(status: RuntimeStatus) -> Snapshot {
        let mut texts = Texts::default();
        let urls = status.inputs.iter().map(|input| &*input.input.url);
        let errors = status.inputs.iter().flat_map(|i| i.errors.iter().map(|e| &*e.text));
        let details = status.switches.iter().map(|switch| &*switch.detail);
        texts.restart(urls.chain(errors).chain(details));
        let mut errors = Vec::new();
        let mut inputs = Vec::with_capacity(status.inputs.len());
        for input in &status.inputs {
            let Text { pointer: url, len: url_len } = texts.push(&input.input.url);
            let first = errors.len();
            errors.extend(input.errors.iter().map(|error| {
                let Text { pointer: text, len: text_len } = texts.push(&error.text);
                changeover_error_entry {
                    struct_size: size_of::<changeover_error_entry>(),
                    at: unix(error.at),
                    reason: of_reason(error.reason),
                    reserved: 0,
                    measured: error.measured,
                    limit: error.limit,
                    text,
                    text_len,
                }
            }));
            let as_struct = changeover_input_status {
                struct_size: size_of::<changeover_input_status>(),
                priority: input.input_priority,
                status: of_status(input.status),
                receiving: input.receiving.into(),
                reserved: 0,
                session: input.session.unwrap_or(0),
                packets: input.packets,
                bytes: input.bytes,
                video_packets: input.video_packets,
                key_packets: input.key_packets,
                lost_packets: input.lost_packets,
                probes: input.probes,
                bitrate_kbps: input.bitrate_kbps,
                fps: input.fps,
                packet_loss: input.packet_loss,
                last_packet_at: input.last_packet_at.map_or(0, unix),
                state_since: unix(input.state_since),
                url,
                url_len,
                errors_len: input.errors.len(),
            };
            inputs.push((as_struct, first..errors.len()));
        }
        let as_struct = |switch: &crate::engine::SwitchRecord| {
            let Text { pointer: detail, len: detail_len } = texts.push(&switch.detail);
            changeover_switch_entry {
                struct_size: size_of::<changeover_switch_entry>(),
                at: unix(switch.at),
                from: switch.from,
                to: switch.to,
                reason: of_reason(switch.reason),
                reserved: 0,
                number: switch.number,
                detail,
                detail_len,
            }
        };
        let switches: Vec<_> = status.switches.iter().map(as_struct).collect();
        let stream = changeover_stream_status {
            struct_size: size_of::<changeover_stream_status>(),
            registration: status.registration,
            switch_number: status.switch_number,
            active_input_priority: status.active_input_priority,
            pending_input_priority: status.pending_input_priority.unwrap_or(-1),
            override_input_priority: status.override_input_priority.unwrap_or(-1),
            exhausted: status.exhausted.into(),
            inputs_len: inputs.len(),
            switches_len: switches.len(),
        };
        let json = OnceLock::new();
        Snapshot { status, json, stream, inputs, errors, switches, _texts: texts }
    }

    /// Followed by a NUL, which the text itself has none of.
    fn json(&self) -> &str {
        self.json.get_or_init(|| self.status.to_json() + "\0")
    }
}

fn snapshot(status: *const changeover_status) -> Outcome<Arc<Snapshot>> {
    STATUSES.find(status.addr() as u64)
}

fn at<T>(all: &[T], index: usize) -> Outcome<&T> {
    all.get(index).ok_or(Code(CHANGEOVER_ERR_INDEX))
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
            let id = STATUSES.insert(Arc::new(Snapshot::new(now)))?;
            status.write(without_provenance_mut(id as usize));
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
    guard(|| unsafe { fill(out, &snapshot(status)?.stream) })
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
        let snapshot = snapshot(status)?;
        let (input, _) = at(&snapshot.inputs, index)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, input) }
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
        let snapshot = snapshot(status)?;
        let (_, errors) = at(&snapshot.inputs, input)?;
        let error = at(&snapshot.errors[errors.clone()], index)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, error) }
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
        let snapshot = snapshot(status)?;
        let switch = at(&snapshot.switches, index)?;
        // SAFETY: the caller's promise.
        unsafe { fill(out, switch) }
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
        let snapshot = snapshot(status)?;
        let json = Output::required(json)?;
        let text = snapshot.json();
        json.write(text.as_ptr().cast());
        Output::optional(json_len).write(text.len() - 1);
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

/// Ids as strings of the caller's.
pub(super) struct StreamList {
    streams: Vec<Text>,
    _texts: Texts,
}

// SAFETY: the pointers in `streams` point into `_texts`, which moves with them and is never
// changed again.
unsafe impl Send for StreamList {}
// SAFETY: as above.
unsafe impl Sync for StreamList {}

/// The ids of all registered streams, in no order: `list` receives a handle that the caller owns
/// and ends with changeover_stream_list_free.
///
/// Any thread; waits for the monitor. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_registered_streams(
    engine: *mut changeover_engine,
    list: *mut *mut changeover_stream_list,
) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let list = unsafe { Output::required(list) }?;
        let ids = engine.registered_streams()?;
        let mut texts = Texts::default();
        texts.restart(ids.iter().map(|id| &**id));
        let streams = ids.iter().map(|id| texts.push(id)).collect();
        let id = STREAM_LISTS.insert(Arc::new(StreamList { streams, _texts: texts }))?;
        list.write(without_provenance_mut(id as usize));
        Ok(())
    })
}

/// How many streams there are in a list; 0 for a handle that is not live.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_stream_list_len(list: *const changeover_stream_list) -> usize {
    guard_or(0, || STREAM_LISTS.find(list.addr() as u64).map_or(0, |list| list.streams.len()))
}

/// The id at `index`: `stream` receives a string that is borrowed until
/// changeover_stream_list_free, `stream_len` (may be NULL) its length.
///
/// Any thread; does not wait.
/// Errors: INDEX. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_stream_list_get(
    list: *const changeover_stream_list,
    index: usize,
    stream: *mut *const c_char,
    stream_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let list = STREAM_LISTS.find(list.addr() as u64)?;
        let stream = Output::required(stream)?;
        let text = at(&list.streams, index)?;
        stream.write(text.pointer);
        Output::optional(stream_len).write(text.len);
        Ok(())
    })
}

/// Frees a list and its strings. NULL, or a handle that is not live: nothing happens.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_stream_list_free(list: *mut changeover_stream_list) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(STREAM_LISTS.take(list.addr() as u64)));
}
