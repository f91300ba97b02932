//! Hosts: engines with streams, ready to be recorded to.

use super::ids::{id, Walk};
use super::opaque;
use changeover::{Config, Engine, EventKind, Flags, Input, InputHandle};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Settings under which nothing comes due during a bench.
pub fn undisturbed() -> Config {
    let far = Duration::from_secs(3600);
    Config::new().packet_timeout(far).connect_timeout(far).probe_cooldown(far).failback_stable(far)
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

/// Registers streams from several threads, because each call waits for the monitor, and takes
/// their events. Takes the *starts* too: all selected inputs run.
pub fn register(engine: &Arc<Engine>, streams: Range<usize>, hot: bool) {
    const THREADS: usize = 4;
    let next = AtomicU64::new(streams.start as u64);
    let registered = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| loop {
                    let n = next.fetch_add(1, Ordering::Relaxed) as usize;
                    if n >= streams.end {
                        break;
                    }
                    engine.register(&id(n), "", inputs(hot), Config::new()).expect("a free id");
                })
            })
            .collect();
        let drain = scope.spawn(|| loop {
            let over = registered.load(Ordering::Acquire);
            let event = engine.next_event(Duration::from_millis(1)).expect("a polled engine");
            if over && event.is_none() {
                break;
            }
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        registered.store(true, Ordering::Release);
        drain.join().expect("no panic");
    });
    // What was taken is known to the monitor.
    engine.sync(Duration::from_secs(60)).expect("the monitor lives");
}

/// Takes events, for so long as there are any at once.
pub fn drain(engine: &Engine) {
    while let Some(_event) = engine.next_event(Duration::ZERO).expect("a polled engine") {}
}

/// Registers streams with two hot inputs and opens both inputs of each: the handles by stream,
/// each bound to its session, and recorded to once, so that input 0 is on air.
pub fn open(engine: &Arc<Engine>, streams: Range<usize>) -> Vec<[InputHandle; 2]> {
    let mut sessions = HashMap::new();
    for n in streams.clone() {
        engine.register(&id(n), "", inputs(true), Config::new()).expect("a free id");
        while let Some(event) = engine.next_event(Duration::ZERO).expect("a polled engine") {
            if let EventKind::Start(start) = &event.kind {
                sessions.insert((event.stream.to_string(), start.input.priority), start.session);
            }
        }
    }
    let open = |n, priority| {
        let session = sessions[&(id(n), priority)];
        let mut handle = engine.open_input(&id(n), priority, session).expect("a session");
        let _ = handle.record(1316, Flags::VIDEO);
        handle
    };
    let handles: Vec<_> = streams.map(|n| [open(n, 0), open(n, 1)]).collect();
    engine.sync(Duration::from_secs(60)).expect("the monitor lives");
    drain(engine);
    handles
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
        // What is in the batch may have changed.
        opaque(batch.as_ptr() as u64);
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
