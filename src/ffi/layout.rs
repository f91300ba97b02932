//! The layout of the structs in 0.1, on 64 bits: it never changes, and structs only grow.
//! `ffi-tests/layout.c` asserts the same from the other side.

#![cfg(target_pointer_width = "64")]

use super::abi_status::*;
use super::abi_types::*;
use super::site::*;
use std::mem::offset_of;

macro_rules! layout {
    ($($type:ident: $size:literal { $($field:ident: $offset:literal,)* })*) => {
        $(const _: () = {
            assert!(size_of::<$type>() == $size);
            assert!(align_of::<$type>() <= 8);
            $(assert!(offset_of!($type, $field) == $offset);)*
        };)*
    };
}

layout! {
    changeover_option: 32 {
        key: 0, key_len: 8, value: 16, value_len: 24,
    }
    changeover_input_spec: 72 {
        struct_size: 0, priority: 8, reserved: 12, url: 16, url_len: 24, options: 32,
        options_len: 40, config: 48, user_data: 56, destroy: 64,
    }
    changeover_event: 288 {
        struct_size: 0, owner: 8, kind: 16, priority: 20, from: 24, reason: 28, registration: 32,
        session: 40, probe: 48, switch_number: 56, dropped: 64, at: 72, at_unix: 80, measured: 88,
        limit: 96, stream: 104, stream_len: 112, url: 120, url_len: 128, options: 136,
        options_len: 144, buffer_write_id: 152, buffer_write_id_len: 160, detail: 168,
        detail_len: 176, exhausted: 184, start_reason: 188, user_data: 192, window: 200,
        detection: 208, decision: 216, commit: 224, passed_over: 232, passed_over_len: 240,
        passed_over_more: 248, passed_over_text: 256, passed_over_text_len: 264, seq: 272,
        missed: 280,
    }
    changeover_passed_over: 48 {
        priority: 0, obstacle: 4, reason: 8, reserved: 12, measured: 16, limit: 24, window: 32,
        wait: 40,
    }
    changeover_callbacks: 56 {
        struct_size: 0, user_data: 8, destroy: 16, start: 24, stop: 32, probe: 40, notify: 48,
    }
    changeover_options: 40 {
        struct_size: 0, defaults: 8, callbacks: 16, event_limit: 24, callback_stack: 32,
    }
    changeover_trace_options: 24 {
        struct_size: 0, file_bytes: 8, files: 16, urls: 20,
    }
    changeover_input: 48 {
        id: 0, cell: 8, gate: 16, clock: 24, tag: 32, layout: 36, reserved: 40,
    }
    changeover_packet: 8 {
        bytes: 0, flags: 4,
    }
    changeover_stream_status: 104 {
        struct_size: 0, registration: 8, switch_number: 16, active_input_priority: 24,
        pending_input_priority: 28, override_input_priority: 32, exhausted: 36, inputs_len: 40,
        switches_len: 48, registered_at: 56, uptime: 64, override_left: 72,
        state_since: 80, override_ends_at: 88, on_air_input_priority: 96,
        reserved: 100,
    }
    changeover_input_status: 304 {
        struct_size: 0, priority: 8, status: 12, receiving: 16, reserved: 20, session: 24,
        packets: 32, bytes: 40, video_packets: 48, key_packets: 56, lost_packets: 64, probes: 72,
        bitrate_kbps: 80, fps: 88, packet_loss: 96, last_packet_at: 104, state_since: 112, url: 120,
        url_len: 128, errors_len: 136, probes_ok: 144, probes_failed: 152,
        untested: 160, listening: 164, severity: 168, condition: 172, held_for: 176,
        silence_limit: 184, silence_returns: 192, disabled: 200, reserved_disabled: 204,
        attempts_len: 208, conditions_len: 216, held_until: 224, baseline_kbps: 232,
        baseline_fps_milli: 240, min_kbps: 248, min_fps_milli: 256, max_loss: 264,
        key_interval: 272, last_video_at: 280, last_audio_at: 288,
        switch_due_at: 296,
    }
    changeover_error_entry: 56 {
        struct_size: 0, at: 8, reason: 16, reserved: 20, measured: 24, limit: 32, text: 40,
        text_len: 48,
    }
    changeover_condition_entry: 40 {
        struct_size: 0, since: 8, condition: 16, reserved: 20, text: 24, text_len: 32,
    }
    changeover_status_view: 112 {
        struct_size: 0, stream: 8, inputs: 16, inputs_len: 24, errors: 32, errors_len: 40,
        attempts: 48, attempts_len: 56, conditions: 64, conditions_len: 72, switches: 80,
        switches_len: 88, texts: 96, texts_len: 104,
    }
    changeover_switch_entry: 96 {
        struct_size: 0, at: 8, from: 16, to: 20, reason: 24, reserved: 28, number: 32, detail: 40,
        detail_len: 48,
        detection: 56, decision: 64, commit: 72, passed_over: 80, passed_over_len: 88,
    }
    changeover_rtp_loss: 72 {
        struct_size: 0, state: 8,
    }
    changeover_ts_loss: 8200 {
        struct_size: 0, state: 8,
    }
    changeover_serve_options: 80 {
        struct_size: 0, token: 8, token_len: 16, hosts: 24, hosts_len: 32, patience: 40,
        max_connections: 48, reads_need_token: 56, stream_metrics: 60, input_metrics: 64, nice: 68,
        open_reads: 72, reserved: 76,
    }
    changeover_request: 136 {
        struct_size: 0, method: 8, method_len: 16, target: 24, target_len: 32, host: 40,
        host_len: 48, origin: 56, origin_len: 64, fetch_site: 72, fetch_site_len: 80,
        authorization: 88, authorization_len: 96, last_event_id: 104, last_event_id_len: 112,
        body: 120, body_len: 128,
    }
    changeover_response_view: 56 {
        struct_size: 0, status: 8, goes_on: 12, fields: 16, fields_len: 24, body: 32, body_len: 40,
        fd: 48, reserved: 52,
    }
    changeover_field: 32 {
        name: 0, name_len: 8, value: 16, value_len: 24,
    }
}
