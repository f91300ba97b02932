//! Input failover for live video ingest.
pub mod core;
pub use crate::core::{
    Config, Error, Failback, Input, InputError, InputsUpdate, Overlap, Priority, ProbeId,
    ProbeOutcome, Reason, SessionId, Standby, Status, Switch,
};
