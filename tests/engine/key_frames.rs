//! Rule 23 and promise 9: a planned switch commits on the target's key frame, on the thread that
//! records it, and until then the old session is on air.

use crate::rig::*;
use changeover::{
    Commit, Config, Engine, Failback, Flags, Input, InputHandle, Verdict, FIRST_SWITCH_MAX,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: Flags = Flags::from_bits(5);

fn config() -> Config {
    let far = Duration::from_secs(60);
    let config = Config::new().packet_timeout(far).connect_timeout(far).failback(Failback::Manual);
    config.commit(Commit::KeyFrame).key_wait(far).measure_window(far)
}

/// Inputs 0 and 1, hot and open; 0 is on air and has sent a key frame. Switch numbers are as large as they
/// may be: they share a word with what makes a packet matter.
fn two_inputs() -> (Engine, [InputHandle; 2]) {
    let engine = Engine::builder().defaults(config()).build().unwrap();
    let inputs = (0..2).map(|priority| Input::new(priority, "x").hot()).collect();
    engine.register_from("s", "", inputs, Config::new(), FIRST_SWITCH_MAX).unwrap();
    let mut open = [0, 1].map(|priority| engine.open_input("s", priority, 0).unwrap());
    for input in &mut open {
        let _ = input.record(1, KEY);
    }
    eventually("input 0 on air", || {
        let status = engine.runtime_status("s").unwrap();
        (status.inputs[0].status == changeover::Status::Active).then_some(())
    });
    (engine, open)
}

#[test]
fn the_key_frame_itself_is_the_first_admitted() {
    let (engine, [mut old, mut new]) = two_inputs();
    let before = old.record(1, Flags::VIDEO);
    engine.switch_input("s", 1).unwrap();
    for flags in [Flags::VIDEO, Flags::NONE, Flags::KEY, Flags::AUDIO | Flags::KEY] {
        assert_eq!(new.record(1, flags), Verdict::DROP, "{flags:?}");
        assert_eq!(old.record(1, flags), before, "the old one is on air until then");
    }
    let status = engine.runtime_status("s").unwrap();
    assert_eq!((status.active_input_priority, status.pending_input_priority), (0, Some(1)));
    let verdict = new.record(1, KEY);
    assert!(verdict.number() > before.number());
    // At once, and before anybody else has heard of it.
    assert_eq!(old.record(1, KEY), Verdict::DROP);
    assert_eq!(new.record(1, Flags::NONE), verdict);
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    assert_eq!((status.active_input_priority, status.pending_input_priority), (1, None));
    assert_eq!(status.switch_number, verdict.number());
    assert_eq!(status.switches.last().unwrap().number, verdict.number());
}

#[test]
fn by_id_it_commits_too_from_any_thread() {
    let (engine, [mut old, _new]) = two_inputs();
    // The input's first cell is another thread's.
    std::thread::scope(|scope| {
        scope.spawn(|| engine.record_packet("s", 1, 1, Flags::NONE).unwrap());
    });
    let before = old.record(1, Flags::VIDEO);
    engine.switch_input("s", 1).unwrap();
    assert_eq!(engine.record_packet("s", 1, 1, Flags::VIDEO).unwrap(), Verdict::DROP);
    let verdict = engine.record_packet("s", 1, 1, KEY).unwrap();
    assert!(verdict.number() > before.number());
    assert_eq!(old.record(1, KEY), Verdict::DROP);
}

#[test]
fn a_batch_commits_on_its_first_packet_or_says_where() {
    let (engine, [mut old, mut new]) = two_inputs();
    engine.switch_input("s", 1).unwrap();
    let late = [(1, Flags::VIDEO), (1, Flags::AUDIO), (1, KEY), (1, Flags::VIDEO), (1, KEY)];
    assert_eq!(new.record_batch(late), Verdict::DROP, "packets before the key frame");
    assert_eq!(new.record_batch_from([(1, Flags::VIDEO); 2]), (Verdict::DROP, 0));
    let (verdict, from) = new.record_batch_from(late);
    assert!(verdict.forward());
    assert_eq!(from, 2);
    assert_eq!(new.record_batch_from(late), (verdict, 0), "all of the next one");
    assert_eq!(old.record(1, KEY), Verdict::DROP);
    engine.sync(PATIENCE).unwrap();
    engine.switch_input("s", 0).unwrap();
    assert!(old.record_batch([(1, KEY), (1, Flags::VIDEO)]).number() > verdict.number());
}

/// The target's first packet wakes the monitor, which decides something of the stream just when its key
/// frame comes.
#[test]
fn no_key_frame_is_lost_to_what_is_decided_meanwhile() {
    let (engine, mut inputs) = two_inputs();
    let mut target = 1;
    for round in 0..1000_u32 {
        engine.switch_input("s", target).unwrap();
        let new = &mut inputs[target as usize];
        assert_eq!(new.record(1, Flags::VIDEO), Verdict::DROP);
        // The monitor finds it within two ticks.
        let until = Instant::now() + Duration::from_micros(u64::from(round % 200 * 10));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        assert!(new.record(1, KEY).forward(), "round {round}: its key frame is let through");
        engine.sync(PATIENCE).unwrap();
        take_all(&engine);
        target = 1 - target;
    }
}

#[test]
fn a_handle_opened_meanwhile_may_commit() {
    let (engine, [mut old, _new]) = two_inputs();
    engine.switch_input("s", 1).unwrap();
    let mut late = engine.open_input("s", 1, 0).unwrap();
    assert_eq!(late.record(1, Flags::VIDEO), Verdict::DROP);
    let verdict = late.record(1, KEY);
    assert!(verdict.forward());
    // It is closed before the monitor has looked.
    drop(late);
    engine.sync(PATIENCE).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().active_input_priority, 1);
    assert_eq!(old.record(1, KEY), Verdict::DROP);
}

#[test]
fn what_is_abandoned_can_not_be_taken() {
    let (engine, [mut old, mut new]) = two_inputs();
    engine.switch_input("s", 1).unwrap();
    engine.clear_override("s").unwrap();
    assert_eq!(new.record(1, KEY), Verdict::DROP);
    let on_air = old.record(1, Flags::VIDEO);
    assert!(on_air.forward(), "and it shuts nobody out");
    engine.switch_input("s", 1).unwrap();
    let verdict = new.record(1, KEY);
    assert!(verdict.number() > on_air.number() + 1, "its number is not used again");
    engine.unregister("s").unwrap();
    assert_eq!([&mut old, &mut new].map(|input| input.record(1, KEY)), [Verdict::DROP; 2]);
}

/// Two sources with a key frame now and then, while an operator changes his mind as fast as he can:
/// at any instant one is admitted, numbers rise, and under each new number a key frame comes first.
#[test]
fn whatever_is_decided_meanwhile_each_number_begins_with_its_key_frame() {
    let (engine, inputs) = two_inputs();
    let (newest, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let committed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for mut input in inputs {
            let (newest, over, committed) = (&newest, &over, &committed);
            scope.spawn(move || {
                let mut last = Verdict::DROP;
                let mut packets = 0_u32;
                while !over.load(Ordering::Relaxed) {
                    packets += 1;
                    let flags = if packets.is_multiple_of(7) { KEY } else { Flags::VIDEO };
                    let before = newest.load(Ordering::SeqCst);
                    let verdict = input.record(1, flags);
                    if verdict.forward() {
                        assert!(verdict.number() >= before, "{verdict:?} after {before}");
                        newest.fetch_max(verdict.number(), Ordering::SeqCst);
                        if verdict != last && last.forward() {
                            assert_eq!(flags, KEY, "{verdict:?} began without one");
                            committed.fetch_add(1, Ordering::Relaxed);
                        }
                        last = verdict;
                    }
                    if packets.is_multiple_of(20) {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut step = 0;
        eventually("a hundred switches", || {
            for _ in 0..20 {
                step += 1;
                match step % 3 {
                    0 => engine.clear_override("s").unwrap(),
                    odd => engine.switch_input("s", odd - 1).unwrap(),
                }
            }
            take_all(&engine);
            (committed.load(Ordering::Relaxed) >= 100).then_some(())
        });
        over.store(true, Ordering::Relaxed);
    });
    engine.sync(PATIENCE).unwrap();
    let status = engine.runtime_status("s").unwrap();
    let numbers: Vec<_> = status.switches.iter().map(|switch| switch.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&status.switch_number), "each that was taken was told");
    assert_eq!(newest.load(Ordering::SeqCst), status.switch_number);
}
