//! What a host can ask about a stream: published by the monitor, read without waiting for it.

use super::streams::{InputCells, WINDOW};
use super::wall::WallClock;
use crate::core::{Input, InputHealth, Nanos, Priority, Reason, SessionId, Status, Stream};
use crate::hot::Counters;
use serde::{Serialize, Serializer};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
    /// When the active input, or its status, last changed; without one, since when there is none.
    #[serde(serialize_with = "rfc3339")]
    pub state_since: SystemTime,
    /// The inputs, best first.
    pub inputs: Vec<InputHealthSnapshot>,
    /// The last 20 switches, oldest first.
    pub switches: Vec<SwitchRecord>,
}

/// The health of one input. Counters and `last_packet_at` are live; the rates are of a window
/// of one to about two seconds; with more than 8,000 streams, of a second for each 8,000.
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
#[derive(Debug)]
pub(super) struct Rates {
    bitrate_kbps: AtomicU64,
    fps: AtomicU64,
    packet_loss: AtomicU64,
    /// The input's counters when the present window began (of packets the lower halves, there
    /// are not so many in a window), and when that was, in microseconds modulo 71 minutes; the
    /// monitor's alone.
    bytes: AtomicU64,
    began: AtomicU32,
    packets: AtomicU32,
    video: AtomicU32,
    lost: AtomicU32,
}

impl Rates {
    /// Of an input that has counted nothing.
    pub(super) fn new(now: Nanos) -> Rates {
        Rates::of([0; 4], [Rates::micros(now), 0, 0, 0])
    }

    fn of(words: [u64; 4], halves: [u32; 4]) -> Rates {
        let [bitrate_kbps, fps, packet_loss, bytes] = words.map(AtomicU64::new);
        let [began, packets, video, lost] = halves.map(AtomicU32::new);
        Rates { bitrate_kbps, fps, packet_loss, bytes, began, packets, video, lost }
    }

    fn micros(now: Nanos) -> u32 {
        (now / 1000) as u32
    }

    /// A window ends, if it has lasted long enough, and another begins.
    pub(super) fn measure(&self, now: Nanos, counters: &Counters) {
        // Relaxed, all of them: three readings for people, not one invariant.
        let since =
            |half: &AtomicU32, now: u32| f64::from(now.wrapping_sub(half.load(Ordering::Relaxed)));
        let seconds = since(&self.began, Rates::micros(now)) / 1e6;
        if seconds < WINDOW as f64 / 1e9 {
            // A session began meanwhile: its first window goes on.
            return;
        }
        let bytes = counters.bytes.wrapping_sub(self.bytes.load(Ordering::Relaxed));
        let bits = bytes as f64 * 8.0;
        let frames = since(&self.video, counters.video as u32);
        let lost = since(&self.lost, counters.lost as u32);
        let sent = since(&self.packets, counters.packets as u32) + lost;
        let loss = if sent > 0.0 { lost * 100.0 / sent } else { 0.0 };
        self.store([bits / 1000.0 / seconds, frames / seconds, loss]);
        self.begin_window(now, counters);
    }

    /// Zero, until a window from here on has ended.
    pub(super) fn restart(&self, now: Nanos, counters: &Counters) {
        self.store([0.0; 3]);
        self.begin_window(now, counters);
    }

    fn begin_window(&self, now: Nanos, counters: &Counters) {
        self.began.store(Rates::micros(now), Ordering::Relaxed);
        self.bytes.store(counters.bytes, Ordering::Relaxed);
        self.packets.store(counters.packets as u32, Ordering::Relaxed);
        self.video.store(counters.video as u32, Ordering::Relaxed);
        self.lost.store(counters.lost as u32, Ordering::Relaxed);
    }

    fn store(&self, [bitrate_kbps, fps, packet_loss]: [f64; 3]) {
        self.bitrate_kbps.store(bitrate_kbps.to_bits(), Ordering::Relaxed);
        self.fps.store(fps.to_bits(), Ordering::Relaxed);
        self.packet_loss.store(packet_loss.to_bits(), Ordering::Relaxed);
    }
}

impl Clone for Rates {
    fn clone(&self) -> Rates {
        let Rates { bitrate_kbps, fps, packet_loss, bytes, began, packets, video, lost } = self;
        let words = [bitrate_kbps, fps, packet_loss, bytes];
        let halves = [began, packets, video, lost];
        Rates::of(
            words.map(|word| word.load(Ordering::Relaxed)),
            halves.map(|half| half.load(Ordering::Relaxed)),
        )
    }
}

/// What the monitor publishes of a stream at each decision: its whole state.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) core: Stream,
    /// In the order of the core's inputs.
    pub(super) inputs: Arc<[InputCells]>,
}

impl Snapshot {
    pub(super) fn status(&self, now: Nanos, wall: &WallClock) -> RuntimeStatus {
        let core = &self.core;
        let active = core.inputs().iter().find(|input| Some(input.priority()) == core.active());
        let switched = core.switches().last().map_or(0, |switch| switch.at);
        let state_since =
            active.map_or(core.selected_at(), |input| input.state_since().max(switched));
        let inputs = core.inputs().iter().zip(&*self.inputs);
        RuntimeStatus {
            registration: core.registration(),
            switch_number: core.switch_number(),
            active_input_priority: core.active().unwrap_or(-1),
            pending_input_priority: core.pending(),
            override_input_priority: core.override_input(),
            exhausted: core.exhausted(),
            state_since: wall.at(state_since),
            inputs: inputs.map(|(health, cells)| input(health, cells, now, wall)).collect(),
            switches: core
                .switches()
                .map(|switch| SwitchRecord {
                    at: wall.at(switch.at),
                    from: switch.from.unwrap_or(-1),
                    to: switch.to,
                    reason: switch.reason,
                    detail: switch.detail.text(),
                    number: switch.number,
                })
                .collect(),
        }
    }
}

fn input(
    health: &InputHealth,
    cells: &InputCells,
    now: Nanos,
    wall: &WallClock,
) -> InputHealthSnapshot {
    let counters = cells.sum();
    let last = Some(counters.last_packet).filter(|at| *at != 0);
    let rate = |word: &AtomicU64| f64::from_bits(word.load(Ordering::Relaxed));
    let errors: Vec<_> = health
        .errors()
        .map(|error| ErrorRecord {
            at: wall.at(error.at),
            reason: error.reason,
            text: error.detail.text(),
            measured: error.detail.measured(),
            limit: error.detail.limit(),
        })
        .collect();
    InputHealthSnapshot {
        input_priority: health.priority(),
        input: health.spec().clone(),
        session: health.session(),
        last_packet_at: last.map(|at| wall.at(at)),
        bitrate_kbps: rate(&cells.rates.bitrate_kbps),
        packet_loss: rate(&cells.rates.packet_loss),
        status: health.status(),
        last_error: errors.last().map(|error| error.text.clone()),
        last_error_at: errors.last().map(|error| error.at),
        fps: rate(&cells.rates.fps),
        packets: counters.packets,
        bytes: counters.bytes,
        video_packets: counters.video,
        key_packets: counters.keys,
        lost_packets: counters.lost,
        receiving: last.is_some_and(|at| now.saturating_sub(at) < health.packet_timeout()),
        errors,
        probes: health.probes(),
        state_since: wall.at(health.state_since()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_is_shorter_than_promised() {
        let rates = Rates::new(0);
        let measured = |at, bytes| {
            let counters = Counters { packets: 1, bytes, video: 1, ..Counters::default() };
            rates.measure(at, &counters);
            [&rates.bitrate_kbps, &rates.fps].map(|r| f64::from_bits(r.load(Ordering::Relaxed)))
        };
        assert_eq!(measured(WINDOW / 100, 1_000_000), [0.0, 0.0]);
        // What came before that counts in the window nevertheless.
        assert_eq!(measured(2 * WINDOW, 1_000_000), [4000.0, 0.5]);
    }
}
