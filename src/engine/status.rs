//! What a host can ask about a stream: published by the monitor, read without waiting for it.

use super::wall::WallClock;
use crate::core::{Input, InputError, Nanos, Priority, Reason, SessionId, Status, Stream, Switch};
use crate::hot::{Cell, Counters};
use serde::{Serialize, Serializer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::SystemTime;

/// The state of a stream. Serializes to the JSON that dashboards read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuntimeStatus {
    /// Which life of the stream id.
    #[serde(skip)]
    pub registration: u64,
    /// The stream's switch number, see [`crate::Verdict`].
    #[serde(skip)]
    pub switch_number: u64,
    /// The input that is on air, or selected to be; −1 when there is none.
    pub active_input_priority: Priority,
    /// The target of a planned switch that waits for its first packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_input_priority: Option<Priority>,
    /// The manual choice in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_input_priority: Option<Priority>,
    /// No usable input is left.
    pub exhausted: bool,
    /// When the active input, or its status, last changed.
    #[serde(serialize_with = "rfc3339")]
    pub state_since: SystemTime,
    /// The inputs, best first.
    pub inputs: Vec<InputHealthSnapshot>,
    /// The last 20 switches, oldest first.
    pub switches: Vec<SwitchRecord>,
}

/// The health of one input. Counters and `last_packet_at` are live; the rates are of a window
/// of one to about two seconds (longer than `packet_timeout` only if that is shorter).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InputHealthSnapshot {
    /// The input.
    pub input_priority: Priority,
    /// Where it comes from.
    #[serde(skip)]
    pub input: Arc<Input>,
    /// Its running session, if any.
    #[serde(skip)]
    pub session: Option<SessionId>,
    /// When its newest packet was recorded, to the millisecond.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub last_packet_at: Option<SystemTime>,
    /// Kilobits (1000 bits) per second.
    pub bitrate_kbps: f64,
    /// Lost packets in percent of those sent (RFC 3550, 6.4.1, over the window).
    pub packet_loss: f64,
    /// What it is worth.
    pub status: Status,
    /// The text of the newest error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Arc<str>>,
    /// When that was.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<SystemTime>,
    /// Video frames per second; 0 when the host does not flag video.
    pub fps: f64,
    /// Packets recorded.
    pub packets: u64,
    /// Bytes recorded.
    pub bytes: u64,
    /// Packets flagged as video.
    #[serde(skip)]
    pub video_packets: u64,
    /// Packets flagged as key.
    #[serde(skip)]
    pub key_packets: u64,
    /// Packets reported lost.
    #[serde(skip)]
    pub lost_packets: u64,
    /// Packets came within the last `packet_timeout`.
    pub receiving: bool,
    /// The last 5 errors, oldest first; recovery clears them.
    pub errors: Vec<ErrorRecord>,
    /// How often it was probed or tried.
    pub probes: u64,
    /// When its status last changed.
    #[serde(serialize_with = "rfc3339")]
    pub state_since: SystemTime,
}

/// One error of an input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorRecord {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: SystemTime,
    /// The kind of failure.
    pub reason: Reason,
    /// What happened.
    pub text: Arc<str>,
    /// What was measured, in nanoseconds; 0 when nothing was.
    #[serde(skip)]
    pub measured: Nanos,
    /// The limit, in nanoseconds; 0 when there is none.
    #[serde(skip)]
    pub limit: Nanos,
}

/// One switch of a stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwitchRecord {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: SystemTime,
    /// The input left; −1 when there was none.
    pub from: Priority,
    /// The input chosen.
    pub to: Priority,
    /// Why.
    pub reason: Reason,
    /// The evidence.
    pub detail: Arc<str>,
    /// The stream's switch number from here on.
    #[serde(skip)]
    pub number: u64,
}

impl RuntimeStatus {
    /// The JSON text.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists: nothing in it can fail to serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn rfc3339<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*at))
}

fn optional_rfc3339<S: Serializer>(
    at: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// Rates over the last window, written by the monitor, each word by itself.
#[derive(Debug, Default)]
pub(super) struct Rates {
    bitrate_kbps: AtomicU64,
    fps: AtomicU64,
    packet_loss: AtomicU64,
}

/// Two readings of an input's counters make a rate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) at: Nanos,
    pub(super) counters: Counters,
}

impl Rates {
    pub(super) fn measure(&self, from: &Sample, to: &Sample) {
        let seconds = to.at.saturating_sub(from.at) as f64 / 1e9;
        if seconds <= 0.0 {
            return;
        }
        let (a, b) = (&from.counters, &to.counters);
        let bits = b.bytes.wrapping_sub(a.bytes) as f64 * 8.0;
        let frames = b.video.wrapping_sub(a.video) as f64;
        let lost = b.lost.wrapping_sub(a.lost) as f64;
        let sent = b.packets.wrapping_sub(a.packets) as f64 + lost;
        let loss = if sent > 0.0 { lost * 100.0 / sent } else { 0.0 };
        self.store([bits / 1000.0 / seconds, frames / seconds, loss]);
    }

    pub(super) fn clear(&self) {
        self.store([0.0; 3]);
    }

    fn store(&self, [bitrate_kbps, fps, packet_loss]: [f64; 3]) {
        // Relaxed: three readings for people, not one invariant.
        self.bitrate_kbps.store(bitrate_kbps.to_bits(), Ordering::Relaxed);
        self.fps.store(fps.to_bits(), Ordering::Relaxed);
        self.packet_loss.store(packet_loss.to_bits(), Ordering::Relaxed);
    }
}

/// What the monitor publishes of a stream at each decision.
#[derive(Debug)]
pub(super) struct Snapshot {
    registration: u64,
    switch_number: u64,
    active: Option<Priority>,
    pending: Option<Priority>,
    pinned: Option<Priority>,
    exhausted: bool,
    state_since: Nanos,
    inputs: Box<[InputSnapshot]>,
    switches: Box<[Switch]>,
}

#[derive(Debug)]
struct InputSnapshot {
    spec: Arc<Input>,
    session: Option<SessionId>,
    status: Status,
    state_since: Nanos,
    packet_timeout: Nanos,
    probes: u64,
    errors: Box<[InputError]>,
    tally: Tally,
}

/// Where an input's packets are counted.
#[derive(Debug)]
pub(super) struct Tally {
    /// The sum of the handles already closed.
    pub(super) closed: Counters,
    pub(super) cells: Box<[&'static Cell]>,
    pub(super) rates: Arc<Rates>,
}

impl Tally {
    fn sum(&self) -> Counters {
        let mut sum = self.closed;
        self.cells.iter().for_each(|cell| sum.add(&cell.read()));
        sum
    }
}

impl Snapshot {
    pub(super) fn take(stream: &Stream, tally: impl Fn(usize) -> Tally) -> Snapshot {
        let inputs = stream.inputs().iter().enumerate().map(|(index, input)| InputSnapshot {
            spec: input.spec().clone(),
            session: input.session(),
            status: input.status(),
            state_since: input.state_since(),
            packet_timeout: input.packet_timeout(),
            probes: input.probes(),
            errors: input.errors().cloned().collect(),
            tally: tally(index),
        });
        let active = stream.inputs().iter().find(|i| Some(i.priority()) == stream.active());
        let switched = stream.switches().last().map_or(0, |switch| switch.at);
        Snapshot {
            registration: stream.registration(),
            switch_number: stream.switch_number(),
            active: stream.active(),
            pending: stream.pending(),
            pinned: stream.override_input(),
            exhausted: stream.exhausted(),
            state_since: active.map_or(0, |input| input.state_since()).max(switched),
            inputs: inputs.collect(),
            switches: stream.switches().cloned().collect(),
        }
    }

    pub(super) fn status(&self, now: Nanos, wall: &WallClock) -> RuntimeStatus {
        RuntimeStatus {
            registration: self.registration,
            switch_number: self.switch_number,
            active_input_priority: self.active.unwrap_or(-1),
            pending_input_priority: self.pending,
            override_input_priority: self.pinned,
            exhausted: self.exhausted,
            state_since: wall.at(self.state_since),
            inputs: self.inputs.iter().map(|input| input.status(now, wall)).collect(),
            switches: self
                .switches
                .iter()
                .map(|switch| SwitchRecord {
                    at: wall.at(switch.at),
                    from: switch.from.unwrap_or(-1),
                    to: switch.to,
                    reason: switch.reason,
                    detail: switch.detail.clone(),
                    number: switch.number,
                })
                .collect(),
        }
    }
}

impl InputSnapshot {
    fn status(&self, now: Nanos, wall: &WallClock) -> InputHealthSnapshot {
        let counters = self.tally.sum();
        let last = Some(counters.last_packet).filter(|at| *at != 0);
        let rates = &self.tally.rates;
        let rate = |word: &AtomicU64| f64::from_bits(word.load(Ordering::Relaxed));
        let errors: Vec<_> = self
            .errors
            .iter()
            .map(|error| ErrorRecord {
                at: wall.at(error.at),
                reason: error.reason,
                text: error.text.clone(),
                measured: error.measured,
                limit: error.limit,
            })
            .collect();
        InputHealthSnapshot {
            input_priority: self.spec.priority,
            input: self.spec.clone(),
            session: self.session,
            last_packet_at: last.map(|at| wall.at(at)),
            bitrate_kbps: rate(&rates.bitrate_kbps),
            packet_loss: rate(&rates.packet_loss),
            status: self.status,
            last_error: errors.last().map(|error| error.text.clone()),
            last_error_at: errors.last().map(|error| error.at),
            fps: rate(&rates.fps),
            packets: counters.packets,
            bytes: counters.bytes,
            video_packets: counters.video,
            key_packets: counters.keys,
            lost_packets: counters.lost,
            receiving: last.is_some_and(|at| now.saturating_sub(at) < self.packet_timeout),
            errors,
            probes: self.probes,
            state_since: wall.at(self.state_since),
        }
    }
}
