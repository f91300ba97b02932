//! The offer: rule 23's races, each against what must come of it; and twins with one step wrong,
//! which the model checker has to refuse.

use super::*;

const KEY: Flags = Flags::from_bits(5);

/// A stream on air under number 1 from cell 0, of which number 2 is offered to cells 2 and 3: those
/// of the target's packets by id.
struct Offered {
    rig: Arc<Rig>,
    old: &'static Cell,
    target: [&'static Cell; 2],
}

impl Offered {
    fn new(to_any_packet: bool) -> Arc<Offered> {
        let rig = Rig::new(2);
        let (old, target) = (rig.pool.cell(0), [2, 3].map(|cell| rig.pool.cell(cell)));
        old.admit(1);
        rig.gate().move_to(1);
        target.iter().for_each(|cell| cell.offer(2, to_any_packet));
        rig.gate().open_offer(2, to_any_packet);
        Arc::new(Offered { rig, old, target })
    }

    fn gate(&self) -> &'static Gate {
        self.rig.gate()
    }

    fn record(&self, cell: &Cell, flags: Flags) -> u64 {
        cell.record_shared(10, flags, &self.rig.clock, self.gate()).number()
    }

    fn on_a_thread(self: &Arc<Self>, cell: usize, flags: Flags) -> thread::JoinHandle<u64> {
        let it = self.clone();
        thread::spawn(move || it.record(it.target[cell], flags))
    }
}

#[test]
pub(super) fn of_two_key_frames_one_takes_it_and_both_are_admitted() {
    check(3, || {
        let it = Offered::new(false);
        let threads = [0, 1].map(|cell| it.on_a_thread(cell, KEY));
        let seen = it.record(it.old, NONE);
        assert!(seen == 0 || seen == 1);
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [2, 2]);
        assert_eq!((it.gate().close_offer(), it.gate().number()), (Some(2), 2));
        assert!(!it.rig.attracted().is_empty(), "the monitor hears of it");
        assert_eq!(it.record(it.old, NONE), 0);
    });
}

#[test]
pub(super) fn two_threads_that_record_to_one_cell_commit_once() {
    check(3, || {
        let it = Offered::new(false);
        let threads = [KEY, NONE].map(|flags| it.on_a_thread(1, flags));
        let [key, other] = threads.map(|thread| thread.join().unwrap());
        assert_eq!(key, 2);
        assert!(other == 0 || other == 2);
        assert_eq!(it.gate().close_offer(), Some(2));
    });
}

#[test]
pub(super) fn without_a_key_frame_nothing_is_taken_and_nobody_told() {
    check(3, || {
        let it = Offered::new(false);
        let threads = [Flags::VIDEO, Flags::KEY].map(|flags| it.on_a_thread(0, flags));
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [0, 0]);
        assert_eq!(it.rig.attracted(), []);
        assert_eq!((it.gate().close_offer(), it.gate().number()), (None, 1));
    });
}

#[test]
pub(super) fn either_the_monitor_takes_it_back_or_the_packet_is_admitted() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        let taken = it.gate().close_offer();
        let verdict = recorder.join().unwrap();
        assert_eq!(verdict, taken.unwrap_or(0), "both agree on who had it");
        assert_eq!(it.gate().number(), taken.unwrap_or(1));
        assert_eq!(it.record(it.old, NONE), if taken.is_some() { 0 } else { 1 });
    });
}

#[test]
pub(super) fn who_hears_that_an_offer_was_taken_sees_the_packet() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        let seen = it.gate().close_offer().map(|_| it.target[0].read().packets);
        assert!(seen.is_none_or(|packets| packets == 1), "{seen:?}");
        recorder.join().unwrap();
    });
}

#[test]
pub(super) fn a_newer_decision_comes_after_what_was_taken() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        let taken = it.gate().close_offer();
        // The next switch, to cell 1.
        let newer = it.rig.pool.cell(1);
        newer.admit(3);
        it.gate().move_to(3);
        let verdict = recorder.join().unwrap();
        assert!(verdict == 0 || (taken, verdict) == (Some(2), 2));
        assert_eq!(it.gate().number(), 3, "a thread that was held up turns nothing back");
        assert_eq!((it.record(newer, NONE), it.record(it.target[0], KEY)), (3, 0));
    });
}

#[test]
pub(super) fn when_the_old_one_fails_the_monitor_moves_to_the_same_number() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        let taken = it.gate().close_offer();
        it.target.iter().for_each(|cell| cell.admit(2));
        it.gate().move_to(2);
        it.target.iter().for_each(|cell| cell.end_offer());
        let verdict = recorder.join().unwrap();
        assert!(verdict == 2 || (taken, verdict) == (None, 0));
        assert_eq!((it.record(it.target[0], NONE), it.record(it.old, NONE)), (2, 0));
    });
}

#[test]
pub(super) fn an_offer_that_is_opened_to_any_packet_is_taken_once() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        let taken = it.gate().close_offer();
        if taken.is_none() {
            it.gate().open_offer(2, true);
        }
        assert_eq!(it.record(it.target[1], NONE), 2);
        let verdict = recorder.join().unwrap();
        assert!(verdict == 2 || (taken.is_none() && verdict == 0));
        assert_eq!(it.gate().number(), 2);
    });
}

#[test]
pub(super) fn a_handle_that_is_opened_meanwhile_takes_part() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        // As `Entry::open` does, whether it was taken or not.
        let late = it.rig.pool.cell(1);
        late.offer(2, false);
        late.arm();
        assert_eq!(it.record(late, KEY), 2);
        assert_eq!(recorder.join().unwrap(), 2);
        let told = it.rig.attracted();
        assert!(told.iter().any(|(cell, _)| *cell == 1), "its first packet was awaited: {told:?}");
    });
}

#[test]
pub(super) fn an_awaited_packet_is_told_and_the_offer_stands() {
    check(3, || {
        let it = Offered::new(false);
        it.target[0].arm();
        let recorder = it.on_a_thread(0, NONE);
        let mut told = it.rig.attracted();
        assert_eq!(recorder.join().unwrap(), 0);
        told.extend(it.rig.attracted());
        assert_eq!(told.len(), 1);
        assert_eq!(it.record(it.target[0], NONE), 0);
        assert_eq!(it.rig.attracted(), [], "not told of each packet");
        assert_eq!(it.record(it.target[0], KEY), 2);
        assert_eq!(it.rig.attracted().len(), 1);
    });
}

#[test]
pub(super) fn ending_an_offer_keeps_what_is_awaited_and_the_reverse() {
    check(3, || {
        let it = Offered::new(false);
        it.target[0].arm();
        let recorder = it.on_a_thread(0, NONE);
        it.gate().close_offer();
        it.target[0].end_offer();
        assert_eq!(recorder.join().unwrap(), 0);
        assert_eq!(it.rig.attracted().len(), 1);
        // It may have to be told of once more, when the thread found the word changed.
        it.record(it.target[0], NONE);
        it.rig.attracted();
        it.record(it.target[0], KEY);
        assert_eq!(it.rig.attracted(), []);
        assert_eq!(it.gate().number(), 1);
    });
}

// (Threads one after the other: nothing for shuttle.)
#[cfg(loom)]
#[test]
pub(super) fn a_handle_closed_after_its_commit_was_heard_of_before() {
    check(3, || {
        let it = Offered::new(false);
        let recorder = it.on_a_thread(0, KEY);
        // It comes back from its thread, and the close is posted; the monitor takes the attention
        // before it takes what was posted.
        assert_eq!(recorder.join().unwrap(), 2);
        assert_eq!(it.rig.attracted().len(), 1);
        assert!(it.gate().offer_is_taken());
        assert_eq!(it.gate().close_offer(), Some(2));
        it.rig.pool.retire(2);
        assert_eq!(it.gate().number(), 2);
    });
}

#[test]
pub(super) fn at_most_one_session_is_admitted_and_first_comes_the_key_frame() {
    check(3, || {
        let it = Offered::new(false);
        let threads = [(it.old, [NONE; 2]), (it.target[0], [NONE, KEY])].map(|(cell, flags)| {
            let it = it.clone();
            thread::spawn(move || {
                let seen = it.gate().number();
                let verdicts = flags.map(|flags| it.record(cell, flags));
                (seen, verdicts)
            })
        });
        let [(_, old), (_, target)] = threads.map(|thread| thread.join().unwrap());
        assert_eq!(target, [0, 2], "the packet before the key frame is not admitted");
        assert!(old.is_sorted_by(|a, b| a >= b) && old.iter().all(|v| *v <= 1), "{old:?}");
    });
}

/// The offer is opened while the target's threads already record.
struct Unopened(Arc<Offered>);

impl Unopened {
    fn new() -> Unopened {
        let rig = Rig::new(2);
        let (old, target) = (rig.pool.cell(0), [2, 3].map(|cell| rig.pool.cell(cell)));
        Unopened(Arc::new(Offered { rig, old, target }))
    }

    fn open(&self) {
        let Unopened(it) = self;
        it.old.admit(1);
        it.gate().move_to(1);
        it.target.iter().for_each(|cell| cell.offer(2, false));
        it.gate().open_offer(2, false);
    }
}

#[test]
pub(super) fn who_takes_an_offer_moves_the_gate_from_where_it_stood() {
    check(3, || {
        let unopened = Unopened::new();
        let it = &unopened.0;
        let recorder = it.on_a_thread(0, KEY);
        unopened.open();
        let verdict = recorder.join().unwrap();
        let taken = it.gate().offer_is_taken();
        assert_eq!(verdict == 2, taken, "it took the offer, and is let through");
        assert_eq!(it.gate().number(), if taken { 2 } else { 1 });
    });
}

#[test]
pub(super) fn whoever_sees_a_commit_is_let_through() {
    check(2, || {
        let unopened = Unopened::new();
        let it = &unopened.0;
        let committer = it.on_a_thread(0, KEY);
        let other = {
            let it = it.clone();
            thread::spawn(move || {
                let seen = it.gate().number();
                let verdict = it.record(it.target[1], NONE);
                assert!(seen != 2 || verdict == 2, "shut out after the commit");
            })
        };
        unopened.open();
        committer.join().unwrap();
        other.join().unwrap();
    });
}

/// A handle that follows its input records across the commit: from its key frame on everything it
/// records is let through, whatever the monitor does meanwhile to complete the switch.
fn follows_across_a_commit(end: impl Fn(&Cell)) {
    let it = Offered::new(false);
    let other = it.clone();
    let recorder = thread::spawn(move || {
        let handle = other.target[0];
        let (clock, gate) = (&other.rig.clock, other.gate());
        [NONE, KEY, NONE].map(|flags| handle.record(10, flags, clock, gate).number())
    });
    if it.gate().close_offer().is_some() {
        it.target.iter().for_each(|cell| end(cell));
    } else {
        // Too early: it stands as before.
        it.gate().open_offer(2, false);
    }
    let verdicts = recorder.join().unwrap();
    let taken = it.gate().number() == 2;
    assert!(!taken || verdicts == [0, 2, 2], "shut out: {verdicts:?}");
    assert_eq!(it.target[0].read().packets, 3);
}

#[test]
pub(super) fn a_handle_that_follows_is_let_through_from_its_key_frame_on() {
    check(3, || follows_across_a_commit(Cell::end_offer));
}

/// What a step that is wrong does to the same races.
#[cfg(loom)]
mod twins {
    use super::*;

    /// Everybody who has a key frame moves the gate, whether the offer is his or not.
    fn record_and_move(it: &Offered, cell: &Cell) -> u64 {
        it.gate().move_to(2);
        it.record(cell, NONE)
    }

    #[test]
    #[should_panic = "a thread that was held up turns the gate back"]
    fn the_gate_is_moved_without_the_offer() {
        check(3, || {
            let it = Offered::new(false);
            let other = it.clone();
            let recorder = thread::spawn(move || record_and_move(&other, other.target[0]));
            it.gate().close_offer();
            it.gate().move_to(3);
            recorder.join().unwrap();
            assert_eq!(it.gate().number(), 3, "a thread that was held up turns the gate back");
        });
    }

    #[test]
    #[should_panic = "abandoned and taken"]
    fn the_cells_are_cleared_and_the_offer_is_left_open() {
        check(3, || {
            let it = Offered::new(false);
            let recorder = it.on_a_thread(0, KEY);
            it.target.iter().for_each(|cell| cell.end_offer());
            let abandoned = !it.gate().offer_is_taken();
            recorder.join().unwrap();
            assert!(!abandoned || it.gate().number() == 1, "abandoned and taken");
        });
    }

    #[test]
    #[should_panic = "nobody completed it"]
    fn a_taken_offer_is_closed_and_its_gate_not_moved() {
        check(3, || {
            let it = Offered::new(false);
            let recorder = it.on_a_thread(0, KEY);
            let taken = it.gate().offer().close();
            // (Without the rest of `close_offer`.)
            let gate = it.gate().number();
            recorder.join().unwrap();
            assert!(taken.is_none() || gate == 2, "nobody completed it");
        });
    }

    #[test]
    #[should_panic = "shut out"]
    fn the_number_goes_with_the_offer() {
        check(3, || {
            follows_across_a_commit(|cell| {
                cell.end_offer();
                cell.admit(0);
            });
        });
    }

    #[test]
    #[should_panic = "a cell of another life"]
    fn the_cell_is_retired_before_the_offer_is_closed() {
        check(3, || {
            let it = Offered::new(false);
            let recorder = it.on_a_thread(0, KEY);
            it.rig.pool.retire(2);
            it.gate().close_offer();
            recorder.join().unwrap();
            // What it told is of no session any more, though it may have moved the gate.
            let told = !it.rig.attracted().is_empty();
            assert!(it.gate().number() == 1 || told, "a cell of another life");
        });
    }

    #[test]
    #[should_panic = "the session on air is shut out"]
    fn a_newer_decision_forgets_that_it_was_taken() {
        check(3, || {
            let it = Offered::new(false);
            let recorder = it.on_a_thread(0, KEY);
            // It decides that the old one stays, and only then closes.
            let stays = !it.gate().offer_is_taken();
            it.gate().close_offer();
            recorder.join().unwrap();
            assert!(!stays || it.record(it.old, NONE) == 1, "the session on air is shut out");
        });
    }
}
