//! A descriptor that is readable or not, for whoever polls.

#[cfg(any(loom, shuttle))]
use crate::hot::sync::KernelLock;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct EventFd {
    descriptor: OwnedFd,
    /// Whose lock orders those who write and read.
    #[cfg(any(loom, shuttle))]
    kernel: KernelLock,
}

impl EventFd {
    /// One that is not readable.
    ///
    /// # Errors
    /// The system's: no descriptor is left.
    pub(super) fn new() -> io::Result<EventFd> {
        // SAFETY: eventfd takes integers only.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(EventFd {
            // SAFETY: a fresh descriptor nobody else owns.
            descriptor: unsafe { OwnedFd::from_raw_fd(fd) },
            #[cfg(any(loom, shuttle))]
            kernel: KernelLock::default(),
        })
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// It is readable from now on.
    pub(super) fn signal(&self) {
        #[cfg(any(loom, shuttle))]
        self.kernel.pass();
        let one = 1u64.to_ne_bytes();
        // SAFETY: writes 8 bytes from a valid buffer to our own descriptor; non-blocking.
        unsafe { libc::write(self.descriptor.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// It is not readable until the next signal.
    pub(super) fn drain(&self) {
        let mut count = [0u8; 8];
        // SAFETY: reads at most 8 bytes into a valid buffer; non-blocking.
        unsafe { libc::read(self.descriptor.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
        #[cfg(any(loom, shuttle))]
        self.kernel.pass();
    }

    /// Waits until it is readable; false at the deadline.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        let fd = self.descriptor.as_raw_fd();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        loop {
            let left = deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(Instant::now());
                let seconds = left.as_secs().try_into().unwrap_or(libc::time_t::MAX);
                libc::timespec { tv_sec: seconds, tv_nsec: left.subsec_nanos().into() }
            });
            let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: one valid pollfd; `left` is null or valid during the call.
            match unsafe { libc::ppoll(&mut poll, 1, left, std::ptr::null()) } {
                0 => return false,
                // By a signal, if at all.
                ready if ready < 0 => {}
                _ => return true,
            }
        }
    }
}
