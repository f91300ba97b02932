//! Settings and inputs from the caller's structs.

use super::abi_types::{changeover_input_spec, changeover_option};
use super::arrays::elements;
use super::guard::guard;
use super::host_pointer::HostPointer;
use super::result::{Code, Outcome, CHANGEOVER_ERR_LIMIT};
use super::settings::{changeover_config, config_or_inherit, zero};
use super::strings::text;
use super::versioned::{init, read_all, read_known_all};
use crate::core::{Input, InputOption, Priority, INPUTS_MAX, OPTIONS_MAX};
use crate::user_data::UserData;

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

/// # Safety
/// `from` is NULL or points to `len` options, whose strings are as long as they say.
unsafe fn options(from: *const changeover_option, len: usize) -> Outcome<Box<[InputOption]>> {
    // SAFETY: by this function's contract.
    unsafe {
        let options = elements(from, len)?;
        limited(len, OPTIONS_MAX)?;
        let pairs = options.map(|option| {
            let key = text(option.key, option.key_len)?;
            let value = text(option.value, option.value_len)?;
            Ok((key.into(), value.into()))
        });
        pairs.collect()
    }
}

/// The inputs, and from here on the responsibility for the `user_data` of all of them, whatever is wrong
/// with any. For before anything else can fail.
///
/// # Safety
/// `from` is NULL or points to `len` inputs, each as long as it says, and so on inwards.
pub(super) unsafe fn take_inputs(
    from: *const changeover_input_spec,
    len: usize,
) -> Outcome<Vec<Input>> {
    // SAFETY: by this function's contract.
    let known = unsafe { read_known_all(from, len) }?;
    let user_data: Vec<_> = known.map(|spec| user_data(&spec?)).collect();
    let mut user_data = user_data.into_iter();
    let mut read = 0;
    // SAFETY: by this function's contract.
    unsafe {
        read_all(from, len, |spec| {
            // No more are copied than a stream may have.
            read += 1;
            limited(read, INPUTS_MAX)?;
            let mut input = input(&spec)?;
            input.set_user_data(user_data.next().flatten());
            Ok(input)
        })
    }
}

fn user_data(spec: &changeover_input_spec) -> Option<UserData> {
    let given = !spec.user_data.is_null() || spec.destroy.is_some();
    given.then(|| UserData::new(HostPointer::new(spec.user_data, spec.destroy)))
}

fn limited(count: usize, most: usize) -> Outcome {
    if count > most {
        return Err(Code(CHANGEOVER_ERR_LIMIT));
    }
    Ok(())
}

/// What is in `spec`, but for its `user_data`, which stays the caller's.
///
/// # Safety
/// What is in `spec` is as long as it says.
pub(super) unsafe fn input(spec: &changeover_input_spec) -> Outcome<Input> {
    zero(spec.reserved)?;
    // SAFETY: by this function's contract.
    unsafe {
        let mut input = Input::new(spec.priority, text(spec.url, spec.url_len)?);
        input.set_options(options(spec.options, spec.options_len)?);
        input.config = config_or_inherit(spec.config)?;
        Ok(input)
    }
}

/// # Safety
/// `from` is NULL or points to `len` priorities.
pub(super) unsafe fn priorities(from: *const Priority, len: usize) -> Outcome<Vec<Priority>> {
    // SAFETY: by this function's contract.
    let priorities = unsafe { elements(from, len) }?;
    limited(len, INPUTS_MAX)?;
    Ok(priorities.collect())
}
