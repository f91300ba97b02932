//! What an operation can refuse, and the result codes of C.

use super::c_string;
use std::ffi::CStr;

/// A result code.
#[derive(Clone, Copy, Debug)]
pub struct ErrorWord {
    /// Permanent: 0, or negative.
    pub number: i32,
    /// The constant's name in C.
    pub name: &'static CStr,
    /// In a few words, for people.
    pub message: &'static CStr,
    /// What it means: lines as in the source.
    pub docs: &'static [&'static str],
    /// The variant of [`Error`]; empty where only C can fail.
    pub rust: &'static str,
    /// The Go package's name for it; empty where Go has none.
    pub go: &'static str,
}

/// The engine's errors: text, variant, permanent number, name in C, message. Then those only the C
/// functions have.
macro_rules! errors {
    (
        engine { $(
            $(#[doc = $doc:literal])+
            $variant:ident = $number:literal, $name:ident, $message:literal $(, Go $go:ident)?;
        )+ }
        abi { $(
            $(#[doc = $abi_doc:literal])+
            $abi_name:ident = $abi_number:literal, $abi_message:literal $(, Go $abi_go:ident)?;
        )+ }
    ) => {
        /// Why an operation was refused. A refused operation changes nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[doc = $doc])+ #[error($message)] $variant,)+
        }

        impl Error {
            /// Its permanent number, as in C.
            pub const fn code(self) -> i32 {
                match self {
                    $(Error::$variant => $number,)+
                }
            }
        }

        /// The result codes by their names in C.
        #[cfg(feature = "capi")]
        pub mod codes {
            $($(#[doc = $doc])+ pub const $name: i32 = $number;)+
            $($(#[doc = $abi_doc])+ pub const $abi_name: i32 = $abi_number;)+
        }

        /// Every result code.
        pub const ERRORS: &[ErrorWord] = &[
            $(ErrorWord {
                number: $number,
                name: c_string!(stringify!($name)),
                message: c_string!($message),
                docs: &[$($doc),+],
                rust: stringify!($variant),
                go: concat!($(stringify!($go))?),
            },)+
            $(ErrorWord {
                number: $abi_number,
                name: c_string!(stringify!($abi_name)),
                message: c_string!($abi_message),
                docs: &[$($abi_doc),+],
                rust: "",
                go: concat!($(stringify!($abi_go))?),
            },)+
        ];
    };
}

errors! {
    engine {
        /// A stream id is empty or longer than 255 bytes.
        StreamId = -5, CHANGEOVER_ERR_STREAM_ID, "a stream id has 1 to 255 bytes", Go ErrStreamID;
        /// A priority is negative.
        Priority = -6, CHANGEOVER_ERR_PRIORITY, "a priority is 0 or more", Go ErrPriority;
        /// Two inputs of one stream have the same priority.
        DuplicatePriority = -7, CHANGEOVER_ERR_DUPLICATE_PRIORITY,
            "priorities are unique within a stream", Go ErrDuplicatePriority;
        /// A setting is out of range, or makes no sense on the level it was given for. A duration under
        /// a millisecond is one without its unit.
        Config = -8, CHANGEOVER_ERR_CONFIG, "a setting is out of range or not allowed on this level",
            Go ErrConfig;
        /// Hot standby was asked for where two sessions can't overlap.
        HotWithoutOverlap = -9, CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, "hot standby needs overlap on",
            Go ErrHotWithoutOverlap;
        /// The stream id is already registered.
        StreamExists = -10, CHANGEOVER_ERR_STREAM_EXISTS, "the stream is already registered",
            Go ErrStreamExists;
        /// No such stream is registered.
        UnknownStream = -11, CHANGEOVER_ERR_UNKNOWN_STREAM, "no such stream is registered",
            Go ErrUnknownStream;
        /// The stream has no input of that priority.
        UnknownInput = -12, CHANGEOVER_ERR_UNKNOWN_INPUT,
            "the stream has no input of that priority", Go ErrUnknownInput;
        /// The input is degraded, so it can't be chosen.
        InputDegraded = -13, CHANGEOVER_ERR_INPUT_DEGRADED, "the input is degraded",
            Go ErrInputDegraded;
        /// That session or probe is over, replaced, or was never given out.
        StaleSession = -14, CHANGEOVER_ERR_STALE_SESSION, "that session or probe is over",
            Go ErrStaleSession;
        /// The wait ended before what was waited for.
        Timeout = -17, CHANGEOVER_ERR_TIMEOUT, "timed out";
        /// A polling call on an engine with callbacks, or the reverse.
        WrongMode = -18, CHANGEOVER_ERR_WRONG_MODE,
            "not available with this way of event delivery";
        /// The call would wait for the thread it is made on.
        InCallback = -19, CHANGEOVER_ERR_IN_CALLBACK, "not allowed inside a callback";
        /// The engine is shut down.
        ShutDown = -20, CHANGEOVER_ERR_SHUT_DOWN, "the engine is shut down";
        /// The engine belongs to the parent of this forked process.
        Forked = -21, CHANGEOVER_ERR_FORKED,
            "the engine belongs to the parent of this forked process";
        /// The system refused a thread or a descriptor.
        System = -23, CHANGEOVER_ERR_SYSTEM, "the system refused a thread or a descriptor",
            Go ErrSystem;
        /// A bug in the library, stopped before it reached the caller. If it was met while a stream
        /// was driven, that stream was unregistered.
        Panic = -24, CHANGEOVER_ERR_PANIC, "a bug in the library", Go ErrPanic;
        /// More inputs, or a longer text, than a stream may have.
        Limit = -25, CHANGEOVER_ERR_LIMIT, "more inputs, or a longer text, than a stream may have",
            Go ErrLimit;
        /// The engine's monitor has ended by a bug: nothing is decided any more. Recording goes on
        /// answering as it last did.
        MonitorDied = -26, CHANGEOVER_ERR_MONITOR_DIED, "the engine's monitor has ended by a bug",
            Go ErrMonitorDied;
        /// No other input is usable, so this one is kept.
        NoOtherInput = -27, CHANGEOVER_ERR_NO_OTHER_INPUT, "no other input is usable",
            Go ErrNoOtherInput;
        /// The input is disabled, so it can't be chosen.
        InputDisabled = -28, CHANGEOVER_ERR_INPUT_DISABLED, "the input is disabled",
            Go ErrInputDisabled;
        /// There is nothing to return to.
        NoBetterInput = -29, CHANGEOVER_ERR_NO_BETTER_INPUT, "no better input is healthy",
            Go ErrNoBetterInput;
        /// This library was built without that.
        Unsupported = -30, CHANGEOVER_ERR_UNSUPPORTED, "this library was built without that",
            Go ErrUnsupported;
        /// It is no IP address with a port, or the system refuses to listen there.
        Address = -31, CHANGEOVER_ERR_ADDRESS, "the address can't be listened on", Go ErrAddress;
        /// Whoever reaches an address that is not loopback may ask, so a token is needed.
        NeedsToken = -32, CHANGEOVER_ERR_NEEDS_TOKEN,
            "an address that is not loopback needs a token", Go ErrNeedsToken;
        /// A token that is too short, too long, or can't be sent in a header field; or none, where one is
        /// needed.
        Token = -33, CHANGEOVER_ERR_TOKEN, "a token has 16 to 255 printable ASCII characters",
            Go ErrToken;
        /// Switch numbers can't begin with one that is larger than 2^57.
        FirstSwitch = -34, CHANGEOVER_ERR_FIRST_SWITCH, "a first switch number is at most 2^57",
            Go ErrFirstSwitch;
    }
    abi {
        /// Success.
        CHANGEOVER_OK = 0, "success";
        /// A required pointer is NULL.
        CHANGEOVER_ERR_NULL = -1, "a required pointer is NULL";
        /// Not a live handle: freed, closed, or never ours.
        CHANGEOVER_ERR_HANDLE = -2, "not a live handle";
        /// A struct_size is too small or absurd, or a field this version does not know is not zero.
        CHANGEOVER_ERR_STRUCT_SIZE = -3,
            "struct_size is wrong, or a field unknown to this version is set";
        /// A string is not UTF-8.
        CHANGEOVER_ERR_UTF8 = -4, "a string is not UTF-8", Go ErrUTF8;
        /// A length that no buffer can have.
        CHANGEOVER_ERR_LENGTH = -15, "a length that no buffer can have";
        /// A number that is not one of the constants, or a reserved field that is not zero.
        CHANGEOVER_ERR_VALUE = -16, "not one of the constants", Go ErrValue;
        /// An index beyond the end.
        CHANGEOVER_ERR_INDEX = -22, "an index beyond the end";
    }
}
