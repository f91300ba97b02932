//! The structs and the types of callbacks, as C has them. What they are before the caller sets anything
//! is in `initial.rs`.

use super::settings::changeover_config;
use std::ffi::{c_char, c_void};

/// An engine: a handle, see above.
pub struct changeover_engine {
    _private: [u8; 0],
}

/// The state of a stream at one instant: a handle, see above.
pub struct changeover_status {
    _private: [u8; 0],
}

/// The ids of the registered streams at one instant: a handle, see above.
pub struct changeover_stream_list {
    _private: [u8; 0],
}

/// A reader of an engine's events beside the host: a handle, see above.
pub struct changeover_tap {
    _private: [u8; 0],
}

/// A text of the library's, of any length: a handle, see above.
pub struct changeover_text {
    _private: [u8; 0],
}

/// A server of an engine's page, API and metrics: a handle, see above.
pub struct changeover_server {
    _private: [u8; 0],
}

/// What such a server would serve, for a host that has one of its own: a handle, see above.
pub struct changeover_site {
    _private: [u8; 0],
}

/// What a site answered: a handle, see above.
pub struct changeover_response {
    _private: [u8; 0],
}

/// A key/value pair of an input, e.g. an HTTP header; comes back with its starts and probes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_option {
    /// Anything.
    pub key: *const c_char,
    /// Bytes of the key.
    pub key_len: usize,
    /// Anything.
    pub value: *const c_char,
    /// Bytes of the value.
    pub value_len: usize,
}

/// What an input is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_input_spec {
    /// Set by changeover_input_spec_init. In an array the same in every element.
    pub struct_size: usize,
    /// 0 and up, unique in the stream, lower is preferred.
    pub priority: i32,
    /// 0.
    pub reserved: i32,
    /// Anything; comes back with the input's starts and probes.
    pub url: *const c_char,
    /// Bytes of the url.
    pub url_len: usize,
    /// May be NULL.
    pub options: *const changeover_option,
    /// How many.
    pub options_len: usize,
    /// NULL: inherit everything.
    pub config: *const changeover_config,
    /// Anything, for the host alone; comes back with the input's starts, stops and probes.
    pub user_data: *mut c_void,
    /// Called once, when `user_data` is not needed any more: see changeover_register. May be NULL.
    pub destroy: changeover_destroy_fn,
}

/// What the host is told: a command to carry out, or a decision to know of. The events of a
/// stream come in the order of its decisions.
///
/// Strings and options are borrowed until the struct is cleared; in a callback, until that
/// returns. An event without such a string has "". Numbers that don't apply are 0, priorities -1.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_event {
    /// Set by changeover_event_init.
    pub struct_size: usize,
    /// Private; 0 when there is nothing to clear.
    pub owner: u64,
    /// CHANGEOVER_EVENT_*; 0: no event.
    pub kind: i32,
    /// The input.
    pub priority: i32,
    /// SWITCHED: the input left.
    pub from: i32,
    /// CHANGEOVER_REASON_*.
    pub reason: i32,
    /// Which life of the stream id.
    pub registration: u64,
    /// START, STOP, ACTIVE: the session.
    pub session: u64,
    /// PROBE: to be given back with the answer.
    pub probe: u64,
    /// SWITCHED: the stream's switch number from here on.
    pub switch_number: u64,
    /// GAP: how many events were lost.
    pub dropped: u64,
    /// When it was decided, on the engine's clock.
    pub at: u64,
    /// The same as wall clock, nanoseconds since 1970.
    pub at_unix: i64,
    /// What was measured, in nanoseconds; of LOW_BITRATE in kbit/s, of LOW_FPS in thousandths of a frame a
    /// second, of PACKET_LOSS in millionths, of MASS_FAILURE in streams.
    pub measured: u64,
    /// The limit it was measured against; PROBE: how long it may take from now.
    pub limit: u64,
    /// The stream's id; "" for a GAP.
    pub stream: *const c_char,
    /// Bytes of it.
    pub stream_len: usize,
    /// START, PROBE: the input's url.
    pub url: *const c_char,
    /// Bytes of it.
    pub url_len: usize,
    /// START, PROBE: the input's options.
    pub options: *const changeover_option,
    /// How many.
    pub options_len: usize,
    /// START: where the ingestor writes.
    pub buffer_write_id: *const c_char,
    /// Bytes of it.
    pub buffer_write_id_len: usize,
    /// SWITCHED, DEGRADED: the evidence, for people.
    pub detail: *const c_char,
    /// Bytes of it.
    pub detail_len: usize,
    /// RECOVERED: 1: until now the stream was exhausted.
    pub exhausted: i32,
    /// START: CHANGEOVER_START_*, what it is for.
    pub start_reason: i32,
    /// START, STOP, PROBE: the input's `user_data`. It is not destroyed before the event is cleared, or
    /// its callback returns, and that of a START not before its STOP.
    pub user_data: *mut c_void,
    /// SWITCHED, DEGRADED: over how many nanoseconds `measured` is; 0 where it is a time itself.
    pub window: u64,
    /// SWITCHED, DEGRADED: nanoseconds from the fault (the last packet, or the last of the track that is
    /// missing; of a rate or a loss the first look that showed it) to its detection. CHANGEOVER_UNKNOWN:
    /// not known, as those that follow may be.
    pub detection: u64,
    /// SWITCHED: nanoseconds from the detection to the decision to switch.
    pub decision: u64,
    /// SWITCHED: nanoseconds from the decision to the commit.
    pub commit: u64,
    /// SWITCHED: the inputs that would have gone before the one chosen, and what stands against each;
    /// the three best.
    pub passed_over: *const changeover_passed_over,
    /// How many.
    pub passed_over_len: usize,
    /// SWITCHED: how many more there are.
    pub passed_over_more: usize,
    /// SWITCHED: all of them in words; "" when there are none.
    pub passed_over_text: *const c_char,
    /// Bytes of it.
    pub passed_over_text_len: usize,
    /// Of a tap: the event's number, from 1 on from the engine's beginning; else 0.
    pub seq: u64,
    /// Of a tap: how many events it missed before this one since the last that was taken, because it was
    /// slow.
    pub missed: u64,
}

/// An input that a switch passed over. It has no struct_size: it stays as it is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_passed_over {
    /// The input.
    pub priority: i32,
    /// What stands against it, CHANGEOVER_OBSTACLE_*.
    pub obstacle: i32,
    /// FAILED, IMPAIRED: why, CHANGEOVER_REASON_*.
    pub reason: i32,
    /// 0.
    pub reserved: i32,
    /// FAILED, IMPAIRED: what was measured, as in changeover_event; 0: nothing.
    pub measured: u64,
    /// The limit it was measured against.
    pub limit: u64,
    /// Over how many nanoseconds; 0 where it is a time itself.
    pub window: u64,
    /// HELD, UNPROVEN: for how much longer it has to be healthy, in nanoseconds.
    pub wait: u64,
}

/// The host's side of an engine that delivers events to callbacks. All are called on the
/// engine's event thread, one at a time, with no lock of the engine held. A slow one delays the
/// events behind it and nothing else.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_callbacks {
    /// Set by changeover_callbacks_init.
    pub struct_size: usize,
    /// Handed to every callback.
    pub user_data: *mut c_void,
    /// Called once, when no other callback will be any more: during changeover_free on the event
    /// thread, or when changeover_new fails on the calling thread. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Starts an input: 0 when that is under way, negative when it failed. Required.
    pub start:
        Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const changeover_event) -> i32>,
    /// Stops a session; called exactly once for each start. Required.
    pub stop: Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const changeover_event)>,
    /// Finds out whether an input works: CHANGEOVER_PROBE_*. NULL: unsupported.
    pub probe:
        Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const changeover_event) -> i32>,
    /// Everything that is not a command. May be NULL.
    pub notify:
        Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const changeover_event)>,
}

/// What an engine is made from.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_options {
    /// Set by changeover_options_init.
    pub struct_size: usize,
    /// Settings for all streams. NULL: the library's.
    pub defaults: *const changeover_config,
    /// Delivers events to callbacks. NULL: the host polls.
    pub callbacks: *const changeover_callbacks,
    /// Informational events kept for a host that is slow to take them; beyond that the oldest
    /// are dropped, which a GAP tells. 0: 65536.
    pub event_limit: u64,
    /// The stack of each thread that calls the host, in bytes; the system's least if that is more.
    /// 0: 2 MiB.
    pub callback_stack: u64,
}

/// How much a trace may take, and what goes into it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_trace_options {
    /// Set by changeover_trace_options_init.
    pub struct_size: usize,
    /// Bytes of a file, after which the next one begins, besides the state of all streams that it begins
    /// with; at least 65536. 0: 64 MiB.
    pub file_bytes: u64,
    /// How many files: the one being written, and those before it. 0: 8.
    pub files: u32,
    /// 1: URLs are recorded, with all that is secret in them, and texts as they are. 0: replay needs
    /// none.
    pub urls: i32,
}

/// An open input. Owned by the caller, who may move it; filled by changeover_open_input and
/// zeroed by changeover_close_input. A zeroed one is closed. All fields are private.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_input {
    /// Private.
    pub id: u64,
    /// Private.
    pub cell: *mut c_void,
    /// Private.
    pub gate: *const c_void,
    /// Private.
    pub clock: *const c_void,
    /// Private.
    pub tag: u32,
    /// Private.
    pub layout: u32,
    /// Private.
    pub reserved: u64,
}

/// One packet of a batch.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_packet {
    /// Its size.
    pub bytes: u32,
    /// CHANGEOVER_VIDEO, CHANGEOVER_AUDIO, CHANGEOVER_KEY, or'ed. Other bits are ignored.
    pub flags: u32,
}

/// Called with a stream's id, on the engine's event thread.
pub type changeover_stream_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, stream: *const c_char, stream_len: usize)>;

/// Called with CHANGEOVER_LOG_* and one line, on the engine's log thread.
pub type changeover_log_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        level: i32,
        message: *const c_char,
        message_len: usize,
    ),
>;

/// Called once, when `user_data` is not needed any more.
pub type changeover_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// What is known of the losses of one RTP stream. For changeover_rtp_lost.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_rtp_loss {
    /// Set by changeover_rtp_loss_init.
    pub struct_size: usize,
    /// Private.
    pub state: [u64; 8],
}

/// What is known of the losses of one MPEG transport stream. For changeover_ts_lost.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_ts_loss {
    /// Set by changeover_ts_loss_init.
    pub struct_size: usize,
    /// Private.
    pub state: [u8; 8192],
}
