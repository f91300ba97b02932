//! For tests: how often a thread goes through all inputs of a stream, which is what takes time where there
//! are many.

use std::cell::Cell;

thread_local! {
    static PASSES: Cell<usize> = const { Cell::new(0) };
}

/// An evaluation, or a look for deadlines.
pub(super) fn count() {
    PASSES.set(PASSES.get() + 1);
}

/// Those of this thread since the last call.
pub(crate) fn take() -> usize {
    PASSES.take()
}
