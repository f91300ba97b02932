//! What an ingest thread touches per packet: shared memory, atomics, nothing else.
//!
//! | item | job | who writes |
//! |---|---|---|
//! | [`Cell`] | counters and newest packet of one handle, or of one input's by-id recording | that handle's thread; any thread |
//! | [`ByIdCells`] | which of an input's two cells a thread counts in, by id | the first thread owns one |
//! | [`Gate`] | admits exactly one session of a stream | monitor |
//! | [`Clock`] | cached monotonic time | monitor |
//! | [`Attention`] | which cells delivered an awaited packet | recording threads set, monitor clears |
//! | [`Table`] | stream id → route, behind an `ArcSwap` | monitor |
//! | [`Presence`] | which threads are inside a by-id call | each thread its own |
//!
//! Everything here is wait-free for the recording side: no lock, no loop, no allocation, no
//! system call (by id: except a thread's first call). `ARCHITECTURE.md` has the table of memory
//! orderings.

mod attention;
mod by_id;
mod cell;
mod clock;
mod dense;
mod gate;
mod id_hash;
#[cfg(all(loom, test))]
mod models;
mod per_process;
mod presence;
mod routing;
mod sync;

pub(crate) use sync::prepare_fences;

use attention::Attention;
pub(crate) use by_id::{ByIdCells, ThreadNumber};
pub(crate) use cell::{Cell, CellPool, Counters};
pub(crate) use clock::{monotonic, Clock};
pub(crate) use dense::prefetch;
pub(crate) use gate::{Gate, OwnedGate};
pub(crate) use presence::{Absence, Presence, Presences};
pub(crate) use routing::{InputRoute, Route, Router, Table, Unlinked, View};

/// What a packet is, for the counters: a set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Nothing known, e.g. a datagram of a multiplex.
    pub const NONE: Flags = Flags(0);
    /// A video frame; counts into `fps`.
    pub const VIDEO: Flags = Flags(1);
    /// An audio frame.
    pub const AUDIO: Flags = Flags(2);
    /// A point at which decoding can start.
    pub const KEY: Flags = Flags(4);

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

/// What `record` answers: drop the packet, or forward it under a switch number.
///
/// A stream's switch number only rises. A host that writes under one lock and discards packets
/// with a smaller number than the last one written never interleaves two inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use = "the verdict says whether to forward the packet"]
pub struct Verdict(u64);

impl Verdict {
    /// Drop the packet.
    pub const DROP: Verdict = Verdict(0);

    pub(crate) const fn new(number: u64) -> Verdict {
        Verdict(number)
    }

    /// Whether the packet is to be forwarded.
    pub const fn forward(self) -> bool {
        self.0 != 0
    }

    /// The switch number; 0 when the packet is to be dropped.
    pub const fn number(self) -> u64 {
        self.0
    }
}
