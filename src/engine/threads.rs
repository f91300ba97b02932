//! The engine's threads: named, with every signal blocked, so that the host's handlers run on
//! the host's threads.

use crate::core::Error;
use std::thread::{Builder, JoinHandle};

pub(super) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let before = block_signals();
    let thread = Builder::new().name(name.into()).spawn(body);
    // SAFETY: restores the mask this thread had.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    thread.map_err(|_| Error::System)
}

/// Blocks all signals of this thread; threads it makes inherit that.
fn block_signals() -> libc::sigset_t {
    // SAFETY: sigset_t is plain data, both sets are valid for the calls that fill them.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

/// Asks for wake-ups as exact as the kernel can; the default lets it be 50 µs late.
pub(super) fn wake_exactly() {
    #[cfg(target_os = "linux")]
    // SAFETY: takes integers only; concerns this thread alone.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1);
    }
}
