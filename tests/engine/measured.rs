//! What an engine measures of what is recorded, and decides by it (rule 16).

use crate::rig::*;
use changeover::{Config, Engine, EventKind, Flags, Input, InputHandle, InputsUpdate, Status};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

fn measured() -> Config {
    Config::new()
        .measure_window(ms(100))
        .impair_after(ms(100))
        .packet_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
}

/// Tells a thread to end, also when the test fails.
struct AtLast<'a>(&'a AtomicBool);

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Two hot inputs deliver until the primary is left; it does so well until it is bad. `record` is
/// called every other millisecond for each: with its priority, and whether it is bad.
fn until_it_is_left(config: Config, reason: &str, record: impl Fn(&Engine, i32, bool) + Sync) {
    let engine = Engine::builder().defaults(config).build().unwrap();
    let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    engine.register("s", "", inputs, Config::new()).unwrap();
    let (bad, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                record(&engine, 0, bad.load(Ordering::Relaxed));
                record(&engine, 1, false);
                std::thread::sleep(ms(2));
            }
        });
        let _over = AtLast(&over);
        // Long enough for it to be left, if it were for nothing.
        let good_until = std::time::Instant::now() + ms(1000);
        while std::time::Instant::now() < good_until {
            if let Some(event) = engine.next_event(ms(50)).unwrap() {
                let told = story([&event]).concat();
                assert!(!told.contains("switched 0>1"), "while it was good: {told}");
            }
        }
        bad.store(true, Ordering::Relaxed);
        let wanted = format!("switched 0>1 {reason}");
        let events = take_until(&engine, &wanted, |event| {
            matches!(event.kind, EventKind::Notice(_)) && story([event]).concat().contains(&wanted)
        });
        println!("measured: {}", story(&events).join(", "));
    });
}

/// Records by handle, one for each input, opened when it is first needed.
fn with_handles(
    handles: &Mutex<Vec<InputHandle>>,
    engine: &Engine,
    input: i32,
    record: impl FnOnce(&mut InputHandle),
) {
    let mut handles = handles.lock().unwrap();
    while handles.len() <= input as usize {
        let priority = handles.len() as i32;
        handles.push(engine.open_input("s", priority, 0).unwrap());
    }
    record(&mut handles[input as usize]);
}

#[test]
fn a_source_that_thins_out_is_left() {
    // A hundred times the limit when it is good, a tenth of it when it is bad.
    until_it_is_left(measured().min_bitrate(400), "low_bitrate", |engine, input, bad| {
        let bytes = if bad { 10 } else { 10_000 };
        let _ = engine.record_packet("s", input, bytes, Flags::VIDEO).unwrap();
    });
}

#[test]
fn a_source_that_loses_its_sound_is_left_by_id() {
    until_it_is_left(measured().audio_timeout(ms(300)), "audio_lost", |engine, input, bad| {
        let _ = engine.record_packet("s", input, 1000, Flags::VIDEO).unwrap();
        if !bad {
            let _ = engine.record_packet("s", input, 100, Flags::AUDIO).unwrap();
        }
    });
}

#[test]
fn a_source_that_loses_its_sound_or_picture_is_left_by_handle() {
    for (config, lost, reason) in [
        (measured().audio_timeout(ms(300)), Flags::AUDIO, "audio_lost"),
        (measured().video_timeout(ms(300)), Flags::VIDEO, "video_lost"),
    ] {
        let handles = Mutex::new(Vec::new());
        until_it_is_left(config, reason, |engine, input, bad| {
            with_handles(&handles, engine, input, |handle| {
                for flags in [Flags::VIDEO, Flags::AUDIO] {
                    if !bad || flags != lost {
                        let _ = handle.record_batch([(100, flags)]);
                        let _ = handle.record(100, flags);
                    }
                }
            });
        });
    }
}

#[test]
fn a_limit_set_later_counts_at_once() {
    let limit = || Config::new().min_bitrate(400);
    let ways: [&dyn Fn(&Engine); 3] = [
        &|engine| engine.set_config(Some("s"), limit()).unwrap(),
        &|engine| engine.set_config(None, measured().min_bitrate(400)).unwrap(),
        &|engine| {
            let updated = vec![Input::new(0, "a").config(limit()).hot()];
            engine.update_inputs("s", InputsUpdate { updated, ..InputsUpdate::default() }).unwrap();
        },
    ];
    for set_limit in ways {
        let engine = Engine::builder().defaults(measured()).build().unwrap();
        let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
        engine.register("s", "", inputs, Config::new()).unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let _ = engine.record_packet("s", 0, 10, Flags::VIDEO).unwrap();
                    let _ = engine.record_packet("s", 1, 10_000, Flags::VIDEO).unwrap();
                    std::thread::sleep(ms(2));
                }
            });
            let _over = AtLast(&over);
            take_until(&engine, "0 on air", |event| story([event]).concat().contains("active 0"));
            set_limit(&engine);
            take_until(&engine, "1 instead", |event| {
                story([event]).concat().contains("switched 0>1 low_bitrate")
            });
        });
    }
}

#[test]
fn monitors_input_health_bitrate_fps_packet_loss_timeout() {
    let config = Config::new().packet_timeout(ms(400)).connect_timeout(PATIENCE);
    let engine = Engine::builder().defaults(config).build().unwrap();
    engine.register("s", "", vec![Input::new(0, "a")], Config::new()).unwrap();
    let mut input = engine.open_input("s", 0, 0).unwrap();
    // However fast this is: each frame has 8 kbit, and of five packets that were sent one is lost.
    let mut frames = 0_u64;
    eventually("a bitrate, a frame rate and a loss", || {
        let _ = input.record(1000, Flags::VIDEO);
        frames += 1;
        input.record_lost(u64::from(frames.is_multiple_of(4)));
        let health = engine.runtime_status("s").unwrap().inputs.remove(0);
        let kbit_a_frame = health.bitrate_kbps / health.fps;
        ((7.5..8.5).contains(&kbit_a_frame) && (15.0..25.0).contains(&health.packet_loss))
            .then_some(())
    });
    take_until(&engine, "the silence", |event| {
        story([event]).concat().contains("degraded 0 timeout")
    });
    let health = engine.runtime_status("s").unwrap().inputs.remove(0);
    assert_eq!((health.status, health.receiving), (Status::Degraded, false));
    assert!(health.errors[0].measured >= 400_000_000, "{:?}", health.errors);
}

#[test]
fn switches_when_the_active_one_degrades() {
    until_it_is_left(measured().min_bitrate(400), "low_bitrate", |engine, input, bad| {
        let bytes = if bad { 10 } else { 10_000 };
        let _ = engine.record_packet("s", input, bytes, Flags::VIDEO).unwrap();
    });
    until_it_is_left(measured().min_fps(20), "low_fps", |engine, input, bad| {
        let flags = if bad { Flags::AUDIO } else { Flags::VIDEO };
        (0..10).for_each(|_| {
            let _ = engine.record_packet("s", input, 1000, flags).unwrap();
        });
    });
    let handles = Mutex::new(Vec::new());
    until_it_is_left(measured().max_loss(20), "packet_loss", |engine, input, bad| {
        with_handles(&handles, engine, input, |handle| {
            let _ = handle.record(1000, Flags::VIDEO);
            handle.record_lost(bad.into());
        });
    });
    until_it_is_left(measured().packet_timeout(ms(1000)), "timeout", |engine, input, bad| {
        if !bad {
            let _ = engine.record_packet("s", input, 1000, Flags::VIDEO).unwrap();
        }
    });
}
