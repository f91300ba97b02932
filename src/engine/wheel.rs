//! Deadlines: a hashed timing wheel, one tick of 1 ms a slot (Varghese and Lauck 1987).
//!
//! An entry is never moved or cancelled. Whoever armed it keeps the tick it is armed for, and
//! ignores entries that come up at any other.

/// One tick in nanoseconds.
pub(super) const TICK: u64 = 1_000_000;

const SLOTS: usize = 4096;

/// Entries in what a slot leaves to the next.
const SPARE: usize = 1024;

/// Its tick is the slot's in that turn: small, because there are many.
#[derive(Clone, Copy, Debug)]
struct Entry {
    turn: u32,
    key: u32,
}

#[derive(Debug)]
pub(super) struct Wheel {
    slots: Vec<Vec<Entry>>,
    /// Room of slots that are empty now, for the next ones: it is still in the caches.
    spare: Vec<Vec<Entry>>,
    /// All entries due up to this tick have come up.
    now: u64,
    len: usize,
}

impl Wheel {
    pub(super) fn new(now: u64) -> Self {
        Wheel { slots: vec![Vec::new(); SLOTS], spare: Vec::new(), now, len: 0 }
    }

    /// Brings up `key` at tick `due`, which is still to come.
    pub(super) fn insert(&mut self, due: u64, key: usize) {
        debug_assert!(due > self.now, "{due} is past");
        // Beyond the last turn lie half a million years.
        let turn = (due / SLOTS as u64).min(u32::MAX.into()) as u32;
        let slot = &mut self.slots[due as usize % SLOTS];
        if slot.capacity() == 0 {
            *slot = self.spare.pop().unwrap_or_default();
        }
        slot.push(Entry { turn, key: key as u32 });
        self.len += 1;
    }

    /// Moves on to tick `now`; appends (key, due) of everything due.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<(usize, u64)>) {
        if now <= self.now {
            return;
        }
        let steps = (now - self.now).min(SLOTS as u64);
        for tick in now + 1 - steps..=now {
            let at = tick as usize % SLOTS;
            let slot = &mut self.slots[at];
            if slot.is_empty() {
                continue;
            }
            let before = slot.len();
            slot.retain(|entry| {
                let tick = u64::from(entry.turn) * SLOTS as u64 + at as u64;
                if tick <= now {
                    due.push((entry.key as usize, tick));
                }
                tick > now
            });
            self.len -= before - slot.len();
            if slot.is_empty() {
                let spare = std::mem::take(slot);
                // A burst must not keep its memory for ever.
                if spare.capacity() <= SPARE {
                    self.spare.push(spare);
                }
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
        for due in [11, 12, 12 + SLOTS as u64] {
            wheel.insert(due, due as usize);
        }
        let mut due = Vec::new();
        wheel.advance(11, &mut due);
        assert_eq!(due, [(11, 11)]);
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
