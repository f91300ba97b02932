//! Promise 10, and what a stream with two inputs occupies: a setting that is not set costs no byte a
//! stream, and one that all inputs have in common is in memory once.
//!
//! Bytes are counted by the allocator of this binary, as they were asked for. What an allocator adds
//! to each, and how far tables have grown ahead, is not; `cargo bench --bench scale -- memory` says
//! what comes of it.

use changeover::{Config, Engine, Flags, Input, Standby, TapOptions};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Larger than what belongs to a single stream: blocks and tables for many.
const TABLE: usize = 2048;

struct Counting;

static SMALL: AtomicUsize = AtomicUsize::new(0);
static PIECES: AtomicUsize = AtomicUsize::new(0);
static TABLES: AtomicUsize = AtomicUsize::new(0);

fn allocated(bytes: usize) {
    if bytes < TABLE {
        SMALL.fetch_add(bytes, Ordering::Relaxed);
        PIECES.fetch_add(1, Ordering::Relaxed);
    } else {
        TABLES.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn freed(bytes: usize) {
    if bytes < TABLE {
        SMALL.fetch_sub(bytes, Ordering::Relaxed);
        PIECES.fetch_sub(1, Ordering::Relaxed);
    } else {
        TABLES.fetch_sub(bytes, Ordering::Relaxed);
    }
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: by the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A little less than a power of two: tables that double are as good as full.
const STREAMS: usize = 8_000;

/// So many at a time, so that nothing else has to grow.
const AT_ONCE: usize = 16;

/// What one stream occupies.
#[derive(Clone, Copy, Debug)]
struct Occupied {
    /// In so many pieces of its own.
    pieces: usize,
    bytes: usize,
    /// Its share of what it has in common with others.
    share: usize,
}

fn now_allocated() -> [usize; 3] {
    [&PIECES, &SMALL, &TABLES].map(|count| count.load(Ordering::Relaxed))
}

/// What a stream with two inputs occupies once both have delivered.
fn occupied_by_one(input: impl Fn(Input) -> Input) -> Occupied {
    occupied_by_one_of(&engine(), input)
}

fn engine() -> Engine {
    let far = Duration::from_secs(3600);
    let defaults = Config::new().packet_timeout(far).connect_timeout(far);
    Engine::builder().defaults(defaults).build().unwrap()
}

fn occupied_by_one_of(engine: &Engine, input: impl Fn(Input) -> Input) -> Occupied {
    let far = Duration::from_secs(3600);
    let id = |n: usize| format!("stream-{n:08}");
    // With as many characters as in the benches.
    let inputs = || {
        let input = |priority| input(Input::new(priority, "udp://239.1.0.1:5000"));
        vec![input(0), input(1)]
    };
    let settle = || {
        engine.sync(far).unwrap();
        while engine.next_event(Duration::ZERO).unwrap().is_some() {}
        engine.sync(far).unwrap();
    };
    let run = |streams: std::ops::Range<usize>| {
        for first in streams.clone().step_by(AT_ONCE) {
            let these = first..(first + AT_ONCE).min(streams.end);
            for n in these.clone() {
                engine.register(&id(n), "", inputs(), Config::new()).unwrap();
            }
            settle();
            for (n, priority) in these.flat_map(|n| [(n, 0), (n, 1)]) {
                let _ = engine.record_packet(&id(n), priority, 1316, Flags::VIDEO).unwrap();
            }
            settle();
        }
    };
    // What there is once, and not for each stream.
    run(STREAMS..STREAMS + 64);
    let before = now_allocated();
    run(0..STREAMS);
    // Rounded: a few kilobytes that a busy machine's monitor had at one moment are nobody's.
    let each = |at: usize| (now_allocated()[at] - before[at] + STREAMS / 2) / STREAMS;
    Occupied { pieces: each(0), bytes: each(1), share: each(2) }
}

#[test]
fn a_stream_with_two_inputs() {
    let plain = occupied_by_one(|input| input);
    // To be lowered with what it costs. To raise it takes a reason that is worth it a million times.
    assert_eq!((plain.pieces, plain.bytes), (9, 712));
    assert!(plain.share <= 730, "{plain:?}");
    // The cells of one engine are the next one's.
    let of_its_own = |occupied: Occupied| (occupied.pieces, occupied.bytes);
    let hot = occupied_by_one(Input::hot);
    assert_eq!(of_its_own(hot), of_its_own(plain), "hot, as is said of each input");
    let config = || Config::new().standby(Standby::Hot).packet_timeout(Duration::from_secs(100));
    let alike = occupied_by_one(|input| input.config(config()));
    assert_eq!(of_its_own(alike), of_its_own(plain), "two settings, alike");
    // What is kept for readers, even for one that does not read, is so many events, whoever's they are.
    let tapped = engine();
    let _reader = tapped.tap(TapOptions::new().keep(16)).unwrap();
    let followed = occupied_by_one_of(&tapped, |input| input);
    assert_eq!(of_its_own(followed), of_its_own(plain), "followed");
}
