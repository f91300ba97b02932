//! The trace of a running engine: what it decided is decided again.

use crate::rig::*;
use changeover::core::Stimulus;
use changeover::trace::{Reader, Record, Replay, TraceLimits, Writer};
use changeover::{Condition, Config, Engine, Error, Input, InputsUpdate, Nanos, ProbeOutcome};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A directory that is removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let name = format!("changeover-{}-engine-{name}", std::process::id());
        let place = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&place).unwrap();
        Place(place)
    }

    fn file(&self) -> PathBuf {
        self.0.join("trace")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn replay(path: &Path) -> Replay {
    let mut replay = Replay::new();
    for record in Reader::open(path).unwrap() {
        if let Err(difference) = replay.apply(&record.unwrap()) {
            panic!("{difference}");
        }
    }
    replay
}

/// A failover, a failback, an update, a choice by hand, a condition, an end.
fn a_day(host: &Host) {
    let from = host.mark();
    host.send("news", &[0, 1]);
    host.engine.register("news", "", hot(&[0, 1]), Config::new()).unwrap();
    host.wait_from(from, "active 0");
    host.hush("news", 0);
    host.wait_from(from, "switched 0>1 timeout");
    host.send("news", &[0]);
    host.wait_from(from, "recovered 0");
    // Unless it has returned by itself.
    let _ = host.engine.fail_back("news");
    eventually("it returns", || (host.status("news").active_input_priority == 0).then_some(()));
    let added = vec![Input::new(2, "udp://added")];
    let update = InputsUpdate { added, ..InputsUpdate::default() };
    host.engine.update_inputs("news", update).unwrap();
    host.engine.switch_input("news", 1).unwrap();
    host.wait_from(from, "switched 0>1 manual");
    host.engine.set_condition("news", 1, 0, Condition::Frozen, true, "for 2 s").unwrap();
    host.engine.clear_override("news").unwrap();
    host.wait_from(from, "switched 1>0 frozen");
    host.engine.set_condition("news", 1, 0, Condition::Frozen, false, "").unwrap();
    assert_eq!(host.engine.switch_input("news", 9), Err(Error::UnknownInput));
}

#[test]
fn a_trace_from_the_beginning_replays_to_the_same_decisions() {
    let place = Place::new("beginning");
    let builder = Engine::builder().defaults(quick()).trace_to(place.file(), TraceLimits::new());
    let host = Host::new(builder);
    a_day(&host);
    host.engine.unregister("news").unwrap();
    host.engine.shutdown().unwrap();
    let replay = replay(&place.file());
    let summary = replay.summary();
    assert!(summary.decided > 10 && summary.actions > 10, "{summary:?}");
    assert_eq!((summary.skipped, summary.lost, summary.checkpoints), (0, 0, 1));
    assert_eq!(replay.streams().count(), 0);
}

#[test]
fn a_trace_may_begin_at_any_time_and_begins_with_what_there_is() {
    let place = Place::new("midlife");
    let host = Host::new(Engine::builder().defaults(quick()));
    host.send("other", &[0]);
    host.engine.register("other", "", cold(&[0]), Config::new()).unwrap();
    host.wait("active 0");
    host.engine.trace_to(place.file(), TraceLimits::new()).unwrap();
    a_day(&host);
    // Another trace: the first one is complete, and kept.
    host.engine.trace_to(place.file(), TraceLimits::new()).unwrap();
    let from = host.mark();
    host.hush("news", 0);
    host.wait_from(from, "switched 0>1 timeout");
    host.engine.end_trace().unwrap();
    host.engine.unregister("news").unwrap();
    let first = replay(&place.0.join("trace.1"));
    assert_eq!(first.streams().map(|stream| &**stream.id()).collect::<Vec<_>>(), ["other", "news"]);
    let second = replay(&place.file());
    let news = second.streams().find(|stream| &**stream.id() == "news").unwrap();
    assert_eq!(news.active(), Some(1));
    for summary in [first.summary(), second.summary()] {
        assert!(summary.decided > 0, "{summary:?}");
        assert_eq!((summary.skipped, summary.lost, summary.checkpoints), (0, 0, 1));
    }
}

#[test]
fn what_the_file_refuses_is_lost_and_the_engine_goes_on() {
    let place = Place::new("refused");
    let host = Host::new(Engine::builder().defaults(quick()));
    let nowhere = place.0.join("nowhere").join("trace");
    assert_eq!(host.engine.trace_to(nowhere, TraceLimits::new()), Err(Error::System));
    // Everything written there is refused.
    host.engine.trace_to("/dev/full", TraceLimits::new()).unwrap();
    a_day(&host);
    host.engine.trace_to(place.file(), TraceLimits::new()).unwrap();
    host.engine.unregister("news").unwrap();
    host.engine.shutdown().unwrap();
    assert_eq!(replay(&place.file()).streams().count(), 0);
}

#[test]
fn what_was_recorded_is_in_the_file_soon() {
    let place = Place::new("soon");
    let host = Host::new(Engine::builder().defaults(quick()));
    host.engine.trace_to(place.file(), TraceLimits::new()).unwrap();
    // Nothing runs: the monitor goes to sleep, and wakes for this alone.
    host.probes_find("s", 0, ProbeOutcome::Ok);
    host.set_broken("s", 0, true);
    host.engine.register("s", "", cold(&[0]), Config::new().probe_cooldown(PATIENCE)).unwrap();
    eventually("it is written", || {
        let records = Reader::open(&place.file()).unwrap();
        let mut records = records.filter_map(Result::ok);
        records.any(|record| matches!(record, Record::Registered { .. })).then_some(())
    });
    host.engine.set_call_timeout(Some(Duration::from_secs(30)));
    host.engine.end_trace().unwrap();
    host.engine.end_trace().unwrap();
}

#[test]
fn a_silence_by_which_nothing_is_decided_is_in_the_trace_with_its_end() {
    let place = Place::new("silences");
    let host = Host::new(Engine::builder().defaults(Config::new().packet_timeout(PATIENCE)));
    host.send("news", &[0]);
    host.engine.register("news", "", hot(&[0]), Config::new()).unwrap();
    host.wait("active 0");
    host.engine.trace_to(place.file(), TraceLimits::new()).unwrap();
    let seen = || {
        let records = Reader::open(&place.file()).unwrap().filter_map(Result::ok);
        records.filter_map(|record| match record {
            Record::Told(told) => match told.stimulus {
                Stimulus::Seen { at, .. } => Some((at, told.at)),
                _ => None,
            },
            _ => None,
        })
    };
    host.hush("news", 0);
    let begin = eventually("it is seen to be silent", || {
        let silent = |(at, told): &(Nanos, Nanos)| told - at >= Writer::SILENCES_FROM;
        seen().find(silent).map(|(at, _)| at)
    });
    host.send("news", &[0]);
    let (end, told) = eventually("the end of it is seen", || seen().find(|(at, _)| *at > begin));
    assert!(end - begin >= Writer::SILENCES_FROM && told >= end, "{begin} to {end}, told {told}");
    host.engine.end_trace().unwrap();
    assert_eq!(replay(&place.file()).summary().skipped, 0);
}
