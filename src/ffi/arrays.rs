//! Arrays of the caller's whose elements have one size for good. Those that grow with the versions are
//! read in `versioned.rs`.

use super::result::{Code, Outcome, CHANGEOVER_ERR_LENGTH, CHANGEOVER_ERR_NULL};

/// The bytes of an array.
///
/// # Safety
/// `from` is NULL or good for reading `len` bytes for as long as the result is used.
pub(super) unsafe fn bytes<'a>(from: *const u8, len: usize) -> Outcome<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if from.is_null() {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    if len > isize::MAX as usize {
        return Err(Code(CHANGEOVER_ERR_LENGTH));
    }
    // SAFETY: not NULL, not too long, and good for reading by this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(from, len) })
}

/// Copies of the elements of an array.
///
/// # Safety
/// `from` is NULL or good for reading `len` elements for as long as the result is used. Whatever
/// bytes are there are valid for a `T`.
pub(super) unsafe fn elements<T: Copy>(
    from: *const T,
    len: usize,
) -> Outcome<impl ExactSizeIterator<Item = T> + Clone> {
    if from.is_null() && len > 0 {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    if len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Code(CHANGEOVER_ERR_LENGTH));
    }
    // SAFETY: within the array by this function's contract; unaligned, so that a misaligned one
    // does no harm.
    Ok((0..len).map(move |index| unsafe { from.add(index).read_unaligned() }))
}
