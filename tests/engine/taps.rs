//! Readers that follow the events beside the host: each sees all of them, in order, or how many it
//! missed; and nobody waits for one.

use crate::rig::*;
use changeover::{Config, Engine, Error, EventKind, Input, Tap, TapOptions, Tapped, UserData};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn engine() -> Engine {
    Engine::builder().defaults(quick().connect_timeout(ms(60_000))).build().unwrap()
}

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

/// So many times a *stop* and a *start* of each input.
fn restart(engine: &Engine, times: usize) {
    static BUFFERS: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..times {
        let another = BUFFERS.fetch_add(1, Ordering::Relaxed).to_string();
        engine.update_buffer_write_id("s", &another).unwrap();
    }
}

fn rest(tap: &mut Tap) -> Vec<Tapped> {
    std::iter::from_fn(|| tap.next(Duration::ZERO).unwrap()).collect()
}

fn briefs(tapped: &[Tapped]) -> Vec<String> {
    story(tapped.iter().map(Tapped::event))
}

fn numbers(tapped: &[Tapped]) -> Vec<u64> {
    tapped.iter().map(Tapped::seq).collect()
}

#[test]
fn each_of_several_readers_sees_what_the_host_is_told_in_order() {
    let host = host();
    let mut taps = [(); 3].map(|()| host.engine.tap(TapOptions::new()).unwrap());
    on_air(&host, "s", hot(&[0, 1]));
    host.hush("s", 0);
    host.wait("active 1");
    host.engine.unregister("s").unwrap();
    host.wait("unregistered");
    let told = host.events();
    for tap in &mut taps {
        let seen = rest(tap);
        assert_eq!(briefs(&seen), story(&told));
        let stamps = |event: &changeover::Event| (event.at, event.wall, event.registration);
        let seen_stamps: Vec<_> = seen.iter().map(|one| stamps(one.event())).collect();
        assert_eq!(seen_stamps, told.iter().map(stamps).collect::<Vec<_>>());
        assert_eq!(numbers(&seen), (1..=told.len() as u64).collect::<Vec<_>>());
        assert!(seen.iter().all(|one| one.missed() == 0));
    }
}

#[test]
fn what_vanishes_from_the_queue_is_seen_nevertheless() {
    let engine = engine();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    engine.unregister("s").unwrap();
    assert_eq!(story(&take_all(&engine)), ["switched -1>0 initial", "unregistered"]);
    let seen = briefs(&rest(&mut tap));
    assert_eq!(seen, ["start 0", "switched -1>0 initial", "stop 0", "unregistered"]);
}

#[test]
fn a_reader_that_comes_late_sees_what_is_decided_from_then_on() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    assert!(tap.next(Duration::ZERO).unwrap().is_none());
    engine.unregister("s").unwrap();
    let seen = rest(&mut tap);
    assert_eq!(briefs(&seen), ["stop 0", "stop 1", "unregistered"]);
    assert_eq!(numbers(&seen), [4, 5, 6], "those before are numbered, too");
    assert_eq!(seen[0].missed(), 0);
}

#[test]
fn a_slow_reader_loses_the_oldest_and_learns_how_many() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let mut slow = engine.tap(TapOptions::new().keep(10)).unwrap();
    let mut eager = engine.tap(TapOptions::new().keep(10)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..100 {
        restart(&engine, 1);
        seen.extend(numbers(&rest(&mut eager)));
    }
    assert_eq!(seen, (4..404).collect::<Vec<_>>());
    let left = rest(&mut slow);
    assert_eq!(numbers(&left), (394..404).collect::<Vec<_>>());
    let missed: Vec<_> = left.iter().map(Tapped::missed).collect();
    assert_eq!(missed, [390, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_reader_goes_on_where_it_was() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let _other = engine.tap(TapOptions::new().keep(8)).unwrap();
    restart(&engine, 2);
    // Events 4 to 11.
    for (after, missed, first) in [(9, 0, 10), (3, 0, 4), (1, 2, 4), (0, 3, 4), (12, 0, 4)] {
        let mut tap = engine.tap(TapOptions::new().keep(1).after(after)).unwrap();
        let seen = rest(&mut tap);
        assert_eq!(numbers(&seen), (first..=11).collect::<Vec<_>>(), "after {after}");
        assert_eq!(seen[0].missed(), missed, "after {after}");
    }
    let mut none = engine.tap(TapOptions::new().after(11)).unwrap();
    assert!(none.next(Duration::ZERO).unwrap().is_none());
}

#[test]
fn what_nobody_followed_is_missed_and_counted() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    drop(engine.tap(TapOptions::new()).unwrap());
    engine.sync(PATIENCE).unwrap();
    restart(&engine, 1);
    let mut tap = engine.tap(TapOptions::new().after(3)).unwrap();
    assert!(tap.next(Duration::ZERO).unwrap().is_none());
    restart(&engine, 1);
    let seen = rest(&mut tap);
    assert_eq!((numbers(&seen), seen[0].missed()), (vec![8, 9, 10, 11], 4));
}

#[test]
fn who_wants_more_kept_finds_what_there_is() {
    let engine = engine();
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let mut small = engine.tap(TapOptions::new().keep(4)).unwrap();
    restart(&engine, 2);
    let mut large = engine.tap(TapOptions::new().keep(40).after(3)).unwrap();
    restart(&engine, 5);
    for tap in [&mut small, &mut large] {
        let seen = rest(tap);
        assert_eq!(numbers(&seen), (8..32).collect::<Vec<_>>());
        assert_eq!(seen[0].missed(), 4);
    }
}

#[test]
fn readers_that_wait_are_woken_by_events_and_by_the_end() {
    const ROUNDS: usize = 300;
    let engine = engine();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    let mut taps = [(); 4].map(|()| engine.tap(TapOptions::new()).unwrap());
    std::thread::scope(|scope| {
        let readers = taps.each_mut().map(|tap| {
            scope.spawn(move || {
                let mut seen = Vec::new();
                loop {
                    match tap.next(PATIENCE) {
                        Ok(Some(one)) => {
                            assert_eq!(one.missed(), 0);
                            seen.push(one.seq());
                        }
                        Ok(None) => panic!("never woken, after {}", seen.len()),
                        Err(error) => return (seen, error),
                    }
                }
            })
        });
        restart(&engine, ROUNDS);
        engine.shutdown().unwrap();
        for reader in readers {
            let (seen, error) = reader.join().unwrap();
            // Each round a stop and a start; the last stop and the end of the registration.
            assert_eq!(seen, (3..3 + 2 * ROUNDS as u64 + 2).collect::<Vec<_>>());
            assert_eq!(error, Error::ShutDown);
        }
    });
    drop(engine);
    assert_eq!(taps[0].next(PATIENCE).unwrap_err(), Error::ShutDown);
}

#[test]
fn no_event_slips_in_before_a_reader_waits() {
    const ROUNDS: usize = 1_000;
    let engine = engine();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    let (take, taken) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(1);
            for _ in 0..ROUNDS {
                // Now and then it looks just when they come.
                let until = Instant::now() + Duration::from_micros(random.u64(..60));
                while Instant::now() < until {}
                for _ in 0..2 {
                    tap.next(PATIENCE).unwrap().expect("it is woken");
                }
                take.send(()).unwrap();
            }
        });
        for _ in 0..ROUNDS {
            // A stop and a start, and no other event wakes it.
            restart(&engine, 1);
            taken.recv().expect("the reader goes on");
        }
    });
}

#[test]
fn its_descriptor_is_readable_while_there_is_something_to_take() {
    let engine = engine();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    let readable = |tap: &Tap| {
        let fd = tap.event_fd().as_raw_fd();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    };
    assert!(rest(&mut tap).is_empty());
    assert!(!readable(&tap));
    for _ in 0..3 {
        restart(&engine, 1);
        for _ in 0..2 {
            assert!(readable(&tap));
            assert!(tap.next(Duration::ZERO).unwrap().is_some());
        }
        assert!(tap.next(Duration::ZERO).unwrap().is_none());
        assert!(!readable(&tap));
    }
    engine.shutdown().unwrap();
    assert_eq!(rest_until_the_end(&mut tap).len(), 2);
    assert!(readable(&tap), "so that whoever waits on it learns");
}

#[test]
fn a_reader_that_is_overtaken_while_it_reads_counts_each_event_once() {
    const ROUNDS: usize = 3_000;
    let engine = engine();
    engine.register("s", "", cold(&[0]), Config::new()).unwrap();
    let mut taps = [1, 1, 2].map(|keep| engine.tap(TapOptions::new().keep(keep)).unwrap());
    std::thread::scope(|scope| {
        let readers = taps.each_mut().map(|tap| {
            scope.spawn(move || {
                let mut next = 3;
                while let Ok(one) = tap.next(PATIENCE) {
                    let one = one.expect("woken");
                    assert_eq!(one.seq(), next + one.missed());
                    next = one.seq() + 1;
                }
                next
            })
        });
        restart(&engine, ROUNDS);
        engine.shutdown().unwrap();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 3 + 2 * ROUNDS as u64 + 2);
        }
    });
}

fn rest_until_the_end(tap: &mut Tap) -> Vec<Tapped> {
    let mut seen = Vec::new();
    while let Ok(one) = tap.next(Duration::ZERO) {
        seen.extend(one);
    }
    seen
}

#[test]
fn the_hosts_values_are_not_kept() {
    let value = Arc::new(());
    let engine = engine();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    let inputs = vec![Input::new(0, "a").with_user_data(UserData::new(value.clone()))];
    engine.register("s", "", inputs, Config::new()).unwrap();
    engine.unregister("s").unwrap();
    let told = take_all(&engine);
    drop(told);
    engine.sync(PATIENCE).unwrap();
    assert_eq!(Arc::strong_count(&value), 1);
    for one in rest(&mut tap) {
        match &one.event().kind {
            EventKind::Start(start) => assert_eq!(start.input.user_data(), None),
            EventKind::Stop(stop) => assert_eq!(stop.user_data, None),
            _ => {}
        }
    }
}

#[test]
fn an_event_as_json() {
    let engine = engine();
    let mut tap = engine.tap(TapOptions::new()).unwrap();
    let url = "rtmp://user:secret@cdn.example/live/secret?token=secret";
    let inputs = vec![Input::new(0, url).option("password", "secret"), Input::new(1, "file:b")];
    engine.register("a\"\n\u{202e}", "", inputs, Config::new()).unwrap();
    engine.report_input_error("a\"\n\u{202e}", 0, &format!("{url}: refused")).unwrap();
    let seen = rest(&mut tap);
    let lines: Vec<&str> = seen.iter().map(Tapped::json).collect();
    let parsed: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, one) in parsed.iter().zip(&seen) {
        assert_eq!(line["seq"], one.seq());
        assert_eq!(line["event"], one.event().kind.name());
        assert_eq!(line["stream"], "a\"\n\u{202e}");
        assert_eq!(line["engine_ns"], one.event().at);
        assert_eq!(*line, serde_json::to_value(one).unwrap());
    }
    let start = parsed.iter().find(|line| line["event"] == "start").unwrap();
    assert_eq!(start["url"], "rtmp://***@cdn.example/live/***?token=***");
    assert_eq!(start["start_reason"], "initial");
    let switched = parsed.iter().rfind(|line| line["event"] == "switched").unwrap();
    let known = [
        ("from", 0.into()),
        ("priority", 1.into()),
        ("reason", "error".into()),
        ("switch_number", 2.into()),
        ("detail", "rtmp://***@cdn.example/live/***?token=***: refused".into()),
    ];
    for (key, value) in known {
        let value: serde_json::Value = value;
        assert_eq!(switched[key], value, "{switched}");
    }
    assert!(switched["decision_ns"].is_u64(), "{switched}");
    for line in lines {
        assert!(!line.contains("secret") && !line.contains(['\n', '\u{202e}']), "{line}");
    }
}
