//! Promise 3: counters are exact, also when several threads record the same input in every way
//! there is, and while handles come and go.

use crate::rig::*;
use changeover::{Config, Engine, Flags, Input, InputsUpdate};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn engine() -> Engine {
    let far = Duration::from_secs(60);
    let defaults = Config::new().packet_timeout(far).connect_timeout(far);
    Engine::builder().defaults(defaults).build().unwrap()
}

/// By id, where the first thread has a cell of its own and all others share one, and long enough for these to
/// meet in it.
#[test]
fn threads_that_share_a_cell_lose_nothing() {
    const PACKETS: u64 = 200_000;
    let engine = engine();
    engine.register("s", "", vec![Input::new(0, "x")], Config::new()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..PACKETS).for_each(|_| {
                    let _ = engine.record_packet("s", 0, 7, Flags::VIDEO).unwrap();
                });
            });
        }
    });
    let input = &engine.runtime_status("s").unwrap().inputs[0];
    let counted = (input.packets, input.bytes, input.video_packets);
    assert_eq!(counted, (4 * PACKETS, 4 * PACKETS * 7, 4 * PACKETS));
}

#[test]
fn no_packet_is_lost_or_counted_twice() {
    const ROUNDS: u64 = 300;
    let engine = engine();
    for stream in ["s", "other"] {
        engine.register(stream, "", vec![Input::new(0, "x")], Config::new()).unwrap();
    }
    let (recorded, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6u64)
            .map(|worker| {
                let (engine, recorded) = (&engine, &recorded);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let packets = (worker * 7 + round) % 50;
                        if worker < 3 {
                            (0..packets).for_each(|_| {
                                let _ = engine.record_packet("s", 0, 7, Flags::VIDEO).unwrap();
                            });
                        } else {
                            let mut input = engine.open_input("s", 0, 0).unwrap();
                            let batch = (0..packets % 5).map(|_| (7, Flags::VIDEO));
                            let _ = input.record_batch(batch.collect::<Vec<_>>());
                            (packets % 5..packets).for_each(|_| {
                                let _ = input.record(7, Flags::VIDEO);
                            });
                            input.record_lost(2);
                            // Its cell is the next handle's, perhaps of the other stream.
                            drop(input);
                        }
                        recorded.fetch_add(packets, Ordering::SeqCst);
                        let mut other = engine.open_input("other", 0, 0).unwrap();
                        let _ = other.record(1_000_000, Flags::KEY);
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = (0, 0, 0);
                while !over.load(Ordering::Relaxed) {
                    let before = recorded.load(Ordering::SeqCst);
                    let input = &engine.runtime_status("s").unwrap().inputs[0];
                    let now = (input.packets, input.bytes, input.lost_packets);
                    // And at most what the writers' rounds under way come to.
                    let after = recorded.load(Ordering::SeqCst) + 6 * 50;
                    let all = before..=after;
                    assert!(all.contains(&now.0), "{now:?}, recorded: {all:?}");
                    let all = before * 7..=after * 7;
                    assert!(all.contains(&now.1), "{now:?}, bytes: {all:?}");
                    assert!(now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2);
                    assert_eq!(input.key_packets, 0, "a packet of another stream");
                    last = now;
                }
            });
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        over.store(true, Ordering::Relaxed);
    });
    let input = &engine.runtime_status("s").unwrap().inputs[0];
    let recorded = recorded.into_inner();
    assert_eq!((input.packets, input.bytes), (recorded, recorded * 7));
    assert_eq!((input.video_packets, input.lost_packets), (recorded, 3 * ROUNDS * 2));
    let other = &engine.runtime_status("other").unwrap().inputs[0];
    assert_eq!((other.packets, other.key_packets), (6 * ROUNDS, 6 * ROUNDS));
}

#[test]
fn updates_of_inputs_lose_nothing() {
    let engine = engine();
    engine.register("s", "", vec![Input::new(0, "x"), Input::new(1, "y")], Config::new()).unwrap();
    let over = AtomicBool::new(false);
    let (by_id, by_handle) = std::thread::scope(|scope| {
        let by_id = scope.spawn(|| {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
                count += 1;
            }
            count
        });
        let mut input = engine.open_input("s", 0, 0).unwrap();
        let over = &over;
        let by_handle = scope.spawn(move || {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                let _ = input.record(1, Flags::NONE);
                count += 1;
            }
            count
        });
        for n in 0..300 {
            // Input 0 is restarted, its neighbours come and go with their cells.
            let updated = vec![Input::new(0, format!("x{n}"))];
            let (added, removed) = match n % 2 {
                0 => (vec![Input::new(2, "z")], vec![1]),
                _ => (vec![Input::new(1, "y")], vec![2]),
            };
            engine.update_inputs("s", InputsUpdate { added, removed, updated }).unwrap();
            take_all(&engine);
        }
        over.store(true, Ordering::Relaxed);
        (by_id.join().unwrap(), by_handle.join().unwrap())
    });
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].packets, by_id + by_handle);
}

#[test]
fn absurd_numbers_wrap_and_harm_nobody() {
    let engine = engine();
    engine.register("s", "", vec![Input::new(0, "x")], Config::new()).unwrap();
    let mut inputs = [0, 1].map(|_| engine.open_input("s", 0, 0).unwrap());
    inputs[0].record_lost(u64::MAX);
    inputs[1].record_lost(3);
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].lost_packets, 2);
    drop(inputs);
    engine.sync(PATIENCE).unwrap();
    assert_eq!(engine.runtime_status("s").unwrap().inputs[0].lost_packets, 2);
}
