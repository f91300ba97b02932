//! What is known of the monitor's life, and its sleep.

use super::super::monitor::Inbox;
use super::*;

#[test]
pub(super) fn a_task_that_is_posted_is_taken_though_the_monitor_goes_to_sleep() {
    check(2, || {
        let shared = Arc::new(Shared::new(Router::new().shared()));
        let (address, inbox) = Inbox::new(shared.clone());
        // It would sleep for ever. (Nobody waits for it: it has to wait for nothing but tasks.)
        let monitor = thread::spawn(move || {
            (0..2).for_each(|_| drop(inbox.wait(None).expect("a task")));
            assert!(inbox.take().is_none());
            assert_eq!(shared.pulse.late(u64::MAX - 1), 0, "nothing is left to do");
        });
        let mailbox = address.at(monitor.thread().clone());
        let other = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.post(|_| ()))
        };
        mailbox.post(|_| ());
        other.join().unwrap();
    });
}

/// The monitor is woken, and then the task is sent.
#[test]
fn twin_a_task_is_sent_after_the_monitor_was_woken() {
    fails(|| {
        check(2, || {
            let (tasks, inbox) = channel::unbounded();
            let monitor = thread::current();
            let poster = thread::spawn(move || {
                monitor.unpark();
                tasks.send(()).unwrap();
            });
            while inbox.try_recv().is_err() {
                thread::park();
            }
            poster.join().unwrap();
        });
    });
}

#[test]
pub(super) fn a_thread_that_waits_for_its_release_ends() {
    check(3, || {
        let pulse = Arc::new(Pulse::default());
        let waiter = {
            let pulse = pulse.clone();
            thread::spawn(move || pulse.wait_for_release())
        };
        pulse.release();
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

/// It is woken, and then released.
#[test]
fn twin_a_thread_is_woken_before_its_release() {
    fails(|| {
        check(3, || {
            let pulse = Arc::new(Pulse::default());
            let waiter = {
                let pulse = pulse.clone();
                thread::spawn(move || pulse.wait_for_release())
            };
            waiter.thread().unpark();
            pulse.release();
            waiter.join().unwrap();
        });
    });
}

#[test]
pub(super) fn whoever_sees_that_an_engine_has_ended_learns_why() {
    check(3, || {
        let shared = Arc::new(Shared::new(Router::new().shared()));
        let asker = {
            let shared = shared.clone();
            thread::spawn(move || {
                assert!(!shared.is_closed() || shared.ended() == Error::MonitorDied);
            })
        };
        // As the monitor does that meets a bug.
        shared.pulse.die();
        shared.close();
        asker.join().unwrap();
    });
}
