//! Structs that begin with `struct_size` and grow at the end: reading and filling the caller's,
//! whichever version of the header it was compiled with.

use super::result::{
    Code, Outcome, CHANGEOVER_ERR_LENGTH, CHANGEOVER_ERR_NULL, CHANGEOVER_ERR_STRUCT_SIZE,
};
use std::ptr::{self, addr_of};

/// No version of a struct will be larger; a larger size is garbage.
const MAX: usize = 16384;

/// A struct that begins with `struct_size`.
///
/// # Safety
/// It is `repr(C)`, its first field is `struct_size: usize`, and whatever bytes a C caller puts
/// there are valid for its fields (integers, floats, pointers, optional function pointers).
pub(super) unsafe trait Versioned: Copy {
    /// Where its fields ended in the first version that had it.
    const FIRST: usize;

    /// What `_init` makes it; `struct_size` is filled in there.
    const INITIAL: Self;
}

fn check_size<T: Versioned>(size: usize) -> Outcome {
    if (T::FIRST..=MAX).contains(&size) {
        Ok(())
    } else {
        Err(Code(CHANGEOVER_ERR_STRUCT_SIZE))
    }
}

/// The struct's size as the caller knows it.
///
/// # Safety
/// `from` is NULL or points to as many readable bytes as its `struct_size` says.
unsafe fn callers_size<T: Versioned>(from: *const T) -> Outcome<usize> {
    if from.is_null() {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    // SAFETY: `struct_size` comes first; unaligned, so a misaligned struct does no harm.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    check_size::<T>(size)?;
    Ok(size)
}

/// The struct's size as the caller knows it, and proof that it sets nothing we don't know.
///
/// # Safety
/// As [`callers_size`].
unsafe fn checked_size<T: Versioned>(from: *const T) -> Outcome<usize> {
    // SAFETY: by this function's contract.
    let size = unsafe { callers_size(from) }?;
    for at in size_of::<T>()..size {
        // SAFETY: within `struct_size`, by this function's contract.
        if unsafe { from.cast::<u8>().add(at).read() } != 0 {
            return Err(Code(CHANGEOVER_ERR_STRUCT_SIZE));
        }
    }
    Ok(size)
}

/// Refuses a struct of the caller's that is used where it is, unless it is one that we know.
///
/// # Safety
/// As [`callers_size`].
pub(super) unsafe fn check<T: Versioned>(at: *const T) -> Outcome {
    // SAFETY: by this function's contract.
    unsafe { checked_size(at) }.map(|_| ())
}

/// Prepares a struct of the caller's.
///
/// # Safety
/// `to` is NULL or points to `size` writable bytes.
pub(super) unsafe fn init<T: Versioned>(to: *mut T, size: usize) -> Outcome {
    if to.is_null() {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    check_size::<T>(size)?;
    let initial = T::INITIAL;
    // SAFETY: `to` has `size` bytes, by this function's contract; bytes are copied, so alignment
    // doesn't matter; `struct_size` comes first.
    unsafe {
        ptr::write_bytes(to.cast::<u8>(), 0, size);
        let known = size.min(size_of::<T>());
        ptr::copy_nonoverlapping(addr_of!(initial).cast::<u8>(), to.cast::<u8>(), known);
        to.cast::<usize>().write_unaligned(size);
    }
    Ok(())
}

/// Reads a struct of the caller's; fields it doesn't have yet are as `_init` makes them.
///
/// # Safety
/// `from` is NULL or points to as many readable bytes as its `struct_size` says.
pub(super) unsafe fn read<T: Versioned>(from: *const T) -> Outcome<T> {
    // SAFETY: by this function's contract.
    unsafe {
        checked_size(from)?;
        read_known(from)
    }
}

/// [`read`] of a struct that may be left out: then it is as `_init` makes it.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn read_or_initial<T: Versioned>(from: *const T) -> Outcome<T> {
    if from.is_null() {
        return Ok(T::INITIAL);
    }
    // SAFETY: by this function's contract.
    unsafe { read(from) }
}

/// [`read`], whatever it sets that we don't know: for what must be taken over even from a struct
/// that is refused.
///
/// # Safety
/// `from` is NULL or points to as many readable bytes as its `struct_size` says.
pub(super) unsafe fn read_known<T: Versioned>(from: *const T) -> Outcome<T> {
    // SAFETY: by this function's contract.
    let size = unsafe { callers_size(from) }?;
    let mut value = T::INITIAL;
    let known = size.min(size_of::<T>());
    // SAFETY: both sides have `known` bytes; any bytes are a valid T (see `Versioned`).
    unsafe {
        ptr::copy_nonoverlapping(from.cast::<u8>(), ptr::from_mut(&mut value).cast::<u8>(), known);
    }
    Ok(value)
}

/// Fills a struct of the caller's, up to its own `struct_size`.
///
/// # Safety
/// `to` is NULL or points to as many readable and writable bytes as its `struct_size` says.
pub(super) unsafe fn fill<T: Versioned>(to: *mut T, value: &T) -> Outcome {
    // SAFETY: by this function's contract.
    let size = unsafe { checked_size(to) }?;
    let known = size.min(size_of::<T>());
    // SAFETY: both sides have `known` bytes; `struct_size` stays the caller's.
    unsafe {
        ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>(), to.cast::<u8>(), known);
        to.cast::<usize>().write_unaligned(size);
    }
    Ok(())
}

/// Each element of a caller's array whose `struct_size` is that of the first, whatever it sets that we
/// don't know; of the others, `None`.
///
/// # Safety
/// As [`read_all`].
pub(super) unsafe fn read_known_all<T: Versioned>(
    from: *const T,
    len: usize,
) -> Outcome<impl Iterator<Item = Option<T>>> {
    // SAFETY: the first element is there, by this function's contract.
    let stride = if len == 0 { 0 } else { unsafe { callers_size(from) }? };
    length_in_bytes(len, stride)?;
    Ok((0..len).map(move |index| {
        let element = from.cast::<u8>().wrapping_add(index * stride).cast::<T>();
        // SAFETY: within the array, by this function's contract.
        let size = unsafe { element.cast::<usize>().read_unaligned() };
        // SAFETY: as above, and as long as it says.
        (size == stride).then(|| unsafe { read_known(element) }.ok())?
    }))
}

fn length_in_bytes(len: usize, stride: usize) -> Outcome {
    if len.checked_mul(stride).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Code(CHANGEOVER_ERR_LENGTH));
    }
    Ok(())
}

/// The elements of a caller's array: as far apart as the first one's `struct_size` says.
///
/// # Safety
/// `from` is NULL or points to `len` structs, each as long as the first one's `struct_size`.
pub(super) unsafe fn read_all<T: Versioned, R>(
    from: *const T,
    len: usize,
    mut convert: impl FnMut(T) -> Outcome<R>,
) -> Outcome<Vec<R>> {
    if len == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the first element is there, by this function's contract.
    let stride = unsafe { checked_size(from) }?;
    length_in_bytes(len, stride)?;
    let mut all = Vec::new();
    for index in 0..len {
        let element = from.cast::<u8>().wrapping_add(index * stride).cast::<T>();
        // SAFETY: within the array, by this function's contract: each element has `stride` bytes,
        // of which its `struct_size` is the first field.
        let size = unsafe { element.cast::<usize>().read_unaligned() };
        if size != stride {
            return Err(Code(CHANGEOVER_ERR_STRUCT_SIZE));
        }
        // SAFETY: as above.
        all.push(convert(unsafe { read(element) }?)?);
    }
    Ok(all)
}
