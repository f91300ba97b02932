//! Settings by their names, as text and as JSON.

use changeover::Config;
use serde_json::Value;

/// Nanoseconds of what can be said without thinking: digits, and one of these units.
fn plain_duration(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    plain_number(digits)?.checked_mul(unit)
}

fn plain_number(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn json(config: &Config) -> Value {
    serde_json::to_value(config).expect("settings can always be written")
}

fn survives_json(config: &Config) {
    let read = serde_json::from_value::<Config>(json(config));
    match config.check() {
        Ok(()) => assert_eq!(read.as_ref().ok(), Some(config), "it comes back as it was"),
        Err(_) => assert!(read.is_err(), "what is out of range is refused: {config:?}"),
    }
}

/// `name=value`, a line each.
fn by_name(text: &str) {
    let mut all = Config::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let before = json(&all);
        let mut alone = Config::new();
        let result = all.set(name, value);
        assert_eq!(result, alone.set(name, value), "what else is set is no matter");
        if result.is_err() {
            assert_eq!(json(&all), before, "what is refused changes nothing");
            continue;
        }
        let set = json(&alone);
        let (set, only) = (&set[name], set.as_object().unwrap().len() == 1);
        assert!(only, "it sets {name}, and nothing else");
        let number = set.as_u64().expect("a number");
        if let Some(nanos) = plain_duration(value) {
            assert_eq!(number, nanos, "{name}={value}");
        }
        if let Some(plain) = plain_number(value) {
            assert_eq!(number, plain, "{name}={value}");
        }
        let mut expected = before;
        expected[name] = number.into();
        assert_eq!(json(&all), expected, "{name}={value}");
        survives_json(&alone);
    }
    survives_json(&all);
}

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(serde_json::from_slice::<Config>(bytes).is_err());
        return;
    };
    if !text.starts_with('{') {
        return by_name(text);
    }
    if let Ok(config) = serde_json::from_str::<Config>(text) {
        assert!(config.check().is_ok(), "out of its range, and taken: {text}");
        survives_json(&config);
    }
}
