//! What a thread reports through a handle is decided before its next call.

use super::*;
use channel::{Receiver, Sender};

/// What threads post to the monitor.
enum Task {
    /// To look at the handle's reports.
    Look,
    /// A call, after the same thread's report of this number.
    Call(u64),
}

/// What the threads that have a handle share with the monitor.
#[derive(Default)]
struct Handle {
    reports: Reports,
    again: ReportedAgain,
}

impl Handle {
    /// As `InputHandle::report`, and a call.
    fn report_and_call(&self, what: Reported, number: u64, tasks: &Sender<Task>) {
        if let Some(asking) = self.reports.add(what, &number.to_string()) {
            assert!(tasks.send(Task::Look).is_ok());
            self.reports.asked(asking);
        } else {
            self.again.tell();
        }
        assert!(tasks.send(Task::Call(number)).is_ok());
    }

    /// As `Monitor::carry_on` until nobody can post any more.
    fn carry_on(&self, tasks: &Receiver<Task>) {
        let mut looks_again = false;
        while let Ok(task) = tasks.recv() {
            if self.again.was_told() && looks_again {
                looks_again = self.reports.take().is_some();
            }
            match task {
                Task::Look => looks_again |= self.reports.take().is_some(),
                Task::Call(number) => assert!(!self.reports.has(number), "undecided: {number}"),
            }
        }
    }
}

/// Reports these numbers.
fn on_a_thread(
    handle: &Arc<Handle>,
    what: Reported,
    numbers: std::ops::Range<u64>,
    tasks: &Sender<Task>,
) -> thread::JoinHandle<()> {
    let (handle, tasks) = (handle.clone(), tasks.clone());
    thread::spawn(move || numbers.for_each(|n| handle.report_and_call(what, n, &tasks)))
}

#[test]
fn a_report_is_decided_before_the_same_threads_next_call() {
    check(3, || {
        let (handle, (sender, tasks)) = (Arc::new(Handle::default()), channel::unbounded());
        let reporter = on_a_thread(&handle, Reported::Error, 0..3, &sender);
        drop(sender);
        handle.carry_on(&tasks);
        reporter.join().unwrap();
    });
}

#[test]
fn threads_that_share_a_handle_do_not_rely_on_each_other() {
    check(2, || {
        let (handle, (sender, tasks)) = (Arc::new(Handle::default()), channel::unbounded());
        // What the second one reports outweighs what the first one does.
        let first = on_a_thread(&handle, Reported::Error, 0..1, &sender);
        let second = on_a_thread(&handle, Reported::StartFailed, 1..2, &sender);
        drop(sender);
        handle.carry_on(&tasks);
        [first, second].into_iter().for_each(|reporter| reporter.join().unwrap());
    });
}

/// One thread relies on another to ask, which is held up before it does.
#[test]
fn twin_who_reports_second_relies_on_the_first() {
    fails(|| {
        check(2, || {
            let (handle, (sender, tasks)) = (Arc::new(Handle::default()), channel::unbounded());
            let first = {
                let (handle, sender) = (handle.clone(), sender.clone());
                thread::spawn(move || {
                    // Said before it is done.
                    if let Some(asking) = handle.reports.add(Reported::Error, "0") {
                        handle.reports.asked(asking);
                        assert!(sender.send(Task::Look).is_ok());
                    }
                })
            };
            let second = on_a_thread(&handle, Reported::StartFailed, 1..2, &sender);
            drop(sender);
            handle.carry_on(&tasks);
            first.join().unwrap();
            second.join().unwrap();
        });
    });
}
