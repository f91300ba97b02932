//! Errors reported through a handle, on their way to the monitor.
//!
//! Hosts report in loops (`while read() < 0`). So a handle has at most one report on its way: those that
//! come before the monitor has looked are the same as one (rule 4c), but that a failed start outweighs
//! errors; and after it has looked it looks again in the next tick, not sooner.

use crate::core::told;
use crate::hot::sync::{AtomicBool, Mutex, Ordering};
use crate::poison::unpoisoned;

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
    look: Look,
    /// How often it was asked to look.
    asked: u64,
}

/// Whether the monitor will look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Look {
    #[default]
    Unasked,
    /// A thread is about to ask it. Others do not rely on that one, which may be held up.
    Asking(Asking),
    Coming,
}

/// A thread has to tell the monitor to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the monitor is to be told, and then this has to be said"]
pub(super) struct Asking(u64);

impl Reports {
    /// Adds a report. If the monitor has to be told to look, that: [`Reports::asked`] is to be called then.
    pub(super) fn add(&self, what: Reported, text: &str) -> Option<Asking> {
        let mut state = unpoisoned(self.state.lock());
        if state.report.as_ref().is_none_or(|earlier| earlier.what < what) {
            state.report = Some(Report { what, text: told(text).into() });
        }
        match state.look {
            Look::Unasked => {
                state.asked += 1;
                let asking = Asking(state.asked);
                state.look = Look::Asking(asking);
                Some(asking)
            }
            Look::Asking(asking) => Some(asking),
            Look::Coming => None,
        }
    }

    /// The monitor was told. (If it has looked meanwhile, it is known already whether it will again.)
    pub(super) fn asked(&self, asking: Asking) {
        let mut state = unpoisoned(self.state.lock());
        if state.look == Look::Asking(asking) {
            state.look = Look::Coming;
        }
    }

    /// The monitor looks. With nothing there, it has to be told of the next report.
    pub(super) fn take(&self) -> Option<Report> {
        let mut state = unpoisoned(self.state.lock());
        let report = state.report.take();
        state.look = if report.is_some() { Look::Coming } else { Look::Unasked };
        report
    }

    /// Whether the monitor has not seen yet what is reported by this number.
    #[cfg(all(test, any(loom, shuttle)))]
    pub(super) fn has(&self, number: u64) -> bool {
        let state = unpoisoned(self.state.lock());
        state.report.as_ref().is_some_and(|report| *report.text == number.to_string())
    }
}

/// Of a handle that the monitor will look at in the next tick, there is a report already.
#[derive(Debug, Default)]
pub(super) struct ReportedAgain(AtomicBool);

impl ReportedAgain {
    /// To be told after the report, and found before the reporting thread's next task is run: the
    /// mailbox orders that.
    pub(super) fn tell(&self) {
        if !self.0.load(Ordering::Relaxed) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Whether that was told since it was asked last. Then the monitor looks at each handle's reports.
    pub(super) fn was_told(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::Reported::{Error, StartFailed};
    use super::*;

    fn taken(what: Reported, text: &str) -> Option<Report> {
        Some(Report { what, text: text.into() })
    }

    /// Reports, and asks the monitor to look if need be: whether that was.
    fn report(reports: &Reports, what: Reported, text: &str) -> bool {
        let asking = reports.add(what, text);
        asking.into_iter().for_each(|asking| reports.asked(asking));
        asking.is_some()
    }

    #[test]
    fn the_first_report_since_the_monitor_looked_counts() {
        let reports = Reports::default();
        assert!(report(&reports, StartFailed, "first"));
        assert!(!report(&reports, Error, "second"));
        assert_eq!(reports.take(), taken(StartFailed, "first"));
        assert!(!report(&reports, Error, "third"), "it looks again by itself");
        assert_eq!(reports.take(), taken(Error, "third"));
        assert_eq!(reports.take(), None);
        assert!(report(&reports, Error, "fourth"));
    }

    #[test]
    fn a_failed_start_outweighs_errors() {
        let reports = Reports::default();
        assert!(report(&reports, Error, "first"));
        assert!(!report(&reports, StartFailed, "second"));
        assert!(!report(&reports, StartFailed, "third"));
        assert_eq!(reports.take(), taken(StartFailed, "second"));
    }

    #[test]
    fn a_loop_of_reports_is_as_much_as_one() {
        let reports = Reports::default();
        let long = "x".repeat(1 << 20);
        let told = (0..1000).filter(|_| report(&reports, Error, &long)).count();
        assert_eq!(told, 1);
        assert_eq!(reports.take(), taken(Error, &long[..255]));
    }

    /// Nobody relies on a thread that is held up before it asks; and what that one says later counts
    /// for nothing.
    #[test]
    fn of_two_threads_that_report_at_once_both_ask() {
        let reports = Reports::default();
        let held_up = reports.add(Error, "first").expect("it is the first");
        assert!(report(&reports, StartFailed, "second"), "the first has not asked yet");
        assert!(!report(&reports, StartFailed, "third"));
        assert_eq!(reports.take(), taken(StartFailed, "second"));
        assert_eq!(reports.take(), None);
        let asking = reports.add(Error, "fourth").expect("nobody else asks");
        reports.asked(held_up);
        assert!(reports.add(Error, "fifth").is_some(), "the fourth has not asked yet");
        reports.asked(asking);
        assert!(!report(&reports, Error, "sixth"));
    }
}
