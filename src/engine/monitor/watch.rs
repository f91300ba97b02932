//! The few words the monitor reads of a stream that simply delivers: its own cache line and one of
//! each input, instead of its whole state. Which streams are watched, and when, does not belong here.

use super::stamps::LOOK_EVERY;
use super::wheel::NEVER;
use crate::core::Nanos;
use crate::hot::{prefetch, Cell};

/// A stream with more running inputs is always visited.
const INPUTS: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Watched {
    /// Whichever of the input's cells was recorded to last.
    cell: &'static Cell,
    /// After so long without a packet it is visited.
    patience: Nanos,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Watch {
    /// The tick before which the stream needs no visit, or [`NEVER`]; its group comes up no later.
    pub(super) scheduled_for: u64,
    /// The next deadline that packets do not postpone.
    fixed: Nanos,
    inputs: [Option<Watched>; INPUTS],
}

const _: () = assert!(size_of::<Watch>() == 64);

impl Watch {
    pub(super) const NOTHING: Watch =
        Watch { scheduled_for: NEVER, fixed: u64::MAX, inputs: [None; INPUTS] };

    /// Watches inputs (a cell and the limit on silence of each) and a deadline beside them
    /// (`u64::MAX` is none).
    pub(super) fn set(
        &mut self,
        fixed: Nanos,
        inputs: impl Iterator<Item = (&'static Cell, Nanos)>,
    ) {
        self.fixed = fixed;
        self.inputs = [None; INPUTS];
        for (at, (cell, silence_limit)) in inputs.enumerate() {
            match self.inputs.get_mut(at) {
                Some(watched) => {
                    let patience = silence_limit.min(LOOK_EVERY);
                    *watched = Some(Watched { cell, patience });
                }
                // Always due.
                None => self.fixed = 0,
            }
        }
    }

    /// Whether any input is watched.
    pub(super) fn is_watching(&self) -> bool {
        self.inputs[0].is_some()
    }

    /// An instant before which the stream needs no visit, as far as these words tell, if no input may be
    /// silent for longer than `most`; `came` says when a stamped packet may have come.
    #[inline]
    pub(super) fn quiet_until(&self, most: Nanos, came: impl Fn(Nanos) -> Nanos) -> Nanos {
        self.inputs.iter().flatten().fold(self.fixed, |soonest, watched| {
            soonest.min(came(watched.cell.last_packet()) + watched.patience.min(most))
        })
    }

    /// Asks the processor for the lines `quiet_until` will read.
    #[inline]
    pub(super) fn prefetch_cells(&self) {
        self.inputs.iter().flatten().for_each(|watched| prefetch(watched.cell));
    }
}
