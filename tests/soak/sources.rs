//! The sources: a UDP socket each, which sends in time, falls silent and comes back by a script of its own.
//! When each has sent is kept for the judge, as far back as it may ask.

use crate::plan::{self, Datagram, INPUTS, PERIOD, TIMEOUT};
use crate::records::now;
use fastrand::Rng;
use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const THREADS: usize = 2;

/// A thread sends so often, for the sources whose turn it is.
const SLOT: Duration = Duration::from_millis(5);
const SLOTS: usize = (PERIOD.as_millis() / SLOT.as_millis()) as usize;

/// So many times of each source are kept: a quarter of a minute.
const KEPT: usize = 300;

pub struct Sources {
    sent: Vec<Mutex<VecDeque<u64>>>,
    /// Until when all first inputs of a tenth of the streams are silent, and of which.
    dark_until: AtomicU64,
    dark: AtomicU64,
    ended: AtomicBool,
    pub packets: AtomicU64,
    pub outages: AtomicU64,
}

/// What one source does.
struct Source {
    input: usize,
    socket: UdpSocket,
    number: u64,
    /// Until then it sends, or is silent.
    until: u64,
    sends: bool,
}

impl Sources {
    pub fn start(port: u16, seed: u64) -> (Arc<Sources>, Vec<JoinHandle<()>>) {
        let sources = Arc::new(Sources {
            sent: (0..INPUTS).map(|_| Mutex::new(VecDeque::with_capacity(KEPT))).collect(),
            dark_until: AtomicU64::new(0),
            dark: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            packets: AtomicU64::new(0),
            outages: AtomicU64::new(0),
        });
        let spawn = |thread: usize| {
            let sources = sources.clone();
            let rng = Rng::with_seed(seed ^ thread as u64);
            std::thread::spawn(move || sources.send(thread, port, rng))
        };
        (sources.clone(), (0..THREADS).map(spawn).collect())
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether a source has sent anything in this time.
    pub fn sent_within(&self, input: usize, from: u64, to: u64) -> bool {
        self.sent[input].lock().unwrap().iter().rev().any(|at| (from..to).contains(at))
    }

    /// Many sources fall silent together, for so long.
    pub fn mass_failure(&self, share: u64, length: Duration) {
        self.dark.store(share, Ordering::Relaxed);
        self.dark_until.store(now() + plan::nanos(length), Ordering::Relaxed);
        self.outages.fetch_add(1, Ordering::Relaxed);
    }

    fn is_dark(&self, input: usize, now: u64) -> bool {
        input.is_multiple_of(2)
            && now < self.dark_until.load(Ordering::Relaxed)
            && (input as u64 / 2) % 10 == self.dark.load(Ordering::Relaxed)
    }

    fn send(&self, thread: usize, port: u16, mut rng: Rng) {
        let source = |input| Source {
            input,
            socket: UdpSocket::bind("127.0.0.1:0").expect("a free port"),
            number: rng.u64(..100),
            until: now() + rng.u64(1_000_000_000..25_000_000_000),
            sends: true,
        };
        let mut sources: Vec<Source> = (thread..INPUTS).step_by(THREADS).map(source).collect();
        let mut slot = now() / plan::nanos(SLOT);
        while !self.ended.load(Ordering::Relaxed) {
            for source in sources.iter_mut().skip(slot as usize % SLOTS).step_by(SLOTS) {
                self.step(source, port, &mut rng);
            }
            // Who was kept waiting misses turns, as a real source would that has no time.
            slot = (slot + 1).max(now() / plan::nanos(SLOT));
            let wait = (slot * plan::nanos(SLOT)).saturating_sub(now());
            std::thread::sleep(Duration::from_nanos(wait));
        }
    }

    fn step(&self, source: &mut Source, port: u16, rng: &mut Rng) {
        let at = now();
        if at >= source.until {
            source.sends = !source.sends;
            source.until = at + plan::nanos(if source.sends { life(rng) } else { outage(rng) });
            self.outages.fetch_add(u64::from(!source.sends), Ordering::Relaxed);
        }
        if !source.sends || self.is_dark(source.input, at) {
            return;
        }
        source.number += 1;
        let packet = Datagram { number: source.number, sent: at };
        // Its receiver's socket may be full.
        let to = plan::address(source.input, port);
        if source.socket.send_to(&packet.to_bytes(), to).is_ok() {
            self.packets.fetch_add(1, Ordering::Relaxed);
            let mut sent = self.sent[source.input].lock().unwrap();
            if sent.len() == KEPT {
                sent.pop_front();
            }
            sent.push_back(at);
        }
    }
}

/// How long a source sends.
fn life(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.u64(1_000..25_000))
}

/// How long it is silent then: too short to be given up, hardly long enough, or long.
fn outage(rng: &mut Rng) -> Duration {
    let timeout = TIMEOUT.as_millis() as u64;
    let millis = match rng.u32(..10) {
        0..=3 => rng.u64(timeout / 3..timeout * 9 / 10),
        4 | 5 => rng.u64(timeout * 9 / 10..timeout * 6 / 5),
        6 | 7 => rng.u64(timeout * 6 / 5..timeout * 4),
        _ => rng.u64(timeout * 4..timeout * 30),
    };
    Duration::from_millis(millis)
}
