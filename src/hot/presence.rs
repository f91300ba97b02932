//! Which threads are inside a by-id call: so that what they may still be looking at is not freed.
//!
//! Each thread has one word it alone writes: odd while it is inside. Freeing goes in three
//! steps: make the thing unreachable, execute the heavy fence, wait until every word that was
//! odd has changed. Entering costs a store and a compiler fence.

use super::owner::ThreadNumber;
#[cfg(shuttle)]
use super::sync::Mutex;
use super::sync::{heavy_fence, light_fence, AtomicU64, Ordering};
use crate::poison::unpoisoned;
use std::sync::atomic::AtomicU64 as StdAtomicU64;
use std::sync::Arc;
// (No model of loom's has two threads in it.)
#[cfg(not(shuttle))]
use std::sync::Mutex;

/// One thread's word.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Presence {
    word: AtomicU64,
    thread: ThreadNumber,
}

impl Presence {
    /// The thread whose word this is.
    #[inline(always)]
    pub(crate) fn thread(&self) -> ThreadNumber {
        self.thread
    }

    /// Until the guard is dropped, nothing reachable now is freed. Wait-free.
    #[inline(always)]
    pub(crate) fn enter(&self) -> Inside<'_> {
        let word = self.word.load(Ordering::Relaxed).wrapping_add(1);
        // Release: pairs with the Acquire in `Absence::complete`, which may see this thread back
        // inside without having seen it leave.
        self.word.store(word, Ordering::Release);
        // Pairs with the heavy fence in `Presences::inside`: either the monitor sees the word
        // odd, or this thread sees what the monitor made unreachable before.
        light_fence();
        Inside { presence: self, word }
    }
}

/// Proof that a thread is inside.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    presence: &'a Presence,
    word: u64,
}

impl Drop for Inside<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `Absence::complete`; all this thread did inside is
        // over before anything is freed.
        self.presence.word.store(self.word.wrapping_add(1), Ordering::Release);
    }
}

/// The words of all threads that ever recorded by id and still live.
#[derive(Debug, Default)]
pub(crate) struct Presences {
    all: Mutex<Vec<Arc<Presence>>>,
    joined: StdAtomicU64,
}

impl Presences {
    /// A word for the calling thread. May block; done once a thread.
    pub(crate) fn join(&self) -> Arc<Presence> {
        // From 1, never reused within an engine.
        let thread = ThreadNumber::new(self.joined.fetch_add(1, Ordering::Relaxed) + 1);
        let presence = Arc::new(Presence { word: AtomicU64::new(0), thread });
        let mut all = unpoisoned(self.all.lock());
        if all.len() == all.capacity() {
            forget_ended(&mut all);
            // As much room again as there are threads: each joins at the price of looking at a few.
            let living = all.len();
            all.reserve(living + 1);
        }
        all.push(presence.clone());
        presence
    }

    /// Who is inside now, after everything made unreachable before this call. `None` if that can't
    /// be known, see [`heavy_fence`].
    pub(crate) fn inside(&self) -> Option<Absence> {
        // Pairs with the light fence in `Presence::enter`.
        if !heavy_fence() {
            return None;
        }
        let mut all = unpoisoned(self.all.lock());
        forget_ended(&mut all);
        // Acquire: pairs with the Release in `Inside::drop`; who is outside has done what it did inside.
        let waiting = all
            .iter()
            .map(|presence| (presence.clone(), presence.word.load(Ordering::Acquire)))
            .filter(|(_, word)| word % 2 == 1)
            .collect();
        Some(Absence { waiting })
    }
}

/// A thread that ended has dropped its own reference. Dropping the last one acquires what it did
/// before.
fn forget_ended(all: &mut Vec<Arc<Presence>>) {
    all.retain(|presence| Arc::strong_count(presence) > 1);
}

/// The threads that were inside and may not have left since.
#[derive(Debug)]
pub(crate) struct Absence {
    waiting: Vec<(Arc<Presence>, u64)>,
}

impl Absence {
    /// Whether all of them have left. Never blocks.
    pub(crate) fn complete(&mut self) -> bool {
        // Acquire: pairs with the Releases in `Inside::drop` and `Presence::enter`.
        self.waiting.retain(|(presence, word)| presence.word.load(Ordering::Acquire) == *word);
        self.waiting.is_empty()
    }
}
