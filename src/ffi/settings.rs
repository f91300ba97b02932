//! `changeover_config`: made from the settings in `vocabulary/settings.rs`, like its text in the
//! header, which `tests/generated` writes.

use super::constants::{word, CHANGEOVER_INHERIT, CHANGEOVER_INHERIT_CHOICE};
use super::result::{Code, Outcome, CHANGEOVER_ERR_VALUE};
use super::versioned::{read, Versioned};
use crate::core::Config;
use crate::vocabulary::{
    c_string, settings, Commit, Failback, Grace, Kind, NumberLimit, Overlap, Percent, PercentLimit,
    Role, Silence, Source, Standby, TimeLimit, Timeout, Vocabulary, Wait, Window,
};
use std::ffi::CStr;
use std::mem::offset_of;
use std::time::Duration;

/// Which field is wrong, and what it should be.
pub(super) type Complaint = (&'static CStr, &'static CStr);

/// A kind of setting as a field of the struct.
trait Field: Kind {
    /// Nothing is set.
    const INHERIT: Self::C;
    /// What is set; `None` is inherited.
    fn read(field: Self::C) -> Outcome<Option<Self::Value>>;
}

/// Kinds that are a duration or a number: the greatest number is inherited.
macro_rules! numeric {
    ($($kind:ident: $from:expr),+) => {
        $(impl Field for $kind {
            const INHERIT: u64 = CHANGEOVER_INHERIT;
            fn read(field: u64) -> Outcome<Option<Self::Value>> {
                Ok((field != CHANGEOVER_INHERIT).then(|| $from(field)))
            }
        })+
    };
}
numeric!(
    Timeout: Duration::from_nanos,
    Wait: Duration::from_nanos,
    Window: Duration::from_nanos,
    Grace: Duration::from_nanos,
    TimeLimit: Duration::from_nanos,
    NumberLimit: u64::from,
    Percent: u64::from,
    PercentLimit: u64::from
);

impl<T: Vocabulary> Field for T {
    const INHERIT: i32 = CHANGEOVER_INHERIT_CHOICE;
    fn read(field: i32) -> Outcome<Option<T>> {
        if field == CHANGEOVER_INHERIT_CHOICE {
            return Ok(None);
        }
        word(field).map(Some)
    }
}

pub(super) fn zero(reserved: i32) -> Outcome {
    if reserved == 0 {
        Ok(())
    } else {
        Err(Code(CHANGEOVER_ERR_VALUE))
    }
}

macro_rules! config_struct {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kind:ident = $default:expr, $scope:ident $(, $reserved:ident)?;
    )+) => {
        /// Settings of the engine, of a stream or of an input.
        #[derive(Clone, Copy, Debug)]
        #[repr(C)]
        pub struct changeover_config {
            /// Set by changeover_config_init.
            pub struct_size: usize,
            $(
                $(#[doc = $doc])+
                pub $name: <$kind as Kind>::C,
                $(
                    /// 0.
                    pub $reserved: i32,
                )?
            )+
        }

        impl changeover_config {
            /// Where each field is.
            #[doc(hidden)]
            pub const OFFSETS: &[(&str, usize)] = &[
                ("struct_size", 0),
                $(
                    (stringify!($name), offset_of!(changeover_config, $name)),
                    $((stringify!($reserved), offset_of!(changeover_config, $reserved)),)?
                )+
            ];

            const EVERYTHING_INHERITED: Self = changeover_config {
                struct_size: 0,
                $(
                    $name: <$kind as Field>::INHERIT,
                    $($reserved: 0,)?
                )+
            };
        }

        // No padding: it could not be told from a field of a later version.
        const _: () = assert!(
            size_of::<changeover_config>()
                == size_of::<usize>()
                    $(+ size_of::<<$kind as Kind>::C>() $(+ size_of_reserved!($reserved))?)+
        );

        /// The settings, whatever their ranges; or which field has no meaning.
        pub(super) fn checked(from: &changeover_config) -> Result<Config, Complaint> {
            let mut config = Config::new();
            $(
                match <$kind as Field>::read(from.$name) {
                    Ok(Some(value)) => config = config.$name(value),
                    Ok(None) => {}
                    Err(_) => return Err((c_string!(stringify!($name)), <$kind as Kind>::RANGE)),
                }
                $(zero(from.$reserved).map_err(|_| (c_string!(stringify!($reserved)), c"0"))?;)?
            )+
            Ok(config)
        }
    };
}

macro_rules! size_of_reserved {
    ($name:ident) => {
        size_of::<i32>()
    };
}

settings!(config_struct);

// SAFETY: `repr(C)`, `struct_size` first, then integers only.
unsafe impl Versioned for changeover_config {
    /// `reserved` was the last field in 0.1.
    const FIRST: usize = offset_of!(changeover_config, reserved) + size_of::<i32>();
    const INITIAL: Self = changeover_config::EVERYTHING_INHERITED;
}

/// # Safety
/// `from` is NULL or points to a struct as long as it says.
pub(super) unsafe fn config(from: *const changeover_config) -> Outcome<Config> {
    // SAFETY: the same contract.
    let from = unsafe { read(from) }?;
    checked(&from).map_err(|_| Code(CHANGEOVER_ERR_VALUE))
}

/// Settings that may be left out.
///
/// # Safety
/// As [`config`].
pub(super) unsafe fn config_or_inherit(from: *const changeover_config) -> Outcome<Config> {
    if from.is_null() {
        return Ok(Config::new());
    }
    // SAFETY: the same contract.
    unsafe { config(from) }
}
