//! The engine's threads: named, with every signal blocked, so that the host's handlers run on
//! the host's threads. Those that run host code know that they do.

use crate::hot::sync::channel::{bounded, Receiver, RecvTimeoutError, Sender, TryRecvError};
use crate::hot::sync::thread::{self, Builder, JoinHandle};
use crate::hot::sync::thread_local;
use crate::vocabulary::Error;
use std::cell::Cell;
use std::time::Instant;

/// The stack of a thread that runs host code, in bytes, unless the host says otherwise.
pub(super) const CALLBACK_STACK: usize = 2 << 20;

/// The stack of the monitor.
const OWN_STACK: usize = 2 << 20;

thread_local! {
    /// This thread is one on which an engine, whichever it is, calls its host.
    static CALLS_THE_HOST: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller is a callback, or a destructor run by one of an engine's threads. It must not
/// wait for any engine's callbacks: those of the other engine may be waiting for this one.
pub(super) fn in_callback() -> bool {
    CALLS_THE_HOST.with(Cell::get)
}

/// A thread that can be waited for with a deadline.
#[derive(Debug)]
pub(crate) struct Thread {
    handle: JoinHandle<()>,
    /// Disconnected when its body is over.
    ended: Receiver<()>,
}

impl Thread {
    /// One that never runs host code.
    pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        Thread::start(name, OWN_STACK, body)
    }

    /// One that runs host code, on a stack of so many bytes.
    pub(super) fn spawn_for_host_code(
        name: &str,
        stack: usize,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<Thread, Error> {
        Thread::start(name, stack, || {
            CALLS_THE_HOST.with(|calls| calls.set(true));
            body();
        })
    }

    fn start(
        name: &str,
        stack: usize,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<Thread, Error> {
        let (running, ended): (Sender<()>, _) = bounded(0);
        let before = block_signals();
        let handle = Builder::new().name(name.into()).stack_size(stack).spawn(move || {
            // Dropped last, also by a panic.
            let _running = running;
            body();
        });
        // SAFETY: restores the mask this thread had.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
        Ok(Thread { handle: handle.map_err(|_| Error::System)?, ended })
    }

    /// The thread, to be woken.
    pub(super) fn thread(&self) -> &thread::Thread {
        self.handle.thread()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Waits for its end, until `deadline` or for as long as it takes; given back if it goes on.
    pub(crate) fn join(self, deadline: Option<Instant>) -> Result<(), Thread> {
        if let Some(deadline) = deadline {
            if self.ended.recv_deadline(deadline) == Err(RecvTimeoutError::Timeout) {
                return Err(self);
            }
        }
        // A panic was printed; there is nothing more to do about it.
        let _ = self.handle.join();
        Ok(())
    }
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

/// Has this thread give way to others of its process: by so much more than they, from 0 to 19. Advice.
pub(crate) fn be_nice(nice: i32) {
    if nice > 0 {
        // SAFETY: concerns this thread alone: to Linux, `who` 0 is the calling thread.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice.min(19)) };
    }
}
