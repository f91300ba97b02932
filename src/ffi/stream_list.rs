//! The list of registered streams, as an object of the caller's.

use super::abi_types::{changeover_engine, changeover_stream_list};
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::find;
use super::output::Output;
use super::result::{Code, CHANGEOVER_ERR_INDEX};
use super::strings::{Text, Texts};
use std::ffi::c_char;
use std::sync::Arc;

static STREAM_LISTS: Handles<StreamList> = Handles::new(Kind::StreamList);

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
        list.write(pointer(id));
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
        let text = list.streams.get(index).ok_or(Code(CHANGEOVER_ERR_INDEX))?;
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
