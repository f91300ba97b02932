//! How many bytes of answers may wait for their clients to take them.

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
}

/// The part of one answer.
#[derive(Debug)]
#[must_use = "it is to be given back"]
pub(super) struct Part {
    bytes: usize,
}

impl Room {
    /// For an answer of so many bytes; `None` if there is not as much.
    pub(super) fn take(&mut self, bytes: usize) -> Option<Part> {
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
        Some(Part { bytes })
    }

    pub(super) fn give_back(&mut self, part: Part) {
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
    fn what_is_given_back_can_be_taken_again() {
        let mut room = Room::default();
        let parts: Vec<Part> = (0..8).map(|_| room.take(ROOM / 8).unwrap()).collect();
        assert!(room.take(SHORT + 1).is_none());
        parts.into_iter().for_each(|part| room.give_back(part));
        assert!(room.take(ROOM).is_some());
    }

    #[test]
    fn short_answers_are_always_given() {
        let mut room = Room::default();
        let (_all, _long) = (room.take(ROOM).unwrap(), room.take(ROOM + 1).unwrap());
        assert!(room.take(SHORT).is_some());
    }

    #[test]
    fn of_those_that_are_too_long_there_is_one_at_a_time() {
        let mut room = Room::default();
        let long = room.take(10 * ROOM).unwrap();
        assert!(room.take(ROOM + 1).is_none());
        // The others have theirs all the same.
        assert!(room.take(ROOM).is_some());
        room.give_back(long);
        assert!(room.take(ROOM + 1).is_some());
    }
}
