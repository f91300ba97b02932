//! The host's `user_data`, of a function or an input, and its destructor.

use super::abi_types::changeover_destroy_fn;
use std::ffi::c_void;

/// The host's `user_data`; dropping it calls the destructor.
pub(super) struct HostPointer {
    pointer: *mut c_void,
    destroy: changeover_destroy_fn,
}

// SAFETY: the engine only carries the pointer between threads, which the host agreed to by
// registering a callback documented to be called on another thread.
unsafe impl Send for HostPointer {}
// SAFETY: as above; others only copy the pointer.
unsafe impl Sync for HostPointer {}

impl HostPointer {
    pub(super) fn new(pointer: *mut c_void, destroy: changeover_destroy_fn) -> HostPointer {
        HostPointer { pointer, destroy }
    }

    /// By reference, so that a closure that calls this captures the whole, destructor included.
    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for HostPointer {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the host's function and the pointer it came with; dropped, so called, once.
            unsafe { destroy(self.pointer) }
        }
    }
}
