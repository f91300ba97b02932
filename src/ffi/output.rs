//! Outputs: places of the caller's that a result is written to, once nothing can fail any more.

use super::result::{Code, Outcome, CHANGEOVER_ERR_NULL};

/// A place of the caller's.
pub(super) struct Output<T>(*mut T);

impl<T> Output<T> {
    /// One that must be there.
    ///
    /// # Safety
    /// `place` is NULL or good for writing a `T` for as long as the result is used.
    pub(super) unsafe fn required(place: *mut T) -> Outcome<Output<T>> {
        if place.is_null() {
            return Err(Code(CHANGEOVER_ERR_NULL));
        }
        Ok(Output(place))
    }

    /// One that may be left out.
    ///
    /// # Safety
    /// As [`Output::required`].
    #[inline]
    pub(super) unsafe fn optional(place: *mut T) -> Output<T> {
        Output(place)
    }

    /// Writes a result, if somebody wants it. A misaligned place does no harm.
    #[inline]
    pub(super) fn write(self, result: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so good for a `T`, as was promised when this was made.
            unsafe { self.0.write_unaligned(result) }
        }
    }
}
