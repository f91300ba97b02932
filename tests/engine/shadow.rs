//! The shadow: what would be decided under other settings, beside the engine.

use crate::rig::*;
use changeover::trace::{Reader, TraceLimits};
use changeover::whatif::{Difference, WhatIf};
use changeover::{Config, Engine, Error, EventKind, MetricsOptions};
use std::path::Path;
use std::time::Duration;

/// What a shadow has told of "news": when it was decided, when otherwise, and what.
fn told(host: &Host) -> Vec<(Option<u64>, Option<u64>, String)> {
    let differs = |event: &changeover::Event| match &event.kind {
        EventKind::ShadowDiffers(found) if &*event.stream == "news" => Some(short(found)),
        _ => None,
    };
    host.events().iter().filter_map(differs).collect()
}

fn short(found: &Difference) -> (Option<u64>, Option<u64>, String) {
    (found.recorded, found.otherwise, found.to_string())
}

/// The same of a whole trace.
fn of_the_trace(path: &Path, settings: Config) -> Vec<(Option<u64>, Option<u64>, String)> {
    let mut what_if = WhatIf::new(settings);
    let mut reader = Reader::open(path).unwrap();
    while let Some(record) = reader.next() {
        what_if.hear(&record.unwrap(), reader.at());
    }
    let mut reader = Reader::open(path).unwrap();
    while let Some(record) = reader.next() {
        what_if.apply(&record.unwrap(), reader.at()).unwrap();
    }
    what_if.finish(reader.at());
    what_if.streams().flat_map(|(_, one)| one.differences()).map(short).collect()
}

fn pass(host: &Host, long: Duration) {
    let until = host.engine.now() + nanos(long);
    eventually("time passes", || (host.engine.now() >= until).then_some(()));
}

/// A line of the metrics.
fn metric(host: &Host, series: &str) -> f64 {
    let text = host.engine.metrics(MetricsOptions::new());
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} in {text}")).parse().unwrap()
}

fn patient() -> Config {
    Config::new().packet_timeout(ms(20_000)).connect_timeout(ms(20_000))
}

#[test]
fn a_shadow_tells_what_a_trace_says_and_does_nothing() {
    let trace = std::env::temp_dir().join(format!("changeover-{}-shadow", std::process::id()));
    let host = Host::new(Engine::builder().defaults(patient()));
    let settings = Config::new().packet_timeout(ms(300));
    host.engine.trace_to(&trace, TraceLimits::new()).unwrap();
    host.engine.shadow(settings.clone(), Some("news")).unwrap();
    host.send("news", &[0, 1]);
    host.engine.register("news", "", hot(&[0, 1]), Config::new()).unwrap();
    host.wait("active 0");
    host.a_round();
    let mark = host.mark();
    host.hush("news", 0);
    pass(&host, ms(900));
    host.send("news", &[0]);
    host.a_round();
    pass(&host, ms(200));
    host.engine.end_trace().unwrap();
    host.engine.end_shadow().unwrap();
    eventually("it is told", || (told(&host).len() >= 3).then_some(()));
    let (mut told, mut expected) = (told(&host), of_the_trace(&trace, settings));
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert!(told.iter().any(|one| one.2 == "switched from 0 to 1 (timeout)"), "{told:?}");
    let others = host.story().split_off(mark);
    assert!(others.iter().all(|what| what == "shadow_differs"), "{others:?}");
    assert_eq!(host.status("news").active_input_priority, 0);
    for (series, expected) in [
        ("changeover_shadow_streams", 0.0),
        ("changeover_shadow_differences_total", told.len() as f64),
        ("changeover_shadow_switches_total{by=\"engine\"}", 1.0),
        ("changeover_shadow_switches_total{by=\"shadow\"}", 2.0),
        ("changeover_shadow_dark_seconds_total{by=\"engine\"}", 0.0),
    ] {
        assert_eq!(metric(&host, series), expected, "{series}");
    }
    let dark = metric(&host, "changeover_shadow_dark_seconds_total{by=\"shadow\"}");
    assert!((0.3..0.9).contains(&dark), "{dark}");
    std::fs::remove_file(trace).unwrap();
}

#[test]
fn a_shadow_with_the_settings_there_are_decides_the_same() {
    let host = Host::new(Engine::builder().defaults(quick()));
    host.send("news", &[0, 1]);
    host.engine.shadow(Config::new().packet_timeout(ms(60_000)), None).unwrap();
    // Another takes its place.
    host.engine.shadow(Config::new(), None).unwrap();
    host.engine.register("news", "", hot(&[0, 1]), Config::new()).unwrap();
    host.wait("active 0");
    host.hush("news", 0);
    host.wait("switched 0>1 timeout");
    host.engine.end_shadow().unwrap();
    host.engine.end_shadow().unwrap();
    assert_eq!(told(&host), []);
    let switches = |by| metric(&host, &format!("changeover_shadow_switches_total{{by=\"{by}\"}}"));
    // The first choice, and the failover.
    assert_eq!((switches("engine"), switches("shadow")), (2.0, 2.0));
    // It ends with the engine, too.
    host.engine.shadow(quick(), None).unwrap();
    host.engine.shutdown().unwrap();
    assert_eq!(host.engine.shadow(quick(), None), Err(Error::ShutDown));
}

#[test]
fn settings_that_no_stream_takes_are_refused() {
    let host = Host::new(Engine::builder());
    let too_short = Config::new().packet_timeout(Duration::from_nanos(1));
    assert_eq!(host.engine.shadow(too_short, None), Err(Error::Config));
    assert_eq!(host.engine.shadow(Config::new().mass_share(50), None), Err(Error::Config));
}
