//! Deadlines: a hashed timing wheel, one tick of 1 ms a slot (Varghese and Lauck 1987).
//!
//! A slot is a list of keys, linked through a table of all keys: setting or moving one takes
//! no memory, and each is in the wheel once at most. Those of a later turn stay when their slot's
//! tick comes.

/// Due at no tick.
pub(super) const NEVER: u64 = u64::MAX;

const SLOTS: usize = 4096;

/// Ends a list.
const NOBODY: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Wheel {
    /// The first key of each slot.
    first: Vec<u32>,
    /// By key.
    links: Vec<Link>,
    /// All keys due up to this tick have come up.
    now: u64,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    due: u64,
    before: u32,
    after: u32,
}

impl Wheel {
    pub(super) fn new(now: u64) -> Self {
        Wheel { first: vec![NOBODY; SLOTS], links: Vec::new(), now }
    }

    /// Keys are less than this from now on.
    pub(super) fn grow(&mut self, keys: usize) {
        self.links.resize(keys, Link { due: NEVER, before: NOBODY, after: NOBODY });
    }

    /// The tick at which `key` will come up; [`NEVER`] if it is not in the wheel.
    pub(super) fn due(&self, key: usize) -> u64 {
        self.links[key].due
    }

    /// Makes `key` come up at tick `due`, which is still to come, and at no other.
    pub(super) fn set(&mut self, key: usize, due: u64) {
        debug_assert!(self.now < due && due < NEVER, "{due} is not to come");
        if self.links[key].due != NEVER {
            self.remove(key);
        }
        let first = &mut self.first[due as usize % SLOTS];
        let after = std::mem::replace(first, key as u32);
        self.links[key] = Link { due, before: NOBODY, after };
        if let Some(after) = self.links.get_mut(after as usize) {
            after.before = key as u32;
        }
    }

    fn remove(&mut self, key: usize) {
        let Link { due, before, after } = self.links[key];
        match self.links.get_mut(before as usize) {
            Some(before) => before.after = after,
            None => self.first[due as usize % SLOTS] = after,
        }
        if let Some(after) = self.links.get_mut(after as usize) {
            after.before = before;
        }
        self.links[key].due = NEVER;
    }

    /// Moves on to tick `now`; appends the keys that come up, which are no longer in the wheel.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<usize>) {
        for tick in self.now + 1..=now.min(self.now + SLOTS as u64) {
            let mut next = self.first[tick as usize % SLOTS];
            while next != NOBODY {
                let key = next as usize;
                next = self.links[key].after;
                if self.links[key].due <= now {
                    self.remove(key);
                    due.push(key);
                }
            }
        }
        self.now = self.now.max(now);
    }

    /// A tick before which none will come up; `None` when there is none.
    pub(super) fn next(&self) -> Option<u64> {
        let mut turn = self.now + 1..=self.now + SLOTS as u64;
        turn.find(|tick| self.first[*tick as usize % SLOTS] != NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_up_once_at_the_tick_they_were_last_set_to() {
        let mut wheel = Wheel::new(10);
        wheel.grow(5);
        let turn = SLOTS as u64;
        // All but one in the same slot.
        for (key, due) in [(0, 11), (1, 11 + turn), (2, 11), (3, 11), (4, 12)] {
            wheel.set(key, due);
        }
        wheel.set(2, 13);
        wheel.set(1, 13 + turn);
        assert_eq!([0, 1, 2, 3, 4].map(|key| wheel.due(key)), [11, 13 + turn, 13, 11, 12]);
        let mut at = |now| {
            let mut due = Vec::new();
            wheel.advance(now, &mut due);
            due.sort_unstable();
            (due, wheel.next())
        };
        assert_eq!(at(11), (vec![0, 3], Some(12)));
        assert_eq!(at(12), (vec![4], Some(13)));
        // No later than one of a later turn.
        assert_eq!(at(13), (vec![2], Some(13 + turn)));
        assert_eq!(at(13 + turn - 1), (vec![], Some(13 + turn)));
        assert_eq!(at(13 + 7 * turn), (vec![1], None));
        assert_eq!(wheel.due(1), NEVER);
    }
}
