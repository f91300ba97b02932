#![no_main]

use std::sync::Once;

static QUIETLY: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A replay tells of a core that panics, and goes on: `run` says whether that may be. What leaves `run`
    // ends the process as before.
    QUIETLY.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            if std::env::var_os("RUST_BACKTRACE").is_some() {
                eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            }
        }));
    });
    changeover_fuzz::trace::run(bytes);
});
