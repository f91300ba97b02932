//! What recording is compared with: the floor, and a bare lookup.

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
