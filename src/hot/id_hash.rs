//! The hash of a stream id. Of ids of a usual length without a call, because recording by id
//! takes little more than this.

// The model checker needs the same hashes in each execution.
#[cfg(loom)]
use foldhash::fast::FixedState as RandomState;
#[cfg(not(loom))]
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// One of many hash functions, chosen at random, so that nobody can choose ids that collide.
#[derive(Clone, Debug)]
pub(super) struct IdHash {
    keys: [u64; 4],
    /// For ids of other lengths.
    other: RandomState,
}

impl IdHash {
    pub(super) fn new() -> IdHash {
        let other = RandomState::default();
        IdHash { keys: std::array::from_fn(|n| other.hash_one(n)), other }
    }

    #[inline(always)]
    pub(super) fn of(&self, id: &[u8]) -> u64 {
        let [a, b, c, d] = self.keys;
        let len = id.len();
        // All of its words, from both ends; in the middle they overlap.
        let outer = || fold(word(id, 0) ^ a ^ len as u64, word(id, len - 8) ^ b);
        match len {
            8..=16 => outer(),
            17..=32 => outer() ^ fold(word(id, 8) ^ c, word(id, len - 16) ^ d),
            _ => self.of_other_length(id),
        }
    }

    #[cold]
    fn of_other_length(&self, id: &[u8]) -> u64 {
        self.other.hash_one(id)
    }
}

/// The halves of the product, which depends on every bit of both.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
fn word(id: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(*id[at..].first_chunk().expect("the caller has looked at the length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Ids as they are, of every length: similar to each other.
    fn ids() -> impl Iterator<Item = String> {
        let numbered = (0..20_000).map(|n| format!("live/channel-{n:010}"));
        let long = (0..200).map(|len| "x".repeat(len));
        let other_end = (0..2_000).map(|n| format!("{n:04}-{}", "y".repeat(n % 40)));
        numbered.chain(long).chain(other_end)
    }

    /// Of 22,200 ids even one pair shares 32 bits of its hashes by chance in one table of twenty;
    /// but in one of 600, whose keys happen to suit the steps between the ids, some dozens of pairs
    /// do. (Measured: 5 of 3,000 tables had more than three, and up to 35.) So two of four are asked
    /// for.
    #[test]
    fn similar_ids_have_different_hashes_in_all_bits() {
        let ids: Vec<String> = ids().collect();
        let tables = [(); 4].map(|()| IdHash::new());
        for shift in [0, 16, 32] {
            let pairs = tables.each_ref().map(|table| {
                let part = |id: &String| (table.of(id.as_bytes()) >> shift) as u32;
                ids.len() - ids.iter().map(part).collect::<HashSet<u32>>().len()
            });
            assert!(pairs.iter().filter(|pairs| **pairs <= 3).count() >= 2, "{pairs:?} at {shift}");
        }
    }

    #[test]
    fn every_byte_and_the_length_count() {
        let hash = IdHash::new();
        for len in 0..100 {
            let id = vec![b'a'; len];
            let plain = hash.of(&id);
            assert_ne!(plain, hash.of(&vec![b'a'; len + 1]));
            for at in 0..len {
                let mut other = id.clone();
                other[at] ^= 1;
                assert_ne!(plain, hash.of(&other), "byte {at} of {len}");
            }
        }
    }

    #[test]
    fn no_two_tables_hash_alike() {
        let [one, other] = [(); 2].map(|()| IdHash::new().of(b"live/channel-0000000001"));
        assert_ne!(one, other);
    }
}
