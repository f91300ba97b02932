//! `changeover plot`.

use crate::rig::*;
use std::fs;

#[test]
fn it_draws_what_was_on_air_with_every_switch() {
    let place = Place::new("plot");
    let switches = a_day(&place);
    let (trace, picture) = (place.file("day"), place.file("timeline.svg"));
    let said = changeover(&["plot", &trace, "-o", &picture]);
    assert_eq!((said.code, said.out), (0, format!("{picture}: 1 stream\n")));
    let svg = fs::read_to_string(&picture).unwrap();
    assert_eq!(svg.matches("class=\"mark\"").count(), switches.len());
    assert!(svg.contains("0 → 1  timeout: no packet for "), "{svg}");
    assert!(svg.contains("input 1 on air, ") && svg.contains("nothing on air, "), "{svg}");
    assert!(svg.contains("input 0: degraded, running"), "{svg}");
    let report = changeover(&["plot", &trace, "-o", &picture, "--json"]).json();
    assert_eq!((&report["drawn"], &report["identical"]), (&1.into(), &true.into()));
    let nobody = changeover(&["plot", &trace, "-o", &picture, "--stream", "sports"]);
    assert_eq!(nobody.code, 2);
}
