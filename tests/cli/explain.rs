//! `changeover explain`.

use crate::rig::*;
use changeover::core::{Common, Registration, Stimulus};
use changeover::trace::{TraceLimits, Writer};
use changeover::{Condition, Config, Engine, Input};
use std::time::{Duration, SystemTime};

#[test]
fn a_time_is_explained_by_the_switch_before_it() {
    let place = Place::new("explain");
    let switches = a_day(&place);
    let trace = place.file("day");
    let failover = switches.iter().find(|switch| switch.reason.name() == "timeout").unwrap();
    let before = Duration::from_nanos(failover.at - switches[0].at) - Duration::from_millis(1);
    let before = format!("+{}", before.as_secs_f64());
    let beginning = changeover(&["explain", &trace, "news", &before, "--json"]).json();
    assert_eq!((&beginning["on_air"], &beginning["active"]), (&0.into(), &0.into()));
    assert_eq!(beginning["switch"]["reason"], "initial", "{beginning}");
    assert_eq!(beginning["inputs"][0]["status"], "active", "{beginning}");

    let said = changeover(&["explain", &trace, "news", "+3600", "--json"]);
    let end = said.json();
    assert_eq!((said.code, &end["on_air"]), (0, &0.into()), "{end}");
    let last = switches.last().unwrap();
    assert_eq!(end["switch"]["number"], last.number, "{end}");
    assert_eq!(end["switch"]["reason"], last.reason.name(), "{end}");
    assert_eq!(end["inputs"][1]["status"], "degraded", "{end}");
    let happened: Vec<_> =
        end["before"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert!(happened.contains(&"error of input 1: decoder gave up"), "{end}");
    assert!(happened.iter().any(|what| what.starts_with("input 0 given up (timeout")), "{end}");

    // Just when it failed over, by the clock that the answer itself has.
    let told = end["before"].as_array().unwrap();
    let switched = told.iter().find(|one| one["what"] == "switched from 0 to 1 (timeout)").unwrap();
    let at = humantime::parse_rfc3339(switched["at"].as_str().unwrap()).unwrap();
    // It was cut to milliseconds.
    let at = humantime::format_rfc3339_millis(at + Duration::from_millis(1)).to_string();
    let said = changeover(&["explain", &trace, "news", &at, "--last", "3"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("\n  0 degraded since "), "{said:?}");
    assert!(said.out.contains("given up: timeout (no packet for "), "{said:?}");
    let before: Vec<_> =
        said.out.lines().skip_while(|line| *line != "what happened before:").collect();
    assert!((2..=4).contains(&before.len()), "{said:?}");
}

#[test]
fn what_is_not_in_the_trace_is_wrong_usage() {
    let place = Place::new("explain-nothing");
    a_day(&place);
    let trace = place.file("day");
    for (arguments, says) in [
        (["sport", "+0.1"], "; there was news"),
        (["news", "2001-01-01T00:00:00Z"], " begins later, at "),
        (["news", "yesterday"], "neither 2026-11-27T03:12:44Z nor +SECONDS"),
    ] {
        let said = changeover(&["explain", &trace, arguments[0], arguments[1]]);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains(says), "{says:?} in {said:?}");
    }
}

/// A trace of the documentation's scenario, and what the wall clock is so many milliseconds into it.
fn flapping(place: &Place) -> (String, impl Fn(u64) -> String) {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios/flapping.toml");
    let trace = place.file("flapping");
    assert_eq!(changeover(&["simulate", scenario, "--trace", &trace]).code, 0);
    let from =
        changeover(&["replay", &trace, "--json"]).json()["from"].as_str().unwrap().to_owned();
    let from = humantime::parse_rfc3339(&from).unwrap();
    let at = move |millis| {
        humantime::format_rfc3339_millis(from + Duration::from_millis(millis)).to_string()
    };
    (trace, at)
}

/// The seconds from `+0` to a time that is told.
fn seconds_into(at: &str, told: &str) -> f64 {
    let time = |text: &str| -> SystemTime { humantime::parse_rfc3339(text).unwrap() };
    time(told).duration_since(time(at)).unwrap().as_secs_f64()
}

#[test]
fn who_knows_nothing_of_the_engine_has_five_answers() {
    let place = Place::new("answers");
    let (trace, at) = flapping(&place);
    let why = "timeout (no packet for 500.0 ms, limit 500.0 ms)";
    let dark = format!("dark since {} for 500 ms", at(90_000));
    let said = changeover(&["explain", &trace, "news", "+220", "--last", "100"]);
    for (question, answer) in [
        ("what failed, and why", format!("\nwhy: switched 0 -> 1 #4 reason {why} ")),
        ("when", format!(" {why} at {}, 2 min 9 s before\n", at(90_500))),
        ("how long were viewers without", format!("\nviewers: {dark}: input 0, {why}\n")),
        ("each time", format!("\n  {} dark since {} for 500 ms\n", at(30_500), at(30_000))),
        ("and this time", format!("\n  {} {dark}\n", at(90_500))),
        ("what is held back", "\n  0 idle since ".to_owned()),
        ("because of what", ", because it failed often; switched to at ".to_owned()),
    ] {
        assert!(said.out.contains(&answer), "{question}: {answer:?} in {}", said.out);
    }
    let given_up = changeover(&["explain", &trace, "news", "+31"]);
    let returns = "; returned to once it has been well for 10.0 s\n  1 active since ";
    assert!(given_up.out.contains(returns), "{given_up:?}");
    // Until when: then it comes.
    let then = changeover(&["explain", &trace, "news", "+220", "--json"]).json();
    let told = |what: &str| then["inputs"][0][what].as_str().unwrap().to_owned();
    let due = seconds_into(&at(0), &told("switch_due"));
    assert!((due - seconds_into(&at(0), &told("held_until"))).abs() < 0.002, "{then}");
    let before = |seconds: f64| {
        let time = format!("+{seconds}");
        changeover(&["explain", &trace, "news", &time, "--json"]).json()["switch"]["reason"].clone()
    };
    // The input starts within a tenth of a second.
    assert_eq!([before(due), before(due + 0.2)], ["timeout", "failback"], "{then}");
    assert_eq!(then["without"]["seconds"], 0.5, "{then}");
    assert_eq!(then["without"]["until"], at(90_500), "{then}");

    // In the same words, all at once.
    let said = changeover(&["replay", &trace]);
    assert!(said.out.contains(&format!("\n  {dark}: input 0, {why}\n")), "{said:?}");
    let all = changeover(&["replay", &trace, "--json"]).json();
    let without = all["streams"][0]["without"].as_array().unwrap().clone();
    assert_eq!(without.iter().map(|one| &one["seconds"]).collect::<Vec<_>>(), [0.5, 0.5], "{all}");
}

#[test]
fn an_outage_that_lasts_is_told_as_it_is() {
    let place = Place::new("lasts");
    let (scenario, trace) = (place.file("scenario.toml"), place.file("trace"));
    let text = r#"
        stream = "news"
        lasts = "1m"
        settings = { packet_timeout = "1s", probe_cooldown = "20s" }
        [[input]]
        priority = 0
        then = [{ at = "10s", does = "die" }, { at = "40s", does = "deliver" }]
    "#;
    std::fs::write(&scenario, text).unwrap();
    assert_eq!(changeover(&["simulate", &scenario, "--trace", &trace]).code, 0);
    let said = changeover(&["explain", &trace, "news", "+15"]).out;
    assert!(said.contains(" for 5.0 s; input 0 was awaited; no usable input was left\n"), "{said}");
    let (head, rest) = said.split_once("\nviewers: ").unwrap();
    let (head, viewers) = (head.lines().next().unwrap(), rest.lines().next().unwrap());
    let (_, dark) = head.split_once("): ").unwrap();
    let dark = dark.split(';').next().unwrap();
    let all = format!("{dark}, and it lasts: input 0, timeout (no packet for 1000.0 ms, limit ");
    assert!(viewers.starts_with(&all), "{all:?} in {said}");
    assert!(said.contains("; tried again at "), "{said}");
    // What is left at the end is no more than that.
    let end = changeover(&["explain", &trace, "news", "+60", "--json"]).json();
    assert!((30.0..45.0).contains(&end["without"]["seconds"].as_f64().unwrap()), "{end}");
    assert!(end["without"]["until"].is_string(), "{end}");
}

#[test]
fn what_the_host_sees_is_told_when_it_changes() {
    let place = Place::new("seen");
    let trace = place.file("trace");
    let engine = Engine::builder().trace_to(&trace, TraceLimits::new()).build().unwrap();
    engine.register("news", "", vec![Input::new(0, "udp://only").hot()], Config::new()).unwrap();
    for holds in [false, true, true, false, false] {
        engine.set_condition("news", 0, 0, Condition::Black, holds, "").unwrap();
    }
    engine.end_trace().unwrap();
    engine.shutdown().unwrap();
    let said = changeover(&["explain", &trace, "news", "+3600"]).out;
    let seen: Vec<_> = said.lines().filter_map(|line| line.split_once("the host says ")).collect();
    let seen: Vec<_> = seen.into_iter().map(|(_, what)| what).collect();
    assert_eq!(seen, ["that input 0 is black", "that input 0 is no longer black"], "{said}");
}

/// The trace of a stream of which the host says that what is on air is frozen.
fn a_frozen_one() -> Vec<u8> {
    const SECOND: u64 = 1_000_000_000;
    let (begin, mut common) = (5 * SECOND, Common::default());
    let mut writer =
        Writer::new(begin, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let inputs = vec![Input::new(0, "udp://0").hot(), Input::new(1, "udp://1").hot()];
    let registration =
        Registration { id: "news".into(), number: 1, inputs, ..Registration::default() };
    let mut stream = writer.register(registration, begin, &mut common).unwrap();
    stream.drain().for_each(drop);
    let mut tell = |stimulus, now| {
        writer.tell(&mut stream, stimulus, now, &mut common).unwrap();
        stream.drain().for_each(drop);
        stream.inputs().iter().map(|input| input.session()).collect::<Vec<_>>()
    };
    let sessions = tell(Stimulus::Tick, begin);
    for &session in sessions.iter().flatten() {
        tell(Stimulus::StartTaken { session }, begin);
        tell(Stimulus::Packet { session }, begin + SECOND / 10);
    }
    let (priority, session, holds) = (0, None, true);
    let text = "always the same picture for 2.0 s".into();
    let condition = Condition::Frozen;
    let frozen = Stimulus::SetCondition { priority, session, condition, holds, text };
    tell(frozen, begin + SECOND);
    for at in (1..20).map(|step| begin + SECOND + step * SECOND / 10) {
        for &session in sessions.iter().flatten() {
            tell(Stimulus::Seen { session, at }, at);
        }
        tell(Stimulus::Tick, at);
    }
    writer.into_bytes()
}

#[test]
fn what_was_noticed_late_is_said_so() {
    let place = Place::new("frozen");
    std::fs::write(place.file("trace"), a_frozen_one()).unwrap();
    let said = changeover(&["replay", &place.file("trace")]);
    assert_eq!(said.code, 0, "{said:?}");
    let frozen =
        "  frozen since 2027-01-15T08:00:01.000Z for 1.9 s from when that was noticed, and it \
                  lasts: input 0, frozen (always the same picture for 2.0 s)\n";
    assert!(said.out.contains(frozen), "{said:?}");
}
