//! Which cells delivered the packet that was awaited: a bitmap in three levels.
//!
//! The leaves (one word a chunk of 64 cells) are in the chunks themselves; here are the two
//! levels above, of fixed size, so that setting a bit never allocates. Chunks beyond the size
//! share bits: the monitor then looks at a chunk in vain, which costs a load.

use super::sync::{AtomicU64, Ordering};

/// Fewer for the model checker.
const WORDS: usize = if cfg!(any(loom, shuttle)) { 64 } else { 1024 };
const CHUNKS: usize = WORDS * 64;

#[derive(Debug)]
pub(crate) struct Attention {
    top: [AtomicU64; WORDS / 64],
    words: [AtomicU64; WORDS],
}

impl Attention {
    pub(crate) fn new() -> Self {
        Attention {
            top: std::array::from_fn(|_| AtomicU64::new(0)),
            words: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Says that a chunk's leaf has bits. Wait-free.
    pub(crate) fn raise(&self, chunk: u32) {
        let bit = chunk as usize % CHUNKS;
        // Release, from the leaf upwards: pairs with the Acquire in `take`, from the top
        // downwards; who sees an upper bit sees the lower ones.
        self.words[bit / 64].fetch_or(1 << (bit % 64), Ordering::Release);
        self.top[bit / 4096].fetch_or(1 << (bit / 64 % 64), Ordering::Release);
    }

    /// Clears the raised bits and calls `each` with the number of every chunk, among `chunks`,
    /// that may have raised one.
    pub(crate) fn take(&self, chunks: usize, mut each: impl FnMut(usize)) {
        for (t, top) in self.top.iter().enumerate() {
            if top.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // Acquire: pairs with the Release in `raise`.
            for w in bits(top.swap(0, Ordering::Acquire)) {
                let word = t * 64 + w;
                for b in bits(self.words[word].swap(0, Ordering::Acquire)) {
                    (word * 64 + b..chunks).step_by(CHUNKS).for_each(&mut each);
                }
            }
        }
    }
}

/// The positions of the set bits.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}
