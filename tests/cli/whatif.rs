//! `changeover replay --set`: what would have been decided otherwise.

use crate::rig::*;
use fastrand::Rng;
use serde_json::Value;
use std::fs;

/// Two hot inputs. The first one pauses for 0.7 s, and later dies for ten seconds.
const SCENARIO: &str = r#"
stream = "news"
lasts = "1m"
settings = { packet_timeout = "2s", failback_stable = "3s", switch_cooldown = "0" }
[[input]]
priority = 0
settings = { standby = "hot" }
then = [
    { at = "10s", does = "pause", every = "30s", pause = "700ms" },
    { at = "20s", does = "deliver" },
    { at = "30s", does = "die" },
    { at = "40s", does = "deliver" },
]
[[input]]
priority = 1
settings = { standby = "hot" }
"#;

/// Its trace.
fn tried(place: &Place, scenario: &str) -> String {
    let (file, trace) = (place.file("scenario.toml"), place.file("trace"));
    fs::write(&file, scenario).unwrap();
    let said = changeover(&["simulate", &file, "--trace", &trace]);
    assert_eq!(said.code, 0, "{said:?}");
    trace
}

/// What would have been decided when, and when it was by the record, in seconds after the beginning.
fn differences(report: &Value) -> Vec<(Option<f64>, Option<f64>, String, bool)> {
    let streams = report["streams"].as_array().unwrap();
    let all = streams.iter().flat_map(|one| one["differences"].as_array().unwrap());
    let one = |line: &Value| {
        let what = line["what"].as_str().unwrap().to_owned();
        let (at, recorded) = (&line["after_seconds"], &line["recorded_after_seconds"]);
        (at.as_f64(), recorded.as_f64(), what, line["false"].as_bool().unwrap())
    };
    all.map(one).collect()
}

#[test]
fn a_shorter_timeout_is_judged_by_silences_that_decided_nothing() {
    let place = Place::new("shorter");
    let trace = tried(&place, SCENARIO);
    let said = changeover(&["replay", &trace, "--set", "packet_timeout=300ms", "--json"]);
    let report = said.json();
    assert_eq!((said.code, &report["unknown"]), (1, &Value::Array(Vec::new())), "{report}");
    let expected = [
        // The pause, which lasts until 10.7 s, and then it is healthy for 3 s.
        (Some(10.3), None, "input 0 given up (timeout)", false),
        (Some(10.3), None, "switched from 0 to 1 (timeout)", true),
        (Some(10.3), None, "input 1 on air", false),
        (Some(10.7), None, "input 0 recovered", false),
        (Some(13.7), None, "switched from 1 to 0 (failback)", false),
        (Some(13.7), None, "input 0 on air", false),
        // Its death. It is there again at 40 s, at the same time.
        (Some(30.3), Some(32.0), "input 0 given up (timeout)", false),
        (Some(30.3), Some(32.0), "switched from 0 to 1 (timeout)", false),
        (Some(30.3), Some(32.0), "input 1 on air", false),
        // After a second fault it has to be healthy for twice as long.
        (Some(46.0), Some(43.0), "switched from 1 to 0 (failback)", false),
        (Some(46.0), Some(43.0), "input 0 on air", false),
    ];
    let found = differences(&report);
    let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 0.01,
        (a, b) => a == b,
    };
    let same = found.len() == expected.len()
        && found.iter().zip(&expected).all(|(found, expected)| {
            close(found.0, expected.0)
                && close(found.1, expected.1)
                && found.2 == expected.2
                && found.3 == expected.3
        });
    assert!(same, "{found:#?}");
    let news = &report["streams"][0];
    assert_eq!(
        (&news["recorded"]["switches"], &news["otherwise"]["switches"]),
        (&3.into(), &5.into())
    );
    assert_eq!(news["otherwise"]["false_switches"], 1, "{report}");
}

#[test]
fn the_settings_there_were_make_no_difference() {
    let place = Place::new("unchanged");
    a_day(&place);
    let tried = tried(&place, SCENARIO);
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces/0.1.0.trace");
    let day = place.file("day");
    let unchanged = [
        (&*day, "packet_timeout=200ms"),
        (&*day, "probe_cooldown=50ms"),
        (&*tried, "packet_timeout=2s"),
        (kept, "video_timeout=8000h"),
    ];
    for (trace, set) in unchanged {
        let said = changeover(&["replay", trace, "--set", set, "--json"]);
        let report = said.json();
        assert_eq!((said.code, &report["different"]), (0, &0.into()), "{set}: {report}");
        assert!(report["decisions"].as_u64() >= Some(6), "{set}: {report}");
    }
}

#[test]
fn what_is_tried_is_what_a_trace_says_of_it() {
    let place = Place::new("tried");
    for seed in 0..10 {
        let mut random = Rng::with_seed(seed);
        let scenario = at_random(&mut random);
        let trace = tried(&place, &scenario.replace("TIMEOUT", "1s"));
        let same = changeover(&["replay", &trace, "--set", "packet_timeout=1s"]);
        assert!(
            same.code == 0 && same.out.contains(": no difference in "),
            "seed {seed}: {same:?}"
        );
        let timeout = *random.choice(&["150ms", "300ms", "700ms", "1500ms", "8s"]).unwrap();
        let set = format!("packet_timeout={timeout}");
        let report = changeover(&["replay", &trace, "--set", &set, "--json"]).json();
        let other = place.file("other.toml");
        fs::write(&other, scenario.replace("TIMEOUT", timeout)).unwrap();
        let tried = changeover(&["simulate", &other, "--json"]).json();
        let recorded = || changeover(&["replay", &trace, "--json"]).json()["streams"][0].clone();
        let otherwise = match &report["streams"][0]["otherwise"] {
            Value::Null => recorded(),
            otherwise => otherwise.clone(),
        };
        for what in ["switches", "reasons", "outages", "on_air"] {
            assert_eq!(
                otherwise[what], tried[what],
                "{what} with {timeout}, seed {seed}: {report}"
            );
        }
        let [one, other] = [&otherwise, &tried].map(|fate| fate["dark_seconds"].as_f64().unwrap());
        assert!((one - other).abs() < 0.01, "{one} and {other} with {timeout}, seed {seed}");
    }
}

/// Three hot inputs that die and pause at random. None is restarted for it: what a source does while it
/// is not listened to, no trace has.
fn at_random(random: &mut Rng) -> String {
    let mut scenario = "lasts = \"3m\"\n[settings]\npacket_timeout = \"TIMEOUT\"\n\
        probe_cooldown = \"1h\"\nswitch_cooldown = \"2s\"\n"
        .to_owned();
    for priority in 0..3 {
        scenario += &format!("[[input]]\npriority = {priority}\nthen = [\n");
        let mut at = random.u64(1_000..20_000);
        while at < 170_000 {
            let every = random.u64(2_000..20_000);
            let pause = random.u64(30..(every - 10).min(4_000));
            scenario += &match random.u8(..5) {
                0 => format!("{{ at = \"{at}ms\", does = \"die\" }},\n"),
                1 => format!("{{ at = \"{at}ms\", does = \"deliver\" }},\n"),
                even => {
                    let does = if even == 2 { "flap" } else { "pause" };
                    format!(
                        "{{ at = \"{at}ms\", does = \"{does}\", every = \"{every}ms\", \
                         pause = \"{pause}ms\" }},\n"
                    )
                }
            };
            at += random.u64(500..30_000);
        }
        scenario += "]\nsettings = { standby = \"hot\" }\n";
    }
    scenario
}

#[test]
fn the_day_of_an_engine_with_half_the_timeout() {
    let place = Place::new("half");
    a_day(&place);
    let said = changeover(&["replay", &place.file("day"), "--set", "packet_timeout=100ms"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains(" switched from 0 to 1 (timeout), "), "{said:?}");
    assert!(said.out.contains(" ms earlier\n"), "{said:?}");
    assert!(!said.out.contains("not known"), "{said:?}");
}

#[test]
fn what_a_trace_does_not_have_is_said() {
    let place = Place::new("unknown");
    let trace = tried(&place, SCENARIO);
    let unknown = |trace: &str, set: &str| {
        let report = changeover(&["replay", trace, "--set", set, "--json"]).json();
        report["unknown"].to_string()
    };
    let short = unknown(&trace, "packet_timeout=50ms");
    assert!(short.contains("silences shorter than 100 ms are not recorded"), "{short}");
    let measures = unknown(&trace, "min_bitrate=5000");
    assert!(measures.contains("input 0 of news was not measured"), "{measures}");
    // Of a version that recorded none: its header does not say from which length on.
    let whole = fs::read(&trace).unwrap();
    let magic = "changeover-trace\n".len();
    let first = usize::from(whole[magic]) + 5;
    let json = r#"{"format":1,"version":"0.0.9"}"#;
    let header = frame(&[&[1, json.len() as u8], json.as_bytes()].concat());
    let of_old = place.file("old");
    fs::write(&of_old, [&whole[..magic], &header, &whole[magic + first..]].concat()).unwrap();
    let old = unknown(&of_old, "packet_timeout=300ms");
    assert!(old.contains("recorded no silence shorter than the limit then"), "{old}");
}

#[test]
fn wrong_settings_are_refused() {
    let place = Place::new("wrong");
    let trace = tried(&place, SCENARIO);
    for (set, says) in [
        ("packet_timeout", "NAME=VALUE is wanted"),
        ("patience=3s", "there is no setting patience"),
        ("packet_timeout=1us", "packet_timeout"),
        ("mass_share=50", "mass_share"),
        ("overlap=off", "stream news does not take these settings"),
    ] {
        let said = changeover(&["replay", &trace, "--set", set]);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains(says), "{says:?} in {said:?}");
    }
    let said = changeover(&["replay", &trace, "--set", "commit=at_once", "--stream", "sport"]);
    assert_eq!((said.code, &*said.err), (2, "changeover: there is no stream sport in the trace\n"));
}
