//! The peer: what one writes without this library, done well. A map of streams behind a
//! read-write lock, each stream behind a mutex, a reading of the clock for each packet.
//!
//! It has std's locks and std's hash map with its default hasher (SipHash), as a map has that
//! takes ids from outside; Go's map is of the same class. It does for a packet what `record_packet`
//! does, exactly counted: time, packets, bytes, flags, first packet, verdict. It holds the read
//! lock for the few nanoseconds a packet takes; to clone an `Arc` out of it instead costs more.

use super::ids::{id, Walk};
use super::opaque;
use changeover::Flags;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

struct InputState {
    priority: i32,
    last_packet: Option<Instant>,
    packets: u64,
    bytes: u64,
    video: u64,
    keys: u64,
    receiving: bool,
}

struct StreamState {
    inputs: Vec<InputState>,
    active: usize,
    switch_number: u64,
}

#[derive(Default)]
pub struct MutexDesign {
    streams: RwLock<HashMap<String, Arc<Mutex<StreamState>>>>,
}

impl MutexDesign {
    /// With `streams` streams of two inputs.
    pub fn new(streams: usize) -> Arc<MutexDesign> {
        let peer = MutexDesign::default();
        (0..streams).for_each(|n| peer.register(&id(n)));
        Arc::new(peer)
    }

    fn register(&self, stream: &str) {
        let input = |priority| InputState {
            priority,
            last_packet: None,
            packets: 0,
            bytes: 0,
            video: 0,
            keys: 0,
            receiving: false,
        };
        let state = StreamState { inputs: vec![input(0), input(1)], active: 0, switch_number: 1 };
        let mut streams = self.streams.write().expect("no panic under the lock");
        streams.insert(stream.to_owned(), Arc::new(Mutex::new(state)));
    }

    /// Counts a packet; whether to forward it: the switch number or 0. `None`: no such input.
    #[inline]
    pub fn record_packet(
        &self,
        stream: &str,
        priority: i32,
        bytes: u32,
        flags: Flags,
    ) -> Option<u64> {
        let now = Instant::now();
        let streams = self.streams.read().expect("no panic under the lock");
        let mut state = streams.get(stream)?.lock().expect("no panic under the lock");
        let StreamState { inputs, active, switch_number } = &mut *state;
        let at = inputs.iter().position(|input| input.priority == priority)?;
        let input = &mut inputs[at];
        input.last_packet = Some(now);
        input.packets += 1;
        input.bytes += u64::from(bytes);
        input.video += u64::from(flags.bits() & Flags::VIDEO.bits() != 0);
        input.keys += u64::from(flags.bits() & Flags::KEY.bits() != 0);
        input.receiving = true;
        Some(if at == *active { *switch_number } else { 0 })
    }

    #[inline(never)]
    pub fn run(&self, walk: &mut Walk, packets: u64) {
        for _ in 0..packets {
            let (bytes, flags) = super::host::packet();
            let verdict = self.record_packet(walk.next_id(), 0, bytes, flags);
            opaque(verdict.expect("it is registered"));
        }
    }

    /// All packets of a stream's input 0.
    pub fn packets(&self, stream: &str) -> u64 {
        let streams = self.streams.read().expect("no panic under the lock");
        let state = streams[stream].lock().expect("no panic under the lock");
        state.inputs[0].packets
    }
}
