//! The word that admits exactly one session of a stream.

use super::sync::Ordering;
#[cfg(not(loom))]
use atomic::Atomic;
#[cfg(loom)]
use loom::sync::atomic::AtomicU64;

/// The number of a gate move. Each belongs to at most one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::NoUninit)]
#[repr(transparent)]
struct SwitchNumber(u64);

#[cfg(not(loom))]
const _: () = assert!(Atomic::<SwitchNumber>::is_lock_free());

/// A stream's gate: the number of its last move. A cell is admitted when it carries the same
/// number, and the monitor gives a number to the cells of one session only; so moving the gate
/// is one store, and no two sessions are admitted at any instant.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Gate {
    #[cfg(not(loom))]
    word: Atomic<SwitchNumber>,
    #[cfg(loom)]
    word: AtomicU64,
}

impl Gate {
    #[cfg(not(loom))]
    pub(crate) fn closed() -> Self {
        Gate { word: Atomic::new(SwitchNumber(0)) }
    }

    #[cfg(loom)]
    pub(crate) fn closed() -> Self {
        Gate { word: AtomicU64::new(0) }
    }

    /// The number of the session that is admitted.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        // Acquire: pairs with the Release in `move_to`; whoever sees a number sees the cells'
        // admissions of that number, so the admitted session is never shut out by a stale cell.
        #[cfg(not(loom))]
        return self.word.load(Ordering::Acquire).0;
        #[cfg(loom)]
        return self.word.load(Ordering::Acquire);
    }

    /// Admits the cells that carry `number` (see [`super::Cell::admit`]) and no others.
    pub(crate) fn move_to(&self, number: u64) {
        // Release: pairs with the Acquire in `number`.
        #[cfg(not(loom))]
        self.word.store(SwitchNumber(number), Ordering::Release);
        #[cfg(loom)]
        self.word.store(number, Ordering::Release);
    }
}
