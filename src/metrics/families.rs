//! What each metric is called, and what it says. Names are without the prefix `changeover_`; a unit and, of
//! counters, `_total` come behind.

use super::census::{Census, InputRow, State, StreamRow};
use crate::engine::{Engine, Histogram};
use crate::units::Nanos;
use crate::vocabulary::{EventTag, Reason, Status};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::fmt::Result;
use std::time::{Duration, SystemTime};

/// All that is told at once.
#[derive(Debug)]
pub(super) struct Scrape {
    census: Census,
    started_at: SystemTime,
    /// How late the monitor is; `None` if it has ended.
    late: Option<Duration>,
    lateness: Times,
    stalls: u64,
    stalled: f64,
    events: Vec<(EventTag, u64)>,
    events_dropped: u64,
    switches: Vec<(Reason, u64)>,
    degraded: Vec<(Reason, u64)>,
    detection: Times,
    decision: Times,
    commit: Times,
    /// Streams that are compared, and differences.
    shadow: (u64, u64),
    /// Of the engine, and of the shadow.
    shadow_toll: [(u64, f64); 2],
}

/// A histogram in seconds.
#[derive(Debug)]
struct Times {
    sum: f64,
    buckets: Vec<(f64, u64)>,
}

impl Times {
    fn of(histogram: &Histogram) -> Times {
        let upper = |bound: Option<Nanos>| bound.map_or(f64::INFINITY, seconds);
        let buckets = histogram.buckets().map(|(bound, count)| (upper(bound), count)).collect();
        Times { sum: seconds(histogram.sum()), buckets }
    }
}

fn seconds(nanos: Nanos) -> f64 {
    // Exact for bounds, which have few digits.
    nanos as f64 / 1e9
}

fn timestamp(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

impl Scrape {
    pub(super) fn of(engine: &Engine, census: Census) -> Scrape {
        let counts = engine.counts();
        let (stalls, stalled) = counts.stalls();
        let by_reason = |count: &dyn Fn(Reason) -> u64| {
            Reason::ALL.iter().map(|reason| (*reason, count(*reason))).collect()
        };
        Scrape {
            census,
            started_at: engine.started_at(),
            late: engine.alive().ok(),
            lateness: Times::of(&counts.lateness),
            stalls,
            stalled: seconds(stalled),
            events: EventTag::ALL.iter().map(|kind| (*kind, counts.events(*kind))).collect(),
            events_dropped: engine.events_dropped(),
            switches: by_reason(&|reason| counts.switches(reason)),
            degraded: by_reason(&|reason| counts.degraded(reason)),
            detection: Times::of(&counts.detection),
            decision: Times::of(&counts.decision),
            commit: Times::of(&counts.commit),
            shadow: counts.shadow.compared(),
            shadow_toll: counts.shadow.toll().map(|(switches, dark)| (switches, seconds(dark))),
        }
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> Result {
        let mut out = Out(encoder);
        self.engine(&mut out)?;
        self.totals(&mut out)?;
        self.shadow(&mut out)?;
        if self.census.options.streams {
            each_stream(&self.census.each_stream, &mut out)?;
        }
        if self.census.options.inputs {
            each_input(&self.census.each_input, &mut out)?;
        }
        Ok(())
    }
}

impl Scrape {
    fn engine(&self, out: &mut Out<'_>) -> Result {
        let info = [("version", env!("CARGO_PKG_VERSION"))];
        out.info("engine", "The library.", &info)?;
        let started = timestamp(self.started_at);
        out.gauge(
            "engine_start_time",
            "When the engine was made, in Unix time.",
            SECONDS,
            [(NONE, started)],
        )?;
        let help = "Whether decisions are made: 0 after a shutdown or a bug.";
        out.gauge("monitor_alive", help, None, [(NONE, u32::from(self.late.is_some()))])?;
        let help = "How late the monitor's oldest duty is.";
        let late = self.late.map(|late| (NONE, late.as_secs_f64()));
        out.gauge("monitor_late", help, SECONDS, late)?;
        let help = "How late the monitor woke for what was due.";
        out.histogram("monitor_lateness", help, SECONDS, &self.lateness)?;
        let help = "How often the monitor woke more than 20 ms late.";
        out.counter("monitor_stalls", help, None, [(NONE, self.stalls)])?;
        let help = "For how long together, which moved all deadlines.";
        out.counter("monitor_stalled", help, SECONDS, [(NONE, self.stalled)])?;
        let events = self.events.iter().map(|(kind, count)| ([("event", kind.name())], *count));
        // A gap is told by the queue alone, and counted as what was dropped.
        let events = events.filter(|([(_, kind)], _)| *kind != EventTag::Gap.name());
        out.counter("events", "Events told.", None, events)?;
        let help = "Events dropped because the host was slow to take them.";
        out.counter("events_dropped", help, None, [(NONE, self.events_dropped)])?;
        out.counter("switches", "Switches.", None, by_reason(&self.switches))?;
        let help = "How often an input was given up.";
        let degrading = |reason: Reason| reason.is_failure() || reason.is_condition();
        let degraded: Vec<_> =
            self.degraded.iter().filter(|(reason, _)| degrading(*reason)).copied().collect();
        out.counter("degradations", help, None, by_reason(&degraded))?;
        let help = "Of switches: from the fault to its detection, where that is known.";
        out.histogram("switch_detection", help, SECONDS, &self.detection)?;
        let help = "Of switches: from the detection to the decision, where that is known.";
        out.histogram("switch_decision", help, SECONDS, &self.decision)?;
        let help = "Of switches: from the decision until the gate moved, where that is known.";
        out.histogram("switch_commit", help, SECONDS, &self.commit)
    }

    fn shadow(&self, out: &mut Out<'_>) -> Result {
        let (streams, differences) = self.shadow;
        let help = "Streams for which a shadow decides, too.";
        out.gauge("shadow_streams", help, None, [(NONE, streams)])?;
        let help = "Decisions that the engine and its shadow did not both make at that time.";
        out.counter("shadow_differences", help, None, [(NONE, differences)])?;
        let each = || DECIDED_BY.iter().zip(self.shadow_toll);
        let help = "Switches while there was a shadow: the engine's, and the shadow's.";
        out.counter("shadow_switches", help, None, each().map(|(by, toll)| (*by, toll.0)))?;
        let help = "For how long streams were dark while there was a shadow, by either.";
        out.counter("shadow_dark", help, SECONDS, each().map(|(by, toll)| (*by, toll.1)))
    }

    fn totals(&self, out: &mut Out<'_>) -> Result {
        let census = &self.census;
        let states = State::ALL.iter().zip(census.streams);
        let states = states.map(|((_, name), count)| ([("state", *name)], count));
        out.gauge("streams", "Streams registered.", None, states)?;
        let help = "Streams whose active input is not their best that is enabled.";
        out.gauge("streams_not_on_best_input", help, None, [(NONE, census.not_on_best)])?;
        let help = "Streams for which a planned switch waits.";
        out.gauge("streams_switch_pending", help, None, [(NONE, census.pending)])?;
        let help = "Streams with a manual choice in force.";
        out.gauge("streams_overridden", help, None, [(NONE, census.overridden)])?;
        let statuses = Status::ALL.iter().zip(census.inputs);
        let statuses = statuses.map(|(status, count)| ([("status", status.name())], count));
        out.gauge("inputs", "Inputs of all streams.", None, statuses)?;
        let help = "Inputs with packets within the last packet_timeout.";
        out.gauge("inputs_receiving", help, None, [(NONE, census.receiving)])?;
        let help = "Inputs that have to prove themselves because they failed often.";
        out.gauge("inputs_held", help, None, [(NONE, census.held)])?;
        let help = "Inputs that were given up, may be chosen, and have not delivered since.";
        out.gauge("inputs_untested", help, None, [(NONE, census.untested)])?;
        let conditions = Reason::ALL.iter().zip(census.conditions);
        let conditions = conditions.filter(|(reason, _)| reason.is_condition());
        let conditions =
            conditions.map(|(condition, count)| ([("condition", condition.name())], count));
        out.gauge("inputs_impaired", "Inputs for which a condition holds.", None, conditions)
    }
}

/// Who decides the same in two ways, in the order of a toll.
const DECIDED_BY: [[(&str, &str); 1]; 2] = [[("by", "engine")], [("by", "shadow")]];

fn by_reason(
    counts: &[(Reason, u64)],
) -> impl Iterator<Item = ([(&'static str, &str); 1], u64)> + '_ {
    counts.iter().map(|(reason, count)| ([("reason", reason.name())], *count))
}

fn each_stream(streams: &[StreamRow], out: &mut Out<'_>) -> Result {
    let of = |row: &StreamRow| [("stream", row.id.to_string())];
    let help = "The priority of the active input; -1 if there is none.";
    let active = streams.iter().map(|row| (of(row), row.active));
    out.gauge("stream_active_input", help, None, active)?;
    let on_air = streams.iter().map(|row| (of(row), u32::from(row.state == State::OnAir)));
    out.gauge("stream_on_air", "Whether the active input delivers.", None, on_air)?;
    let help = "Whether no source is left that can be watched.";
    let exhausted = streams.iter().map(|row| (of(row), u32::from(row.state == State::Exhausted)));
    out.gauge("stream_exhausted", help, None, exhausted)?;
    let help = "The priority of a manual choice in force.";
    let chosen = streams.iter().filter_map(|row| Some((of(row), row.override_input?)));
    out.gauge("stream_override_input", help, None, chosen)?;
    let help = "Moves of the gate since the stream was registered.";
    let switches = streams.iter().map(|row| (of(row), row.switches));
    out.counter("stream_switches", help, None, switches)
}

fn each_input(inputs: &[InputRow], out: &mut Out<'_>) -> Result {
    let of =
        |row: &InputRow| [("stream", row.stream.to_string()), ("input", row.priority.to_string())];
    let flag =
        |is: fn(&InputRow) -> bool| inputs.iter().map(move |row| (of(row), u32::from(is(row))));
    let count = |what: fn(&InputRow) -> u64| inputs.iter().map(move |row| (of(row), what(row)));
    let gauge = |what: fn(&InputRow) -> f64| inputs.iter().map(move |row| (of(row), what(row)));

    let on_air = flag(|row| row.on_air);
    out.gauge("input_on_air", "Whether it is on air.", None, on_air)?;
    let usable = flag(|row| row.usable);
    out.gauge("input_usable", "Whether it is neither given up nor disabled.", None, usable)?;
    let help = "Whether packets came within the last packet_timeout.";
    out.gauge("input_receiving", help, None, flag(|row| row.receiving))?;
    let impaired = inputs.iter().flat_map(|row| {
        row.conditions.iter().map(move |condition| {
            let [stream, input] = of(row);
            ([stream, input, ("condition", condition.name().to_string())], 1u32)
        })
    });
    out.gauge("input_impaired", "A condition that holds.", None, impaired)?;
    out.counter("input_received", "Bytes recorded.", BYTES, count(|row| row.bytes))?;
    out.counter("input_received_packets", "Packets recorded.", None, count(|row| row.packets))?;
    let help = "Packets flagged as video.";
    out.counter("input_video_packets", help, None, count(|row| row.video_packets))?;
    let help = "Packets flagged as key.";
    out.counter("input_key_packets", help, None, count(|row| row.key_packets))?;
    let help = "Packets reported lost.";
    out.counter("input_lost_packets", help, None, count(|row| row.lost_packets))?;
    let help = "Lost packets as a share of those sent, over the last second or two.";
    out.gauge("input_loss", help, ratio(), gauge(|row| row.loss))?;
    let help = "When the newest packet was recorded, in Unix time.";
    let last = inputs.iter().filter_map(|row| Some((of(row), timestamp(row.last_packet?))));
    out.gauge("input_last_packet_time", help, SECONDS, last)?;
    let help = "The silence after which it is given up, at present.";
    out.gauge("input_silence_limit", help, SECONDS, gauge(|row| row.silence_limit.as_secs_f64()))?;
    let help = "How often packets came back after a silence for which it was given up.";
    out.counter("input_silence_returns", help, None, count(|row| row.silence_returns))?;
    let help = "For how much longer it has to prove itself, because it failed often.";
    out.gauge("input_held", help, SECONDS, gauge(|row| row.held_for.as_secs_f64()))?;
    let attempts = inputs.iter().flat_map(|row| {
        [("ok", row.attempts_ok), ("failed", row.attempts_failed)].map(|(result, count)| {
            let [stream, input] = of(row);
            ([stream, input, ("result", result.to_string())], count)
        })
    });
    let help = "Probes, trials and restarts to get it back.";
    out.counter("input_attempts", help, None, attempts)
}

const NONE: [(&str, &str); 0] = [];
const SECONDS: Option<Unit> = Some(Unit::Seconds);
const BYTES: Option<Unit> = Some(Unit::Bytes);
/// A share.
fn ratio() -> Option<Unit> {
    Some(Unit::Other("ratio".into()))
}

/// Where families of metrics are written, one after the other.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> Result {
        let unit = unit.as_ref();
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in series {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counter<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> Result {
        let unit = unit.as_ref();
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in series {
            let exemplar = None;
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, V, u64>(&value, exemplar)?;
        }
        Ok(())
    }

    fn histogram(&mut self, name: &str, help: &str, unit: Option<Unit>, times: &Times) -> Result {
        let unit = unit.as_ref();
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        let count = times.buckets.iter().map(|(_, count)| count).sum();
        family.encode_histogram::<NoLabelSet>(times.sum, count, &times.buckets, None)
    }

    fn info(&mut self, name: &str, help: &str, labels: &impl EncodeLabelSet) -> Result {
        self.0.encode_descriptor(name, help, None, MetricType::Info)?.encode_info(labels)
    }
}
