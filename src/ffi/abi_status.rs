//! The structs of a status, as C has them.

use std::ffi::c_char;

/// The state of a stream.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_stream_status {
    /// Set by changeover_stream_status_init.
    pub struct_size: usize,
    /// Which life of the stream id.
    pub registration: u64,
    /// What a forwarded packet's verdict is at present.
    pub switch_number: u64,
    /// The input that is on air, or selected to be. -1: none.
    pub active_input_priority: i32,
    /// The target of a planned switch that waits for its first packet. -1: none.
    pub pending_input_priority: i32,
    /// The manual choice in force. -1: none.
    pub override_input_priority: i32,
    /// 1: no source is left that can be watched.
    pub exhausted: i32,
    /// How many inputs there are; best first.
    pub inputs_len: usize,
    /// How many of the last 20 switches there are; oldest first.
    pub switches_len: usize,
    /// When it was registered, nanoseconds since 1970.
    pub registered_at: i64,
    /// How long ago that is on the engine's clock, in nanoseconds.
    pub uptime: u64,
    /// How much time is left until the manual choice ends by itself, in nanoseconds. 0: it does not.
    pub override_left: u64,
    /// When the active input, or its status, last changed, nanoseconds since 1970; without one, since when
    /// there is none.
    pub state_since: i64,
    /// When the manual choice ends by itself, nanoseconds since 1970. 0: it does not.
    pub override_ends_at: i64,
    /// The input that viewers get: the active one, while it delivers. -1: none.
    pub on_air_input_priority: i32,
    /// 0.
    pub reserved: i32,
}

/// The health of one input. Counters and last_packet_at are live at the instant of the status;
/// the rates are of the last second or two.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_input_status {
    /// Set by changeover_input_status_init.
    pub struct_size: usize,
    /// The input.
    pub priority: i32,
    /// CHANGEOVER_STATUS_*.
    pub status: i32,
    /// 1: packets came within the last packet_timeout.
    pub receiving: i32,
    /// 0.
    pub reserved: i32,
    /// Its running session. 0: none.
    pub session: u64,
    /// Packets recorded.
    pub packets: u64,
    /// Bytes recorded.
    pub bytes: u64,
    /// Packets flagged as video.
    pub video_packets: u64,
    /// Packets flagged as key.
    pub key_packets: u64,
    /// Packets reported lost.
    pub lost_packets: u64,
    /// How often it was probed, tried or, silent though hot, restarted.
    pub probes: u64,
    /// Kilobits (1000 bits) per second.
    pub bitrate_kbps: f64,
    /// Video frames per second.
    pub fps: f64,
    /// Lost packets in percent of those sent.
    pub packet_loss: f64,
    /// Its newest packet, nanoseconds since 1970. 0: never.
    pub last_packet_at: i64,
    /// When its status last changed, nanoseconds since 1970.
    pub state_since: i64,
    /// Where it comes from.
    pub url: *const c_char,
    /// Bytes of it.
    pub url_len: usize,
    /// How many of its last 5 errors there are, which are why it was given up; oldest first. Recovery
    /// clears them.
    pub errors_len: usize,
    /// How many of `probes` brought it back.
    pub probes_ok: u64,
    /// How many of `probes` failed.
    pub probes_failed: u64,
    /// 1: idle and may be chosen, though it was given up and has not delivered since.
    pub untested: i32,
    /// 1: it was given up, and its packets would be its recovery.
    pub listening: i32,
    /// CHANGEOVER_SEVERITY_*.
    pub severity: i32,
    /// The worst condition that holds, CHANGEOVER_REASON_*.
    pub condition: i32,
    /// For how much longer it has to prove itself, because it failed often, in nanoseconds.
    pub held_for: u64,
    /// The silence after which it is given up, at present, in nanoseconds.
    pub silence_limit: u64,
    /// How often packets came back after a silence for which it was given up.
    pub silence_returns: u64,
    /// 1: disabled by the host. It is stopped, or about to be as soon as another is on air.
    pub disabled: i32,
    /// 0.
    pub reserved_disabled: i32,
    /// How many of the last 5 probes, trials and restarts that failed since there are; oldest first.
    /// Recovery clears them.
    pub attempts_len: usize,
    /// How many conditions hold; the worst first.
    pub conditions_len: usize,
    /// Until when it has to prove itself, nanoseconds since 1970. 0: it has not.
    pub held_until: i64,
    /// What it usually delivers, in kbit/s. 0: that is not known.
    pub baseline_kbps: u64,
    /// Likewise its video frames, in frames in a thousand seconds.
    pub baseline_fps_milli: u64,
    /// The least bitrate that is expected of it, in kbit/s. 0: there is no limit.
    pub min_kbps: u64,
    /// Likewise the least rate of video frames, in frames in a thousand seconds.
    pub min_fps_milli: u64,
    /// The greatest loss that is put up with, in percent. 0: there is no limit.
    pub max_loss: u64,
    /// The time between the last two key frames of its session, in nanoseconds, as seen by the last look.
    /// 0: not known. Only of an input that is measured because a setting needs it, as the next two are.
    pub key_interval: u64,
    /// The newest packet of video of its session, as seen by the last look, nanoseconds since 1970. 0: none.
    pub last_video_at: i64,
    /// Likewise of sound, with audio_timeout.
    pub last_audio_at: i64,
    /// When it is switched to, if nothing changes until then, nanoseconds since 1970. 0: it is not.
    pub switch_due_at: i64,
}

/// One error of an input, or one attempt that failed.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_error_entry {
    /// Set by changeover_error_entry_init.
    pub struct_size: usize,
    /// Nanoseconds since 1970.
    pub at: i64,
    /// CHANGEOVER_REASON_*.
    pub reason: i32,
    /// 0.
    pub reserved: i32,
    /// What was measured, as in changeover_event; 0: nothing.
    pub measured: u64,
    /// The limit it was measured against, as in changeover_event; 0: none.
    pub limit: u64,
    /// What happened.
    pub text: *const c_char,
    /// Bytes of it.
    pub text_len: usize,
}

/// One condition of an input that holds.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_condition_entry {
    /// Set by changeover_condition_entry_init.
    pub struct_size: usize,
    /// Since when, nanoseconds since 1970.
    pub since: i64,
    /// CHANGEOVER_REASON_*.
    pub condition: i32,
    /// 0.
    pub reserved: i32,
    /// What was measured against which limit when it was last seen, or what the host said.
    pub text: *const c_char,
    /// Bytes of it.
    pub text_len: usize,
}

/// One switch of a stream.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_switch_entry {
    /// Set by changeover_switch_entry_init.
    pub struct_size: usize,
    /// Nanoseconds since 1970.
    pub at: i64,
    /// The input left. -1: none.
    pub from: i32,
    /// The input chosen.
    pub to: i32,
    /// CHANGEOVER_REASON_*.
    pub reason: i32,
    /// 0.
    pub reserved: i32,
    /// The stream's switch number from here on.
    pub number: u64,
    /// The evidence, for people.
    pub detail: *const c_char,
    /// Bytes of it.
    pub detail_len: usize,
    /// From the fault to its detection, in nanoseconds; CHANGEOVER_UNKNOWN: that is not known.
    pub detection: u64,
    /// Likewise from the detection to the decision.
    pub decision: u64,
    /// Likewise from the decision to the commit.
    pub commit: u64,
    /// Which inputs would have gone before the one chosen, and what stands against each, for people.
    pub passed_over: *const c_char,
    /// Bytes of it.
    pub passed_over_len: usize,
}

/// All of a status, where it is: arrays in the order of the inputs. The elements of each are as far apart
/// as the struct_size of the first says, which is this library's.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_status_view {
    /// Set by changeover_status_view_init.
    pub struct_size: usize,
    /// The stream.
    pub stream: *const changeover_stream_status,
    /// Its inputs, best first.
    pub inputs: *const changeover_input_status,
    /// How many.
    pub inputs_len: usize,
    /// Their errors: the `errors_len` of the first input, then those of the next.
    pub errors: *const changeover_error_entry,
    /// How many in all.
    pub errors_len: usize,
    /// Likewise their failed attempts.
    pub attempts: *const changeover_error_entry,
    /// How many in all.
    pub attempts_len: usize,
    /// Likewise their conditions.
    pub conditions: *const changeover_condition_entry,
    /// How many in all.
    pub conditions_len: usize,
    /// The stream's switches, oldest first.
    pub switches: *const changeover_switch_entry,
    /// How many.
    pub switches_len: usize,
    /// The memory of all strings that are not empty, each followed by a NUL.
    pub texts: *const c_char,
    /// Bytes of all of them.
    pub texts_len: usize,
}
