//! How many streams and inputs there are of which kind, and each of them, if each is asked for.

use super::MetricsOptions;
use crate::engine::{Engine, InputHealthSnapshot, RuntimeStatus};
use crate::units::Priority;
use crate::vocabulary::{Reason, Severity, Status};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a stream shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its active input delivers.
    OnAir,
    /// Its active input does not deliver.
    Dark,
    /// No source is left that can be watched.
    Exhausted,
}

impl State {
    pub(super) const ALL: [(State, &str); 3] =
        [(State::OnAir, "on_air"), (State::Dark, "dark"), (State::Exhausted, "exhausted")];

    fn of(status: &RuntimeStatus) -> State {
        if status.exhausted {
            State::Exhausted
        } else if status.on_air_input_priority.is_some() {
            State::OnAir
        } else {
            State::Dark
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) options: MetricsOptions,
    /// In the order of [`State::ALL`].
    pub(super) streams: [u64; 3],
    /// Whose active input is not the best there is.
    pub(super) not_on_best: u64,
    /// For which a planned switch waits.
    pub(super) pending: u64,
    pub(super) overridden: u64,
    /// In the order of [`Status::ALL`].
    pub(super) inputs: [u64; Status::ALL.len()],
    pub(super) receiving: u64,
    pub(super) held: u64,
    pub(super) untested: u64,
    /// For how many inputs each holds, in the order of [`Reason::ALL`].
    pub(super) conditions: [u64; Reason::ALL.len()],
    pub(super) each_stream: Vec<StreamRow>,
    pub(super) each_input: Vec<InputRow>,
}

/// One stream.
#[derive(Debug)]
pub(super) struct StreamRow {
    pub(super) id: Arc<str>,
    pub(super) active: Priority,
    pub(super) state: State,
    pub(super) switches: u64,
    pub(super) override_input: Option<Priority>,
}

/// One input.
#[derive(Debug)]
pub(super) struct InputRow {
    pub(super) stream: Arc<str>,
    pub(super) priority: Priority,
    pub(super) on_air: bool,
    /// Neither given up nor disabled.
    pub(super) usable: bool,
    pub(super) receiving: bool,
    pub(super) conditions: Vec<Reason>,
    pub(super) bytes: u64,
    pub(super) packets: u64,
    pub(super) video_packets: u64,
    pub(super) key_packets: u64,
    pub(super) lost_packets: u64,
    /// 0 to 1.
    pub(super) loss: f64,
    pub(super) last_packet: Option<SystemTime>,
    pub(super) silence_limit: Duration,
    pub(super) silence_returns: u64,
    pub(super) held_for: Duration,
    pub(super) attempts_ok: u64,
    pub(super) attempts_failed: u64,
}

impl Census {
    pub(super) fn take(engine: &Engine, options: MetricsOptions) -> Census {
        let mut census = Census { options, ..Census::default() };
        engine.statuses(None, usize::MAX).for_each(|status| census.count(status));
        census
    }

    fn count(&mut self, status: RuntimeStatus) {
        let state = State::of(&status);
        self.streams[state as usize] += 1;
        let best = status.inputs.iter().find(|input| !input.disabled);
        let on_best = best.is_none_or(|best| best.input_priority == status.active_input_priority);
        self.not_on_best += u64::from(!on_best);
        self.pending += u64::from(status.pending_input_priority.is_some());
        self.overridden += u64::from(status.override_input_priority.is_some());
        let id = &status.stream;
        for input in &status.inputs {
            self.inputs[input.status as usize] += 1;
            self.receiving += u64::from(input.receiving);
            self.held += u64::from(input.held_until.is_some());
            self.untested += u64::from(input.untested);
            for held in &input.conditions {
                self.conditions[held.condition.code() as usize - 1] += 1;
            }
            if self.options.inputs {
                let on_air = status.on_air_input_priority == Some(input.input_priority);
                self.each_input.push(InputRow::of(id, input, on_air));
            }
        }
        if self.options.streams {
            self.each_stream.push(StreamRow {
                active: status.active_input_priority,
                state,
                switches: status.gate_moves.into(),
                override_input: status.override_input_priority,
                id: status.stream,
            });
        }
    }
}

impl InputRow {
    fn of(stream: &Arc<str>, input: &InputHealthSnapshot, on_air: bool) -> InputRow {
        InputRow {
            stream: stream.clone(),
            priority: input.input_priority,
            on_air,
            usable: input.status != Status::Stopped && input.severity != Some(Severity::Failed),
            receiving: input.receiving,
            conditions: input.conditions.iter().map(|held| held.condition).collect(),
            bytes: input.bytes,
            packets: input.packets,
            video_packets: input.video_packets,
            key_packets: input.key_packets,
            lost_packets: input.lost_packets,
            loss: input.packet_loss / 100.0,
            last_packet: input.last_packet_at,
            silence_limit: input.silence_limit,
            silence_returns: input.silence_returns,
            held_for: input.held_for,
            attempts_ok: input.probes_ok,
            attempts_failed: input.probes_failed,
        }
    }
}
