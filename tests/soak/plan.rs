//! What is soaked: how many streams, how they are set up, how often their sources send. The host and its
//! sources are different processes and have to agree on it.

use changeover::{Config, Input};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

pub const STREAMS: usize = 300;
pub const INPUTS: usize = 2 * STREAMS;

/// Each source sends a packet so often.
pub const PERIOD: Duration = Duration::from_millis(50);
pub const TIMEOUT: Duration = Duration::from_millis(300);

pub const fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

pub fn stream_id(stream: usize) -> String {
    format!("stream {stream}")
}

pub fn stream_of(id: &str) -> Option<usize> {
    id.strip_prefix("stream ")?.parse().ok()
}

/// Whether both inputs of a stream are hot, or both cold.
pub fn is_hot(stream: usize) -> bool {
    stream % 3 != 2
}

/// Whether an input has a thread for each of its sessions, which records by handle. All others are read by
/// a few threads that record by id.
pub fn has_threads(input: usize) -> bool {
    (input / 2).is_multiple_of(5)
}

/// Whether the host can say if it works.
pub fn can_be_probed(input: usize) -> bool {
    !input.is_multiple_of(7)
}

/// Whether its packets are flagged as video.
pub fn has_pictures(input: usize) -> bool {
    !(input / 2).is_multiple_of(4)
}

/// The one near a stream that is registered anew in its place. All others keep what they remember: the engine's
/// memory of their past is full after some minutes, and what grows from there on is a leak.
pub fn renewed(stream: usize) -> usize {
    stream / 10 * 10 + 8 + stream % 2
}

/// An address of its own for each input, so that the whole takes one port.
pub fn address(input: usize, port: u16) -> SocketAddrV4 {
    let [high, low] = (input as u16).to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(127, 83, high, low), port)
}

pub fn defaults() -> Config {
    let second = Duration::from_secs(1);
    Config::new()
        .packet_timeout(TIMEOUT)
        .connect_timeout(second)
        .probe_cooldown(second)
        .probe_timeout(second / 2)
        .switch_cooldown(second)
        .failback_stable(second / 2)
        .damping_period(5 * second)
}

pub fn input(stream: usize, priority: usize) -> Input {
    let input = Input::new(priority as i32, format!("udp://{stream}/{priority}"));
    if is_hot(stream) {
        input.hot()
    } else {
        input
    }
}

/// What a source sends: which one it is, its number, and when it was sent.
#[derive(Clone, Copy)]
pub struct Datagram {
    pub number: u64,
    pub sent: u64,
}

impl Datagram {
    pub const SIZE: usize = 16;

    pub fn to_bytes(self) -> [u8; Datagram::SIZE] {
        let mut bytes = [0; Datagram::SIZE];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..].copy_from_slice(&self.sent.to_le_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8; Datagram::SIZE]) -> Datagram {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        Datagram { number: word(0), sent: word(8) }
    }
}
