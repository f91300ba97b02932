//! How many bytes of answers may wait for their clients to take them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// So many, all together, in answers that are neither short nor long.
const ROOM: usize = 64 << 20;

/// So many bytes are always to be had: as many for each connection are not much.
const SHORT: usize = 64 << 10;

/// What is taken.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: usize,
    /// One answer is longer than the room there is. Two such ones at a time there are not.
    has_long: bool,
    /// What several answers share takes its bytes once: how many do.
    shared: BTreeMap<*const String, usize>,
}

/// The part of one answer.
#[derive(Debug)]
#[must_use = "it is to be given back"]
pub(super) struct Part {
    bytes: usize,
    /// Kept, so that nothing else has its address meanwhile.
    shared: Option<Arc<String>>,
}

impl Room {
    /// For an answer of so many bytes, which are `shared`'s if it is said; `None` if there is not as much.
    pub(super) fn take(&mut self, bytes: usize, shared: Option<&Arc<String>>) -> Option<Part> {
        let part = Part { bytes, shared: shared.cloned() };
        if let Some(users) = shared.and_then(|text| self.shared.get_mut(&Arc::as_ptr(text))) {
            *users += 1;
            return Some(part);
        }
        if bytes > ROOM {
            if self.has_long {
                return None;
            }
            self.has_long = true;
        } else if bytes > SHORT {
            if self.taken + bytes > ROOM {
                return None;
            }
            self.taken += bytes;
        }
        if let Some(text) = shared {
            self.shared.insert(Arc::as_ptr(text), 1);
        }
        Some(part)
    }

    pub(super) fn give_back(&mut self, part: Part) {
        if let Some(text) = &part.shared {
            let address = Arc::as_ptr(text);
            if let Some(users) = self.shared.get_mut(&address).filter(|users| **users > 1) {
                *users -= 1;
                return;
            }
            self.shared.remove(&address);
        }
        if part.bytes > ROOM {
            self.has_long = false;
        } else if part.bytes > SHORT {
            self.taken -= part.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_takes_its_bytes_once() {
        let mut room = Room::default();
        let (text, other) = (Arc::new(String::new()), Arc::new(String::new()));
        let parts: Vec<Part> = (0..8).map(|_| room.take(10 * ROOM, Some(&text)).unwrap()).collect();
        for part in parts {
            assert!(room.take(10 * ROOM, Some(&other)).is_none());
            room.give_back(part);
        }
        assert!(room.take(10 * ROOM, Some(&other)).is_some());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut room = Room::default();
        let parts: Vec<Part> = (0..8).map(|_| room.take(ROOM / 8, None).unwrap()).collect();
        assert!(room.take(SHORT + 1, None).is_none());
        parts.into_iter().for_each(|part| room.give_back(part));
        assert!(room.take(ROOM, None).is_some());
    }

    #[test]
    fn short_answers_are_always_given() {
        let mut room = Room::default();
        let (_all, _long) = (room.take(ROOM, None).unwrap(), room.take(ROOM + 1, None).unwrap());
        assert!(room.take(SHORT, None).is_some());
    }

    #[test]
    fn of_those_that_are_too_long_there_is_one_at_a_time() {
        let mut room = Room::default();
        let long = room.take(10 * ROOM, None).unwrap();
        assert!(room.take(ROOM + 1, None).is_none());
        // The others have theirs all the same.
        assert!(room.take(ROOM, None).is_some());
        room.give_back(long);
        assert!(room.take(ROOM + 1, None).is_some());
    }
}
