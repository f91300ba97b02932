//! Times and durations as people read them.

use changeover::{printable, Nanos, Switch};
use std::fmt;
use std::time::SystemTime;

/// A wall clock time: RFC 3339, to a millisecond.
pub(crate) fn clock(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// Its time of day alone.
pub(crate) fn time_of_day(at: SystemTime) -> String {
    let clock = clock(at);
    clock.split_once('T').map_or(&*clock, |(_, time)| time.trim_end_matches('Z')).to_owned()
}

/// "0 → 1", or "→ 0".
pub(crate) fn way(switch: &Switch) -> String {
    match switch.from {
        None => format!("→ {}", switch.to),
        Some(from) if from == switch.to => format!("{from} again"),
        Some(from) => format!("{from} → {}", switch.to),
    }
}

/// Why, and how long it took.
pub(crate) fn why(switch: &Switch) -> String {
    let mut text = switch.reason.name().to_owned();
    if !switch.detail.is_empty() {
        text += &format!(": {}", printable(&switch.detail.text()));
    }
    let times = switch.times;
    let steps = [
        ("detected after", times.detection),
        ("decided after", times.decision),
        ("committed after", times.commit),
    ];
    for (step, took) in steps {
        if let Some(took) = took {
            text += &format!(", {step} {:.1} ms", took as f64 / 1e6);
        }
    }
    text
}

/// What the host said of something, if it said anything.
pub(crate) fn with_text(what: String, text: &str) -> String {
    match text.is_empty() {
        true => what,
        false => what + ": " + text,
    }
}

/// How long: `12 ms`, `1.2 s`, `3 min 12 s`, `2 h 5 min`.
pub(crate) struct Long(pub(crate) Nanos);

impl fmt::Display for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        let (seconds, minutes) = (millis / 1000, millis / 60_000);
        match millis {
            0..1000 => write!(f, "{millis} ms"),
            1000..60_000 => write!(f, "{seconds}.{} s", millis % 1000 / 100),
            60_000..3_600_000 => write!(f, "{minutes} min {} s", seconds % 60),
            _ => write!(f, "{} h {} min", minutes / 60, minutes % 60),
        }
    }
}

/// Seconds, for programs: to a microsecond.
pub(crate) fn seconds(nanos: Nanos) -> f64 {
    (nanos / 1000) as f64 / 1e6
}

/// `1 switch`, `2 switches`.
pub(crate) fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_where_the_host_said_nothing() {
        let said = |text| with_text("input 0 is black".to_owned(), text);
        assert_eq!([said(""), said("for 2 s")], ["input 0 is black", "input 0 is black: for 2 s"]);
    }

    #[test]
    fn durations_have_units_that_fit_them() {
        let second = 1_000_000_000;
        for (nanos, said) in [
            (0, "0 ms"),
            (12_900_000, "12 ms"),
            (1_290_000_000, "1.2 s"),
            (192 * second, "3 min 12 s"),
            (7_530 * second, "2 h 5 min"),
        ] {
            assert_eq!(Long(nanos).to_string(), said);
        }
    }
}
