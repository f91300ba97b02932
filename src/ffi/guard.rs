//! Where panics stop. None is expected; one that happens anyway must not unwind into C.

use super::result::{Outcome, CHANGEOVER_ERR_PANIC, CHANGEOVER_OK};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Runs the body of an entry point; its outcome becomes a code.
pub(super) fn guard(body: impl FnOnce() -> Outcome) -> i32 {
    guard_or(CHANGEOVER_ERR_PANIC, || match body() {
        Ok(()) => CHANGEOVER_OK,
        Err(code) => code.0,
    })
}

/// Runs the body of an entry point that has no code to answer with.
pub(super) fn guard_or<R>(if_it_panics: R, body: impl FnOnce() -> R) -> R {
    // What a panic leaves behind is sound: locks shrug off poison, handles are counted.
    let result = catch_unwind(AssertUnwindSafe(move || {
        #[cfg(changeover_panic_hook)]
        test_hook::panic_if_asked();
        body()
    }));
    result.unwrap_or(if_it_panics)
}

/// Lets `ffi-tests/matrix.c` show that a panic in any entry point stays inside. Only in a library
/// built for that.
#[cfg(changeover_panic_hook)]
mod test_hook {
    use std::cell::Cell;

    thread_local! {
        static ASKED: Cell<bool> = const { Cell::new(false) };
    }

    /// Has the next entry point on this thread panic.
    #[no_mangle]
    extern "C" fn changeover_test_panic_next() {
        ASKED.set(true);
    }

    /// 1: a panic that was asked for is still to come.
    #[no_mangle]
    extern "C" fn changeover_test_panic_pending() -> i32 {
        ASKED.get().into()
    }

    pub(super) fn panic_if_asked() {
        if ASKED.replace(false) {
            panic!("asked for by a test");
        }
    }
}
