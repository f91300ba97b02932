//! Deadlines: a hashed timing wheel, one tick of 1 ms a slot (Varghese and Lauck 1987).
//!
//! An entry is never moved or cancelled. Whoever armed it keeps the tick it is armed for, and
//! ignores entries that come up at any other.

/// One tick in nanoseconds.
pub(super) const TICK: u64 = 1_000_000;

const SLOTS: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Entry {
    due: u64,
    key: u32,
}

#[derive(Debug)]
pub(super) struct Wheel {
    slots: Vec<Vec<Entry>>,
    /// All entries due up to this tick have come up.
    now: u64,
    len: usize,
}

impl Wheel {
    pub(super) fn new(now: u64) -> Self {
        Wheel { slots: vec![Vec::new(); SLOTS], now, len: 0 }
    }

    /// Brings up `key` at tick `due`, or at the next tick if that is past.
    pub(super) fn insert(&mut self, due: u64, key: usize) {
        let slot = due.max(self.now + 1) as usize % SLOTS;
        self.slots[slot].push(Entry { due, key: key as u32 });
        self.len += 1;
    }

    /// Moves on to tick `now`; appends (key, due) of everything due.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<(usize, u64)>) {
        if now <= self.now {
            return;
        }
        let steps = (now - self.now).min(SLOTS as u64);
        for tick in now + 1 - steps..=now {
            let slot = &mut self.slots[tick as usize % SLOTS];
            if slot.is_empty() {
                continue;
            }
            let before = slot.len();
            slot.retain(|entry| {
                let later = entry.due > now;
                if !later {
                    due.push((entry.key as usize, entry.due));
                }
                later
            });
            self.len -= before - slot.len();
            // A burst must not keep its memory for ever.
            if slot.is_empty() && slot.capacity() > 1024 {
                *slot = Vec::new();
            }
        }
        self.now = now;
    }

    /// A tick no later than the next entry's; `None` when there is none. May be early by whole
    /// turns of the wheel.
    pub(super) fn next(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        (self.now + 1..=self.now + SLOTS as u64)
            .find(|tick| !self.slots[*tick as usize % SLOTS].is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_up_at_their_tick_also_after_whole_turns() {
        let mut wheel = Wheel::new(10);
        for due in [11, 12, 12 + SLOTS as u64, 5] {
            wheel.insert(due, due as usize);
        }
        let mut due = Vec::new();
        wheel.advance(11, &mut due);
        assert_eq!(due, [(11, 11), (5, 5)]);
        assert_eq!(wheel.next(), Some(12));
        due.clear();
        wheel.advance(12, &mut due);
        assert_eq!(due, [(12, 12)]);
        due.clear();
        wheel.advance(11 + SLOTS as u64, &mut due);
        assert_eq!(due, []);
        wheel.advance(12 + 7 * SLOTS as u64, &mut due);
        assert_eq!(due, [(12 + SLOTS, 12 + SLOTS as u64)]);
        assert_eq!(wheel.next(), None);
    }
}
