//! Counting packets of sound, which begins and ends while packets are recorded.

use super::check::fails;
use super::*;

/// A pair of by-id cells that count sound.
fn pair() -> (Arc<Rig>, [&'static Cell; 2]) {
    let rig = Rig::new(1);
    let cells = [rig.pool.cell(0), rig.pool.cell(1)];
    cells.iter().for_each(|cell| cell.set_counts_sound(true));
    (rig, cells)
}

fn record_sound(rig: &Rig, me: u64) {
    let packet = Packet { bytes: 10, flags: Flags::AUDIO };
    let cells = rig.pool.by_id_cells(0);
    let _ = cells.record(ThreadNumber::new(me), &rig.owner, packet, &rig.clock, rig.gate());
}

#[test]
pub(super) fn sound_is_counted_exactly_whoever_owns_the_first_cell() {
    check(2, || {
        let (rig, [_, shared]) = pair();
        let threads = [1, 2].map(|me| {
            let rig = rig.clone();
            thread::spawn(move || record_sound(&rig, me))
        });
        record_sound(&rig, 3);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(shared.sound(), 3);
    });
}

#[test]
pub(super) fn beginning_and_ending_to_count_sound_loses_no_awaited_packet() {
    check(3, || {
        let rig = Rig::new(1);
        let cell = rig.pool.cell(0);
        let recorder = {
            let rig = rig.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    let _ = cell.record(10, Flags::AUDIO, &rig.clock, rig.gate());
                }
            })
        };
        cell.set_counts_sound(true);
        cell.arm();
        cell.set_counts_sound(false);
        let mut told = rig.attracted();
        recorder.join().unwrap();
        assert!(cell.sound() <= 2);
        rig.record(cell);
        told.extend(rig.attracted());
        assert!(!told.is_empty(), "the last record came after the arming");
        rig.record(cell);
        assert_eq!(rig.attracted(), [], "and was told once");
    });
}

/// Two threads count in one cell as if each were its only writer.
#[test]
fn twin_a_handles_cell_has_two_writers() {
    fails(|| {
        check(2, || {
            let (rig, [cell, _]) = pair();
            let threads = [(); 2].map(|()| {
                let rig = rig.clone();
                let record = move || cell.record(10, Flags::AUDIO, &rig.clock, rig.gate()).number();
                thread::spawn(record)
            });
            threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), 0));
            assert_eq!((cell.sound(), cell.read().packets), (2, 2));
        });
    });
}
