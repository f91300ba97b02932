//! Hosts: engines with streams, ready to be recorded to.

use super::ids::{id, number, Walk};
use super::opaque;
use changeover::{Config, Engine, EventKind, Flags, Input, InputHandle, SessionId, Silence};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Settings under which nothing comes due during a bench.
pub fn undisturbed() -> Config {
    let far = Duration::from_secs(3600);
    Config::new().packet_timeout(far).connect_timeout(far).probe_cooldown(far).failback_stable(far)
}

/// The same with everything on that looks at what inputs deliver; and nothing comes of it.
pub fn everything_on() -> Config {
    let far = Duration::from_secs(3600);
    let limits = undisturbed().min_bitrate(1).min_bitrate_of_baseline(50).max_loss(50);
    let limits = limits.min_fps(1).min_fps_of_baseline(50).video_timeout(far).audio_timeout(far);
    limits.impair_after(far).silence(Silence::Adaptive)
}

/// An engine whose events are polled.
pub fn engine(defaults: Config) -> Arc<Engine> {
    let builder = Engine::builder().defaults(defaults).event_limit(1 << 22);
    Arc::new(builder.build().expect("an engine"))
}

/// Two inputs; both run at once if `hot`.
pub fn inputs(hot: bool) -> Vec<Input> {
    let input = |priority, url| {
        let input = Input::new(priority, url);
        if hot {
            input.hot()
        } else {
            input
        }
    };
    vec![input(0, "udp://239.1.0.1:5000"), input(1, "udp://239.1.0.2:5000")]
}

/// The size and the flags of a packet, which the compiler does not know.
#[inline(always)]
pub fn packet() -> (u32, Flags) {
    let flags = (Flags::VIDEO | Flags::KEY).bits();
    (opaque(1316) as u32, Flags::from_bits(opaque(u64::from(flags)) as u32))
}

/// The sessions of each stream's inputs; 0 where none was started.
pub type Sessions = Vec<[SessionId; 2]>;

const THREADS: usize = 4;

/// Registers streams from several threads, because each call waits for the monitor, and takes
/// their events: the *starts* too, so all selected inputs run.
pub fn register(engine: &Arc<Engine>, streams: Range<usize>, hot: bool) -> Sessions {
    let registered = AtomicBool::new(false);
    let sessions = std::thread::scope(|scope| {
        let drain = scope.spawn(|| take_starts(engine, streams.clone(), &registered));
        each(streams.clone(), |n| {
            engine.register(&id(n), "", inputs(hot), Config::new()).expect("a free id");
        });
        registered.store(true, Ordering::Release);
        drain.join().expect("no panic")
    });
    // What was taken is known to the monitor.
    sync(engine);
    sessions
}

fn take_starts(engine: &Engine, streams: Range<usize>, registered: &AtomicBool) -> Sessions {
    let mut sessions = vec![[0; 2]; streams.len()];
    loop {
        let over = registered.load(Ordering::Acquire);
        match engine.next_event(Duration::from_millis(1)).expect("a polled engine") {
            Some(event) => {
                if let EventKind::Start(start) = &event.kind {
                    let at = number(&event.stream) - streams.start;
                    sessions[at][start.input.priority as usize] = start.session;
                }
            }
            None if over => return sessions,
            None => {}
        }
    }
}

/// Calls `work` for each stream, from several threads.
fn each(streams: Range<usize>, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            let (work, streams) = (&work, streams.clone());
            scope.spawn(move || streams.skip(first).step_by(THREADS).for_each(work));
        }
    });
}

pub fn sync(engine: &Engine) {
    engine.sync(Duration::from_secs(60)).expect("the monitor lives");
}

/// Takes events, for so long as there are any at once.
pub fn drain(engine: &Engine) {
    while let Some(_event) = engine.next_event(Duration::ZERO).expect("a polled engine") {}
}

/// Registers streams with two hot inputs and opens both inputs of each: the handles by stream,
/// each bound to its session, and recorded to once, so that input 0 is on air.
pub fn open(engine: &Arc<Engine>, streams: Range<usize>) -> Vec<[InputHandle; 2]> {
    let sessions = register(engine, streams.clone(), true);
    let slots: Vec<_> = streams.clone().map(|_| Mutex::new(None)).collect();
    each(streams.clone(), |n| {
        let at = n - streams.start;
        let handles = [0, 1].map(|priority| {
            let session = sessions[at][priority as usize];
            let mut handle = engine.open_input(&id(n), priority, session).expect("it runs");
            let _ = handle.record(1316, Flags::VIDEO);
            handle
        });
        *slots[at].lock().expect("no panic") = Some(handles);
    });
    sync(engine);
    drain(engine);
    let handles = slots.into_iter().map(|slot| slot.into_inner().expect("no panic"));
    handles.map(|handles| handles.expect("opened above")).collect()
}

/// Of a fresh engine: a handle of an input, another of the same, and those of two other streams' inputs.
pub fn handles_for_two_threads(engine: &Arc<Engine>) -> [InputHandle; 4] {
    let [[mine, _], [different, _], [other, _]] =
        open(engine, 0..3).try_into().unwrap_or_else(|_| panic!("three streams"));
    let same = engine.open_input(&id(0), 0, mine.session()).expect("a running session");
    [mine, same, different, other]
}

/// Records through a handle.
#[inline(never)]
pub fn record(handle: &mut InputHandle, packets: u64) {
    for _ in 0..packets {
        let (bytes, flags) = packet();
        opaque(handle.record(bytes, flags).number());
    }
}

pub const BATCH: usize = 32;

/// Records through a handle, in batches.
#[inline(never)]
pub fn record_batches(handle: &mut InputHandle, batch: &[(u32, Flags); BATCH], packets: u64) {
    for _ in 0..packets.div_ceil(BATCH as u64) {
        // Which batch it is, is not known: nothing is summed up beforehand.
        let batch = std::hint::black_box(batch);
        opaque(handle.record_batch(batch.iter().copied()).number());
    }
}

/// Records by id to input 0 of streams in random order.
#[inline(never)]
pub fn record_by_id(engine: &Engine, walk: &mut Walk, packets: u64) {
    for _ in 0..packets {
        let (bytes, flags) = packet();
        let verdict = engine.record_packet(walk.next_id(), 0, bytes, flags);
        opaque(verdict.expect("it is registered").number());
    }
}

/// Packets counted by a stream's input.
pub fn packets(engine: &Engine, stream: &str, priority: i32) -> u64 {
    let status = engine.runtime_status(stream).expect("it is registered");
    let input = status.inputs.iter().find(|input| input.input_priority == priority);
    input.expect("an input of it").packets
}
