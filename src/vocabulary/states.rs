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
        /// Disabled, or its stream was unregistered.
        Stopped = 3, "stopped";
    }
}

vocabulary! {
    /// Why an input is started.
    pub enum StartReason: CHANGEOVER_START {
        ["none" = 0, "No start."]
        /// The first choice, at registration.
        Initial = 1, "initial";
        /// It takes the place of an input that was lost.
        Failover = 2, "failover";
        /// It is to take the place of an input on air, or did: a manual switch, a failback, an added
        /// input, a disabled one.
        Planned = 3, "planned";
        /// It is kept running before it is needed.
        Hot = 4, "hot";
        /// It was given up and can't be probed: to see whether it delivers.
        Trial = 5, "trial";
        /// In place of its last session: it fell silent though hot, it or the buffer was changed.
        Restart = 6, "restart";
        /// It was given up and is wanted nevertheless: `force_input`.
        Forced = 7, "forced";
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
        /// A stream is exhausted; very many streams failed at once; a callback misbehaved.
        Error = 1, "error";
        /// An input was given up; the monitor stalled; events were dropped.
        Warn = 2, "warn";
        /// Switches and recoveries.
        Info = 3, "info";
        /// Every event.
        Debug = 4, "debug";
    }
}
