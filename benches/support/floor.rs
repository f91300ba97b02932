//! What recording is compared with: the floor, a bare lookup, and a lookup that counts.

use super::host::packet;
use super::ids::{id, Walk};
use super::opaque;
use std::sync::atomic::{AtomicU64, Ordering};

#[repr(align(128))]
struct Line(AtomicU64);

/// The least a packet can cost: load a cached clock, store it in a line of one's own.
pub struct Floor {
    clock: Box<Line>,
    cell: Box<Line>,
}

impl Floor {
    pub fn new() -> Floor {
        let line = || Box::new(Line(AtomicU64::new(1)));
        Floor { clock: line(), cell: line() }
    }

    #[inline(always)]
    pub fn record(&self) {
        self.cell.0.store(self.clock.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    #[inline(never)]
    pub fn run(&self, packets: u64) {
        for _ in 0..packets {
            self.record();
            opaque(0);
        }
    }
}

/// A hash map as fast as they come, from the same ids to numbers: a lookup and nothing else.
pub struct Bare {
    map: hashbrown::HashMap<String, u32, foldhash::fast::RandomState>,
    walk: Walk,
}

impl Bare {
    pub fn new(streams: usize, walk: Walk) -> Bare {
        let map = (0..streams).map(|n| (id(n), n as u32)).collect();
        Bare { map, walk }
    }

    #[inline(always)]
    fn look_up(&mut self) -> u32 {
        *self.map.get(self.walk.next_id()).expect("it is in there")
    }

    #[inline(never)]
    pub fn run(&mut self, lookups: u64) {
        for _ in 0..lookups {
            opaque(u64::from(self.look_up()));
        }
    }
}

/// The same, and the counters of a packet, in a cache line of the stream's own: no thread but this one may
/// record, nothing is ever removed, and nobody is told whether to forward.
pub struct Counting {
    streams: Bare,
    clock: AtomicU64,
    cells: Vec<Cell>,
}

#[derive(Default)]
#[repr(align(64))]
struct Cell([AtomicU64; 5]);

impl Counting {
    pub fn new(streams: usize, walk: Walk) -> Counting {
        let cells = (0..streams).map(|_| Cell::default()).collect();
        Counting { streams: Bare::new(streams, walk), clock: AtomicU64::new(1), cells }
    }

    #[inline(never)]
    pub fn run(&mut self, packets: u64) {
        for _ in 0..packets {
            let Cell([last, counters @ ..]) = &self.cells[self.streams.look_up() as usize];
            let (bytes, flags) = packet();
            let flags = u64::from(flags.bits());
            last.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
            for (counter, by) in counters.iter().zip([1, u64::from(bytes), flags & 1, flags >> 2]) {
                counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Relaxed);
            }
        }
    }
}
