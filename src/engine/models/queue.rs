//! Whoever waits for an event gets one, and each is taken once.

use super::*;

/// Takes until the queue is closed: the registrations of the events.
fn take_to_the_end(queue: &Queue) -> Vec<u64> {
    let mut taken = Vec::new();
    loop {
        match queue.pop(None) {
            Popped::Item(Item::Event(event)) => taken.push(event.registration),
            Popped::Closed => return taken,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_event_is_taken_once_by_takers_that_wait() {
    check(2, || {
        let queue = Arc::new(Queue::new(8).unwrap());
        let takers = [(); 2].map(|()| {
            let queue = queue.clone();
            thread::spawn(move || take_to_the_end(&queue))
        });
        let mut writer = queue.write();
        writer.push(event(1));
        writer.push(event(2));
        drop(writer);
        queue.write().push(event(3));
        queue.close();
        let mut taken: Vec<u64> =
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
        taken.sort_unstable();
        assert_eq!(taken, [1, 2, 3]);
    });
}

#[test]
fn takers_that_wait_are_woken_without_the_end() {
    check(3, || {
        let queue = Arc::new(Queue::new(8).unwrap());
        let takers = [(); 2].map(|()| {
            let queue = queue.clone();
            thread::spawn(move || {
                let taken = queue.pop(None);
                assert!(matches!(taken, Popped::Item(Item::Event(_))), "{taken:?}");
            })
        });
        let mut writer = queue.write();
        writer.push(event(1));
        writer.push(event(2));
        drop(writer);
        takers.into_iter().for_each(|taker| taker.join().unwrap());
    });
}

/// One taker is woken for all that a writer adds.
#[test]
fn twin_a_writer_wakes_one_taker_for_two_events() {
    use crate::hot::sync::{Condvar, Mutex};

    fails(|| {
        check(3, || {
            let queue = Arc::new((Mutex::new(0), Condvar::new()));
            let takers = [(); 2].map(|()| {
                let queue = queue.clone();
                thread::spawn(move || {
                    let (items, filled) = &*queue;
                    let mut items = items.lock().unwrap();
                    while *items == 0 {
                        items = filled.wait(items).unwrap();
                    }
                    *items -= 1;
                })
            });
            let (items, filled) = &*queue;
            *items.lock().unwrap() += 2;
            filled.notify_one();
            takers.into_iter().for_each(|taker| taker.join().unwrap());
        });
    });
}
