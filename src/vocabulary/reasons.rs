//! Why a decision was made.

use super::vocabulary;

impl Reason {
    /// Whether it is a condition of an input that delivers.
    pub const fn is_condition(self) -> bool {
        matches!(
            self,
            Reason::LowBitrate
                | Reason::LowFps
                | Reason::PacketLoss
                | Reason::VideoLost
                | Reason::AudioLost
                | Reason::Black
                | Reason::Frozen
                | Reason::Silent
                | Reason::Host
        )
    }

    /// Whether it is that an input was given up.
    pub const fn is_failure(self) -> bool {
        matches!(self, Reason::Error | Reason::Timeout | Reason::StartFailed)
    }
}

vocabulary! {
    /// Why a switch was made, or why an input was degraded.
    pub enum Reason: CHANGEOVER_REASON {
        ["none" = 0, "No reason."]
        /// The first choice, at registration.
        Initial = 1, "initial";
        /// The host reported an error.
        Error = 2, "error";
        /// No packet within `connect_timeout` or the limit on silence, no answer within
        /// `probe_timeout`.
        Timeout = 3, "timeout";
        /// The host could not start the input.
        StartFailed = 4, "start_failed";
        /// `switch_input`, `switch_input_for` or `force_input`.
        Manual = 5, "manual";
        /// Back to a better input: by itself, or by `fail_back`.
        Failback = 6, "failback";
        /// An input that was given up delivers again.
        Recovery = 7, "recovery";
        /// A better input was added, or the first one.
        InputAdded = 8, "input_added";
        /// The active input was removed.
        InputRemoved = 9, "input_removed";
        /// The bitrate fell below its limit.
        LowBitrate = 10, "low_bitrate";
        /// The frame rate fell below its limit.
        LowFps = 11, "low_fps";
        /// The loss rose above its limit.
        PacketLoss = 12, "packet_loss";
        /// Video stopped while other packets flow.
        VideoLost = 13, "video_lost";
        /// Nothing was on air for `start_grace`, and this input delivered.
        StartGrace = 14, "start_grace";
        /// Sound stopped while other packets flow.
        AudioLost = 15, "audio_lost";
        /// The host said that the picture is black.
        Black = 16, "black";
        /// The host said that the picture stands still.
        Frozen = 17, "frozen";
        /// The host said that the sound is silent.
        Silent = 18, "silent";
        /// The host had something else against the input.
        Host = 19, "host";
        /// The active input was disabled.
        Disabled = 20, "disabled";
    }
}

vocabulary! {
    /// What stands against an input that a switch passed over.
    pub enum Obstacle: CHANGEOVER_OBSTACLE {
        ["none" = 0, "No input was passed over."]
        /// It was given up.
        Failed = 1, "failed";
        /// It delivers, but a condition holds.
        Impaired = 2, "impaired";
        /// It failed often, and has not been healthy for long enough since.
        Held = 3, "held";
        /// It runs and does not deliver.
        NotDelivering = 4, "not_delivering";
        /// It has not been healthy for `failback_stable`.
        Unproven = 5, "unproven";
        /// It was given up, can't be probed, and has not delivered since.
        Untested = 6, "untested";
        /// The host has disabled it.
        Disabled = 7, "disabled";
        /// Nothing: another one was chosen by hand, or what is on air is not left for it yet.
        Nothing = 8, "nothing";
    }
}
