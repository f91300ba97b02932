//! What a slot shows of a stream's first input, while that changes.

use super::super::route::Target;
use super::*;

/// Registrations of one stream, by number: the gate, and of its only input the first cell.
struct Registrations {
    rig: Arc<Rig>,
    gates: [(&'static Gate, Arc<OwnedGate>); 2],
}

impl Registrations {
    const PLACES: [(usize, usize); 3] = [(0, 0), (0, 2), (1, 4)];
    const PRIORITY: i32 = 7;
    /// Short, but not so short that it is not in the slot.
    const ID: &str = "live/cam";

    fn new() -> Registrations {
        let gates = [(); 2].map(|()| OwnedGate::new()).map(|gate| (gate.get(), Arc::new(gate)));
        Registrations { rig: Rig::new(3), gates }
    }

    fn route(&self, number: usize) -> Route<OwnedGate> {
        let (gate, first) = Self::PLACES[number];
        let (gate, owned) = &self.gates[gate];
        let input =
            InputRoute { priority: Self::PRIORITY, cells: self.rig.pool.by_id_cells(first) };
        Route::new(&Arc::from(Self::ID), owned.clone(), gate, [input])
    }

    /// A thread that so often looks where packets are counted, and finds what one registration says.
    fn reader(
        &self,
        times: usize,
        mut view: View<OwnedGate>,
        presence: Arc<Presence>,
    ) -> thread::JoinHandle<()> {
        let all = Self::PLACES
            .map(|(gate, first)| (self.rig.pool.by_id_cells(first), self.gates[gate].0));
        thread::spawn(move || {
            for _ in 0..times {
                let _inside = presence.enter();
                let found = view.table().target(Self::ID.as_bytes(), Self::PRIORITY);
                let Ok(target) = found else { continue };
                let is_of = |(cells, gate): &(ByIdCells, &'static Gate)| {
                    std::ptr::eq(cells.both(), target.cells.both())
                        && std::ptr::eq(*gate, target.gate)
                };
                assert!(all.iter().any(is_of), "{target:?}");
            }
        })
    }
}

#[test]
pub(super) fn a_packet_is_counted_where_one_route_says() {
    check(3, || {
        let of = Registrations::new();
        let mut router = Router::new();
        let (presences, view) = (Presences::default(), View::new(router.shared()));
        router.insert(of.route(0));
        let presence = presences.join();
        // The end of a thread is seen by `Arc`'s count, which the model checker does not know.
        let _not_ended = presence.clone();
        let reader = of.reader(1, view, presence);
        let replaced = router.replace(of.route(1)).unwrap();
        let removed = router.remove(Registrations::ID).unwrap();
        router.insert(of.route(2));
        wait(&presences);
        router.free(replaced);
        router.free(removed);
        reader.join().unwrap();
    });
}

#[test]
pub(super) fn a_slot_changes_while_nobody_looks() {
    check(2, || {
        let of = Registrations::new();
        let mut router = Router::new();
        let (presences, view) = (Presences::default(), View::new(router.shared()));
        router.insert(of.route(0));
        let presence = presences.join();
        let _not_ended = presence.clone();
        let reader = of.reader(2, view, presence);
        let replaced = router.replace(of.route(1)).unwrap();
        wait(&presences);
        // Its first input is shown again.
        router.free(replaced);
        let removed = router.remove(Registrations::ID).unwrap();
        wait(&presences);
        router.free(removed);
        // In the same slot.
        router.insert(of.route(2));
        reader.join().unwrap();
    });
}

/// Whoever notes down the owner of a cell in a slot does it in the slot that led there.
#[test]
pub(super) fn counts_by_id_stay_exact_while_a_route_is_replaced() {
    check(2, || {
        let of = Registrations::new();
        let mut router = Router::new();
        let presences = Presences::default();
        router.insert(of.route(0));
        let (rig, view) = (of.rig.clone(), router.shared());
        let record = |presence: &Presence, view: &mut View<OwnedGate>, rig: &Rig| {
            let _inside = presence.enter();
            let id = Registrations::ID.as_bytes();
            let target = view.table().target(id, Registrations::PRIORITY).expect("it is there");
            let packet = Packet { bytes: 10, flags: NONE };
            let me = presence.thread();
            let _ = target.cells.record(me, target.owner, packet, &rig.clock, target.gate);
        };
        let mine = presences.join();
        let other = presences.join();
        // The end of a thread is seen by `Arc`'s count, which the model checker does not know.
        let _not_ended = other.clone();
        let recorder = {
            let (rig, mut view) = (rig.clone(), View::new(view.clone()));
            thread::spawn(move || {
                (0..2).for_each(|_| record(&other, &mut view, &rig));
            })
        };
        let replaced = router.replace(of.route(1)).unwrap();
        wait(&presences);
        router.free(replaced);
        record(&mine, &mut View::new(view), &rig);
        recorder.join().unwrap();
        let packets = (0..4).map(|cell| rig.pool.cell(cell).read().packets);
        assert_eq!(packets.sum::<u64>(), 3);
    });
}

/// Another input is the first now: who finds it in the slot finds its cells there.
#[test]
pub(super) fn a_first_input_is_shown_whole() {
    check(3, || {
        let of = Registrations::new();
        let mut router = Router::new();
        let (presences, mut view) = (Presences::default(), View::new(router.shared()));
        router.insert(of.route(0));
        let presence = presences.join();
        let _not_ended = presence.clone();
        let cells = of.rig.pool.by_id_cells(2);
        let reader = thread::spawn(move || {
            let _inside = presence.enter();
            let found = view.table().target(Registrations::ID.as_bytes(), 8);
            let whole = |target: Target<'_>| std::ptr::eq(target.cells.both(), cells.both());
            assert!(found.is_ok_and(whole) || found.is_err());
        });
        let (gate, owned) = &of.gates[0];
        let input = InputRoute { priority: 8, cells };
        let new = Route::new(&Arc::from(Registrations::ID), owned.clone(), gate, [input]);
        let replaced = router.replace(new).unwrap();
        wait(&presences);
        router.free(replaced);
        reader.join().unwrap();
    });
}
