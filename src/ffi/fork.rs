//! What a forked child inherits: no engine, and no lock in an unknown state.

use super::result::{Code, Outcome, CHANGEOVER_ERR_SYSTEM};
use super::{engine, event, input, status};
use std::sync::OnceLock;

/// Has every fork from here on be noticed in the child.
pub(super) fn watch() -> Outcome {
    static WATCHING: OnceLock<bool> = OnceLock::new();
    // SAFETY: the handler lives as long as the process, for the library is never unloaded; it
    // only stores to atomics, which is allowed there.
    let watching =
        WATCHING.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(in_child)) } == 0);
    watching.then_some(()).ok_or(Code(CHANGEOVER_ERR_SYSTEM))
}

unsafe extern "C" fn in_child() {
    engine::ENGINES.disown();
    status::STATUSES.disown();
    status::STREAM_LISTS.disown();
    event::EVENTS.disown();
    input::INPUTS.disown();
}
