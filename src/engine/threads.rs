//! The engine's threads: named, with every signal blocked, so that the host's handlers run on
//! the host's threads.

use crate::vocabulary::Error;
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

/// Asks for the most exact wake-ups the kernel has, and to be scheduled early on a busy machine,
/// which a thread that never runs long may ask for. All of it is advice: a refusal is no error.
pub(super) fn wake_exactly() {
    // SAFETY: concerns this thread alone; `attributes` is a valid sched_attr of the size given.
    unsafe {
        // The default lets a wake-up be 50 µs late.
        libc::prctl(libc::PR_SET_TIMERSLACK, 1);
        // Nanoseconds at a stretch before others may run (Linux 6.12; 0.1 ms is the least).
        let mut attributes: libc::sched_attr = std::mem::zeroed();
        let size = size_of::<libc::sched_attr>() as u32;
        if libc::syscall(libc::SYS_sched_getattr, 0, &mut attributes, size, 0) == 0
            && attributes.sched_policy == libc::SCHED_OTHER as u32
        {
            attributes.sched_runtime = 100_000;
            libc::syscall(libc::SYS_sched_setattr, 0, &attributes, 0);
        }
    }
}
