//! Every constant that is not a result, and the engine's enums as such.

use super::guard::guard_or;
use super::result::{Code, Outcome, CHANGEOVER_ERR_VALUE};
use crate::core::{Failback, Notice, Overlap, Reason, Standby, Status};
use crate::engine::{EventKind, Level};
use std::ffi::{c_char, CStr};

/// Packet flag: a video frame. Counts into fps.
pub const CHANGEOVER_VIDEO: u32 = 1;
/// Packet flag: an audio frame.
pub const CHANGEOVER_AUDIO: u32 = 2;
/// Packet flag: decoding can start here.
pub const CHANGEOVER_KEY: u32 = 4;

/// A duration that is inherited: an input's from its stream, a stream's from the engine, the
/// engine's from the library.
pub const CHANGEOVER_INHERIT: u64 = u64::MAX;
/// A choice (failback, standby, overlap) that is inherited.
pub const CHANGEOVER_INHERIT_CHOICE: i32 = -1;
/// Return to a better input by itself.
pub const CHANGEOVER_FAILBACK_AUTO: i32 = 0;
/// Return only by changeover_switch_input.
pub const CHANGEOVER_FAILBACK_MANUAL: i32 = 1;
/// Started only when needed.
pub const CHANGEOVER_STANDBY_COLD: i32 = 0;
/// Started at once and kept running.
pub const CHANGEOVER_STANDBY_HOT: i32 = 1;
/// The host can run two sessions of one stream at once.
pub const CHANGEOVER_OVERLAP_ON: i32 = 0;
/// It can't: the stop always comes before the start.
pub const CHANGEOVER_OVERLAP_OFF: i32 = 1;

/// Input status: usable and not on air.
pub const CHANGEOVER_STATUS_IDLE: i32 = 0;
/// Input status: on air.
pub const CHANGEOVER_STATUS_ACTIVE: i32 = 1;
/// Input status: given up until it recovers.
pub const CHANGEOVER_STATUS_DEGRADED: i32 = 2;
/// Input status: its stream was unregistered.
pub const CHANGEOVER_STATUS_STOPPED: i32 = 3;

/// No reason.
pub const CHANGEOVER_REASON_NONE: i32 = 0;
/// The first choice, at registration.
pub const CHANGEOVER_REASON_INITIAL: i32 = 1;
/// The host reported an error.
pub const CHANGEOVER_REASON_ERROR: i32 = 2;
/// No packet within connect_timeout or packet_timeout.
pub const CHANGEOVER_REASON_TIMEOUT: i32 = 3;
/// The host could not start the input.
pub const CHANGEOVER_REASON_START_FAILED: i32 = 4;
/// changeover_switch_input.
pub const CHANGEOVER_REASON_MANUAL: i32 = 5;
/// Back to a better input.
pub const CHANGEOVER_REASON_FAILBACK: i32 = 6;
/// An input that was given up delivers again.
pub const CHANGEOVER_REASON_RECOVERY: i32 = 7;
/// A better input was added, or the first one.
pub const CHANGEOVER_REASON_INPUT_ADDED: i32 = 8;
/// The active input was removed.
pub const CHANGEOVER_REASON_INPUT_REMOVED: i32 = 9;
/// The bitrate fell below its limit.
pub const CHANGEOVER_REASON_LOW_BITRATE: i32 = 10;
/// The frame rate fell below its limit.
pub const CHANGEOVER_REASON_LOW_FPS: i32 = 11;
/// The loss rose above its limit.
pub const CHANGEOVER_REASON_PACKET_LOSS: i32 = 12;
/// Video stopped while other packets flow.
pub const CHANGEOVER_REASON_VIDEO_LOST: i32 = 13;

/// Command: start input `priority` as `session`. If it fails, say so with
/// changeover_start_result. A start that was taken gets exactly one stop, even if it failed.
pub const CHANGEOVER_EVENT_START: i32 = 1;
/// Command: stop `session`.
pub const CHANGEOVER_EVENT_STOP: i32 = 2;
/// Command: find out whether input `priority` works, and answer with changeover_probe_result,
/// giving back `probe`, within `limit` nanoseconds.
pub const CHANGEOVER_EVENT_PROBE: i32 = 3;
/// The active input changed from `from` to `priority`, or recovered by itself (both the same).
pub const CHANGEOVER_EVENT_SWITCHED: i32 = 4;
/// The first packet of the active input is on air; `measured`: since its selection.
pub const CHANGEOVER_EVENT_ACTIVE: i32 = 5;
/// An input was given up: `reason`, `detail`, and `measured` against `limit`.
pub const CHANGEOVER_EVENT_DEGRADED: i32 = 6;
/// A degraded input is usable again.
pub const CHANGEOVER_EVENT_RECOVERED: i32 = 7;
/// No usable input is left; `reason`: why the last one was given up.
pub const CHANGEOVER_EVENT_EXHAUSTED: i32 = 8;
/// An input is on air again.
pub const CHANGEOVER_EVENT_RESTORED: i32 = 9;
/// The last event of a registration.
pub const CHANGEOVER_EVENT_UNREGISTERED: i32 = 10;
/// The host was slow: `dropped` informational events were lost here.
pub const CHANGEOVER_EVENT_GAP: i32 = 11;

/// Probe outcome: the source works.
pub const CHANGEOVER_PROBE_OK: i32 = 0;
/// Probe outcome: it does not.
pub const CHANGEOVER_PROBE_FAILED: i32 = 1;
/// Probe outcome: this input can't be probed.
pub const CHANGEOVER_PROBE_UNSUPPORTED: i32 = 2;
/// Only as the probe callback's answer: changeover_probe_result will follow.
pub const CHANGEOVER_PROBE_LATER: i32 = 3;

/// No log.
pub const CHANGEOVER_LOG_OFF: i32 = 0;
/// A stream is exhausted; a callback misbehaved.
pub const CHANGEOVER_LOG_ERROR: i32 = 1;
/// An input was given up; the monitor stalled; events were dropped.
pub const CHANGEOVER_LOG_WARN: i32 = 2;
/// Switches and recoveries.
pub const CHANGEOVER_LOG_INFO: i32 = 3;
/// Every event.
pub const CHANGEOVER_LOG_DEBUG: i32 = 4;

/// A choice of two values, or -1 for neither.
fn choice<T>(value: i32, of: [T; 2]) -> Outcome<Option<T>> {
    let [zero, one] = of;
    match value {
        CHANGEOVER_INHERIT_CHOICE => Ok(None),
        0 => Ok(Some(zero)),
        1 => Ok(Some(one)),
        _ => Err(Code(CHANGEOVER_ERR_VALUE)),
    }
}

pub(super) fn failback(value: i32) -> Outcome<Option<Failback>> {
    choice(value, [Failback::Auto, Failback::Manual])
}

pub(super) fn standby(value: i32) -> Outcome<Option<Standby>> {
    choice(value, [Standby::Cold, Standby::Hot])
}

pub(super) fn overlap(value: i32) -> Outcome<Option<Overlap>> {
    choice(value, [Overlap::On, Overlap::Off])
}

/// `None` is off.
pub(super) fn level(value: i32) -> Outcome<Option<Level>> {
    match value {
        CHANGEOVER_LOG_OFF => Ok(None),
        CHANGEOVER_LOG_ERROR => Ok(Some(Level::Error)),
        CHANGEOVER_LOG_WARN => Ok(Some(Level::Warn)),
        CHANGEOVER_LOG_INFO => Ok(Some(Level::Info)),
        CHANGEOVER_LOG_DEBUG => Ok(Some(Level::Debug)),
        _ => Err(Code(CHANGEOVER_ERR_VALUE)),
    }
}

pub(super) fn of_level(level: Level) -> i32 {
    match level {
        Level::Error => CHANGEOVER_LOG_ERROR,
        Level::Warn => CHANGEOVER_LOG_WARN,
        Level::Info => CHANGEOVER_LOG_INFO,
        Level::Debug => CHANGEOVER_LOG_DEBUG,
    }
}

pub(super) fn of_status(status: Status) -> i32 {
    match status {
        Status::Idle => CHANGEOVER_STATUS_IDLE,
        Status::Active => CHANGEOVER_STATUS_ACTIVE,
        Status::Degraded => CHANGEOVER_STATUS_DEGRADED,
        Status::Stopped => CHANGEOVER_STATUS_STOPPED,
    }
}

pub(super) fn of_reason(reason: Reason) -> i32 {
    match reason {
        Reason::Initial => CHANGEOVER_REASON_INITIAL,
        Reason::Error => CHANGEOVER_REASON_ERROR,
        Reason::Timeout => CHANGEOVER_REASON_TIMEOUT,
        Reason::StartFailed => CHANGEOVER_REASON_START_FAILED,
        Reason::Manual => CHANGEOVER_REASON_MANUAL,
        Reason::Failback => CHANGEOVER_REASON_FAILBACK,
        Reason::Recovery => CHANGEOVER_REASON_RECOVERY,
        Reason::InputAdded => CHANGEOVER_REASON_INPUT_ADDED,
        Reason::InputRemoved => CHANGEOVER_REASON_INPUT_REMOVED,
        Reason::LowBitrate => CHANGEOVER_REASON_LOW_BITRATE,
        Reason::LowFps => CHANGEOVER_REASON_LOW_FPS,
        Reason::PacketLoss => CHANGEOVER_REASON_PACKET_LOSS,
        Reason::VideoLost => CHANGEOVER_REASON_VIDEO_LOST,
    }
}

pub(super) fn of_event(kind: &EventKind) -> i32 {
    match kind {
        EventKind::Start(_) => CHANGEOVER_EVENT_START,
        EventKind::Stop(_) => CHANGEOVER_EVENT_STOP,
        EventKind::Probe(_) => CHANGEOVER_EVENT_PROBE,
        EventKind::Notice(Notice::Switched(_)) => CHANGEOVER_EVENT_SWITCHED,
        EventKind::Notice(Notice::Active { .. }) => CHANGEOVER_EVENT_ACTIVE,
        EventKind::Notice(Notice::Degraded { .. }) => CHANGEOVER_EVENT_DEGRADED,
        EventKind::Notice(Notice::Recovered { .. }) => CHANGEOVER_EVENT_RECOVERED,
        EventKind::Notice(Notice::Exhausted { .. }) => CHANGEOVER_EVENT_EXHAUSTED,
        EventKind::Notice(Notice::Restored { .. }) => CHANGEOVER_EVENT_RESTORED,
        EventKind::Notice(Notice::Unregistered) => CHANGEOVER_EVENT_UNREGISTERED,
        EventKind::Gap { .. } => CHANGEOVER_EVENT_GAP,
    }
}

// The names, in the order of the constants.

pub(super) const REASONS: [&CStr; 14] = [
    c"none",
    c"initial",
    c"error",
    c"timeout",
    c"start_failed",
    c"manual",
    c"failback",
    c"recovery",
    c"input_added",
    c"input_removed",
    c"low_bitrate",
    c"low_fps",
    c"packet_loss",
    c"video_lost",
];

const EVENTS: [&CStr; 12] = [
    c"none",
    c"start",
    c"stop",
    c"probe",
    c"switched",
    c"active",
    c"degraded",
    c"recovered",
    c"exhausted",
    c"restored",
    c"unregistered",
    c"gap",
];

const STATUSES: [&CStr; 4] = [c"idle", c"active", c"degraded", c"stopped"];

fn name(names: &'static [&'static CStr], value: i32) -> *const c_char {
    let find = || usize::try_from(value).ok().and_then(|index| names.get(index));
    guard_or(c"unknown", || find().copied().unwrap_or(c"unknown")).as_ptr()
}

/// A reason's name as in the JSON, e.g. "timeout"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_reason_name(reason: i32) -> *const c_char {
    name(&REASONS, reason)
}

/// An event kind's name, e.g. "start"; "none" for 0 and "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_event_name(kind: i32) -> *const c_char {
    name(&EVENTS, kind)
}

/// An input status's name as in the JSON, e.g. "degraded"; "unknown" for other numbers.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_status_name(status: i32) -> *const c_char {
    name(&STATUSES, status)
}
