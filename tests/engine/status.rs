//! What `runtime_status` tells: the JSON's keys, times, live counters, rates.

use crate::rig::*;
use changeover::{
    Condition, Config, Engine, Error, Failback, Flags, Input, InputsUpdate, Severity, Status,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

fn far() -> Config {
    let far = Duration::from_secs(600);
    Config::new().packet_timeout(far).connect_timeout(far).failback(Failback::Manual)
}

fn engine(inputs: Vec<Input>) -> Engine {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    engine.register("s", "", inputs, Config::new()).unwrap();
    engine
}

fn json(engine: &Engine) -> Value {
    serde_json::from_str(&engine.runtime_status("s").unwrap().to_json()).unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set<'a>(keys: &[&'a str]) -> BTreeSet<&'a str> {
    keys.iter().copied().collect()
}

/// RFC 3339, in UTC: `2026-01-02T03:04:05.678Z`.
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap();
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{text}");
}

const STREAM: [&str; 10] = [
    "stream",
    "registration",
    "registered_at",
    "uptime_ms",
    "switch_number",
    "active_input_priority",
    "exhausted",
    "inputs",
    "state_since",
    "switches",
];
/// Of one that runs.
const INPUT: [&str; 21] = [
    "input_priority",
    "url",
    "session",
    "bitrate_kbps",
    "packet_loss",
    "status",
    "disabled",
    "fps",
    "packets",
    "bytes",
    "receiving",
    "errors",
    "attempts",
    "probes",
    "probes_ok",
    "probes_failed",
    "untested",
    "listening",
    "silence_limit_ms",
    "silence_returns",
    "state_since",
];

#[test]
fn the_json_has_the_promised_keys_and_no_others() {
    let engine = engine(vec![Input::new(4, "b").hot(), Input::new(2, "a").hot()]);
    let fresh = json(&engine);
    assert_eq!(keys(&fresh), set(&STREAM));
    assert_eq!((&fresh["stream"], &fresh["registration"]), (&"s".into(), &1.into()));
    assert!(fresh["uptime_ms"].is_u64() && fresh["switch_number"] == 1);
    assert_time(&fresh["registered_at"]);
    assert_eq!(fresh["active_input_priority"], 2);
    assert_eq!(fresh["exhausted"], false);
    let inputs = fresh["inputs"].as_array().unwrap();
    let priorities: Vec<_> = inputs.iter().map(|i| i["input_priority"].as_i64().unwrap()).collect();
    assert_eq!(priorities, [2, 4], "sorted");
    assert_eq!((&inputs[0]["url"], &inputs[1]["url"]), (&"a".into(), &"b".into()));
    for input in inputs {
        assert_eq!(keys(input), set(&INPUT), "never received, no error");
        assert_eq!((&input["status"], &input["receiving"]), (&"idle".into(), &false.into()));
        assert_time(&input["state_since"]);
    }
    assert_time(&fresh["state_since"]);
    let first = &fresh["switches"][0];
    assert_eq!(keys(first), set(&["at", "from", "to", "reason", "detail", "number"]));
    assert_eq!((&first["from"], &first["to"]), (&(-1).into(), &2.into()));
    assert_eq!(first["reason"], "initial");
    assert_time(&first["at"]);

    // Everything that may be absent, present.
    let _ = engine.record_packet("s", 2, 1000, Flags::VIDEO).unwrap();
    engine.sync(PATIENCE).unwrap();
    engine.switch_input("s", 4).unwrap();
    let pending = json(&engine);
    let both = ["pending_input_priority", "override_input_priority"];
    let on_air = set(&["on_air_input_priority"]);
    assert_eq!(keys(&pending), &(&set(&STREAM) | &set(&both)) | &on_air);
    assert_eq!((&pending[both[0]], &pending[both[1]]), (&4.into(), &4.into()));
    assert_eq!(pending["on_air_input_priority"], 2);
    engine.switch_input_for("s", 4, Duration::from_secs(60)).unwrap();
    let ending = json(&engine);
    assert_eq!(keys(&ending), &keys(&pending) | &set(&["override_ends_at"]));
    assert_time(&ending["override_ends_at"]);
    let input = &pending["inputs"][0];
    assert_eq!(keys(input), &set(&INPUT) | &set(&["last_packet_at"]));
    assert_time(&input["last_packet_at"]);
    assert_eq!((&input["packets"], &input["bytes"]), (&1.into(), &1000.into()));
    assert_eq!((&input["status"], &input["receiving"]), (&"active".into(), &true.into()));

    for priority in [2, 4] {
        engine.report_input_error("s", priority, "Stecker \"raus\"").unwrap();
    }
    let lost = json(&engine);
    assert_eq!(keys(&lost), set(&STREAM), "the override ended");
    assert_eq!(lost["exhausted"], true);
    let input = &lost["inputs"][0];
    let errors = ["last_packet_at", "last_error", "last_error_at", "severity"];
    assert_eq!(keys(input), &set(&INPUT) | &set(&errors));
    assert_eq!(
        (&input["status"], &input["last_error"]),
        (&"degraded".into(), &"Stecker \"raus\"".into())
    );
    assert_time(&input["last_error_at"]);
    let error = &input["errors"][0];
    assert_eq!(keys(error), set(&["at", "reason", "text"]));
    assert_eq!((&error["reason"], &error["at"]), (&"error".into(), &input["last_error_at"]));
}

#[test]
fn the_last_20_switches_and_5_errors_are_kept() {
    let engine = engine(vec![Input::new(0, "a"), Input::new(1, "b")]);
    for n in 0..30 {
        engine.switch_input("s", (n + 1) % 2).unwrap();
    }
    let status = engine.runtime_status("s").unwrap();
    assert_eq!(status.switches.len(), 20);
    assert_eq!(status.switches.last().unwrap().number, status.switch_number);
    assert!(status.switches.windows(2).all(|pair| pair[0].number < pair[1].number));
    assert!(status.switches.windows(2).all(|pair| pair[0].to == pair[1].from));
}

#[test]
fn counters_and_the_last_packet_are_live() {
    let engine = engine(vec![Input::new(0, "a")]);
    let mut input = engine.open_input("s", 0, 0).unwrap();
    for n in 1..=1000u64 {
        let _ = match n % 2 {
            0 => input.record(10, Flags::NONE),
            _ => engine.record_packet("s", 0, 10, Flags::NONE).unwrap(),
        };
        let status = engine.runtime_status("s").unwrap();
        // Nothing was waited for.
        assert_eq!((status.inputs[0].packets, status.inputs[0].bytes), (n, 10 * n));
        let age = SystemTime::now().duration_since(status.inputs[0].last_packet_at.unwrap());
        assert!(age.unwrap_or_default() < Duration::from_secs(5));
    }
}

#[test]
fn times_are_wall_clock() {
    let before = SystemTime::now() - ms(20);
    let engine = engine(vec![Input::new(0, "a")]);
    engine.report_input_error("s", 0, "x").unwrap();
    let status = engine.runtime_status("s").unwrap();
    let after = SystemTime::now() + ms(20);
    let times =
        [status.state_since, status.switches[0].at, status.inputs[0].last_error_at.unwrap()];
    assert!(
        times.iter().all(|at| (before..after).contains(at)),
        "{times:?} in {before:?}..{after:?}"
    );
}

#[test]
fn rates_are_those_of_the_packets() {
    let engine = Engine::builder().defaults(far()).build().unwrap();
    engine.register("s", "", vec![Input::new(0, "a"), Input::new(1, "b")], Config::new()).unwrap();
    // The backup idles for longer than a window, which must not dilute its first one.
    let began = Instant::now();
    let feed = |priority: i32, what: &str| {
        let mut input = engine.open_input("s", priority, 0).unwrap();
        let (mut next, mut n) = (Instant::now(), 0u64);
        let started = next;
        loop {
            if Instant::now() < next {
                std::thread::sleep(ms(1));
                continue;
            }
            // 100 packets of 1250 bytes a second are 1000 kbit/s; half of them frames, and one
            // lost for each four that came.
            next += ms(10);
            n += 1;
            let _ = input.record(1250, if n % 2 == 0 { Flags::VIDEO } else { Flags::AUDIO });
            if n % 4 == 0 {
                input.record_lost(1);
            }
            let rates = engine.runtime_status("s").unwrap().inputs[priority as usize].clone();
            if rates.bitrate_kbps > 0.0 {
                let ran = started.elapsed();
                println!(
                    "measured: {what}: {:.0} kbit/s, {:.1} fps, {:.1} % loss after {ran:?}",
                    rates.bitrate_kbps, rates.fps, rates.packet_loss
                );
                return rates;
            }
            assert!(started.elapsed() < PATIENCE, "no rate of {what}");
        }
    };
    for (priority, what) in [(0, "the primary"), (1, "the backup")] {
        let rates = feed(priority, what);
        // The source is only as regular as the machine is idle.
        assert!((600.0..1400.0).contains(&rates.bitrate_kbps), "{rates:?}");
        assert!((30.0..70.0).contains(&rates.fps), "{rates:?}");
        assert!((15.0..25.0).contains(&rates.packet_loss), "one of five is 20 %: {rates:?}");
        if priority == 0 {
            engine.report_input_error("s", 0, "x").unwrap();
            // Its session goes on until the backup has delivered.
            let _ = engine.record_packet("s", 1, 1250, Flags::AUDIO).unwrap();
            engine.sync(PATIENCE).unwrap();
            let stopped = &engine.runtime_status("s").unwrap().inputs[0];
            assert_eq!((stopped.bitrate_kbps, stopped.fps), (0.0, 0.0), "its session is over");
        }
    }
    assert!(began.elapsed() > Duration::from_secs(2));
    engine.unregister("s").unwrap();
    engine.register("s", "", vec![Input::new(0, "a")], Config::new()).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].bitrate_kbps, 0.0, "a new life");
}

#[test]
fn without_an_active_input_the_state_is_since_when_there_is_none() {
    let before = SystemTime::now() - ms(20);
    let engine = engine(vec![]);
    let since = || engine.runtime_status("s").unwrap().state_since;
    assert!(since() >= before, "since the registration");
    let added = vec![Input::new(0, "a")];
    engine.update_inputs("s", InputsUpdate { added, ..Default::default() }).unwrap();
    let switched = since();
    // Until the clock shows another time.
    eventually("later", || (SystemTime::now() > switched + ms(5)).then_some(()));
    engine.update_inputs("s", InputsUpdate { removed: vec![0], ..Default::default() }).unwrap();
    assert!(since() > switched, "since the removal");
}

#[test]
fn maintenance_is_in_the_status() {
    let engine = engine(vec![Input::new(0, "a"), Input::new(1, "b")]);
    let minute = Duration::from_secs(60);
    engine.switch_input_for("s", 1, minute).unwrap();
    let status = engine.runtime_status("s").unwrap();
    let left = status.override_left;
    assert!(left > Duration::from_secs(1) && left <= minute, "{left:?}");
    let ends_at = status.override_ends_at.unwrap();
    assert!(ends_at > SystemTime::now(), "{ends_at:?}");
    engine.set_input_enabled("s", 0, false).unwrap();
    let status = engine.runtime_status("s").unwrap();
    let [a, b] = [0, 1].map(|index| &status.inputs[index]);
    assert_eq!((a.status, a.disabled), (Status::Stopped, true));
    assert_eq!((b.status, b.disabled), (Status::Idle, false));
    assert_eq!(engine.switch_input("s", 0), Err(Error::InputDisabled));
    assert_eq!(engine.fail_back("s"), Err(Error::NoBetterInput));
    engine.clear_override("s").unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().override_ends_at, None);
}

#[test]
fn what_the_host_sees_of_an_input_is_in_the_status() {
    let engine = engine(vec![Input::new(0, "a"), Input::new(1, "b")]);
    let session = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    let _ = engine.record_packet("s", 0, 1250, Flags::VIDEO).unwrap();
    engine.sync(PATIENCE).unwrap();
    let say = |session, holds| {
        engine.set_condition("s", 0, session, Condition::Black, holds, "no light since 10 s")
    };
    assert_eq!(say(session + 999, true), Err(Error::StaleSession));
    say(session, true).unwrap();
    let status = engine.runtime_status("s").unwrap();
    let input = &status.inputs[0];
    assert_eq!(input.severity, Some(Severity::Impaired));
    assert_eq!((input.status, status.pending_input_priority), (Status::Degraded, Some(1)));
    assert_eq!(status.on_air_input_priority, Some(0), "it delivers");
    let json = status.to_json();
    assert!(
        json.contains(r#""severity":"impaired","conditions":[{"condition":"black","since":""#),
        "{json}"
    );
    assert!(json.contains(r#""text":"no light since 10 s"}]"#), "{json}");
}

#[test]
fn what_is_measured_besides_rates_is_in_the_status() {
    let engine = engine(vec![Input::new(0, "a"), Input::new(1, "b")]);
    let found = || {
        let input = engine.runtime_status("s").unwrap().inputs.swap_remove(0);
        (input.key_interval, input.last_video_at, input.last_audio_at)
    };
    let feed = |flags| {
        let _ = engine.record_packet("s", 0, 1250, flags).unwrap();
    };
    let long = Duration::from_secs(600);
    let measured = far().measure_window(ms(100)).video_timeout(long).audio_timeout(long);
    let picture = Flags::VIDEO | Flags::KEY;
    feed(picture);
    assert_eq!(found(), (None, None, None), "no setting needs it");
    engine.set_config(Some("s"), measured.clone()).unwrap();
    let (every, video, sound) = eventually("two key frames", || {
        feed(picture);
        Some(found()).filter(|(every, ..)| every.is_some())
    });
    assert!(every.unwrap() > Duration::ZERO && every.unwrap() < PATIENCE, "{every:?}");
    assert_eq!(sound, None);
    let age = SystemTime::now().duration_since(video.unwrap()).unwrap_or_default();
    assert!(age < Duration::from_secs(5), "{age:?}");
    // From here on there is sound only.
    let (_, video, sound) = eventually("sound", || {
        feed(Flags::AUDIO);
        let found = found();
        found.2.is_some_and(|sound| sound > found.1.unwrap() + ms(50)).then_some(found)
    });
    assert!(sound > video);
    let json = json(&engine);
    assert_eq!(
        &keys(&json["inputs"][0]) - &keys(&json["inputs"][1]),
        set(&["key_interval_ms", "last_audio_at", "last_packet_at", "last_video_at", "session"]),
    );
    assert!(json["inputs"][0]["key_interval_ms"].is_u64());
    for key in ["last_video_at", "last_audio_at"] {
        assert_time(&json["inputs"][0][key]);
    }
    engine.set_config(Some("s"), far()).unwrap();
    assert_eq!(found(), (None, None, None), "no setting needs it any more");
    engine.set_config(Some("s"), measured).unwrap();
    eventually("measured again", || {
        feed(picture);
        found().1
    });
    engine.report_input_error("s", 0, "x").unwrap();
    let _ = engine.record_packet("s", 1, 1250, picture).unwrap();
    eventually("its session is over", || (found() == (None, None, None)).then_some(()));
}
