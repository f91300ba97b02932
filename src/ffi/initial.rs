//! What the `_init` functions make of the structs, and where each one ended in 0.1.

use super::abi_status::*;
use super::abi_types::*;
use super::constants::CHANGEOVER_UNKNOWN;
use super::site::{changeover_request, changeover_response_view, changeover_serve_options};
use super::versioned::Versioned;
use std::ffi::c_void;
use std::mem::offset_of;
use std::ptr::{null, null_mut};

/// Implements [`Versioned`] for a struct whose last field in 0.1 is named.
macro_rules! versioned {
    ($type:ident ends with $last:ident: $last_type:ty; $initial:expr) => {
        // SAFETY: `repr(C)`, `struct_size` first, then only integers, floats, pointers and
        // optional functions.
        unsafe impl Versioned for $type {
            const FIRST: usize = offset_of!($type, $last) + size_of::<$last_type>();
            const INITIAL: Self = $initial;
        }
    };
}

versioned!(changeover_input_spec ends with config: *const c_void; changeover_input_spec {
    struct_size: 0,
    priority: 0,
    reserved: 0,
    url: null(),
    url_len: 0,
    options: null(),
    options_len: 0,
    config: null(),
    user_data: null_mut(),
    destroy: None,
});

versioned!(changeover_event ends with detail_len: usize; changeover_event {
    struct_size: 0,
    owner: 0,
    kind: 0,
    priority: -1,
    from: -1,
    reason: 0,
    registration: 0,
    session: 0,
    probe: 0,
    switch_number: 0,
    dropped: 0,
    at: 0,
    at_unix: 0,
    measured: 0,
    limit: 0,
    stream: null(),
    stream_len: 0,
    url: null(),
    url_len: 0,
    options: null(),
    options_len: 0,
    buffer_write_id: null(),
    buffer_write_id_len: 0,
    detail: null(),
    detail_len: 0,
    exhausted: 0,
    start_reason: 0,
    user_data: null_mut(),
    window: 0,
    detection: CHANGEOVER_UNKNOWN,
    decision: CHANGEOVER_UNKNOWN,
    commit: CHANGEOVER_UNKNOWN,
    passed_over: null(),
    passed_over_len: 0,
    passed_over_more: 0,
    passed_over_text: null(),
    passed_over_text_len: 0,
    seq: 0,
    missed: 0,
});

versioned!(changeover_callbacks ends with notify: *const c_void; changeover_callbacks {
    struct_size: 0,
    user_data: null_mut(),
    destroy: None,
    start: None,
    stop: None,
    probe: None,
    notify: None,
});

versioned!(changeover_options ends with event_limit: u64; changeover_options {
    struct_size: 0,
    defaults: null(),
    callbacks: null(),
    event_limit: 0,
    callback_stack: 0,
});

versioned!(changeover_trace_options ends with urls: i32; changeover_trace_options {
    struct_size: 0,
    file_bytes: 0,
    files: 0,
    urls: 0,
});

versioned!(changeover_stream_status ends with switches_len: usize; changeover_stream_status {
    struct_size: 0,
    registration: 0,
    switch_number: 0,
    active_input_priority: -1,
    pending_input_priority: -1,
    override_input_priority: -1,
    exhausted: 0,
    inputs_len: 0,
    switches_len: 0,
    registered_at: 0,
    uptime: 0,
    override_left: 0,
    state_since: 0,
    override_ends_at: 0,
    on_air_input_priority: -1,
    reserved: 0,
});

versioned!(changeover_input_status ends with errors_len: usize; changeover_input_status {
    struct_size: 0,
    priority: -1,
    status: 0,
    receiving: 0,
    reserved: 0,
    session: 0,
    packets: 0,
    bytes: 0,
    video_packets: 0,
    key_packets: 0,
    lost_packets: 0,
    probes: 0,
    bitrate_kbps: 0.0,
    fps: 0.0,
    packet_loss: 0.0,
    last_packet_at: 0,
    state_since: 0,
    url: null(),
    url_len: 0,
    errors_len: 0,
    probes_ok: 0,
    probes_failed: 0,
    untested: 0,
    listening: 0,
    severity: 0,
    condition: 0,
    held_for: 0,
    silence_limit: 0,
    silence_returns: 0,
    disabled: 0,
    reserved_disabled: 0,
    attempts_len: 0,
    conditions_len: 0,
    held_until: 0,
    baseline_kbps: 0,
    baseline_fps_milli: 0,
    min_kbps: 0,
    min_fps_milli: 0,
    max_loss: 0,
    key_interval: 0,
    last_video_at: 0,
    last_audio_at: 0,
    switch_due_at: 0,
});

versioned!(changeover_error_entry ends with text_len: usize; changeover_error_entry {
    struct_size: 0,
    at: 0,
    reason: 0,
    reserved: 0,
    measured: 0,
    limit: 0,
    text: null(),
    text_len: 0,
});

versioned!(changeover_condition_entry ends with text_len: usize; changeover_condition_entry {
    struct_size: 0,
    since: 0,
    condition: 0,
    reserved: 0,
    text: null(),
    text_len: 0,
});

versioned!(changeover_status_view ends with texts_len: usize; changeover_status_view {
    struct_size: 0,
    stream: null(),
    inputs: null(),
    inputs_len: 0,
    errors: null(),
    errors_len: 0,
    attempts: null(),
    attempts_len: 0,
    conditions: null(),
    conditions_len: 0,
    switches: null(),
    switches_len: 0,
    texts: null(),
    texts_len: 0,
});

versioned!(changeover_switch_entry ends with detail_len: usize; changeover_switch_entry {
    struct_size: 0,
    at: 0,
    from: -1,
    to: -1,
    reason: 0,
    reserved: 0,
    number: 0,
    detail: null(),
    detail_len: 0,
    detection: CHANGEOVER_UNKNOWN,
    decision: CHANGEOVER_UNKNOWN,
    commit: CHANGEOVER_UNKNOWN,
    passed_over: null(),
    passed_over_len: 0,
});

versioned!(changeover_rtp_loss ends with state: [u64; 8]; changeover_rtp_loss {
    struct_size: 0,
    state: [0; 8],
});

versioned!(changeover_ts_loss ends with state: [u8; 8192]; changeover_ts_loss {
    struct_size: 0,
    state: [0; 8192],
});

versioned!(changeover_serve_options ends with nice: i32; changeover_serve_options {
    struct_size: 0,
    token: null(),
    token_len: 0,
    hosts: null(),
    hosts_len: 0,
    patience: 0,
    max_connections: 0,
    reads_need_token: 0,
    stream_metrics: 0,
    input_metrics: 0,
    nice: 0,
    open_reads: 0,
    reserved: 0,
});

versioned!(changeover_request ends with body_len: usize; changeover_request {
    struct_size: 0,
    method: null(),
    method_len: 0,
    target: null(),
    target_len: 0,
    host: null(),
    host_len: 0,
    origin: null(),
    origin_len: 0,
    fetch_site: null(),
    fetch_site_len: 0,
    authorization: null(),
    authorization_len: 0,
    last_event_id: null(),
    last_event_id_len: 0,
    body: null(),
    body_len: 0,
});

versioned!(changeover_response_view ends with body_len: usize; changeover_response_view {
    struct_size: 0,
    status: 0,
    goes_on: 0,
    fields: null(),
    fields_len: 0,
    body: null(),
    body_len: 0,
    fd: -1,
    reserved: 0,
});
