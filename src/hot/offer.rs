//! The right to commit a switch: a word that exactly one party takes.

use super::sync::{AtomicU64, Ordering};

/// Beside a stream's gate: the number of a planned switch. The first packet of the switch's target
/// that may take the offer commits the switch, on the thread that records it. A gate can't be taken
/// back once a thread has read it; an offer can: whoever changes this word from the number has it.
///
/// 0 is none; [`ANY`] and [`TAKEN`] go with a number. A number is offered to one session only.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Offer(AtomicU64);

/// Any packet of the target may take it, not only a key frame.
const ANY: u64 = 1 << 61;

/// It was taken; the gate is being moved, or was.
const TAKEN: u64 = 1 << 62;

/// How a packet fared with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is not its packet's, or it is over.
    No,
    /// Another thread was faster with a packet that might have taken it as well.
    ByAnother,
    ByKeyFrame,
    /// As any packet might have.
    ByAny,
}

impl Offer {
    pub(super) fn none() -> Offer {
        Offer(AtomicU64::new(0))
    }

    /// By a recording thread, which saw that `number` is offered to its cell.
    pub(super) fn take(&self, number: u64, is_key_frame: bool) -> Taken {
        let word = self.0.load(Ordering::Relaxed);
        let any = word & ANY != 0;
        if word & !(ANY | TAKEN) != number || !(is_key_frame || any) {
            return Taken::No;
        }
        if word & TAKEN != 0 {
            return Taken::ByAnother;
        }
        // AcqRel: pairs with the Release in `open`, and the Acquire in `close`. Tried once: it fails
        // when another thread takes it, and when the monitor closes it or opens it to any packet.
        match self.0.compare_exchange(word, word | TAKEN, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) if any => Taken::ByAny,
            Ok(_) => Taken::ByKeyFrame,
            Err(now) if now & TAKEN != 0 && now & !(ANY | TAKEN) == number => Taken::ByAnother,
            Err(_) => Taken::No,
        }
    }

    /// By the monitor, with none open.
    pub(super) fn open(&self, number: u64, to_any_packet: bool) {
        let any = if to_any_packet { ANY } else { 0 };
        // Release: pairs with the AcqRel in `take`.
        self.0.store(number | any, Ordering::Release);
    }

    /// By the monitor: whether an offer was taken, which stays until it is closed.
    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed) & TAKEN != 0
    }

    /// By the monitor: nobody takes it from here on. The number, if somebody had.
    pub(super) fn close(&self) -> Option<u64> {
        // Acquire: pairs with the AcqRel in `take`.
        let word = self.0.swap(0, Ordering::Acquire);
        (word & TAKEN != 0).then_some(word & !(ANY | TAKEN))
    }
}
