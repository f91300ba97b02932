//! What is wrong with settings and inputs, before they are given to an operation.

use super::abi_types::changeover_input_spec;
use super::config::input;
use super::guard::guard;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_LIMIT, CHANGEOVER_ERR_VALUE};
use super::settings::{changeover_config, checked, Complaint};
use super::versioned::{read, read_all};
use crate::core::{Config, Problem, INPUTS_MAX};
use std::collections::BTreeSet;
use std::ffi::c_char;
use std::ptr::null;

/// Ends the reading of a list at the first complaint.
const FOUND: Code = Code(CHANGEOVER_ERR_LIMIT);

/// The texts of a complaint, for the caller.
struct Answer {
    field: Output<*const c_char>,
    why: Output<*const c_char>,
}

impl Answer {
    /// # Safety
    /// Both are NULL or good for writing a pointer.
    unsafe fn to(field: *mut *const c_char, why: *mut *const c_char) -> Outcome<Answer> {
        // SAFETY: by this function's contract.
        unsafe { Ok(Answer { field: Output::required(field)?, why: Output::optional(why) }) }
    }

    fn write(self, complaint: Option<Complaint>) {
        let texts = complaint.map(|(field, why)| (field.as_ptr(), why.as_ptr()));
        let (field, why) = texts.unwrap_or((null(), null()));
        self.field.write(field);
        self.why.write(why);
    }
}

/// Says what is wrong with settings that an operation refuses with CHANGEOVER_ERR_CONFIG or
/// CHANGEOVER_ERR_VALUE.
///
/// `of` is 0 for settings of the engine, 1 for those of an input, 2 for those of a stream. `field` receives
/// the name of the first field that is wrong, and `why` (may be NULL) what it should be, e.g. "a duration
/// from 1 ms to a year (in C in nanoseconds)"; both NULL if nothing is wrong. Static strings.
///
/// Any thread; does not wait.
/// Errors: VALUE for another `of`. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_config_check(
    config: *const changeover_config,
    of: i32,
    field: *mut *const c_char,
    why: *mut *const c_char,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let config = read(config)?;
        let answer = Answer::to(field, why)?;
        let check = match of {
            0 => Config::check,
            1 => Config::check_for_input,
            2 => Config::check_for_stream,
            _ => return Err(Code(CHANGEOVER_ERR_VALUE)),
        };
        answer.write(complaint_about_config(&config, check));
        Ok(())
    })
}

/// Says which of a list of inputs an operation refuses, and why.
///
/// `index` (may be NULL) receives the place of the first input that is wrong, `field` the name of its field
/// ("priority", "url", "options", or a setting), and `why` (may be NULL) what it should be; if none is
/// wrong, `inputs_len`, NULL and NULL. Static strings. Of a stream that has inputs already it knows
/// nothing. What can't be read at all is an error here, too.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_inputs_check(
    inputs: *const changeover_input_spec,
    inputs_len: usize,
    index: *mut usize,
    field: *mut *const c_char,
    why: *mut *const c_char,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let index = Output::optional(index);
        let answer = Answer::to(field, why)?;
        let mut taken = BTreeSet::new();
        let (mut good, mut found) = (0, None);
        let read = read_all(inputs, inputs_len, |spec| {
            let mut complaint = complaint_about_input(&spec)?;
            if !taken.insert(spec.priority) {
                complaint = complaint.or(Some((c"priority", c"unique in the stream")));
            }
            if good == INPUTS_MAX {
                complaint = Some((c"inputs", c"at most 256 in a stream"));
            }
            if complaint.is_some() {
                found = complaint;
                return Err(FOUND);
            }
            good += 1;
            Ok(())
        });
        if let Err(error) = read {
            if error != FOUND || found.is_none() {
                return Err(error);
            }
        }
        index.write(good);
        answer.write(found);
        Ok(())
    })
}

fn complaint_about_config(
    config: &changeover_config,
    check: fn(&Config) -> Result<(), Problem>,
) -> Option<Complaint> {
    match checked(config) {
        Ok(config) => check(&config).err().map(|problem| problem.texts()),
        Err(complaint) => Some(complaint),
    }
}

/// # Safety
/// What is in `spec` is as long as it says.
unsafe fn complaint_about_input(spec: &changeover_input_spec) -> Outcome<Option<Complaint>> {
    if spec.reserved != 0 {
        return Ok(Some((c"reserved", c"0")));
    }
    // SAFETY: by this function's contract.
    unsafe {
        if !spec.config.is_null() {
            let config = read(spec.config)?;
            if let Some(complaint) = complaint_about_config(&config, Config::check_for_input) {
                return Ok(Some(complaint));
            }
        }
        match input(spec) {
            Ok(input) => Ok(input.check().err().map(|problem| problem.texts())),
            Err(Code(CHANGEOVER_ERR_LIMIT)) => Ok(Some((c"options", c"at most 256"))),
            Err(error) => Err(error),
        }
    }
}
