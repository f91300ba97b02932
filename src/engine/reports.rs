//! Errors reported through a handle, on their way to the monitor.
//!
//! Hosts report in loops (`while read() < 0`). So a handle has at most one report on its way: those that
//! come before the monitor has looked are the same as one (rule 4c), and after it has looked it looks
//! again in the next tick, not sooner.

use crate::core::told;
use crate::poison::unpoisoned;
use std::sync::Mutex;

/// What a handle reports.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// An error, with the host's text.
    Error(Box<str>),
    /// That its session's start failed, and why.
    StartFailed(Box<str>),
}

impl Report {
    pub(super) fn error(text: &str) -> Report {
        Report::Error(told(text).into())
    }

    pub(super) fn start_failed(text: &str) -> Report {
        Report::StartFailed(told(text).into())
    }
}

/// One handle's.
#[derive(Debug, Default)]
pub(super) struct Reports {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the monitor has not seen yet: the first.
    report: Option<Report>,
    /// The monitor will look, unasked.
    expected: bool,
}

impl Reports {
    /// Adds a report. True if the monitor has to be told to look.
    pub(super) fn add(&self, report: impl FnOnce() -> Report) -> bool {
        let mut state = unpoisoned(self.state.lock());
        state.report.get_or_insert_with(report);
        !std::mem::replace(&mut state.expected, true)
    }

    /// The monitor looks. With nothing there, it has to be told of the next report.
    pub(super) fn take(&self) -> Option<Report> {
        let mut state = unpoisoned(self.state.lock());
        let report = state.report.take();
        state.expected = report.is_some();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_report_since_the_monitor_looked_counts() {
        let reports = Reports::default();
        assert!(reports.add(|| Report::start_failed("first")));
        assert!(!reports.add(|| Report::error("second")));
        assert_eq!(reports.take(), Some(Report::start_failed("first")));
        assert!(!reports.add(|| Report::error("third")), "it looks again by itself");
        assert_eq!(reports.take(), Some(Report::error("third")));
        assert_eq!(reports.take(), None);
        assert!(reports.add(|| Report::error("fourth")));
    }

    #[test]
    fn a_loop_of_reports_is_as_much_as_one() {
        let reports = Reports::default();
        let long = "x".repeat(1 << 20);
        let told = (0..1000).filter(|_| reports.add(|| Report::error(&long))).count();
        assert_eq!(told, 1);
        assert_eq!(reports.take(), Some(Report::error(&long[..255])));
    }
}
