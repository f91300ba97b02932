//! What a host can ask about a stream: the public shapes, made from what the monitor published.

use super::published::{InputCells, Snapshot, StreamShared};
use super::rates::Tracks;
use super::shared::Shared;
use super::wall::WallClock;
use crate::core::{
    HeldCondition, Input, InputError, InputHealth, Limits, Nanos, Priority, SessionId, Switch,
};
use crate::print::json::{
    millis, optional_millis, optional_rfc3339, optional_text, rfc3339, text, to_json,
};
use crate::print::url_without_secrets;
use crate::vocabulary::{Reason, Severity, Status};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::sync::atomic::{fence, Ordering};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The state of a stream. Serializes to the JSON that dashboards read, with URLs, and those in texts,
/// as in [`printable_url`](crate::printable_url).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuntimeStatus {
    /// The stream's id.
    pub stream: Arc<str>,
    /// Which life of that id.
    pub registration: u64,
    /// When that began.
    #[serde(serialize_with = "rfc3339")]
    pub registered_at: SystemTime,
    /// How long ago that is on the engine's clock, which pauses while the engine is stalled. In JSON
    /// `uptime_ms`, in whole milliseconds.
    #[serde(rename = "uptime_ms", serialize_with = "millis")]
    pub uptime: Duration,
    /// The stream's switch number, see [`crate::Verdict`]. While the gate has not moved, one less than the
    /// first one: see [`Engine::register_from`](crate::Engine::register_from).
    pub switch_number: u64,
    /// How often the gate has moved since it was registered, modulo 2^32.
    #[serde(skip)]
    pub gate_moves: u32,
    /// The input that is on air, or selected to be; −1 when there is none.
    pub active_input_priority: Priority,
    /// The input that viewers get: the active one, while it delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_air_input_priority: Option<Priority>,
    /// The target of a planned switch that waits for its first packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_input_priority: Option<Priority>,
    /// The manual choice in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_input_priority: Option<Priority>,
    /// When that ends by itself, if it does.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub override_ends_at: Option<SystemTime>,
    /// How much time is left until then.
    #[serde(skip)]
    pub override_left: Duration,
    /// No source is left that can be watched.
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
    /// Where it comes from. In JSON its `url`.
    #[serde(rename = "url", serialize_with = "url")]
    pub input: Arc<Input>,
    /// Its running session, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// Disabled by the host. It is `Stopped`, or about to be as soon as another is on air.
    pub disabled: bool,
    /// Why it was given up, the last time.
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
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
    /// Why it was given up, the last 5 times, oldest first; recovery clears them.
    pub errors: Vec<ErrorRecord>,
    /// The last 5 probes, trials and restarts that failed since, oldest first; recovery clears
    /// them.
    pub attempts: Vec<ErrorRecord>,
    /// How often it was probed, tried or, silent though hot, restarted.
    pub probes: u64,
    /// How many of these brought it back.
    pub probes_ok: u64,
    /// How many of these failed.
    pub probes_failed: u64,
    /// Idle and may be chosen, though it was given up and has not delivered since.
    pub untested: bool,
    /// It was given up, and its packets would be its recovery: of a session that is kept for that, or
    /// by id without one.
    pub listening: bool,
    /// How bad it is, if it is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The conditions that hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionRecord>,
    /// Until when it has to prove itself, because it failed often.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub held_until: Option<SystemTime>,
    /// For how much longer that is.
    #[serde(skip)]
    pub held_for: Duration,
    /// When it is switched to, if nothing changes until then: it is better than what is on air, and has to
    /// have been healthy for long enough.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub switch_due_at: Option<SystemTime>,
    /// What it usually delivers, in kbit/s, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_kbps: Option<u64>,
    /// Likewise its video frames, in a thousand seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_fps_milli: Option<u64>,
    /// The least bitrate that is expected of it, in kbit/s, if there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_kbps: Option<u64>,
    /// Likewise the least rate of video frames, in frames in a thousand seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_fps_milli: Option<u64>,
    /// The greatest loss that is put up with, in percent, if there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_loss: Option<u64>,
    /// The time between the last two key frames of its session, as seen by the last look; only of an input
    /// that is measured because a setting needs it, as the next two are. In JSON `key_interval_ms`, in
    /// whole milliseconds.
    #[serde(rename = "key_interval_ms", serialize_with = "optional_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_interval: Option<Duration>,
    /// When the newest packet of video of its session was recorded, as seen by the last look.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub last_video_at: Option<SystemTime>,
    /// Likewise of sound, with `audio_timeout`.
    #[serde(serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub last_audio_at: Option<SystemTime>,
    /// The silence after which it is given up, at present: where that is adaptive, it follows the longest
    /// gaps between its packets. In JSON `silence_limit_ms`, in whole milliseconds.
    #[serde(rename = "silence_limit_ms", serialize_with = "millis")]
    pub silence_limit: Duration,
    /// How often packets came back after a silence for which it was given up.
    pub silence_returns: u64,
    /// When its status last changed.
    #[serde(serialize_with = "rfc3339")]
    pub state_since: SystemTime,
}

/// A condition of an input that holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionRecord {
    /// Which.
    pub condition: Reason,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: SystemTime,
    /// What was measured against which limit when it was last seen, or what the host said.
    #[serde(serialize_with = "text")]
    pub text: Arc<str>,
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
    #[serde(serialize_with = "text")]
    pub text: Arc<str>,
    /// What was measured: nanoseconds; of [`Reason::LowBitrate`] kbit/s, of [`Reason::LowFps`]
    /// thousandths of a frame a second, of [`Reason::PacketLoss`] millionths; 0 when nothing was.
    #[serde(skip)]
    pub measured: Nanos,
    /// The limit it was measured against, in the same unit; 0 when there is none.
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
    #[serde(serialize_with = "text")]
    pub detail: Arc<str>,
    /// The stream's switch number from here on.
    pub number: u64,
    /// From the fault to its detection, as far as it is known. In JSON `detection_ms`, in whole
    /// milliseconds, and likewise the next two.
    #[serde(rename = "detection_ms", serialize_with = "optional_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Duration>,
    /// From the detection to the decision, as far as it is known.
    #[serde(rename = "decision_ms", serialize_with = "optional_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Duration>,
    /// From the decision to the commit, as far as it is known.
    #[serde(rename = "commit_ms", serialize_with = "optional_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Duration>,
    /// Which inputs would have gone before the one chosen, and what stands against each; of the three
    /// best, and how many more there are.
    #[serde(serialize_with = "text", skip_serializing_if = "str::is_empty")]
    pub passed_over: Arc<str>,
}

impl RuntimeStatus {
    /// The JSON text.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// The state of a stream now. Does not wait for the monitor.
    pub(super) fn read(stream: &StreamShared, shared: &Shared) -> RuntimeStatus {
        loop {
            let snapshot = stream.snapshot();
            let status =
                RuntimeStatus::of(&snapshot, stream.moves(), shared.now(), &shared.wall.load());
            // The monitor publishes a new snapshot before a closed handle's cell gets a new life,
            // so counters read while the snapshot was the newest are the input's own. SeqCst:
            // pairs with the fence in `Cell::retire`.
            fence(Ordering::SeqCst);
            if Arc::ptr_eq(&snapshot, &stream.snapshot()) {
                return status;
            }
        }
    }

    pub(super) fn of(
        snapshot: &Snapshot,
        gate_moves: u32,
        now: Nanos,
        wall: &WallClock,
    ) -> RuntimeStatus {
        let core = snapshot.core();
        let active = core.inputs().iter().find(|input| Some(input.priority()) == core.active());
        let switched = core.switches().last().map_or(0, |switch| switch.at);
        let state_since =
            active.map_or(core.selected_at(), |input| input.state_since().max(switched));
        let input = |(health, cells): (&InputHealth, _)| {
            let priority = health.priority();
            let waits = (core.held_until(priority, now), core.switch_due_at(priority));
            InputHealthSnapshot::of(health, cells, waits, now, wall)
        };
        let duration = |time: Option<Nanos>| time.map(Duration::from_nanos);
        let switch = |switch: Cow<'_, Switch>| SwitchRecord {
            at: wall.at(switch.at),
            from: switch.from.unwrap_or(-1),
            to: switch.to,
            reason: switch.reason,
            detail: switch.detail.text(),
            number: switch.number,
            detection: duration(switch.times.detection),
            decision: duration(switch.times.decision),
            commit: duration(switch.times.commit),
            passed_over: switch.passed_over.text(),
        };
        let registered_at = snapshot.registered_at();
        RuntimeStatus {
            stream: core.id().clone(),
            registered_at: wall.at(registered_at),
            uptime: Duration::from_nanos(now.saturating_sub(registered_at)),
            registration: core.registration(),
            switch_number: core.switch_number(),
            gate_moves,
            active_input_priority: core.active().unwrap_or(-1),
            on_air_input_priority: core.on_air_input(),
            pending_input_priority: core.pending(),
            override_input_priority: core.override_input(),
            override_ends_at: core.override_ends().map(|at| wall.at(at)),
            override_left: Duration::from_nanos(
                core.override_ends().map_or(0, |at| at.saturating_sub(now)),
            ),
            exhausted: core.exhausted(),
            state_since: wall.at(state_since),
            inputs: snapshot.inputs().map(input).collect(),
            switches: core.switches().map(switch).collect(),
        }
    }
}

impl InputHealthSnapshot {
    fn of(
        health: &InputHealth,
        cells: &InputCells,
        (held_until, switch_due_at): (Option<Nanos>, Option<Nanos>),
        now: Nanos,
        wall: &WallClock,
    ) -> Self {
        let condition = |held: HeldCondition| ConditionRecord {
            condition: held.condition,
            since: wall.at(held.since),
            text: held.evidence.text(),
        };
        let (baseline_kbps, baseline_fps_milli) = health.baseline();
        let Limits { min_kbps, min_fps_milli, max_loss } = health.limits();
        let counters = cells.sum();
        let last = Some(counters.last_packet).filter(|at| *at != 0);
        let [bitrate_kbps, fps, packet_loss] = cells.rates().read();
        let [key_interval, video_at, audio_at] = cells.tracks().map_or([None; 3], Tracks::read);
        let error = |error: &InputError| ErrorRecord {
            at: wall.at(error.at),
            reason: error.reason,
            text: error.detail.text(),
            measured: error.detail.measured(),
            limit: error.detail.limit(),
        };
        let errors: Vec<_> = health.errors().map(error).collect();
        InputHealthSnapshot {
            input_priority: health.priority(),
            input: health.spec().clone(),
            session: health.session(),
            last_packet_at: last.map(|at| wall.at(at)),
            bitrate_kbps,
            packet_loss,
            status: health.status(),
            disabled: health.disabled(),
            last_error: errors.last().map(|error| error.text.clone()),
            last_error_at: errors.last().map(|error| error.at),
            fps,
            packets: counters.packets,
            bytes: counters.bytes,
            video_packets: counters.video,
            key_packets: counters.keys,
            lost_packets: counters.lost,
            receiving: last.is_some_and(|at| now.saturating_sub(at) < health.packet_timeout()),
            errors,
            attempts: health.attempts().map(error).collect(),
            probes: health.probes(),
            probes_ok: health.probes_ok(),
            probes_failed: health.probes_failed(),
            untested: health.untested(),
            listening: health.listening(),
            severity: health.severity(),
            conditions: health.conditions().map(condition).collect(),
            held_until: held_until.map(|at| wall.at(at)),
            held_for: Duration::from_nanos(held_until.map_or(0, |at| at - now)),
            switch_due_at: switch_due_at.map(|at| wall.at(at)),
            baseline_kbps,
            baseline_fps_milli,
            min_kbps,
            min_fps_milli,
            max_loss,
            key_interval: key_interval.map(Duration::from_nanos),
            last_video_at: video_at.map(|at| wall.at(at)),
            last_audio_at: audio_at.map(|at| wall.at(at)),
            silence_limit: Duration::from_nanos(health.silence_limit()),
            silence_returns: health.silence_returns(),
            state_since: wall.at(health.state_since()),
        }
    }
}

fn url<S: Serializer>(input: &Input, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&url_without_secrets(&input.url))
}
