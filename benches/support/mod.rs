//! What the benches share: the rivals, the measuring, the hosts.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub mod background;
pub mod bar;
pub mod floor;
pub mod host;
pub mod ids;
pub mod interleave;
pub mod machine;
pub mod measure;
#[cfg(feature = "serve")]
pub mod pages;
pub mod pair;
pub mod peer;
pub mod process;
pub mod processors;
pub mod sections;

/// Hides a value from the optimizer, without an instruction (`std::hint::black_box` makes a
/// store and a load of it, which is more than the floor does).
#[inline(always)]
pub fn opaque(value: u64) -> u64 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        let mut value = value;
        // SAFETY: no instruction. Not `nomem`: what is in memory may have changed behind it, as
        // between two packets of a real host.
        unsafe { std::arch::asm!("/* {} */", inout(reg) value, options(nostack, preserves_flags)) };
        value
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    std::hint::black_box(value)
}

/// Whether `cargo bench` runs this. `cargo test --benches` builds it and has nothing to run.
pub fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
