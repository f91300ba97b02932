//! Settings and inputs from the caller's structs.

use super::abi_types::{changeover_input_spec, changeover_option};
use super::guard::guard;
use super::result::{Code, Outcome, CHANGEOVER_ERR_LENGTH, CHANGEOVER_ERR_NULL};
use super::settings::{changeover_config, config_or_inherit, zero};
use super::strings::text;
use super::versioned::{init, read_all};
use crate::core::{Input, Priority};

/// Prepares settings: everything inherited.
///
/// Pass sizeof(changeover_config). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_config_init(
    config: *mut changeover_config,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(config, struct_size) })
}

/// Prepares an input: priority 0, no url, no options, everything inherited.
///
/// Pass sizeof(changeover_input_spec). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_input_spec_init(
    spec: *mut changeover_input_spec,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(spec, struct_size) })
}

type Pair = (Box<str>, Box<str>);

/// # Safety
/// `from` is NULL or points to `len` options, whose strings are as long as they say.
unsafe fn options(from: *const changeover_option, len: usize) -> Outcome<Box<[Pair]>> {
    // SAFETY: the same contract.
    let pairs = unsafe { elements(from, len) }?.map(|option| {
        // SAFETY: the same contract.
        let key = unsafe { text(option.key, option.key_len) }?;
        // SAFETY: the same contract.
        let value = unsafe { text(option.value, option.value_len) }?;
        Ok((key.into(), value.into()))
    });
    pairs.collect()
}

/// # Safety
/// `from` is NULL or points to `len` inputs, each as long as it says, and so on inwards.
pub(super) unsafe fn inputs(from: *const changeover_input_spec, len: usize) -> Outcome<Vec<Input>> {
    let convert = |spec: changeover_input_spec| {
        zero(spec.reserved)?;
        Ok(Input {
            priority: spec.priority,
            // SAFETY: the same contract.
            url: unsafe { text(spec.url, spec.url_len) }?.into(),
            // SAFETY: the same contract.
            options: unsafe { options(spec.options, spec.options_len) }?,
            // SAFETY: the same contract.
            config: unsafe { config_or_inherit(spec.config) }?,
        })
    };
    // SAFETY: the same contract.
    unsafe { read_all(from, len, convert) }
}

/// # Safety
/// `from` is NULL or points to `len` priorities.
pub(super) unsafe fn priorities(from: *const Priority, len: usize) -> Outcome<Vec<Priority>> {
    // SAFETY: the same contract.
    Ok(unsafe { elements(from, len) }?.collect())
}

/// Copies of the elements of a caller's array.
///
/// # Safety
/// `from` is NULL or good for reading `len` elements for as long as the result is used. Whatever
/// bytes are there are valid for a `T`.
pub(super) unsafe fn elements<T: Copy>(
    from: *const T,
    len: usize,
) -> Outcome<impl ExactSizeIterator<Item = T>> {
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
