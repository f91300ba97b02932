//! Errors reported through a handle, on their way to the monitor.
//!
//! Hosts report in loops (`while read() < 0`). So a handle has at most one report on its way: those that
//! come before the monitor has looked are the same as one (rule 4c), but that a failed start outweighs
//! errors; and after it has looked it looks again in the next tick, not sooner.

use crate::core::told;
use crate::poison::unpoisoned;
use std::sync::Mutex;

/// What a handle reports; what weighs more comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reported {
    /// An error.
    Error,
    /// That its session's start failed, which ends the session.
    StartFailed,
}

/// That, with the host's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) what: Reported,
    pub(super) text: Box<str>,
}

/// One handle's.
#[derive(Debug, Default)]
pub(super) struct Reports {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the monitor has not seen yet: of what weighs most, the first.
    report: Option<Report>,
    /// The monitor will look, unasked.
    expected: bool,
}

impl Reports {
    /// Adds a report. True if the monitor has to be told to look.
    pub(super) fn add(&self, what: Reported, text: &str) -> bool {
        let mut state = unpoisoned(self.state.lock());
        if state.report.as_ref().is_none_or(|earlier| earlier.what < what) {
            state.report = Some(Report { what, text: told(text).into() });
        }
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
    use super::Reported::{Error, StartFailed};
    use super::*;

    fn taken(what: Reported, text: &str) -> Option<Report> {
        Some(Report { what, text: text.into() })
    }

    #[test]
    fn the_first_report_since_the_monitor_looked_counts() {
        let reports = Reports::default();
        assert!(reports.add(StartFailed, "first"));
        assert!(!reports.add(Error, "second"));
        assert_eq!(reports.take(), taken(StartFailed, "first"));
        assert!(!reports.add(Error, "third"), "it looks again by itself");
        assert_eq!(reports.take(), taken(Error, "third"));
        assert_eq!(reports.take(), None);
        assert!(reports.add(Error, "fourth"));
    }

    #[test]
    fn a_failed_start_outweighs_errors() {
        let reports = Reports::default();
        assert!(reports.add(Error, "first"));
        assert!(!reports.add(StartFailed, "second"));
        assert!(!reports.add(StartFailed, "third"));
        assert_eq!(reports.take(), taken(StartFailed, "second"));
    }

    #[test]
    fn a_loop_of_reports_is_as_much_as_one() {
        let reports = Reports::default();
        let long = "x".repeat(1 << 20);
        let told = (0..1000).filter(|_| reports.add(Error, &long)).count();
        assert_eq!(told, 1);
        assert_eq!(reports.take(), taken(Error, &long[..255]));
    }
}
