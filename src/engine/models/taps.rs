//! A reader of the taps sees the events in order, counts what it missed, and never sleeps over one.

use super::*;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The taps of an engine, one reader with so many events kept for it, and where it begins.
fn opened(keep: usize) -> (Publisher, Follower) {
    let taps = Arc::new(Taps::default());
    let mut publisher = Publisher::new(taps.clone());
    let reader = Arc::new(Reader::new().unwrap());
    let (_, next) = publisher.open(reader.clone(), keep, None);
    (publisher, Follower::new(taps, reader, next))
}

fn publish(publisher: &mut Publisher, registration: u64) {
    publisher.publish(&event(registration));
    publisher.wake();
}

fn is_readable(descriptor: BorrowedFd<'_>) -> bool {
    let mut poll = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd, no waiting.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

/// Sleeps as a reader does: until somebody wakes it. (A model checker gives up one that nobody wakes.)
fn sleep(reader: &Reader) {
    while !is_readable(reader.descriptor()) {
        thread::yield_now();
    }
}

/// What a reader sees to the end: how many it missed, and the numbers of events.
fn follow_to_the_end(mut follower: Follower) -> (u64, Vec<u64>) {
    let (mut missed, mut seen) = (0, Vec::new());
    loop {
        match follower.follow(Some(Instant::now())) {
            Followed::Event(before, event) => {
                missed += before;
                seen.push(event.number);
            }
            Followed::TimedOut => sleep(follower.reader()),
            Followed::Ended => return (missed, seen),
        }
    }
}

#[test]
pub(super) fn a_reader_sees_each_event_in_order_and_then_the_end() {
    check(3, || {
        let (mut publisher, follower) = opened(4);
        let reader = thread::spawn(|| follow_to_the_end(follower));
        publish(&mut publisher, 1);
        publish(&mut publisher, 2);
        publisher.end();
        assert_eq!(reader.join().unwrap(), (0, vec![1, 2]));
    });
}

#[test]
pub(super) fn what_a_slow_reader_missed_is_counted() {
    check(2, || {
        let (mut publisher, follower) = opened(1);
        let reader = thread::spawn(|| follow_to_the_end(follower));
        (1..=3).for_each(|n| publish(&mut publisher, n));
        publisher.end();
        let (missed, seen) = reader.join().unwrap();
        assert_eq!(missed + seen.len() as u64, 3, "{missed} missed, {seen:?}");
        assert!(seen.is_sorted() && seen.last() == Some(&3), "{seen:?}");
    });
}

#[test]
pub(super) fn a_ring_that_grows_loses_nothing_for_who_follows() {
    check(2, || {
        let (mut publisher, follower) = opened(2);
        let reader = thread::spawn(|| follow_to_the_end(follower));
        publish(&mut publisher, 1);
        let other = Arc::new(Reader::new().unwrap());
        let (place, next) = publisher.open(other, 4, Some(0));
        assert_eq!(next, 1, "it begins with what is kept");
        publish(&mut publisher, 2);
        publisher.close(place);
        publisher.end();
        assert_eq!(reader.join().unwrap(), (0, vec![1, 2]));
    });
}

#[test]
pub(super) fn two_readers_are_both_woken() {
    check(1, || {
        let taps = Arc::new(Taps::default());
        let mut publisher = Publisher::new(taps.clone());
        let readers = [(); 2].map(|()| {
            let reader = Arc::new(Reader::new().unwrap());
            let (_, next) = publisher.open(reader.clone(), 2, None);
            let follower = Follower::new(taps.clone(), reader, next);
            thread::spawn(|| follow_to_the_end(follower))
        });
        publish(&mut publisher, 1);
        publisher.end();
        readers.into_iter().for_each(|reader| assert_eq!(reader.join().unwrap(), (0, vec![1])));
    });
}

/// It goes to sleep on what it saw before it said that it would.
#[test]
fn twin_a_reader_does_not_look_once_more() {
    fails(|| {
        check(3, || {
            let (mut publisher, mut follower) = opened(2);
            let reader = thread::spawn(move || loop {
                match follower.take() {
                    Some(event) => return event.number,
                    None => {
                        follower.reader().prepare_to_wait();
                        sleep(follower.reader());
                    }
                }
            });
            publish(&mut publisher, 1);
            assert_eq!(reader.join().unwrap(), 1);
        });
    });
}

/// There is one more event after what says that there are none.
#[test]
fn twin_the_end_is_told_before_the_last_event() {
    fails(|| {
        check(3, || {
            let (mut publisher, follower) = opened(2);
            let reader = thread::spawn(|| follow_to_the_end(follower));
            publish(&mut publisher, 1);
            publisher.end();
            publish(&mut publisher, 2);
            assert_eq!(reader.join().unwrap(), (0, vec![1, 2]));
        });
    });
}
