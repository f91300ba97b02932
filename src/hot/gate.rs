//! The word that admits exactly one session of a stream.

use super::dense::{block_len, Dense};
use super::process::PerProcess;
use super::sync::Ordering;
#[cfg(not(loom))]
use atomic::Atomic;
#[cfg(loom)]
use loom::sync::atomic::AtomicU64;
use std::sync::Mutex;

/// The number of a gate move. Each belongs to at most one session.
#[cfg(not(loom))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::NoUninit)]
#[repr(transparent)]
struct SwitchNumber(u64);

#[cfg(not(loom))]
const _: () = assert!(Atomic::<SwitchNumber>::is_lock_free());

/// A stream's gate: the number of its last move. A cell is admitted when it carries the same
/// number, and the monitor gives a number to the cells of one session only; so moving the gate
/// is one store, and no two sessions are admitted at any instant.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Gate {
    #[cfg(not(loom))]
    word: Atomic<SwitchNumber>,
    #[cfg(loom)]
    word: AtomicU64,
}

// `include/changeover_inline.h` loads it as a word; see `Cell`.
#[cfg(not(loom))]
const _: () = assert!(std::mem::offset_of!(Gate, word) == 0 && size_of::<Gate>() == 8);

impl Gate {
    #[cfg(not(loom))]
    fn closed() -> Self {
        Gate { word: Atomic::new(SwitchNumber(0)) }
    }

    #[cfg(loom)]
    fn closed() -> Self {
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

/// A gate for as long as this lives. Gates are packed, eight to a cache line, because every
/// by-id record reads one at random and they hardly ever move; and like cells they are never
/// given back to the system.
#[derive(Debug)]
pub(crate) struct OwnedGate(&'static Gate);

#[derive(Default)]
struct Gates {
    free: Vec<&'static Gate>,
    made: usize,
}

static GATES: PerProcess<Mutex<Gates>> = PerProcess::new();

impl Gates {
    fn take(&mut self) -> &'static Gate {
        if self.free.is_empty() {
            // One, where it must not outlive an execution of the model checker.
            let len = if cfg!(loom) { 1 } else { block_len::<Gate>(self.made) };
            let block: &'static [Gate] = Dense::new(len, |_| Gate::closed()).leak();
            self.made += len;
            // Handed out in order.
            self.free.extend(block.iter().rev());
        }
        self.free.pop().expect("a block has gates")
    }
}

impl OwnedGate {
    /// A closed gate. May allocate.
    pub(crate) fn new() -> OwnedGate {
        let gate = GATES.lock().take();
        gate.move_to(0);
        OwnedGate(gate)
    }

    /// The gate. It may be used only while this `OwnedGate` lives.
    pub(crate) fn get(&self) -> &'static Gate {
        self.0
    }
}

impl Drop for OwnedGate {
    fn drop(&mut self) {
        // Under the model checker, objects of one execution can't serve another.
        if !cfg!(loom) {
            GATES.lock().free.push(self.0);
        }
    }
}
