//! Promise 2: at any instant at most one session of a stream is let through, and the verdicts of
//! a stream only rise.

use crate::rig::*;
use changeover::{Config, Engine, Error, Failback, Flags, Input, InputHandle, Verdict};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Duration;

/// What a host does with a verdict: one lock, and smaller numbers than the last are discarded.
#[derive(Default)]
struct Output {
    last: u64,
    /// Which source wrote under which number.
    writers: BTreeMap<u64, u64>,
    packets: u64,
}

impl Output {
    fn write(&mut self, verdict: Verdict, source: u64) {
        if verdict.number() < self.last {
            return;
        }
        self.last = verdict.number();
        self.packets += 1;
        let writer = *self.writers.entry(self.last).or_insert(source);
        assert_eq!(writer, source, "two sources under number {}", self.last);
    }
}

/// Checks every verdict against those that any thread got before.
#[derive(Default)]
struct Watch {
    newest: AtomicU64,
    output: Mutex<Output>,
}

impl Watch {
    fn record(&self, input: &mut InputHandle, source: u64) -> Verdict {
        let before = self.newest.load(Ordering::SeqCst);
        let verdict = input.record(1, Flags::NONE);
        if verdict.forward() {
            // Whoever saw the gate at `before` saw this session shut out.
            assert!(verdict.number() >= before, "{verdict:?} after {before}");
            self.newest.fetch_max(verdict.number(), Ordering::SeqCst);
            self.output.lock().unwrap().write(verdict, source);
        }
        verdict
    }
}

fn config() -> Config {
    let far = Duration::from_secs(60);
    Config::new().packet_timeout(far).connect_timeout(far).failback(Failback::Manual)
}

#[test]
fn sources_never_interleave_whatever_is_switched() {
    let engine = Engine::builder().defaults(config()).build().unwrap();
    let inputs = (0..3).map(|p| Input::new(p, "x").hot()).collect();
    engine.register("s", "", inputs, Config::new()).unwrap();
    let (watch, over) = (Watch::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for priority in 0..3 {
            let mut input = engine.open_input("s", priority, 0).unwrap();
            let (watch, over) = (&watch, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    for _ in 0..50 {
                        let _ = watch.record(&mut input, priority as u64);
                    }
                    // There may be fewer processors than threads.
                    std::thread::yield_now();
                }
            });
        }
        for step in 0..200 {
            let seen = || watch.newest.load(Ordering::SeqCst);
            let before = seen();
            let active = engine.runtime_status("s").unwrap().active_input_priority;
            // A degraded one recovers by its own packets, soon.
            let moved = match step % 4 {
                3 => engine.report_input_error("s", active, "planted"),
                _ => engine.switch_input("s", (active + 1 + step % 2) % 3),
            };
            if moved.is_ok() {
                eventually("a packet under the new number", || (seen() > before).then_some(()));
            }
            take_all(&engine);
        }
        over.store(true, Ordering::Relaxed);
    });
    let output = watch.output.into_inner().unwrap();
    let numbers = engine.runtime_status("s").unwrap().switch_number;
    println!("measured: {numbers} moves of the gate, {} packets written", output.packets);
    assert!(output.writers.len() > 50, "few switches: {}", output.writers.len());
}

#[test]
fn an_old_session_is_shut_out_when_the_call_returns() {
    let engine = Engine::builder().defaults(config()).build().unwrap();
    engine.register("s", "", vec![Input::new(0, "x")], Config::new()).unwrap();
    let session = || engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    let (watch, over) = (Watch::default(), AtomicBool::new(false));
    let newest = AtomicU64::new(session());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let (engine, watch, over, newest) = (&engine, &watch, &over, &newest);
            scope.spawn(move || {
                let mut olds: Vec<InputHandle> = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let current = newest.load(Ordering::SeqCst);
                    // Stale, if it was replaced meanwhile.
                    olds.extend(engine.open_input("s", 0, current));
                    let drop = olds.len().saturating_sub(5);
                    olds.drain(..drop);
                    for _ in 0..100 {
                        for input in &mut olds {
                            let current = newest.load(Ordering::SeqCst);
                            let mine = input.session();
                            let verdict = watch.record(input, mine);
                            assert!(!verdict.forward() || mine >= current, "an old session");
                        }
                    }
                    std::thread::yield_now();
                }
            });
        }
        for n in 0..100 {
            let before = watch.newest.load(Ordering::SeqCst);
            engine.update_buffer_write_id("s", &format!("b{n}")).unwrap();
            newest.store(session(), Ordering::SeqCst);
            eventually("a packet of the new session", || {
                (watch.newest.load(Ordering::SeqCst) > before).then_some(())
            });
            take_all(&engine);
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(watch.output.into_inner().unwrap().writers.len() >= 100);
}

/// One after another registers the same stream, each from a number above all that the one before may
/// reach. Those before are not told, and go on.
#[test]
fn whoever_discards_smaller_numbers_discards_an_engine_that_was_replaced() {
    let engines = [7 << 20, 8 << 20, 1 << 57].map(|first_switch| {
        let engine = Engine::builder().defaults(config()).build().unwrap();
        let inputs = (0..2).map(|priority| Input::new(priority, "x").hot()).collect();
        engine.register_from("s", "", inputs, Config::new(), first_switch).unwrap();
        assert_eq!(engine.runtime_status("s").unwrap().switch_number, first_switch);
        (engine, first_switch)
    });
    let mut output = Output::default();
    for (at, (engine, first_switch)) in engines.iter().enumerate() {
        let mut input = engine.open_input("s", 0, 0).unwrap();
        let verdict = input.record(1, Flags::NONE);
        assert_eq!(verdict.number(), *first_switch);
        output.write(verdict, at as u64);
        assert_eq!((output.last, output.packets), (*first_switch, at as u64 + 1));
        for (replaced, _) in &engines[..at] {
            // It switches, even, and is discarded none the less.
            replaced.report_input_error("s", 0, "planted").unwrap();
            for priority in 0..2 {
                let verdict = replaced.record_packet("s", priority, 1, Flags::NONE).unwrap();
                output.write(verdict, u64::MAX);
            }
            assert!(replaced.runtime_status("s").unwrap().switch_number < *first_switch);
        }
        assert_eq!((output.last, output.packets), (*first_switch, at as u64 + 1));
    }
    let (engine, _) = &engines[0];
    let refused = engine.register_from("t", "", Vec::new(), Config::new(), (1 << 57) + 1);
    assert_eq!(refused, Err(Error::FirstSwitch));
    assert!(!engine.is_registered("t"));
}
