//! The word that admits exactly one session of a stream.

#[cfg(not(any(loom, shuttle)))]
use super::dense::block_len;
use super::dense::Dense;
use super::offer::{Offer, Taken};
#[cfg(not(any(loom, shuttle)))]
use super::process::PerProcess;
#[cfg(any(loom, shuttle))]
use super::sync::AtomicU64;
use super::sync::Ordering;
#[cfg(not(any(loom, shuttle)))]
use atomic::Atomic;
#[cfg(not(any(loom, shuttle)))]
use std::sync::Mutex;

/// The number of a gate move. Each belongs to at most one session.
#[cfg(not(any(loom, shuttle)))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::NoUninit)]
#[repr(transparent)]
struct SwitchNumber(u64);

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(Atomic::<SwitchNumber>::is_lock_free());

/// A stream's gate: the number of its last move. A cell is admitted when it carries the same
/// number, and the monitor gives a number to the cells of one session only; so moving the gate
/// is one store, and no two sessions are admitted at any instant.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Gate {
    #[cfg(not(any(loom, shuttle)))]
    word: Atomic<SwitchNumber>,
    #[cfg(any(loom, shuttle))]
    word: AtomicU64,
}

// `include/changeover_inline.h` loads it as a word; see `Cell`.
#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(std::mem::offset_of!(Gate, word) == 0 && size_of::<Gate>() == 8);

impl Gate {
    #[cfg(not(any(loom, shuttle)))]
    fn closed() -> Self {
        Gate { word: Atomic::new(SwitchNumber(0)) }
    }

    #[cfg(any(loom, shuttle))]
    fn closed() -> Self {
        Gate { word: AtomicU64::new(0) }
    }

    /// The number of the session that is admitted.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        // Acquire: pairs with the Release in `move_to`; whoever sees a number sees the cells'
        // admissions of that number, so the admitted session is never shut out by a stale cell.
        #[cfg(not(any(loom, shuttle)))]
        return self.word.load(Ordering::Acquire).0;
        #[cfg(any(loom, shuttle))]
        return self.word.load(Ordering::Acquire);
    }

    /// Admits the cells that carry `number` (see [`super::Cell::admit`]) and no others.
    pub(crate) fn move_to(&self, number: u64) {
        // Release: pairs with the Acquire in `number`.
        #[cfg(not(any(loom, shuttle)))]
        self.word.store(SwitchNumber(number), Ordering::Release);
        #[cfg(any(loom, shuttle))]
        self.word.store(number, Ordering::Release);
    }

    /// By a recording thread, to whose cell `number` is offered: a packet that may takes the offer,
    /// and moves the gate.
    #[cold]
    #[inline(never)]
    pub(super) fn take_offer(&self, number: u64, is_key_frame: bool) -> Taken {
        // Read before the offer is taken: the gate moves again only once the offer is over, so this
        // moves it from where it was when the offer was made, or not at all.
        let before = self.number();
        let taken = self.offer().take(number, is_key_frame);
        if taken != Taken::No && before < number {
            self.move_on(before, number);
        }
        taken
    }

    /// One thread may do it for another, and the monitor for both: it is done once.
    fn move_on(&self, from: u64, to: u64) {
        // Release: pairs with the Acquire in `number`, as that of `move_to`.
        let (moved, not) = (Ordering::Release, Ordering::Relaxed);
        #[cfg(not(any(loom, shuttle)))]
        let _ = self.word.compare_exchange(SwitchNumber(from), SwitchNumber(to), moved, not);
        #[cfg(any(loom, shuttle))]
        let _ = self.word.compare_exchange(from, to, moved, not);
    }

    /// By the monitor, with none open: whoever records a packet that may take it (a key frame, or
    /// any) in a cell that `number` is offered to (see [`super::Cell::offer`]) moves the gate.
    pub(crate) fn open_offer(&self, number: u64, to_any_packet: bool) {
        self.offer().open(number, to_any_packet);
    }

    /// By the monitor: whether the offer that it opened was taken.
    pub(crate) fn offer_is_taken(&self) -> bool {
        self.offer().is_taken()
    }

    /// By the monitor, before it moves the gate and before any cell of the offer's is retired: takes
    /// the offer back. If it was taken, the gate has moved, and this is the number.
    pub(crate) fn close_offer(&self) -> Option<u64> {
        let before = self.number();
        let number = self.offer().close();
        if let Some(number) = number {
            // The thread that took it may be held up, and finds it done.
            self.move_on(before, number);
        }
        number
    }

    pub(super) fn offer(&self) -> &Offer {
        let gate: *const Gate = self;
        // SAFETY: every gate is one of the first half of a `GateBlock`, which has its offer at the
        // same place of the second (asserted there), and lives as long as the process. Its
        // provenance was exposed when it was made, and is picked up again here.
        unsafe {
            let offer = gate.expose_provenance() + std::mem::offset_of!(GateBlock, offers);
            &*std::ptr::with_exposed_provenance::<Offer>(offer)
        }
    }
}

/// Gates side by side: as many as fit a cache line, because every by-id record reads one at random
/// and they hardly ever move. Behind them their offers, which hardly anybody reads.
#[derive(Debug)]
#[repr(C, align(64))]
struct GateBlock {
    gates: [Gate; GATES_OF_BLOCK],
    offers: [Offer; GATES_OF_BLOCK],
}

/// One for the model checkers, which free it with its gate.
const GATES_OF_BLOCK: usize = if cfg!(any(loom, shuttle)) { 1 } else { 8 };

const _: () = assert!(size_of::<Gate>() == size_of::<Offer>());

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(std::mem::offset_of!(GateBlock, offers) == 64);

/// A gate for as long as this lives. Like cells they are never given back to the system.
#[derive(Debug)]
pub(crate) struct OwnedGate(&'static Gate);

#[cfg(not(any(loom, shuttle)))]
#[derive(Default)]
struct Gates {
    free: Vec<&'static Gate>,
    made: usize,
}

#[cfg(not(any(loom, shuttle)))]
static GATES: PerProcess<Mutex<Gates>> = PerProcess::new();

#[cfg(not(any(loom, shuttle)))]
impl Gates {
    fn take(&mut self) -> &'static Gate {
        if self.free.is_empty() {
            let blocks = GateBlock::make(block_len::<GateBlock>(self.made));
            self.made += blocks.len();
            // Handed out in order.
            self.free.extend(blocks.iter().flat_map(|block| &block.gates).rev());
        }
        self.free.pop().expect("a block has gates")
    }
}

impl GateBlock {
    fn make(count: usize) -> &'static [GateBlock] {
        let blocks: &'static [GateBlock] = Dense::new(count, |_| GateBlock {
            gates: std::array::from_fn(|_| Gate::closed()),
            offers: std::array::from_fn(|_| Offer::none()),
        })
        .leak();
        blocks.as_ptr().expose_provenance();
        blocks
    }
}

impl OwnedGate {
    /// A closed gate. May allocate.
    #[cfg(not(any(loom, shuttle)))]
    pub(crate) fn new() -> OwnedGate {
        let gate = GATES.lock().take();
        gate.offer().close();
        gate.move_to(0);
        OwnedGate(gate)
    }

    /// A model's executions share nothing.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn new() -> OwnedGate {
        OwnedGate(&GateBlock::make(1)[0].gates[0])
    }

    /// The gate. It may be used only while this `OwnedGate` lives.
    pub(crate) fn get(&self) -> &'static Gate {
        self.0
    }
}

impl Drop for OwnedGate {
    fn drop(&mut self) {
        #[cfg(not(any(loom, shuttle)))]
        GATES.lock().free.push(self.0);
        #[cfg(any(loom, shuttle))]
        // SAFETY: it was made alone, is the first in its block, and nobody uses it any more.
        unsafe {
            Dense::end_leaked(std::ptr::from_ref(self.0).cast::<GateBlock>(), 1);
        }
    }
}
