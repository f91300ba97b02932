//! Models of everything in here that crosses threads. loom runs each of them in every order of steps, and
//! with every value a load may return, that the memory model allows; shuttle in orders chosen at random. Miri runs
//! some of these, with what is really used where loom and shuttle have their own, and looks at every access.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release --lib --target-dir target/loom hot::models
//! RUSTFLAGS="--cfg shuttle" cargo test --release --lib --target-dir target/shuttle hot::models
//! MIRIFLAGS=-Zmiri-ignore-leaks cargo +nightly miri test --lib -- hot::models --skip twin
//! ```

use super::owner::{Owner, ThreadNumber};
use super::sync::{fence, thread, AtomicU64, Ordering};
use super::*;
use check::check;
use std::sync::Arc;

pub(crate) mod check;
mod offer;
#[cfg(loom)]
pub(crate) mod orderings;
mod per_process;
#[cfg(loom)]
mod routing;
mod shown;
mod sound;
#[cfg(any(shuttle, miri))]
mod together;

const NONE: Flags = Flags::NONE;

struct Rig {
    pool: CellPool,
    clock: Clock,
    gate: OwnedGate,
    /// Of the first cell, as a route has it.
    owner: Owner,
}

impl Rig {
    /// With room for two cells in each of so many chunks.
    fn new(chunks: usize) -> Arc<Rig> {
        let (pool, clock, gate) = (CellPool::new(), Clock::new(1), OwnedGate::new());
        let rig = Rig { pool, clock, gate, owner: Owner::unknown() };
        (0..chunks).for_each(|_| drop(rig.pool.grow()));
        Arc::new(rig)
    }

    fn gate(&self) -> &'static Gate {
        self.gate.get()
    }

    fn record(&self, cell: &Cell) -> u64 {
        cell.record(10, NONE, &self.clock, self.gate()).number()
    }

    fn record_by_id(&self, cells: ByIdCells, me: u64) -> u64 {
        let me = ThreadNumber::new(me);
        let packet = Packet { bytes: 10, flags: NONE };
        cells.record(me, &self.owner, packet, &self.clock, self.gate()).number()
    }

    /// The cells that told the monitor, and what it then sees of them.
    fn attracted(&self) -> Vec<(usize, u64)> {
        let mut told = Vec::new();
        self.pool.attracted(|cell| told.push(cell));
        told.into_iter().map(|cell| (cell, self.pool.cell(cell).read().packets)).collect()
    }
}

fn wait(presences: &Presences) {
    let mut absence = presences.inside().expect("the model has fences");
    while !absence.complete() {
        thread::yield_now();
    }
}

#[test]
fn the_gate_admits_one_session_and_its_numbers_rise() {
    check(3, || {
        let rig = Rig::new(1);
        let (a, b) = (rig.pool.cell(0), rig.pool.cell(1));
        a.admit(1);
        rig.gate().move_to(1);
        // What any thread has seen the gate at.
        let newest = Arc::new(AtomicU64::new(0));
        let threads = [(a, [1, 3]), (b, [2, 2])].map(|(cell, own)| {
            let (rig, newest) = (rig.clone(), newest.clone());
            thread::spawn(move || {
                let before = newest.load(Ordering::Acquire);
                let seen = rig.gate().number();
                let number = rig.record(cell);
                assert!(number == 0 || own.contains(&number), "the other session's number");
                assert!(number == 0 || number >= before, "admitted after another one was");
                // Whoever sees that the gate admits it is not shut out, but by a later move. (Of
                // the first number nobody hears any more when the third is being given.)
                let shut_out = seen > 1 && own.contains(&seen) && number != seen;
                assert!(!shut_out || rig.gate().number() > seen);
                newest.fetch_max(number, Ordering::AcqRel);
            })
        });
        b.admit(2);
        rig.gate().move_to(2);
        a.admit(3);
        rig.gate().move_to(3);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((rig.record(a), rig.record(b)), (3, 0));
    });
}

#[test]
fn an_armed_record_is_never_lost() {
    check(3, || {
        // Two cells of one chunk, and one of another that shares the words above.
        let rig = Rig::new(2);
        let cells = [0, 1, 2];
        cells.iter().for_each(|cell| rig.pool.cell(*cell).arm());
        let threads = [[0, 2], [1, 1]].map(|own| own.map(|cell| rig.pool.cell(cell))).map(|own| {
            let rig = rig.clone();
            thread::spawn(move || {
                for cell in own {
                    rig.record(cell);
                }
            })
        });
        let mut told = rig.attracted();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        told.extend(rig.attracted());
        assert!(told.iter().all(|(_, packets)| *packets > 0), "told before it counted: {told:?}");
        let mut told: Vec<_> = told.into_iter().map(|(cell, _)| cell).collect();
        told.sort_unstable();
        assert_eq!(told, cells, "each once");
    });
}

#[test]
fn arming_while_a_thread_claims_a_cell_loses_neither() {
    check(3, || {
        let rig = Rig::new(1);
        let (owned, shared) = (rig.pool.cell(0), rig.pool.cell(1));
        let cells = rig.pool.by_id_cells(0);
        let recorder = {
            let rig = rig.clone();
            thread::spawn(move || rig.record_by_id(cells, 1))
        };
        [owned, shared].iter().for_each(|cell| cell.arm());
        let mut told = rig.attracted();
        recorder.join().unwrap();
        rig.record_by_id(cells, 1);
        told.extend(rig.attracted());
        assert!(!told.is_empty(), "the second record came after the arming");
        assert_eq!(owned.read().packets + shared.read().packets, 2);
    });
}

#[test]
fn by_id_counts_are_exact() {
    check(2, || {
        let rig = Rig::new(1);
        let (owned, shared) = (rig.pool.cell(0), rig.pool.cell(1));
        let cells = rig.pool.by_id_cells(0);
        owned.arm();
        let threads = [1, 2].map(|me| {
            let rig = rig.clone();
            thread::spawn(move || {
                rig.record_by_id(cells, me);
                rig.record_by_id(cells, me);
            })
        });
        rig.record_by_id(cells, 3);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let mut sum = owned.read();
        sum.add(&shared.read());
        assert_eq!((sum.packets, sum.bytes, sum.last_packet), (5, 50, 1));
    });
}

#[test]
fn the_newest_stamp_wins_whoever_is_late() {
    check(3, || {
        let rig = Rig::new(1);
        let cell = rig.pool.cell(0);
        // What each thread has read of the clock, before it was held up or not.
        let threads = [3, 2].map(|now| {
            let rig = rig.clone();
            thread::spawn(move || cell.record_shared(10, NONE, &Clock::new(now), rig.gate()))
        });
        let seen = [(); 2].map(|()| cell.last_packet());
        assert!(seen[0] <= seen[1], "the stamp went back: {seen:?}");
        for thread in threads {
            let _ = thread.join().unwrap();
        }
        assert_eq!(
            cell.read(),
            Counters { last_packet: 3, packets: 2, bytes: 20, ..Counters::default() }
        );
    });
}

#[test]
fn threads_that_share_an_armed_cell_tell_and_disarm_it() {
    check(3, || {
        let rig = Rig::new(1);
        let cell = rig.pool.cell(0);
        cell.arm();
        let record = |rig: &Rig| cell.record_shared(10, NONE, &rig.clock, rig.gate());
        let threads = [(); 2].map(|()| {
            let rig = rig.clone();
            thread::spawn(move || record(&rig))
        });
        let mut told = rig.attracted();
        for thread in threads {
            let _ = thread.join().unwrap();
        }
        told.extend(rig.attracted());
        // Once or twice.
        assert!(!told.is_empty());
        assert!(told.iter().all(|(cell, packets)| *cell == 0 && *packets > 0), "{told:?}");
        let _ = record(&rig);
        assert_eq!(rig.attracted(), [], "not armed any more");
    });
}

// (Threads one after the other: nothing for shuttle.)
#[cfg(loom)]
#[test]
fn a_retired_cell_begins_anew() {
    check(3, || {
        let rig = Rig::new(1);
        let cell = rig.pool.cell(0);
        cell.admit(1);
        rig.gate().move_to(1);
        cell.arm();
        let recorder = {
            let rig = rig.clone();
            thread::spawn(move || rig.record(cell))
        };
        // The handle comes back from its thread, and is closed before the monitor looked.
        assert_eq!(recorder.join().unwrap(), 1);
        let tag = cell.tag();
        rig.pool.retire(0);
        assert_eq!(rig.attracted(), [], "not told of the next life");
        assert_eq!(cell.read(), Counters::default());
        assert_ne!(cell.tag(), tag);
        let recorder = {
            let rig = rig.clone();
            thread::spawn(move || rig.record(cell))
        };
        assert_eq!(recorder.join().unwrap(), 0, "not admitted");
        assert_eq!(rig.attracted(), [], "not armed");
    });
}

#[test]
fn a_status_shows_no_other_life_of_a_cell() {
    check(2, || {
        let rig = Rig::new(1);
        let cell = rig.pool.cell(0);
        rig.record(cell);
        // The sum of closed handles, with which the snapshot without the cell is published. As
        // in `RuntimeStatus::read`: the fence between the counters and the second look.
        let snapshot = Arc::new(AtomicU64::new(0));
        let reader = {
            let snapshot = snapshot.clone();
            thread::spawn(move || loop {
                let closed = snapshot.load(Ordering::Acquire);
                let open = if closed == 0 { cell.read().packets } else { 0 };
                fence(Ordering::SeqCst);
                if snapshot.load(Ordering::Acquire) == closed {
                    return closed + open;
                }
            })
        };
        snapshot.store(1, Ordering::Release);
        rig.pool.retire(0);
        // The next life, of another input, on another thread.
        let other = {
            let rig = rig.clone();
            thread::spawn(move || assert_eq!([(); 2].map(|()| rig.record(cell)), [0; 2]))
        };
        assert_eq!(reader.join().unwrap(), 1);
        other.join().unwrap();
    });
}
