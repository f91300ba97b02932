//! Stream ids, and the random order in which they are used.

/// An id of 23 bytes.
pub fn id(n: usize) -> String {
    format!("live/channel-{n:010}")
}

/// The stream an id was made for.
pub fn number(id: &str) -> usize {
    id.rsplit('-').next().and_then(|digits| digits.parse().ok()).expect("an id made by `id`")
}

const LEN: usize = 23;

/// The ids of streams `0..streams` in random order, over and over: each pass a permutation.
///
/// They are packed in the order of use, so that getting the next one costs next to nothing and
/// what is measured is the rest; all candidates of a race walk alike.
#[derive(Clone)]
pub struct Walk {
    packed: std::sync::Arc<[[u8; LEN]]>,
    at: usize,
}

/// So many, at least, before the order repeats: no branch predictor learns it.
const PERIOD: usize = 1 << 14;

impl Walk {
    pub fn new(streams: usize, seed: u64) -> Walk {
        Walk::over((0..streams).collect(), seed)
    }

    /// The same over some streams only.
    pub fn over(mut order: Vec<usize>, seed: u64) -> Walk {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut packed = Vec::new();
        while packed.len() < PERIOD {
            random.shuffle(&mut order);
            packed.extend(order.iter().map(|n| -> [u8; LEN] {
                id(*n).into_bytes().try_into().expect("ids are of one length")
            }));
        }
        Walk { packed: packed.into(), at: 0 }
    }

    /// The same order from another place, for another thread.
    pub fn halfway(&self) -> Walk {
        Walk { packed: self.packed.clone(), at: self.packed.len() / 2 }
    }

    #[inline(always)]
    pub fn next_id(&mut self) -> &str {
        self.at = if self.at + 1 == self.packed.len() { 0 } else { self.at + 1 };
        // SAFETY: made from ASCII strings in `new`.
        unsafe { std::str::from_utf8_unchecked(&self.packed[self.at]) }
    }
}
