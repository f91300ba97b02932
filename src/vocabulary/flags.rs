//! What a packet is.

use super::{c_string, Word, WordList};

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $flag:ident = $bit:literal, $name:literal;)+) => {
        /// What a packet is, for the counters: a set of flags.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct Flags(u32);

        impl Flags {
            /// Nothing known, e.g. a datagram of a multiplex.
            pub const NONE: Flags = Flags(0);
            $($(#[doc = $doc])+ pub const $flag: Flags = Flags($bit);)+
        }

        /// The flags.
        pub const FLAGS: WordList = WordList {
            name: "Flags",
            prefix: "CHANGEOVER",
            docs: &["What a packet is, or'ed."],
            words: &[$(Word { number: $bit, name: c_string!($name), docs: &[$($doc),+] },)+],
        };
    };
}

flags! {
    /// A video frame. Counts into fps.
    VIDEO = 1, "video";
    /// An audio frame.
    AUDIO = 2, "audio";
    /// Decoding can start here.
    KEY = 4, "key";
}

impl Flags {
    /// From the C constants. Unknown bits are kept for later versions and ignored.
    pub const fn from_bits(bits: u32) -> Flags {
        Flags(bits)
    }

    /// As the C constants.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}
