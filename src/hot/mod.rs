//! What an ingest thread touches per packet: shared memory, atomics, nothing else.
//!
//! | file | job | who writes |
//! |---|---|---|
//! | `cell.rs`, `cell/batch.rs` | [`Cell`]: counters and newest packet of one handle, or of an input's by-id recording | that handle's thread; any thread |
//! | `owner.rs`, `by_id.rs` | [`ByIdCells`]: which of an input's two cells a thread counts in, by id | the first thread owns one |
//! | `signal.rs`, `attention.rs` | which cells delivered an awaited packet | recording threads set, monitor clears |
//! | `chunk.rs`, `pool.rs` | [`CellPool`]: where cells come from; the cells of one engine, by number | monitor |
//! | `gate.rs` | [`Gate`]: admits exactly one session of a stream | monitor; who takes an offer |
//! | `offer.rs` | the offer: the right to move the gate, taken by one packet of a switch's target | monitor opens and closes; a recording thread takes |
//! | `clock.rs` | [`Clock`]: cached monotonic time | monitor |
//! | `route.rs` | [`Route`]: one stream, as recording by id finds it | monitor |
//! | `table.rs`, `slot.rs`, `id_hash.rs` | [`Table`]: stream id → route, as readers see it | monitor |
//! | `router.rs`, `arena.rs` | [`Router`]: the table as the monitor writes it; where routes are kept | monitor |
//! | `presence.rs` | [`Presence`]: which threads are inside a by-id call | each thread its own |
//! | `process.rs` | which process this is, and what its engines share | a child, at the fork |
//! | `dense.rs`, `sync.rs` | packed memory; atomics, locks, fences, and what model checkers have in their place | |
//! | `models.rs` | models of all that for the model checkers, with the files beside it | |
//!
//! Progress: recording takes no lock, allocates nothing and makes no system call (by id: except a
//! thread's first call). It is wait-free on x86-64 and on arm64 with LSE atomics:
//!
//! - by handle, a packet is a fixed number of instructions;
//! - by id it looks at the slots of the table up to the first free one ([`Table`] says why there is
//!   one), and tries again only for another thread that records the same input and was held up
//!   (`Cell::raise_last_packet`); counting itself takes instructions that do not retry.
//!
//! `ci/test-instructions` sees to it that the compiler makes no other retry loop of it.
//! `ARCHITECTURE.md` has the table of memory orderings.

mod arena;
mod attention;
mod by_id;
mod cell;
mod chunk;
mod clock;
mod dense;
mod gate;
mod id_hash;
#[cfg(all(any(loom, shuttle, miri), test))]
pub(crate) mod models;
mod offer;
mod owner;
mod pool;
mod presence;
mod process;
mod route;
mod router;
mod signal;
mod slot;
pub(crate) mod sync;
mod table;

use crate::vocabulary::Flags;
pub(crate) use sync::prepare_fences;

pub(crate) use by_id::ByIdCells;
pub(crate) use cell::{Cell, Counters};
#[cfg(test)]
pub(crate) use clock::simulated;
pub(crate) use clock::{monotonic, thread_time, Clock};
pub(crate) use dense::prefetch;
pub(crate) use gate::{Gate, OwnedGate};
pub(crate) use pool::CellPool;
pub(crate) use presence::{Absence, Presence, Presences};
#[cfg(all(test, feature = "capi", not(any(loom, shuttle)), not(miri)))]
pub(crate) use process::is_true_in_a_child;
#[cfg(feature = "capi")]
pub(crate) use process::PerProcess;
pub(crate) use process::{is_inherited, next_number, watch_forks};
pub(crate) use route::{InputRoute, Route};
pub(crate) use router::{Router, Unlinked};
pub(crate) use table::{Table, View};

/// One packet, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) bytes: u32,
    pub(crate) flags: Flags,
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
