//! What is done wrong on purpose, one at a time: `ci/verify-sanitizers` sees whether each sanitizer, and Miri, reports it.
//! `cargo test` leaves it alone.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::sync::{Arc, Barrier};

fn use_after_free() {
    let freed: *const u64 = {
        let value = black_box(Box::new(7));
        &raw const *value
    };
    // SAFETY: none: it is what AddressSanitizer has to see.
    let value = unsafe { freed.read_volatile() };
    println!("{value}");
}

fn leak() {
    black_box(Box::leak(Box::new([0u8; 4711])).as_ptr());
}

struct Unguarded(UnsafeCell<u64>);

// SAFETY: none: it is what ThreadSanitizer has to see.
unsafe impl Sync for Unguarded {}

fn race() {
    let (value, start) = (Arc::new(Unguarded(UnsafeCell::new(0))), Arc::new(Barrier::new(2)));
    let threads = [(); 2].map(|()| {
        let (value, start) = (value.clone(), start.clone());
        std::thread::spawn(move || {
            start.wait();
            // SAFETY: none, as above.
            unsafe { *value.0.get() += 1 };
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// By a pointer that a newer reference has taken the right to write from.
fn alias() {
    let mut value = black_box(7_u64);
    let old = &raw mut value;
    let newer = &mut value;
    // SAFETY: none: it is what Miri has to see.
    unsafe { *old = 8 };
    *newer += 1;
    println!("{value}");
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("use_after_free") => use_after_free(),
        Some("leak") => leak(),
        Some("race") => race(),
        Some("alias") => alias(),
        other => panic!("use_after_free, leak, race or alias, not {other:?}"),
    }
}
