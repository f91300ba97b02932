//! `changeover explain`.

use crate::rig::*;
use std::time::Duration;

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
    assert!(happened.iter().any(|what| what.starts_with("input 0 degraded (timeout")), "{end}");

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
        (["sport", "+0.1"], "there was no stream sport at "),
        (["news", "2001-01-01T00:00:00Z"], " begins later, at "),
        (["news", "yesterday"], "neither 2026-11-27T03:12:44Z nor +SECONDS"),
    ] {
        let said = changeover(&["explain", &trace, arguments[0], arguments[1]]);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains(says), "{says:?} in {said:?}");
    }
}
