//! Promise 4: silence is found never early, and late by at most one tick plus scheduling.

use crate::rig::*;
use changeover::{Config, Engine, Event, EventKind, Flags, Input, Notice, RuntimeStatus, Status};
use std::collections::HashMap;

const TIMEOUT: u64 = 200_000_000;
const STREAMS: usize = 300;

/// Engine time less real time: changes when the monitor stalled.
fn offset(engine: &Engine) -> i64 {
    let mut real = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid timespec for the call to fill in.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut real) };
    engine.now() as i64 - real.tv_sec * 1_000_000_000 - real.tv_nsec
}

/// Tries until no stall of the monitor (which moves deadlines) spoilt the measurement.
fn undisturbed(what: &str, measure: impl Fn(&Engine) -> Vec<(u64, u64, u64)>) {
    let timeout = std::time::Duration::from_nanos(TIMEOUT);
    let config = Config::new().packet_timeout(timeout).connect_timeout(timeout);
    for _ in 0..50 {
        let engine = Engine::builder().defaults(config.clone()).build().unwrap();
        let before = offset(&engine);
        let measured = measure(&engine);
        if before.abs_diff(offset(&engine)) < 1_000_000 {
            return judge(what, measured);
        }
    }
    panic!("the monitor stalls all the time");
}

/// The time from an instant before something, and from one after it, to its consequence.
fn judge(what: &str, mut measured: Vec<(u64, u64, u64)>) {
    for (before, _, at) in &measured {
        assert!(*at >= before + TIMEOUT, "early by {} ns", before + TIMEOUT - at);
    }
    let late = |(_, after, at): &(u64, u64, u64)| at.saturating_sub(after + TIMEOUT);
    measured.sort_by_key(late);
    let (median, worst) = (late(&measured[measured.len() / 2]), late(measured.last().unwrap()));
    println!("measured: {what} late by {} us (median), {} us (worst)", median / 1000, worst / 1000);
    // Generous: the machine may be busy.
    assert!(worst < 2_000_000_000);
}

#[test]
fn silence_is_found_never_early_and_in_time() {
    undisturbed("silence", |engine| {
        let mut handles = Vec::new();
        for n in 0..STREAMS {
            let id = n.to_string();
            engine.register(&id, "", vec![Input::new(0, "x")], Config::new()).unwrap();
            handles.push((id.clone(), engine.open_input(&id, 0, 0).unwrap()));
        }
        let mut last = HashMap::new();
        for (id, input) in &mut handles {
            // At many places within a tick.
            for _ in 0..30 {
                let before = engine.now();
                let _ = input.record(1, Flags::NONE);
                last.insert(id.clone(), (before, engine.now()));
            }
        }
        let mut measured = Vec::new();
        while measured.len() < STREAMS {
            let is_degraded =
                |e: &Event| matches!(e.kind, EventKind::Notice(Notice::Degraded { .. }));
            let event = take_until(engine, "degraded", is_degraded).pop().unwrap();
            let EventKind::Notice(Notice::Degraded { error, .. }) = &event.kind else {
                unreachable!()
            };
            assert!(error.detail.measured() >= error.detail.limit(), "{}", error.detail);
            let (before, after) = last[&*event.stream];
            measured.push((before, after, event.at));
        }
        measured
    });
}

#[test]
fn a_missing_first_packet_is_found_never_early_and_in_time() {
    undisturbed("a missing first packet", |engine| {
        let mut taken = HashMap::new();
        let mut measured = Vec::new();
        let mut take = |measured: &mut Vec<_>| {
            let before = engine.now();
            let Some(event) = engine.next_event(ms(0)).unwrap() else { return };
            if start_of(&event).is_some() {
                taken.insert(event.stream.clone(), (before, engine.now()));
            } else if let EventKind::Notice(Notice::Degraded { .. }) = event.kind {
                let (before, after) = taken[&event.stream];
                measured.push((before, after, event.at));
            }
        };
        for n in 0..STREAMS {
            engine.register(&n.to_string(), "", vec![Input::new(0, "x")], Config::new()).unwrap();
            (0..n % 5).for_each(|_| take(&mut measured));
        }
        eventually("all of them", || {
            (0..10).for_each(|_| take(&mut measured));
            (measured.len() == STREAMS).then_some(())
        });
        measured
    });
}

#[test]
fn a_handle_that_is_replaced_loses_no_sign_of_life() {
    undisturbed("silence after handles were replaced", |engine| {
        engine.register("s", "", vec![Input::new(0, "x")], Config::new()).unwrap();
        let session = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
        let (began, mut last) = (engine.now(), (0, 0));
        // Each handle records once and is closed; the last packet is of a closed one.
        while engine.now() < began + 3 * TIMEOUT {
            let mut input = engine.open_input("s", 0, session).unwrap();
            let before = engine.now();
            let _ = input.record(1, Flags::NONE);
            last = (before, engine.now());
        }
        let is_degraded = |e: &Event| matches!(e.kind, EventKind::Notice(Notice::Degraded { .. }));
        let event = take_until(engine, "degraded", is_degraded).pop().unwrap();
        vec![(last.0, last.1, event.at)]
    });
}

#[test]
fn a_state_not_looked_at_for_long_is_no_stall() {
    let stall = || {
        let engine =
            Engine::builder().defaults(Config::new().packet_timeout(ms(100))).build().unwrap();
        let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
        engine.register("s", "", inputs, Config::new()).unwrap();
        let [mut a, mut b] = [0, 1].map(|priority| engine.open_input("s", priority, 0).unwrap());
        let _ = a.record(1, Flags::NONE);
        let mut feed_b_until = |what, happened: &dyn Fn(&RuntimeStatus) -> bool| {
            eventually(what, || {
                let _ = b.record(1, Flags::NONE);
                happened(&engine.runtime_status("s").unwrap()).then_some(())
            });
        };
        feed_b_until("failover", &|status| status.active_input_priority == 1);
        // Longer than the timeout, and than what counts as a standstill.
        let began = engine.now();
        feed_b_until("time passed", &|_| engine.now() > began + nanos(ms(600)));
        let before = offset(&engine);
        eventually("recovery", || {
            let _ = a.record(1, Flags::NONE);
            let _ = b.record(1, Flags::NONE);
            let status = engine.runtime_status("s").unwrap();
            (status.inputs[0].status == Status::Idle).then_some(())
        });
        engine.sync(PATIENCE).unwrap();
        before.abs_diff(offset(&engine))
    };
    // On a busy machine there are some that are real.
    let least = (0..5).map(|_| stall()).min().unwrap();
    assert!(least < nanos(ms(1)), "{least} ns");
}
