//! Where routes are kept: side by side, at addresses that last.

use super::dense::{block_len, Dense};
use super::route::Route;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

/// Where routes are kept: side by side.
#[derive(Debug)]
pub(super) struct Arena<S> {
    blocks: Vec<Dense<UnsafeCell<MaybeUninit<Route<S>>>>>,
    free: Vec<*mut Route<S>>,
}

// SAFETY: the pointers are into the blocks, which it owns; routes are Send and Sync.
unsafe impl<S: Send + Sync> Send for Arena<S> {}

impl<S> Arena<S> {
    pub(super) fn new() -> Self {
        Arena { blocks: Vec::new(), free: Vec::new() }
    }

    /// What was kept stays where it is for good.
    pub(super) fn leak(&mut self) {
        std::mem::take(&mut self.blocks).into_iter().for_each(std::mem::forget);
    }

    /// Gives a route its address.
    pub(super) fn keep(&mut self, route: Route<S>) -> *mut Route<S> {
        let place = self.free.pop().unwrap_or_else(|| {
            let have = self.blocks.iter().map(|block| block.len()).sum();
            let len = block_len::<Route<S>>(have);
            let block = Dense::new(len, |_| UnsafeCell::new(MaybeUninit::uninit()));
            // Handed out in order.
            self.free.extend(block.iter().rev().map(|place| place.get().cast::<Route<S>>()));
            self.blocks.push(block);
            self.free.pop().expect("a block has places")
        });
        // SAFETY: a free place of a block we own.
        unsafe { place.write(route) };
        place
    }

    /// # Safety
    /// `route` is from `keep`, not freed since, and no thread reads it.
    pub(super) unsafe fn free(&mut self, route: *mut Route<S>) {
        // SAFETY: by the contract above.
        unsafe { route.drop_in_place() };
        self.free.push(route);
    }
}
