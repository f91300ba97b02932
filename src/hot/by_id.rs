//! Recording by id from any number of threads: who counts where.

use super::cell::Cell;
use super::clock::Clock;
use super::gate::Gate;
use super::owner::{Owner, ThreadNumber};
use super::{Packet, Verdict};

/// The two cells in which packets of one input are counted by id, side by side: that of the first
/// thread that records there, and that of all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByIdCells(&'static [Cell; 2]);

impl ByIdCells {
    pub(super) fn new(cells: &'static [Cell; 2]) -> ByIdCells {
        ByIdCells(cells)
    }

    /// # Safety
    /// A pair of cells of a [`super::CellPool`] is there.
    #[inline(always)]
    pub(super) unsafe fn at(pair: *const [Cell; 2]) -> ByIdCells {
        // SAFETY: cells live as long as the process.
        ByIdCells(unsafe { &*pair })
    }

    pub(crate) fn both(self) -> &'static [Cell; 2] {
        self.0
    }

    /// Who owns the first cell, as the cell itself says.
    pub(super) fn owner(self) -> &'static Owner {
        self.0[0].owner()
    }

    /// Counts one packet of thread `me`: plainly where it owns the first cell, else in the second
    /// one. Wait-free.
    ///
    /// `known` is who owns the first cell, or unknown so far.
    #[inline(always)]
    pub(crate) fn record(
        self,
        me: ThreadNumber,
        known: &Owner,
        packet: Packet,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        let [owned, shared] = self.0;
        let Packet { bytes, flags } = packet;
        let owner = known.get();
        if owner == me || (owner == ThreadNumber::NOBODY && self.find_out(known, me)) {
            owned.record_owned(bytes, flags, clock, gate, shared)
        } else {
            shared.record_shared(bytes, flags, clock, gate)
        }
    }

    /// Whether `me` owns the first cell; notes down who does.
    #[cold]
    fn find_out(self, known: &Owner, me: ThreadNumber) -> bool {
        let owner = self.owner().decide(me);
        known.note(owner);
        owner == me
    }
}
