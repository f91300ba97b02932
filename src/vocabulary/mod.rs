//! Every word that all four languages share, declared once: its permanent number, its name, its
//! text. Depends on nothing else in the crate.
//!
//! | file | words |
//! |---|---|
//! | `events.rs` | kinds of events, with log level and what the backlog does with them |
//! | `reasons.rs` | reasons |
//! | `conditions.rs` | what the host may have against an input, and how bad it is |
//! | `states.rs` | input statuses, probe answers, log levels |
//! | `errors.rs` | errors and result codes |
//! | `flags.rs` | packet flags |
//! | `settings.rs` | settings, and the values of those that are a choice |
//!
//! The Rust types are made here, by macros. What C, C++, Go and `docs/reference.md` say of the
//! same words is written from the tables here by `make generated` (see `tests/generated/`), is
//! checked in, and is compared by that test.
//!
//! Texts are written once for all languages. Names of settings, operations and event fields stand
//! in backticks, in snake case: each language gets its own spelling of them.

mod conditions;
mod errors;
mod events;
mod flags;
mod reasons;
mod settings;
mod states;

use std::ffi::CStr;

pub use conditions::{Condition, Severity};
#[cfg(feature = "capi")]
pub use errors::codes;
pub use errors::{Error, ErrorWord, ERRORS};
pub use events::{Backlog, EventTag};
pub use flags::{Flags, FLAGS};
pub use reasons::{Obstacle, Reason};
pub(crate) use settings::settings;
pub use settings::{
    all_settings, Commit, Failback, Form, Grace, Kind, NumberLimit, Overlap, Percent, PercentLimit,
    Role, Scope, Setting, Silence, Source, Standby, TimeLimit, Timeout, Wait, Window,
    AS_PACKET_TIMEOUT, LONGEST,
};
pub use states::{Level, ProbeAnswer, StartReason, Status};

/// A word that is a number in C.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Permanent.
    pub number: i32,
    /// In snake case, as logs and JSON have it. In C it follows the list's prefix, in capitals.
    pub name: &'static CStr,
    /// What it means: lines as in the source.
    pub docs: &'static [&'static str],
}

/// Words that belong together: an enum.
#[derive(Clone, Copy, Debug)]
pub struct WordList {
    /// The enum's name in Rust.
    pub name: &'static str,
    /// What its constants in C begin with.
    pub prefix: &'static str,
    /// What the enum is.
    pub docs: &'static [&'static str],
    /// In the order of their numbers. One that Rust says by `None` is there, too.
    pub words: &'static [Word],
}

impl WordList {
    /// The name of a number.
    pub fn name_of(&self, number: i32) -> Option<&'static CStr> {
        self.words.iter().find(|word| word.number == number).map(|word| word.name)
    }
}

/// An enum of this vocabulary.
pub trait Vocabulary: Copy {
    /// Its words.
    const WORDS: WordList;
    /// Its number.
    fn code(self) -> i32;
    /// The one with this number.
    fn from_code(code: i32) -> Option<Self>;
}

/// Every list of words but the choices of settings.
pub const LISTS: &[WordList] = &[
    Status::WORDS,
    Severity::WORDS,
    Condition::WORDS,
    StartReason::WORDS,
    Reason::WORDS,
    Obstacle::WORDS,
    EventTag::WORDS,
    ProbeAnswer::WORDS,
    Level::WORDS,
];

/// A literal as a C string.
macro_rules! c_string {
    ($text:expr) => {
        match std::ffi::CStr::from_bytes_with_nul(concat!($text, "\0").as_bytes()) {
            Ok(text) => text,
            Err(_) => panic!("no NUL within a name"),
        }
    };
}
pub(crate) use c_string;

/// Declares an enum: its C prefix; in brackets what C calls the absence of a value, number 0, if it
/// does; and each word's text, variant, permanent number and name.
macro_rules! vocabulary {
    (
        $(#[doc = $about:literal])+
        pub enum $enum:ident: $prefix:ident {
            $([$absent:literal = 0, $absent_doc:literal])?
            $($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[doc = $doc])+ $variant = $number,)+
        }

        impl $enum {
            /// Every one, in the order of their numbers.
            pub const ALL: &'static [$enum] = &[$($enum::$variant,)+];

            /// Its permanent number, as in C.
            pub const fn code(self) -> i32 {
                self as i32
            }

            /// The one with this number.
            pub const fn from_code(code: i32) -> Option<Self> {
                match code {
                    $($number => Some($enum::$variant),)+
                    _ => None,
                }
            }

            /// Its name, e.g. in logs and JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $($enum::$variant => $name,)+
                }
            }
        }

        impl $crate::vocabulary::Vocabulary for $enum {
            const WORDS: $crate::vocabulary::WordList = $crate::vocabulary::WordList {
                name: stringify!($enum),
                prefix: stringify!($prefix),
                docs: &[$($about),+],
                words: &[
                    $($crate::vocabulary::Word {
                        number: 0,
                        name: $crate::vocabulary::c_string!($absent),
                        docs: &[$absent_doc],
                    },)?
                    $($crate::vocabulary::Word {
                        number: $number,
                        name: $crate::vocabulary::c_string!($name),
                        docs: &[$($doc),+],
                    },)+
                ],
            };

            fn code(self) -> i32 {
                $enum::code(self)
            }

            fn from_code(code: i32) -> Option<Self> {
                $enum::from_code(code)
            }
        }

        /// As its name.
        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        /// By its name.
        impl<'de> serde::Deserialize<'de> for $enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
                let named = $enum::ALL.iter().find(|word| word.name() == name);
                named.copied().ok_or_else(|| {
                    serde::de::Error::unknown_variant(&name, &[$($name),+])
                })
            }
        }
    };
}
pub(crate) use vocabulary;
