//! What is wrong with an input that delivers.

use super::vocabulary;

vocabulary! {
    /// What a host that sees the media says of an input: `set_condition`. What is measured, the
    /// engine sees by itself.
    pub enum Condition: CHANGEOVER_CONDITION {
        /// The picture is black.
        Black = 1, "black";
        /// The picture stands still.
        Frozen = 2, "frozen";
        /// The sound is silent.
        Silent = 3, "silent";
        /// Whatever else the host has against it.
        Host = 4, "host";
    }
}

vocabulary! {
    /// How bad a degraded input is.
    pub enum Severity: CHANGEOVER_SEVERITY {
        ["none" = 0, "It is not degraded."]
        /// It does not deliver, or the host reported an error.
        Failed = 1, "failed";
        /// It delivers, but a condition has held.
        Impaired = 2, "impaired";
    }
}
