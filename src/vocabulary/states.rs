//! What an input is worth, how a probe went, how much to log.

use super::vocabulary;

vocabulary! {
    /// What an input is worth right now.
    pub enum Status: CHANGEOVER_STATUS {
        /// Usable and not on air.
        Idle = 0, "idle";
        /// On air.
        Active = 1, "active";
        /// Given up until it recovers.
        Degraded = 2, "degraded";
        /// Its stream was unregistered.
        Stopped = 3, "stopped";
    }
}

vocabulary! {
    /// How a probe went, as C says it.
    pub enum ProbeAnswer: CHANGEOVER_PROBE {
        /// The source works.
        Ok = 0, "ok";
        /// It does not.
        Failed = 1, "failed";
        /// This input can't be probed.
        Unsupported = 2, "unsupported";
        /// Only as the probe callback's answer: `probe_result` will follow.
        Later = 3, "later";
    }
}

vocabulary! {
    /// How much a log callback wants to hear.
    pub enum Level: CHANGEOVER_LOG {
        ["off" = 0, "No log."]
        /// A stream is exhausted; a callback misbehaved.
        Error = 1, "error";
        /// An input was given up; the monitor stalled; events were dropped.
        Warn = 2, "warn";
        /// Switches and recoveries.
        Info = 3, "info";
        /// Every event.
        Debug = 4, "debug";
    }
}
