//! Rule 24: the inputs that would have gone before the one chosen, and what stands against each.

use super::{Detail, Nanos, Priority, Reason};
use crate::vocabulary::Obstacle;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// For how many of them it is said what stands against them.
const TOLD: usize = 3;

/// The inputs that would have gone before the one chosen. [`fmt::Display`] lists them for people, and is
/// empty when there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The three best.
    pub best: Vec<Rejected>,
    /// How many more there were.
    pub more: u32,
}

/// An input that was not chosen. [`fmt::Display`] says so in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The input.
    pub priority: Priority,
    /// What stands against it.
    pub obstacle: Obstacle,
    /// Of one that failed, or is impaired: why.
    pub reason: Option<Reason>,
    /// And the evidence.
    pub detail: Detail,
    /// For how much longer it has to be healthy, in nanoseconds; 0 where that is not what is missing.
    pub wait: Nanos,
}

impl PassedOver {
    /// Of all of them, best first.
    pub(super) fn new(all: impl Iterator<Item = Rejected>) -> PassedOver {
        let mut passed_over = PassedOver::default();
        for one in all {
            if passed_over.best.len() < TOLD {
                passed_over.best.push(one);
            } else {
                passed_over.more += 1;
            }
        }
        passed_over
    }

    /// The list, see [`PassedOver`].
    pub fn text(&self) -> Arc<str> {
        match &self.best[..] {
            [] => Arc::default(),
            _ => self.to_string().into(),
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.best.iter().enumerate() {
            write!(f, "{}{one}", if at == 0 { "" } else { "; " })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.priority)?;
        match self.obstacle {
            Obstacle::NotDelivering => f.write_str("not delivering")?,
            Obstacle::Held => write!(f, "held for {} more", Seconds(self.wait))?,
            Obstacle::Unproven => {
                write!(f, "not healthy for long enough, {} more", Seconds(self.wait))?;
            }
            Obstacle::Nothing => f.write_str("usable")?,
            other => f.write_str(other.name())?,
        }
        if let Some(reason) = self.reason {
            write!(f, ": {}", reason.name())?;
        }
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

/// Nanoseconds for people: rounded up, so that what is to be waited for is never nothing.
struct Seconds(Nanos);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.div_ceil(100_000_000);
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(priority: Priority, obstacle: Obstacle) -> Rejected {
        Rejected { priority, obstacle, reason: None, detail: Detail::None, wait: 0 }
    }

    #[test]
    fn what_stands_against_the_three_best_is_said_in_words() {
        let poor = Rejected {
            reason: Some(Reason::LowBitrate),
            detail: Detail::out_of_limit(Reason::LowBitrate, [212, 1000], 1_000_000_000, 0),
            ..rejected(0, Obstacle::Impaired)
        };
        let held = Rejected { wait: 14_000_000_000, ..rejected(2, Obstacle::Held) };
        let unproven = Rejected { wait: 1_250_000_000, ..rejected(3, Obstacle::Unproven) };
        for (one, said) in [
            (poor, "0 impaired: low_bitrate (212 of 1000 kbit/s over 1000 ms)"),
            (held, "2 held for 14.0 s more"),
            (unproven, "3 not healthy for long enough, 1.3 s more"),
            (rejected(4, Obstacle::NotDelivering), "4 not delivering"),
            (rejected(5, Obstacle::Disabled), "5 disabled"),
            (rejected(6, Obstacle::Untested), "6 untested"),
            (rejected(7, Obstacle::Nothing), "7 usable"),
        ] {
            assert_eq!(one.to_string(), said);
        }
        let disabled = |priorities| {
            let all = (0..priorities).map(|priority| rejected(priority, Obstacle::Disabled));
            PassedOver::new(all).to_string()
        };
        assert_eq!(
            [0, 1, 3, 5].map(disabled),
            [
                "",
                "0 disabled",
                "0 disabled; 1 disabled; 2 disabled",
                "0 disabled; 1 disabled; 2 disabled; and 2 more",
            ]
        );
    }
}
