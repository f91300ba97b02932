use super::*;
use crate::hot::owner::ThreadNumber;
use crate::hot::{CellPool, OwnedGate, Packet};

const KINDS: [Flags; 5] =
    [Flags::NONE, Flags::VIDEO, Flags::AUDIO, Flags::KEY, Flags::from_bits(u32::MAX)];

struct Rig {
    pool: CellPool,
    gate: OwnedGate,
    clock: Clock,
    first: usize,
}

impl Rig {
    fn new() -> Rig {
        let pool = CellPool::new();
        let first = pool.grow().start;
        Rig { pool, gate: OwnedGate::new(), clock: Clock::new(7), first }
    }

    fn cell(&self) -> &'static Cell {
        self.pool.cell(self.first)
    }

    fn record(&self, flags: Flags) -> u64 {
        self.cell().record(10, flags, &self.clock, self.gate.get()).number()
    }

    fn attracted(&self) -> usize {
        let mut told = 0;
        self.pool.attracted(|_| told += 1);
        told
    }
}

#[test]
fn sound_is_counted_while_it_is_asked_for() {
    let rig = Rig::new();
    let cell = rig.cell();
    cell.admit(5);
    rig.gate.get().move_to(5);
    let all = || KINDS.map(|kind| assert_eq!(rig.record(kind), 5));
    all();
    assert_eq!((cell.sound(), cell.read().packets), (0, 5));
    cell.set_counts_sound(true);
    all();
    assert_eq!((cell.sound(), cell.read().packets), (2, 10));
    assert_eq!(rig.attracted(), 0, "nobody waits for it");
    cell.arm();
    all();
    assert_eq!(rig.attracted(), 1, "the first one");
    assert_eq!((cell.sound(), cell.read().video, cell.read().keys), (4, 6, 6));
    // Another session's turn, and this one's again.
    rig.gate.get().move_to(6);
    assert_eq!(rig.record(Flags::AUDIO), 0);
    cell.admit(7);
    rig.gate.get().move_to(7);
    assert_eq!(rig.record(Flags::AUDIO), 7);
    cell.set_counts_sound(false);
    assert_eq!(rig.record(Flags::AUDIO), 7);
    assert_eq!(
        (cell.sound(), cell.admitted.load(Ordering::Relaxed)),
        (6, 7),
        "the plain way again"
    );
    cell.set_counts_sound(true);
    rig.pool.retire(rig.first);
    assert_eq!((cell.sound(), cell.admitted.load(Ordering::Relaxed)), (0, 0));
}

#[test]
fn a_batch_is_counted_as_its_packets_are() {
    let rig = Rig::new();
    let cell = rig.cell();
    cell.set_counts_sound(true);
    let batch = |packets: &[Flags]| {
        let packets = packets.iter().map(|flags| (1, *flags));
        let _ = cell.record_batch(packets, &rig.clock, rig.gate.get());
    };
    batch(&KINDS);
    assert_eq!((cell.read().video, cell.sound(), cell.read().keys), (2, 2, 2));
}

#[test]
fn by_id_sound_is_counted_beside_the_owners_cell() {
    let rig = Rig::new();
    let pair = rig.pool.by_id_cells(rig.first);
    pair.both().iter().for_each(|cell| cell.set_counts_sound(true));
    let known = Owner::unknown();
    for thread in [1, 2] {
        for flags in KINDS {
            let me = ThreadNumber::new(thread);
            let packet = Packet { bytes: 1, flags };
            let _ = pair.record(me, &known, packet, &rig.clock, rig.gate.get());
        }
    }
    let [owned, shared] = pair.both();
    assert_eq!([owned.read().packets, shared.read().packets], [5, 5]);
    assert_eq!(shared.sound(), 4, "of both");
    assert_eq!(owned.owner().get(), ThreadNumber::new(1), "as it was");
}
