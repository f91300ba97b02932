//! Deadlines: a hashed timing wheel of one turn, one tick of 1 ms a slot (Varghese and Lauck 1987).
//!
//! An entry is never moved or cancelled. Whoever armed it keeps the tick it is armed for, and
//! ignores entries that come up at any other. So none may stay long: what is due after a whole turn
//! comes up at its end, to be armed again.

/// One tick in nanoseconds.
pub(super) const TICK: u64 = 1_000_000;

const SLOTS: usize = 4096;

#[derive(Debug)]
pub(super) struct Wheel {
    /// Each of one tick of the turn to come.
    slots: Vec<Vec<u32>>,
    /// All entries due up to this tick have come up.
    now: u64,
    len: usize,
}

impl Wheel {
    pub(super) fn new(now: u64) -> Self {
        Wheel { slots: vec![Vec::new(); SLOTS], now, len: 0 }
    }

    /// The last tick of the turn: the latest that can be inserted now.
    pub(super) fn end(&self) -> u64 {
        self.now + SLOTS as u64
    }

    /// Brings up `key` at tick `due`, which is still to come in this turn.
    pub(super) fn insert(&mut self, due: u64, key: usize) {
        debug_assert!(self.now < due && due <= self.end(), "{due} is not in the turn");
        self.slots[due as usize % SLOTS].push(key as u32);
        self.len += 1;
    }

    /// Moves on to tick `now`; appends (key, due) of everything due.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<(usize, u64)>) {
        for tick in self.now + 1..=now.min(self.end()) {
            let slot = &mut self.slots[tick as usize % SLOTS];
            self.len -= slot.len();
            due.extend(slot.drain(..).map(|key| (key as usize, tick)));
            // A burst must not keep its memory for ever.
            if slot.capacity() > 1024 {
                *slot = Vec::new();
            }
        }
        self.now = self.now.max(now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The tick of the next entry; `None` when there is none.
    pub(super) fn next(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        (self.now + 1..=self.end()).find(|tick| !self.slots[*tick as usize % SLOTS].is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_up_at_their_tick_also_when_the_turn_is_over() {
        let mut wheel = Wheel::new(10);
        let end = wheel.end();
        for due in [11, 12, end] {
            wheel.insert(due, due as usize);
        }
        let mut due = Vec::new();
        wheel.advance(11, &mut due);
        assert_eq!(due, [(11, 11)]);
        assert_eq!(wheel.next(), Some(12));
        due.clear();
        wheel.advance(12, &mut due);
        assert_eq!(due, [(12, 12)]);
        assert_eq!(wheel.next(), Some(end));
        due.clear();
        wheel.advance(end - 1, &mut due);
        assert_eq!(due, []);
        wheel.advance(end + 7 * SLOTS as u64, &mut due);
        assert_eq!(due, [(end as usize, end)]);
        assert_eq!(wheel.next(), None);
    }
}
