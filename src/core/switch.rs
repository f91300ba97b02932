//! Switches and their reasons: what the operator reads after an outage.

use super::{Detail, Nanos, Priority};
use serde::Serialize;

/// Why a switch was made, or why an input was degraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The first choice, at registration.
    Initial,
    /// The host reported an error.
    Error,
    /// No packet within `connect_timeout` or `packet_timeout`, no answer within `probe_timeout`.
    Timeout,
    /// The host could not start the input.
    StartFailed,
    /// `switch_input`.
    Manual,
    /// Back to a better input.
    Failback,
    /// An input that was given up delivers again.
    Recovery,
    /// A better input was added, or the first one.
    InputAdded,
    /// The active input was removed.
    InputRemoved,
    /// The bitrate fell below its limit.
    LowBitrate,
    /// The frame rate fell below its limit.
    LowFps,
    /// The loss rose above its limit.
    PacketLoss,
    /// Video stopped while other packets flow.
    VideoLost,
}

impl Reason {
    /// The reason's name in events, logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Initial => "initial",
            Reason::Error => "error",
            Reason::Timeout => "timeout",
            Reason::StartFailed => "start_failed",
            Reason::Manual => "manual",
            Reason::Failback => "failback",
            Reason::Recovery => "recovery",
            Reason::InputAdded => "input_added",
            Reason::InputRemoved => "input_removed",
            Reason::LowBitrate => "low_bitrate",
            Reason::LowFps => "low_fps",
            Reason::PacketLoss => "packet_loss",
            Reason::VideoLost => "video_lost",
        }
    }
}

/// One change of the input on air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Engine clock, nanoseconds.
    pub at: Nanos,
    /// The input left; `None` (−1 in JSON and C) when there was none.
    pub from: Option<Priority>,
    /// The input chosen.
    pub to: Priority,
    /// Why.
    pub reason: Reason,
    /// The evidence: what was measured, against which limit.
    pub detail: Detail,
    /// The stream's switch number from here on: what `record` answers for the new session.
    pub number: u64,
}
