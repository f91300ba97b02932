//! `changeover simulate`.

use crate::rig::*;
use std::fs;

#[test]
fn the_scenario_of_the_documentation_does_what_it_says() {
    let place = Place::new("documented");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios/flapping.toml");
    let (trace, picture) = (place.file("trace"), place.file("picture.svg"));
    let said = changeover(&["simulate", scenario, "--trace", &trace, "-o", &picture]);
    assert_eq!((said.code, &*said.err), (0, ""), "{said:?}");
    println!("{}", said.out);
    assert!(said.out.contains("  +30.500 switched from 0 to 1 (timeout)\n"), "{said:?}");
    assert!(said.out.contains("\nnews: "), "{said:?}");
    let outage =
        "dark since +30.000 for 500 ms: input 0, timeout (no packet for 500.0 ms, limit 500.0 ms)";
    assert!(said.out.contains(&format!("\n  {outage}\n")), "{said:?}");
    let report = changeover(&["simulate", scenario, "--json"]).json();
    assert_eq!(report["seconds"], 300.0);
    assert_eq!(report["without"].as_array().unwrap().len() as u64, report["outages"]);
    let svg = fs::read_to_string(&picture).unwrap();
    assert_eq!(svg.matches("class=\"mark\"").count() as u64, report["switches"]);
    let replayed = changeover(&["replay", &trace, "--json"]).json();
    assert_eq!(replayed["identical"], true, "{replayed}");
    for what in ["switches", "outages", "dark_seconds", "on_air"] {
        assert_eq!(replayed["streams"][0][what], report[what], "{what}: {replayed}\n{report}");
    }
}

#[test]
fn what_is_wrong_with_a_scenario_is_said() {
    let place = Place::new("scenario");
    let file = place.file("scenario.toml");
    let input = "[[input]]\npriority = 0\n";
    for (scenario, says) in [
        ("lasts = \"1m\"".to_owned(), "missing field `input`"),
        (format!("lasts = \"long\"\n{input}"), "long is no duration with its unit"),
        (format!("lasts = \"1m\"\nsettings = {{ patience = 3 }}\n{input}"), "no setting patience"),
        (format!("lasts = \"1m\"\n{input}{input}"), "no stream is like that"),
        (format!("lasts = \"1m\"\n{input}speed = 3\n"), "unknown field `speed`"),
        (
            format!("lasts = \"1m\"\n{input}then = [{{ at = \"1s\", does = \"flap\" }}]\n"),
            "input 0: to flap or to pause takes every and pause",
        ),
    ] {
        fs::write(&file, scenario).unwrap();
        let said = changeover(&["simulate", &file]);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains(says), "{says:?} in {said:?}");
    }
}
