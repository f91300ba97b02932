//! What the host tells the judge, as it goes through a pipe: one record of fixed size for each packet,
//! event, command and stall. Times are of the system's monotonic clock, which all processes share, in
//! nanoseconds.

use std::io::{self, Read, Write};

/// Before it, whatever the test harness writes.
pub const BEGIN: &[u8] = b"\n<records>\n";

/// The size of a record in the pipe, in bytes. Less than `PIPE_BUF`: written at once, never interleaved.
pub const SIZE: usize = 48;

/// One thing that happened in the host. It happened at `from` at the earliest and at `to` at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub what: What,
    /// Twice the stream's number, and 1 more for its second input.
    pub input: u16,
    pub from: u64,
    pub to: u64,
    /// The session, if there is one; else 0.
    pub session: u64,
    /// The switch number, if there is one; else 0.
    pub number: u64,
    /// Of a switch the input that was left, of a packet when it was sent, of a stall its length, of a silence
    /// its length as the engine says.
    pub more: u64,
}

/// There was none to be left.
pub const NO_INPUT: u64 = u64::MAX;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum What {
            $($(#[doc = $doc])* $kind,)+
        }

        impl What {
            const ALL: &[What] = &[$(What::$kind),+];
        }
    };
}

kinds! {
    /// A packet was recorded; `number` is the verdict.
    Packet,
    Start,
    Stop,
    /// For a silence.
    SwitchedTimeout,
    /// The first choice of a registration.
    SwitchedInitial,
    SwitchedOtherwise,
    /// No packet for too long.
    DegradedSilent,
    /// No first packet.
    DegradedUnconnected,
    /// The host's start failed, or it reported an error.
    DegradedByHost,
    Recovered,
    Exhausted,
    Restored,
    Unregistered,
    /// The engine's clock stood still for `more`.
    Stall,
    /// The host asked for it: the sessions of the stream begin anew.
    Restarted,
    /// The host asked for it: the input is as new.
    Renewed,
    /// The host said that the input is broken, or its start failed.
    Blamed,
    /// The input must not be used from now on, or may be again.
    Disabled,
    Enabled,
    /// The reader of events was too slow: `more` were lost.
    Missed,
    /// Memory that the host has asked of the allocator and not given back: `more` bytes.
    Held,
    /// The judge's own: from here on an input counts as given up for its silence.
    GivenUp,
    /// Nothing follows.
    End,
}

impl Record {
    pub fn new(what: What, input: usize, from: u64, to: u64) -> Record {
        Record { what, input: input as u16, from, to, session: 0, number: 0, more: 0 }
    }

    pub fn write(&self, mut pipe: impl Write) -> io::Result<()> {
        let mut bytes = [0; SIZE];
        let words = [self.from, self.to, self.session, self.number, self.more];
        bytes[0] = self.what as u8;
        bytes[2..4].copy_from_slice(&self.input.to_le_bytes());
        for (place, word) in bytes[8..].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        pipe.write_all(&bytes)
    }

    pub fn read(mut pipe: impl Read) -> io::Result<Record> {
        let mut bytes = [0; SIZE];
        pipe.read_exact(&mut bytes)?;
        let word = |at: usize| u64::from_le_bytes(bytes[8 * at..][..8].try_into().unwrap());
        let what = What::ALL.get(usize::from(bytes[0])).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Record {
            what: *what,
            input: u16::from_le_bytes([bytes[2], bytes[3]]),
            from: word(1),
            to: word(2),
            session: word(3),
            number: word(4),
            more: word(5),
        })
    }

    pub fn stream(&self) -> usize {
        usize::from(self.input / 2)
    }

    pub fn priority(&self) -> usize {
        usize::from(self.input % 2)
    }
}

/// The system's monotonic clock.
pub fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid timespec for the call to fill in.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
