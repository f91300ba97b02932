//! The event descriptor is readable exactly while events wait; several pollers share the queue.

use crate::rig::*;
use changeover::{Config, Engine, Error, EventKind, Input};
use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Mutex;
use std::time::Duration;

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

/// Whether it becomes readable within the time.
fn readable(fd: BorrowedFd<'_>, within: Duration) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd.
    let ready = unsafe { libc::poll(&mut poll, 1, within.as_millis() as i32) };
    ready == 1 && poll.revents == libc::POLLIN
}

#[test]
fn readable_exactly_while_events_wait() {
    let engine = Engine::new().unwrap();
    let fd = engine.event_fd().unwrap();
    assert!(!readable(fd, Duration::ZERO));
    for n in 0..20 {
        let id = n.to_string();
        engine.register(&id, "", inputs(), Config::new()).unwrap();
        let mut taken = 0;
        while readable(fd, Duration::ZERO) {
            assert!(engine.next_event(Duration::ZERO).unwrap().is_some(), "readable, and empty");
            taken += 1;
        }
        assert!(engine.next_event(Duration::ZERO).unwrap().is_none(), "an event, and not readable");
        assert_eq!(taken, 3);
    }
    // What vanishes is not there to be read: two starts with their stops, one probe.
    engine.update_buffer_write_id("0", "b").unwrap();
    while engine.next_event(Duration::ZERO).unwrap().is_some() {}
    assert!(!readable(fd, Duration::ZERO));
}

#[test]
fn an_epoll_loop_misses_nothing() {
    const STREAMS: usize = 300;
    let engine = Engine::new().unwrap();
    // SAFETY: integers only; the descriptor is closed below.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    assert!(epoll >= 0);
    let fd = engine.event_fd().unwrap().as_raw_fd();
    // Edge-triggered is the harder case: an event too few would hang it.
    let mut interest = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: 7 };
    // SAFETY: valid descriptors and a valid event.
    assert_eq!(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut interest) }, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..STREAMS {
                engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
            }
        });
        let mut events = 0;
        while events < 3 * STREAMS {
            let mut ready = libc::epoll_event { events: 0, u64: 0 };
            let patience = PATIENCE.as_millis() as i32;
            // SAFETY: room for one event.
            let n = unsafe { libc::epoll_wait(epoll, &mut ready, 1, patience) };
            assert_eq!((n, { ready.u64 }), (1, 7), "after {events} events");
            events += take_all(&engine).len();
        }
    });
    // SAFETY: ours, and not used any more.
    unsafe { libc::close(epoll) };
}

#[test]
fn shutdown_makes_it_readable_for_ever() {
    let engine = Engine::new().unwrap();
    let fd = engine.event_fd().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| readable(fd, PATIENCE));
        engine.shutdown().unwrap();
        assert!(waiting.join().unwrap());
    });
    for _ in 0..3 {
        assert!(readable(fd, Duration::ZERO));
        assert_eq!(engine.next_event(PATIENCE).unwrap_err(), Error::ShutDown);
    }
}

#[test]
fn several_pollers_share_the_queue() {
    const STREAMS: usize = 300;
    // Nothing may time out on a slow machine: that would be more events.
    let far = Duration::from_secs(3600);
    let config = Config::new().packet_timeout(far).connect_timeout(far);
    let engine = Engine::builder().defaults(config).build().unwrap();
    let taken = Mutex::new((Vec::new(), BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| loop {
                match engine.next_event(Duration::MAX) {
                    Ok(event) => {
                        let event = event.expect("it waits for ever");
                        let mut taken = taken.lock().unwrap();
                        if let EventKind::Start(start) = &event.kind {
                            assert!(taken.1.insert(start.session), "taken twice");
                        }
                        taken.0.push(event);
                    }
                    Err(error) => return assert_eq!(error, Error::ShutDown),
                }
            });
        }
        for n in 0..STREAMS {
            engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
        }
        eventually("all are taken", || {
            (taken.lock().unwrap().0.len() == 3 * STREAMS).then_some(())
        });
        engine.shutdown().unwrap();
    });
    let (events, started) = taken.into_inner().unwrap();
    // The engine's end stopped what had been started, once each.
    let stops = events.iter().filter_map(|event| match &event.kind {
        EventKind::Stop(stop) => Some(stop.session),
        _ => None,
    });
    let stopped: BTreeSet<_> = stops.clone().collect();
    assert_eq!((stops.count(), stopped), (2 * STREAMS, started));
}
