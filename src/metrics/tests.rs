//! What is in a scrape, and what is not. That Prometheus reads it, `ci/test-metrics` shows.

use super::*;
use crate::core::{Config, Input};
use crate::vocabulary::{Condition, Flags};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn engine() -> Engine {
    let far = Duration::from_secs(600);
    Engine::builder()
        .defaults(Config::new().packet_timeout(far).connect_timeout(far))
        .event_limit(1)
        .build()
        .unwrap()
}

fn inputs() -> Vec<Input> {
    let url = |host| format!("rtmp://user:secret@{host}/live/secret");
    vec![Input::new(0, url("a")).hot(), Input::new(1, url("b")).hot()]
}

/// The values by name and labels.
fn scrape(engine: &Engine, options: MetricsOptions) -> BTreeMap<String, f64> {
    let text = engine.metrics(options);
    assert!(text.ends_with("\n# EOF\n") && !text.contains("secret"), "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_string(), value.parse().unwrap())
        })
        .collect()
}

fn all() -> MetricsOptions {
    MetricsOptions::new().streams(true).inputs(true)
}

#[test]
fn what_happens_is_counted() {
    let engine = engine();
    for id in ["a", "b", "c"] {
        engine.register_from(id, "", inputs(), Config::new(), 9 << 40).unwrap();
    }
    for (id, packets) in [("a", 1), ("b", 2)] {
        for _ in 0..packets {
            let _ = engine.record_packet(id, 0, 1000, Flags::VIDEO | Flags::KEY).unwrap();
        }
    }
    let _ = engine.record_packet("b", 1, 500, Flags::NONE).unwrap();
    engine.sync(Duration::from_secs(60)).unwrap();
    engine.report_input_error("b", 0, "rtmp://h/live/secret: refused").unwrap();
    engine.report_input_error("c", 0, "gone").unwrap();
    engine.report_input_error("c", 1, "gone").unwrap();
    engine.switch_input("a", 0).unwrap();
    // What is on air with a condition is on air, and usable.
    engine.set_condition("a", 0, 0, Condition::Host, true, "").unwrap();
    // The one that took over delivers.
    let _ = engine.record_packet("b", 1, 500, Flags::NONE).unwrap();
    engine.sync(Duration::from_secs(60)).unwrap();
    let seen = scrape(&engine, all());
    for (series, value) in [
        ("changeover_monitor_alive", 1.0),
        ("changeover_streams{state=\"on_air\"}", 2.0),
        ("changeover_streams{state=\"dark\"}", 0.0),
        ("changeover_streams{state=\"exhausted\"}", 1.0),
        ("changeover_streams_not_on_best_input", 2.0),
        ("changeover_streams_overridden", 1.0),
        ("changeover_inputs{status=\"active\"}", 1.0),
        ("changeover_inputs{status=\"degraded\"}", 4.0),
        ("changeover_inputs_receiving", 3.0),
        ("changeover_switches_total{reason=\"initial\"}", 3.0),
        ("changeover_switches_total{reason=\"error\"}", 2.0),
        ("changeover_degradations_total{reason=\"error\"}", 3.0),
        ("changeover_switch_decision_seconds_count", 2.0),
        ("changeover_switch_decision_seconds_bucket{le=\"+Inf\"}", 2.0),
        ("changeover_events_total{event=\"exhausted\"}", 1.0),
        ("changeover_events_total{event=\"start\"}", 6.0),
        ("changeover_stream_on_air{stream=\"a\"}", 1.0),
        ("changeover_input_on_air{stream=\"a\",input=\"0\"}", 1.0),
        ("changeover_input_usable{stream=\"a\",input=\"0\"}", 1.0),
        ("changeover_stream_active_input{stream=\"b\"}", 1.0),
        ("changeover_stream_on_air{stream=\"b\"}", 1.0),
        ("changeover_stream_on_air{stream=\"c\"}", 0.0),
        ("changeover_stream_exhausted{stream=\"c\"}", 1.0),
        ("changeover_stream_override_input{stream=\"a\"}", 0.0),
        ("changeover_stream_switches_total{stream=\"a\"}", 1.0),
        ("changeover_stream_switches_total{stream=\"b\"}", 2.0),
        ("changeover_input_received_bytes_total{stream=\"b\",input=\"0\"}", 2000.0),
        ("changeover_input_received_packets_total{stream=\"b\",input=\"1\"}", 2.0),
        ("changeover_input_key_packets_total{stream=\"b\",input=\"0\"}", 2.0),
        ("changeover_input_usable{stream=\"b\",input=\"0\"}", 0.0),
        ("changeover_input_on_air{stream=\"b\",input=\"1\"}", 1.0),
        ("changeover_input_silence_limit_seconds{stream=\"a\",input=\"0\"}", 600.0),
    ] {
        assert_eq!(seen.get(series), Some(&value), "{series} of {seen:#?}");
    }
    // Two dropped events and more, in a queue that keeps one.
    assert!(seen["changeover_events_dropped_total"] >= 2.0);
    assert!(seen["changeover_engine_start_time_seconds"] > 1.7e9);
    // Sessions run, so it ticks.
    let deadline = Instant::now() + Duration::from_secs(60);
    let ticks = || scrape(&engine, all())["changeover_monitor_lateness_seconds_count"];
    while ticks() == 0.0 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    engine.shutdown().unwrap();
    let ended = scrape(&engine, all());
    assert_eq!(ended["changeover_monitor_alive"], 0.0);
    assert_eq!(ended["changeover_streams{state=\"on_air\"}"], 0.0);
}

#[test]
fn a_scrape_is_as_short_with_many_streams() {
    let engine = engine();
    let empty = engine.metrics(MetricsOptions::new()).lines().count();
    for n in 0..50 {
        engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
    }
    let text = engine.metrics(MetricsOptions::new());
    assert_eq!(text.lines().count(), empty);
    assert!(!text.contains("stream=") && !text.contains("input="), "{text}");
    let streams = scrape(&engine, MetricsOptions::new().streams(true));
    assert_eq!(streams.keys().filter(|key| key.contains("{stream=")).count(), 4 * 50);
    let inputs = scrape(&engine, MetricsOptions::new().inputs(true));
    assert!(inputs.keys().any(|key| key.contains("stream=\"7\",input=\"1\"")));
    assert!(!inputs.keys().any(|key| key.contains("changeover_stream_")));
}

#[test]
fn ids_are_escaped() {
    let engine = engine();
    engine.register("a\"b\\c\nd", "", inputs(), Config::new()).unwrap();
    let seen = scrape(&engine, all());
    assert_eq!(seen["changeover_stream_active_input{stream=\"a\\\"b\\\\c\\nd\"}"], 0.0);
}
