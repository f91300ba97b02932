//! Memory for many small things that are read at random: packed, and where it is worth it in huge
//! pages, because with millions of inputs the page walks cost more than the cache misses.

use std::alloc::{alloc, dealloc, handle_alloc_error, Layout};
use std::ops::Deref;
use std::ptr::NonNull;

const HUGE_PAGE: usize = 2 << 20;

/// An owned slice of fixed length and address.
#[derive(Debug)]
pub(super) struct Dense<T> {
    first: NonNull<T>,
    len: usize,
}

// SAFETY: it owns its elements, as a Vec does.
unsafe impl<T: Send> Send for Dense<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Dense<T> {}

impl<T> Dense<T> {
    pub(super) fn new(len: usize, mut element: impl FnMut(usize) -> T) -> Self {
        let layout = Self::layout(len);
        // SAFETY: the layout is not of size zero.
        let memory = unsafe { alloc(layout) };
        let Some(first) = NonNull::new(memory.cast::<T>()) else { handle_alloc_error(layout) };
        #[cfg(not(miri))]
        if layout.align() == HUGE_PAGE {
            // SAFETY: concerns our own, not yet touched pages. It is advice: a refusal is no error.
            unsafe { libc::madvise(memory.cast(), layout.size(), libc::MADV_HUGEPAGE) };
        }
        for index in 0..len {
            // SAFETY: within the allocation, and not yet initialized. (If `element` panics, what
            // was made is leaked.)
            unsafe { first.add(index).write(element(index)) };
        }
        Dense { first, len }
    }

    /// Never to be freed.
    pub(super) fn leak(self) -> &'static mut [T] {
        let slice = std::ptr::slice_from_raw_parts_mut(self.first.as_ptr(), self.len);
        std::mem::forget(self);
        // SAFETY: initialized elements that nobody else refers to and nobody frees any more.
        unsafe { &mut *slice }
    }

    /// Ends what was leaked.
    ///
    /// # Safety
    /// `first` is the first of `len` elements that [`Dense::leak`] leaked, whose provenance was exposed, and
    /// nobody refers to one any more.
    #[cfg(any(loom, shuttle))]
    pub(super) unsafe fn end_leaked(first: *const T, len: usize) {
        let first = std::ptr::with_exposed_provenance_mut::<T>(first.addr());
        drop(Dense { first: NonNull::new(first).expect("not null"), len });
    }

    fn layout(len: usize) -> Layout {
        let layout = Layout::array::<T>(len).expect("a table that fits the address space");
        assert!(layout.size() > 0, "elements and their number are not of size zero");
        if layout.size() <= HUGE_PAGE / 2 {
            return layout;
        }
        // Whole pages: a part of one would not be huge.
        let layout = layout.align_to(HUGE_PAGE).expect("a table that fits the address space");
        layout.pad_to_align()
    }
}

impl<T> Deref for Dense<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: initialized in `new`, and freed in `drop` only.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl<T> Drop for Dense<T> {
    fn drop(&mut self) {
        // SAFETY: the elements were initialized in `new` and the memory allocated there with the
        // same layout.
        unsafe {
            std::ptr::slice_from_raw_parts_mut(self.first.as_ptr(), self.len).drop_in_place();
            dealloc(self.first.as_ptr().cast(), Self::layout(self.len));
        }
    }
}

/// Asks the processor for the lines of a value that will be used soon.
#[inline(always)]
pub(crate) fn prefetch<T: ?Sized>(at: &T) {
    let first = std::ptr::from_ref(at).cast::<u8>();
    (0..size_of_val(at)).step_by(64).for_each(|byte| prefetch_line(first.wrapping_add(byte)));
}

/// Asks the processor for a line that will be used soon. Any address will do.
#[inline(always)]
fn prefetch_line(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; it reads nothing, and no address makes it fail.
    unsafe {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// How many elements the next block should have: 64 at first, then as many as there are, up to a
/// huge page.
pub(super) fn block_len<T>(have: usize) -> usize {
    have.clamp(64, (HUGE_PAGE / size_of::<T>()).max(64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn elements_are_made_and_dropped_once_small_and_huge() {
        for len in [1, 100, 3 * HUGE_PAGE / size_of::<Arc<()>>()] {
            let one = Arc::new(());
            let dense = Dense::new(len, |_| one.clone());
            assert_eq!((dense.len(), Arc::strong_count(&one)), (len, len + 1));
            drop(dense);
            assert_eq!(Arc::strong_count(&one), 1);
        }
    }
}
