//! Times and durations as people read them.

use changeover::Nanos;
use std::fmt;
use std::time::SystemTime;

/// A wall clock time: RFC 3339, to a millisecond.
pub(crate) fn clock(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
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
