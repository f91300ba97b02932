//! Versions, from Cargo.toml.

use std::ffi::c_char;

const fn number(digits: &str) -> u32 {
    let (digits, mut at, mut number) = (digits.as_bytes(), 0, 0);
    while at < digits.len() {
        number = number * 10 + (digits[at] - b'0') as u32;
        at += 1;
    }
    number
}

const MAJOR: u32 = number(env!("CARGO_PKG_VERSION_MAJOR"));
const MINOR: u32 = number(env!("CARGO_PKG_VERSION_MINOR"));
const PATCH: u32 = number(env!("CARGO_PKG_VERSION_PATCH"));

// Each part has its own two digits in the composite.
const _: () = assert!(MINOR < 100 && PATCH < 100);

/// The library's version, e.g. "0.1.0"; compare with CHANGEOVER_VERSION, the header's.
///
/// Static, never NULL. Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The library's version as one number, as in CHANGEOVER_VERSION_NUMBER: major * 10000 +
/// minor * 100 + patch.
///
/// Any thread; wait-free. Since 0.1.
#[no_mangle]
pub extern "C" fn changeover_version_number() -> u32 {
    MAJOR * 10_000 + MINOR * 100 + PATCH
}
