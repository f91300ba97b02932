//! The engine seen from outside: its metrics, and the states of all streams.

use super::abi_types::{changeover_engine, changeover_text};
use super::guard::guard;
use super::live::find;
use super::output::Output;
use super::result::{Code, CHANGEOVER_ERR_VALUE};
use super::strings::text;
use super::text::hand_out;
use crate::metrics::MetricsOptions;
use std::ffi::c_char;

/// Series for each stream, with its id.
pub const CHANGEOVER_METRICS_STREAMS: u32 = 1;
/// Series for each input, with its stream's id and its priority.
pub const CHANGEOVER_METRICS_INPUTS: u32 = 2;

/// The engine's metrics in the text format of OpenMetrics, to be served as
/// `application/openmetrics-text; version=1.0.0; charset=utf-8`: `metrics` receives a handle that the
/// caller owns and ends with changeover_text_free. `each` is 0 for the engine as a whole, which is
/// equally short however many streams there are; CHANGEOVER_METRICS_* or'ed add series for each stream
/// and each input. No URL and no text of others is in it, only streams' ids.
///
/// Looks at all streams, in the calling thread. Any thread; does not wait for the monitor.
/// Errors: VALUE for other bits of `each`. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_metrics(
    engine: *mut changeover_engine,
    each: u32,
    metrics: *mut *mut changeover_text,
) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let metrics = unsafe { Output::required(metrics) }?;
        if each & !(CHANGEOVER_METRICS_STREAMS | CHANGEOVER_METRICS_INPUTS) != 0 {
            return Err(Code(CHANGEOVER_ERR_VALUE));
        }
        let options = MetricsOptions::new()
            .streams(each & CHANGEOVER_METRICS_STREAMS != 0)
            .inputs(each & CHANGEOVER_METRICS_INPUTS != 0);
        hand_out(&engine.metrics(options), metrics)
    })
}

/// A page of the states of all streams as a JSON text: `{"streams":[…],"next":ID}`, each as
/// changeover_status_json has it, up to `limit` of them in the order of their ids' bytes: those after
/// `after`, or with (NULL, 0) the first ones. `next` is what `after` is for the next page, and null if
/// there is none. So each stream that is registered all the while is seen once, whatever comes and goes.
/// `json` receives a handle that the caller owns and ends with changeover_text_free.
///
/// Looks at the ids of all streams, in the calling thread. Any thread; does not wait for the monitor.
/// Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_statuses_json(
    engine: *mut changeover_engine,
    after: *const c_char,
    after_len: usize,
    limit: usize,
    json: *mut *mut changeover_text,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        let after = text(after, after_len)?;
        let json = Output::required(json)?;
        // Every id is after the empty one.
        hand_out(&engine.statuses_json(Some(after), limit), json)
    })
}
