//! The statuses of all streams in pages: in order, complete, whatever comes and goes meanwhile.

use crate::rig::*;
use changeover::{Config, Engine, Input, RuntimeStatus};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

fn register(engine: &Engine, ids: impl IntoIterator<Item = String>) {
    for id in ids {
        let url = "rtmp://user:secret@h/live/secret";
        engine.register(&id, "", vec![Input::new(0, url)], Config::new()).unwrap();
    }
}

fn ids(statuses: impl IntoIterator<Item = RuntimeStatus>) -> Vec<String> {
    statuses.into_iter().map(|status| status.stream.to_string()).collect()
}

/// By pages of that size.
fn all(engine: &Engine, limit: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let page = ids(engine.statuses(seen.last().map(String::as_str), limit));
        if page.is_empty() {
            return seen;
        }
        assert!(page.len() <= limit);
        seen.extend(page);
    }
}

#[test]
fn pages_are_in_order_and_complete() {
    let engine = Engine::new().unwrap();
    assert_eq!(engine.statuses(None, 10).len(), 0);
    register(&engine, (0..300).map(|n| format!("s{n}")));
    let mut expected: Vec<String> = (0..300).map(|n| format!("s{n}")).collect();
    expected.sort();
    for limit in [1, 2, 7, 100, 300, 301, usize::MAX] {
        assert_eq!(all(&engine, limit), expected, "{limit} a page");
    }
    assert_eq!(engine.statuses(None, 0).len(), 0);
    // The page begins behind what need not be there.
    assert_eq!(ids(engine.statuses(Some("s1000"), 2)), ["s101", "s102"]);
    assert_eq!(ids(engine.statuses(Some("s999"), 2)), [""; 0]);
    let one = engine.statuses(Some("s100"), 1).next().unwrap();
    let known = engine.runtime_status("s101").unwrap();
    assert_eq!((one.registration, one.inputs), (known.registration, known.inputs));
}

/// Says that it is over, also by a panic.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn who_stays_is_seen_once_whoever_comes_and_goes() {
    let engine = Engine::new().unwrap();
    let stay = |n: usize| format!("stay-{n:04}");
    register(&engine, (0..500).map(stay));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ends = Ends(&over);
        scope.spawn(|| {
            for n in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                // Around those that stay; now and then so many that the table grows.
                let these = || {
                    (0..1 << (n % 11)).map(|m| format!("{}-{m}", ["a", "stay-0250", "z"][m % 3]))
                };
                register(&engine, these());
                these().for_each(|id| engine.unregister(&id).unwrap());
                take_all(&engine);
            }
        });
        let expected: Vec<String> = (0..500).map(stay).collect();
        for round in 0..60 {
            let seen = all(&engine, [3, 50, 1000][round % 3]);
            assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once");
            let stayed: Vec<_> = seen.into_iter().filter(|id| expected.contains(id)).collect();
            assert_eq!(stayed, expected);
        }
        drop(ends);
    });
}

#[test]
fn pages_as_json() {
    let engine = Engine::new().unwrap();
    let parse = |json: String| -> Value {
        assert!(!json.contains("secret") && !json.contains('\n'), "{json}");
        serde_json::from_str(&json).unwrap()
    };
    let empty = parse(engine.statuses_json(None, 10));
    assert_eq!(empty, serde_json::json!({"streams": [], "next": null}));
    register(&engine, ["a", "b\n\"", "c"].map(String::from));
    let first = parse(engine.statuses_json(None, 2));
    assert_eq!(first["next"], "b\n\"");
    let one: Value = serde_json::from_str(&engine.runtime_status("a").unwrap().to_json()).unwrap();
    for key in ["stream", "registration", "active_input_priority", "switches", "registered_at"] {
        assert_eq!(first["streams"][0][key], one[key]);
    }
    let last = parse(engine.statuses_json(first["next"].as_str(), 2));
    assert_eq!((&last["next"], &last["streams"][0]["stream"]), (&Value::Null, &"c".into()));
    assert_eq!(last["streams"].as_array().unwrap().len(), 1);
    assert_eq!(parse(engine.statuses_json(None, 3))["next"], Value::Null);
    assert_eq!(parse(engine.statuses_json(None, 0)), empty, "of none there is no next one");
}
