//! What a forked child inherits: no engine, and no lock in an unknown state.

use super::result::{Code, Outcome, CHANGEOVER_ERR_SYSTEM};
use super::{engine, event, input, status};
use std::sync::atomic::{AtomicBool, Ordering};

/// Has every fork from here on be noticed in the child.
pub(super) fn watch() -> Outcome {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if !WATCHING.load(Ordering::Relaxed) {
        // Twice does no harm; waiting might, in a child.
        // SAFETY: the handler lives as long as the process, for the library is never unloaded; it
        // only stores to atomics, which is allowed there.
        if unsafe { libc::pthread_atfork(None, None, Some(in_child)) } != 0 {
            return Err(Code(CHANGEOVER_ERR_SYSTEM));
        }
        WATCHING.store(true, Ordering::Relaxed);
    }
    Ok(())
}

unsafe extern "C" fn in_child() {
    engine::ENGINES.disown();
    status::STATUSES.disown();
    status::STREAM_LISTS.disown();
    event::EVENTS.disown();
    input::INPUTS.disown();
}
