//! What is known of a running session, over a sliding window.

use super::Nanos;

/// What is known of a running session over the last `measure_window`, as the driver measured it. A
/// measure is unknown (`None`) until it has been measured for a whole window; nothing is cumulative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Kilobits a second, rounded down.
    pub bitrate_kbps: Option<u64>,
    /// Video frames in a thousand seconds.
    pub fps_milli: Option<u64>,
    /// Of a million packets that were sent, how many were lost.
    pub loss_ppm: Option<u64>,
    /// Nanoseconds between the last two key frames of video.
    pub key_interval: Option<Nanos>,
    /// Nanoseconds since the last packet of any kind. Unknown, no track is missed.
    pub since_packet: Option<Nanos>,
    /// Nanoseconds since the last packet of video; `None` if this session has had none.
    pub since_video: Option<Nanos>,
    /// Nanoseconds since the last packet of sound; `None` if this session has had none.
    pub since_audio: Option<Nanos>,
}
