//! What a stream is registered with.

use super::problem::{any_twice, BUFFER_WRITE_ID_MAX, INPUTS_MAX};
use super::{Config, Error, Input, Problem, FIRST_SWITCH_MAX};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The longest stream id, in bytes.
pub(crate) const STREAM_ID_MAX: usize = 255;

/// What a stream is registered with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registration {
    /// The stream's id: 1 to 255 bytes, any characters.
    pub id: Arc<str>,
    /// Where the ingestor writes, at most 4,096 bytes; empty means the stream's id.
    pub buffer_write_id: Arc<str>,
    /// Which registration of the engine this is; also seeds the jitter.
    pub number: u64,
    /// In any order, at most 256; their priorities differ.
    pub inputs: Vec<Input>,
    /// The number of its first switch, at most [`FIRST_SWITCH_MAX`]; 0 is as 1. (Traces that were written
    /// before there was a choice have none.)
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first_switch: u64,
    /// Settings of the stream.
    pub config: Config,
    /// Settings of the engine, for what the stream and its inputs leave unset.
    pub defaults: Config,
}

impl Registration {
    /// The switch number while the gate has not moved: one less than that of the first move.
    pub(super) fn number_before(&self) -> u64 {
        self.first_switch.saturating_sub(1)
    }

    /// Rule 1d, but for hot inputs, which need the stream's settings.
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.id.is_empty() || self.id.len() > STREAM_ID_MAX {
            return Err(Error::StreamId);
        }
        if self.buffer_write_id.len() > BUFFER_WRITE_ID_MAX || self.inputs.len() > INPUTS_MAX {
            return Err(Error::Limit);
        }
        if self.first_switch > FIRST_SWITCH_MAX {
            return Err(Error::FirstSwitch);
        }
        self.config.check_for_stream().map_err(Problem::error)?;
        self.defaults.check().map_err(Problem::error)?;
        for input in &self.inputs {
            input.check().map_err(Problem::error)?;
        }
        if any_twice(self.inputs.iter().map(|input| input.priority).collect()) {
            return Err(Error::DuplicatePriority);
        }
        Ok(())
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
