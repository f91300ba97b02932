//! Errors reported through a handle, on their way to the monitor.
//!
//! Hosts report in loops (`while read() < 0`). So a handle has at most one report on its way: those that
//! come before the monitor has looked are the same as one (rule 4c), and after it has looked it looks
//! again in the next tick, not sooner.

use crate::core::told;
use crate::poison::unpoisoned;
use std::sync::Mutex;

/// One handle's.
#[derive(Debug, Default)]
pub(super) struct Reports {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the monitor has not seen yet: the text of the first.
    text: Option<Box<str>>,
    /// The monitor will look, unasked.
    expected: bool,
}

impl Reports {
    /// Adds a report. True if the monitor has to be told to look.
    pub(super) fn add(&self, text: &str) -> bool {
        let mut state = unpoisoned(self.state.lock());
        state.text.get_or_insert_with(|| told(text).into());
        !std::mem::replace(&mut state.expected, true)
    }

    /// The monitor looks. With nothing there, it has to be told of the next report.
    pub(super) fn take(&self) -> Option<Box<str>> {
        let mut state = unpoisoned(self.state.lock());
        let text = state.text.take();
        state.expected = text.is_some();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_report_since_the_monitor_looked_counts() {
        let reports = Reports::default();
        assert!(reports.add("first"));
        assert!(!reports.add("second"));
        assert_eq!(reports.take().as_deref(), Some("first"));
        assert!(!reports.add("third"), "it looks again by itself");
        assert_eq!(reports.take().as_deref(), Some("third"));
        assert_eq!(reports.take(), None);
        assert!(reports.add("fourth"));
    }

    #[test]
    fn a_loop_of_reports_is_as_much_as_one() {
        let reports = Reports::default();
        let long = "x".repeat(1 << 20);
        let told = (0..1000).filter(|_| reports.add(&long)).count();
        assert_eq!(told, 1);
        assert_eq!(reports.take().map(|text| text.len()), Some(255));
    }
}
