//! Everything at once, with more threads than loom can follow: by id, by handle, the monitor.

use super::*;

/// Of each thread.
const PACKETS: u64 = 4;

const KEY: Flags = Flags::from_bits(5);

/// A stream with two inputs, each with by-id cells and a handle's cell, and its route.
struct Stream {
    rig: Arc<Rig>,
    gate: Arc<OwnedGate>,
    /// Of each input. (Looked up once: only the monitor asks the pool.)
    cells: [(ByIdCells, &'static Cell); 2],
}

impl Stream {
    const ID: &str = "live/cam-1";

    fn new() -> Arc<Stream> {
        let rig = Rig::new(4);
        let cells = [0, 4].map(|first| (rig.pool.by_id_cells(first), rig.pool.cell(first + 2)));
        Arc::new(Stream { rig, gate: Arc::new(OwnedGate::new()), cells })
    }

    /// An input's by-id cells, and its handle's.
    fn cells(&self, input: i32) -> (ByIdCells, &'static Cell) {
        self.cells[input as usize]
    }

    fn of_input(&self, input: i32) -> [&'static Cell; 3] {
        let (by_id, handle) = self.cells(input);
        let [owned, shared] = by_id.both();
        [owned, shared, handle]
    }

    /// The inputs in this order.
    fn route(&self, order: [i32; 2]) -> Route<OwnedGate> {
        let input = |priority| InputRoute { priority, cells: self.cells(priority).0 };
        Route::new(&Arc::from(Self::ID), self.gate.clone(), self.gate.get(), order.map(input))
    }

    fn gate(&self) -> &'static Gate {
        self.gate.get()
    }
}

/// The verdicts of one thread, all of one input.
fn check_verdicts(input: i32, verdicts: &[u64]) {
    let own = |number: u64| number == 0 || number as i32 % 2 == (input + 1) % 2;
    assert!(verdicts.iter().all(|verdict| own(*verdict)), "another session's: {verdicts:?}");
    let numbers: Vec<_> = verdicts.iter().filter(|verdict| **verdict > 0).collect();
    assert!(numbers.is_sorted(), "the gate went back: {verdicts:?}");
}

#[test]
fn a_streams_threads_and_its_monitor() {
    check(1, || {
        let stream = Stream::new();
        let mut router = Router::new();
        router.insert(stream.route([0, 1]));
        let presences = Presences::default();
        let mut recorders = Vec::new();
        for input in [0, 1, 0, 1] {
            let (stream, presence) = (stream.clone(), presences.join());
            let mut view = View::new(router.shared());
            recorders.push(thread::spawn(move || {
                let record = |n: u64| {
                    let _inside = presence.enter();
                    let found = view.table().target(Stream::ID.as_bytes(), input);
                    let target = found.expect("it is there all the time");
                    let flags = if n % 2 == 0 { KEY } else { NONE };
                    let (me, packet) = (presence.thread(), Packet { bytes: 10, flags });
                    let clock = &stream.rig.clock;
                    target.cells.record(me, target.owner, packet, clock, target.gate).number()
                };
                let verdicts: Vec<_> = (0..PACKETS).map(record).collect();
                check_verdicts(input, &verdicts);
            }));
        }
        for input in [0, 1] {
            let stream = stream.clone();
            recorders.push(thread::spawn(move || {
                let (_, cell) = stream.cells(input);
                let record = |n: u64| {
                    let flags = if n % 2 == 0 { KEY } else { NONE };
                    cell.record(10, flags, &stream.rig.clock, stream.gate()).number()
                };
                let verdicts: Vec<_> = (0..PACKETS).map(record).collect();
                check_verdicts(input, &verdicts);
            }));
        }
        // The monitor: number 1 and 3 are input 0's, 2 and 4 are input 1's.
        let gate = stream.gate();
        stream.of_input(0).iter().for_each(|cell| cell.admit(1));
        gate.move_to(1);
        for number in [2, 3, 4] {
            let target = stream.of_input((number as i32 + 1) % 2);
            target.iter().for_each(|cell| cell.offer(number, false));
            gate.open_offer(number, false);
            stream.rig.pool.attracted(|_| ());
            stream.rig.clock.publish(number);
            let replaced =
                router.replace(stream.route([number as i32 % 2, (number as i32 + 1) % 2]));
            if gate.close_offer().is_none() {
                target.iter().for_each(|cell| cell.admit(number));
                gate.move_to(number);
            }
            target.iter().for_each(|cell| cell.end_offer());
            wait(&presences);
            router.free(replaced.expect("it is there"));
        }
        recorders.into_iter().for_each(|recorder| recorder.join().unwrap());
        assert_eq!(gate.number(), 4);
        for input in [0, 1] {
            let packets = stream.of_input(input).map(|cell| cell.read().packets);
            assert_eq!(packets.iter().sum::<u64>(), 3 * PACKETS, "of input {input}: {packets:?}");
        }
    });
}

/// The gate is moved by whoever sees a key frame, whether the offer is his or not.
#[test]
fn twin_key_frames_move_the_gate_without_the_offer() {
    super::check::fails(|| {
        check(1, || {
            let stream = Stream::new();
            let gate = stream.gate();
            let recorders = [0, 1].map(|input| {
                let stream = stream.clone();
                thread::spawn(move || {
                    let number = 2 + input;
                    let (_, cell) = stream.cells(input as i32);
                    cell.admit(number);
                    stream.gate().move_to(number);
                    stream.rig.record(cell);
                })
            });
            let seen = [(); 2].map(|()| gate.number());
            recorders.into_iter().for_each(|recorder| recorder.join().unwrap());
            assert!(seen[0] <= seen[1] && seen[1] <= gate.number(), "the gate went back");
        });
    });
}
