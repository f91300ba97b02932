//! The cells packets are counted in.

use super::clock::Clock;
use super::gate::Gate;
use super::offer::Taken;
use super::owner::Owner;
use super::signal::{Signal, CELLS};
use super::sync::{fence, AtomicU32, AtomicU64, Ordering};
use super::Verdict;
use crate::units::{Nanos, FIRST_SWITCH_MAX};
use crate::vocabulary::Flags;

/// How many bits of a tag are the place in the chunk.
const PLACE_BITS: u32 = CELLS.trailing_zeros();

/// The counters of one open handle, or of by-id recording of one input: one cache line.
///
/// A cell with one writer at a time is exact with plain stores: a handle's, and the first of an
/// input's two by-id cells, which belongs for good to the first thread that records there. All
/// other threads count in the second one, with read-modify-writes. Cells are never given back to
/// the system, so that no stale pointer to one can do worse than find a foreign tag.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cell {
    last_packet: AtomicU64,
    packets: AtomicU64,
    bytes: AtomicU64,
    video: AtomicU64,
    keys: AtomicU64,
    lost: AtomicU64,
    /// The switch number under which this cell is admitted, and above it what else there is to do.
    /// One word, so that a packet on air needs one comparison for all.
    admitted: AtomicU64,
    /// Of the first of an input's by-id cells. Nobody owns another one: there the word counts sound,
    /// while it is [`SOUND`]; in the second by-id cell for both of them.
    owner: Owner,
    /// The cell's life (upper bits) and its place in the chunk (lower 6).
    tag: AtomicU32,
}

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(size_of::<Cell>() == 64);

/// In [`Cell::admitted`]: there is more to do than to compare the number. Set with each of the two
/// below, so that the plain way (in C, too) looks at this bit only.
const MORE: u64 = 1 << 63;
/// Packets of sound are counted.
const SOUND: u64 = 1 << 62;
/// The packet may matter to the monitor: set with each of the two below. Code compiled into other
/// languages leaves such a packet to this one.
const ARMED: u64 = 1 << 61;
/// The next record tells the monitor.
const AWAITED: u64 = 1 << 60;
/// The number is one that is offered, or was: see [`Gate::open_offer`].
const OFFERED: u64 = 1 << 59;
/// Only a key frame may take that offer: for any other packet the cell counts as not armed.
const KEYED: u64 = 1 << 58;
/// What is left for the switch number. No gate ever shows one of the bits above.
const NUMBER: u64 = KEYED - 1;
// A stream that begins there and moves its gate every nanosecond reaches the end after four years.
const _: () = assert!(FIRST_SWITCH_MAX <= NUMBER / 2 + 1);

// What `include/changeover_inline.h` compiles into C programs. A change here, in `Cell::record`
// or in the meaning of a field needs a new layout number once 0.1 is out (`LAYOUT` in `src/ffi/input.rs`).
#[cfg(not(any(loom, shuttle)))]
const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(Cell, last_packet) == 0);
    assert!(offset_of!(Cell, packets) == 8);
    assert!(offset_of!(Cell, bytes) == 16);
    assert!(offset_of!(Cell, video) == 24);
    assert!(offset_of!(Cell, keys) == 32);
    assert!(offset_of!(Cell, lost) == 40);
    assert!(offset_of!(Cell, admitted) == 48);
    assert!(offset_of!(Cell, owner) == 56);
    assert!(offset_of!(Cell, tag) == 60);
    assert!(MORE == 1 << 63 && SOUND == 1 << 62 && ARMED == 1 << 61);
    assert!(AWAITED == 1 << 60 && OFFERED == 1 << 59 && KEYED == 1 << 58);
    assert!(Flags::VIDEO.bits() == 1 && Flags::AUDIO.bits() == 2 && Flags::KEY.bits() == 4);
};

/// A reading of counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) last_packet: Nanos,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) video: u64,
    pub(crate) keys: u64,
    pub(crate) lost: u64,
    /// Only while the cell is told to, modulo 2^32. Not in what [`Cell::read`] reads.
    pub(crate) sound: u32,
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Counters) {
        self.last_packet = self.last_packet.max(other.last_packet);
        self.packets = self.packets.wrapping_add(other.packets);
        self.bytes = self.bytes.wrapping_add(other.bytes);
        self.video = self.video.wrapping_add(other.video);
        self.keys = self.keys.wrapping_add(other.keys);
        self.lost = self.lost.wrapping_add(other.lost);
        self.sound = self.sound.wrapping_add(other.sound);
    }

    /// What was counted besides `other`. The stamp stays.
    pub(crate) fn less(&self, other: &Counters) -> Counters {
        Counters {
            last_packet: self.last_packet,
            packets: self.packets.wrapping_sub(other.packets),
            bytes: self.bytes.wrapping_sub(other.bytes),
            video: self.video.wrapping_sub(other.video),
            keys: self.keys.wrapping_sub(other.keys),
            lost: self.lost.wrapping_sub(other.lost),
            sound: self.sound.wrapping_sub(other.sound),
        }
    }
}

/// Adds to a counter that only this thread writes.
#[inline(always)]
fn bump(counter: &AtomicU64, by: u64) {
    // Relaxed: counters order nothing.
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

#[inline(always)]
fn video_count(flags: Flags) -> u64 {
    (flags.bits() & Flags::VIDEO.bits()) as u64
}

#[inline(always)]
fn sound_count(flags: Flags) -> u32 {
    flags.bits() >> 1 & 1
}

#[inline(always)]
fn key_count(flags: Flags) -> u64 {
    (flags.bits() >> 2 & 1) as u64
}

/// The verdict of a cell with this word, while the gate shows `number`.
#[inline(always)]
fn verdict(word: u64, number: u64) -> Verdict {
    Verdict::new(if word & NUMBER == number { number } else { 0 })
}

/// Sound is often flagged `KEY` as well.
fn is_key_frame(flags: Flags) -> bool {
    let both = (Flags::VIDEO | Flags::KEY).bits();
    flags.bits() & both == both
}

impl Cell {
    pub(super) fn new(place: usize) -> Self {
        Cell {
            last_packet: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            video: AtomicU64::new(0),
            keys: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            owner: Owner::unknown(),
            tag: AtomicU32::new(place as u32),
        }
    }

    /// Counts one packet of the handle that owns this cell. Wait-free.
    #[inline(always)]
    pub(crate) fn record(&self, bytes: u32, flags: Flags, clock: &Clock, gate: &Gate) -> Verdict {
        self.count(1, bytes as u64, video_count(flags), key_count(flags), clock);
        self.answer(gate, move |sound| {
            if sound {
                self.count_sound(sound_count(flags));
            }
            flags
        })
    }

    /// As [`Cell::record`], for the thread that owns this cell, the first of an input's two by id;
    /// `second` is the other one.
    #[inline(always)]
    pub(super) fn record_owned(
        &self,
        bytes: u32,
        flags: Flags,
        clock: &Clock,
        gate: &Gate,
        second: &Cell,
    ) -> Verdict {
        self.count(1, bytes as u64, video_count(flags), key_count(flags), clock);
        self.answer(gate, move |sound| {
            if sound {
                second.count_shared_sound(sound_count(flags));
            }
            flags
        })
    }

    #[inline(always)]
    fn count(&self, packets: u64, bytes: u64, video: u64, keys: u64, clock: &Clock) {
        self.last_packet.store(clock.now(), Ordering::Relaxed);
        bump(&self.packets, packets);
        bump(&self.bytes, bytes);
        bump(&self.video, video);
        bump(&self.keys, keys);
    }

    /// Counts one packet of any thread. Wait-free: see [`Cell::raise_last_packet`] for its only
    /// loop.
    #[cold]
    pub(super) fn record_shared(
        &self,
        bytes: u32,
        flags: Flags,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        let now = clock.now();
        let newest = self.last_packet.load(Ordering::Relaxed);
        if newest < now {
            self.raise_last_packet(newest, now);
        }
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if flags.bits() & (Flags::VIDEO | Flags::KEY).bits() != 0 {
            self.video.fetch_add(video_count(flags), Ordering::Relaxed);
            self.keys.fetch_add(key_count(flags), Ordering::Relaxed);
        }
        self.answer(gate, move |sound| {
            if sound {
                self.count_shared_sound(sound_count(flags));
            }
            flags
        })
    }

    /// In a handle's cell, by the thread that writes it.
    fn count_sound(&self, packets: u32) {
        let sound = self.owner.unused();
        sound.store(sound.load(Ordering::Relaxed).wrapping_add(packets), Ordering::Relaxed);
    }

    /// In the second of an input's by-id cells, by any thread.
    fn count_shared_sound(&self, packets: u32) {
        if packets > 0 {
            self.owner.unused().fetch_add(packets, Ordering::Relaxed);
        }
    }

    /// Packets of sound; not of the first of an input's by-id cells. Modulo 2^32.
    pub(crate) fn sound(&self) -> u32 {
        self.owner.unused().load(Ordering::Relaxed)
    }

    /// Makes `now` the newest stamp, unless there is a newer one: a thread held up in here can't turn
    /// the clock back.
    ///
    /// Wait-free: it tries again only when another thread has meanwhile stored a stamp that lies
    /// between `newest` and `now`. A thread that does so read the clock earlier and was held up, and
    /// its next packet gets a stamp no older than `now`. So each other thread that records this
    /// input costs one more attempt at most.
    #[cold]
    #[inline(never)]
    fn raise_last_packet(&self, mut newest: Nanos, now: Nanos) {
        while newest < now {
            let relaxed = Ordering::Relaxed;
            match self.last_packet.compare_exchange(newest, now, relaxed, relaxed) {
                Ok(_) => return,
                Err(other) => newest = other,
            }
        }
    }

    /// Counts packets the host knows to be lost.
    pub(crate) fn record_lost(&self, lost: u64) {
        bump(&self.lost, lost);
    }

    /// Its number in the pool.
    pub(crate) fn number(&self) -> usize {
        self.signal().chunk() * CELLS + self.place()
    }

    fn place(&self) -> usize {
        self.tag() as usize % CELLS
    }

    /// Its chunk's.
    fn signal(&self) -> &Signal {
        let cell: *const Cell = self;
        // SAFETY: every cell is one of the `CELLS` at the start of a `Chunk`, which are followed by
        // its signal (asserted there), and which lives as long as the process. Its provenance was
        // exposed when it was made, and is picked up again here.
        unsafe {
            let behind = (CELLS - self.place()) * size_of::<Cell>();
            &*std::ptr::with_exposed_provenance::<Signal>(cell.expose_provenance() + behind)
        }
    }

    /// The verdict on the packet just counted; tells the monitor if it was awaited, and may take an
    /// offer. `rest` counts sound, if it is told to, and answers how the packet is flagged. (It is
    /// passed by value, so that the path without it keeps nothing for it.) Counting sound takes no
    /// call, because where it is done, it is done for each packet.
    #[inline(always)]
    fn answer(&self, gate: &Gate, rest: impl FnOnce(bool) -> Flags) -> Verdict {
        let number = gate.number();
        // Relaxed: `Gate::number` acquired what was stored before the gate moved to `number`.
        let admitted = self.admitted.load(Ordering::Relaxed);
        if admitted == number {
            return Verdict::new(number);
        }
        if admitted & MORE == 0 {
            return Verdict::DROP;
        }
        // A comparison of its own, for the cell on air.
        let sounds_on_air = admitted ^ number == MORE | SOUND;
        if sounds_on_air || admitted & (SOUND | ARMED) == SOUND {
            rest(true);
            return if sounds_on_air { Verdict::new(number) } else { Verdict::DROP };
        }
        self.do_more(gate, rest)
    }

    /// Called last, so that the path without it needs no stack frame.
    #[cold]
    #[inline(never)]
    fn do_more(&self, gate: &Gate, rest: impl FnOnce(bool) -> Flags) -> Verdict {
        self.do_all(gate, rest).0
    }

    fn do_all(&self, gate: &Gate, rest: impl FnOnce(bool) -> Flags) -> (Verdict, Taken) {
        // Acquire: pairs with the Release in `offer`; who sees the flag sees the gate as it was then.
        let word = self.admitted.load(Ordering::Acquire);
        let flags = rest(word & SOUND != 0);
        let taken = if word & OFFERED == 0 {
            Taken::No
        } else {
            gate.take_offer(word & NUMBER, is_key_frame(flags))
        };
        let number = gate.number();
        self.do_no_more_than(word);
        // Of several threads that see the flag, each tells.
        if word & AWAITED != 0 || taken != Taken::No {
            // SAFETY: whoever may record holds the pool (through a handle, or through the engine it
            // is inside of).
            unsafe { self.signal().raise(self.place()) };
        }
        (verdict(word, number), taken)
    }

    /// Clears what was to be done once, and was done; what is done for each packet stays.
    fn do_no_more_than(&self, word: u64) {
        let mut rest = word & !AWAITED;
        if rest & OFFERED == 0 {
            rest &= !ARMED;
            if rest & SOUND == 0 {
                rest &= !MORE;
            }
        }
        if rest != word {
            // AcqRel: pairs with the Release in `arm`. Tried once: if it fails, another thread has
            // done it, or the monitor has something anew, and hears of one packet more.
            let (done, not) = (Ordering::AcqRel, Ordering::Relaxed);
            let _ = self.admitted.compare_exchange(word, rest, done, not);
        }
    }

    fn verdict(&self, number: u64) -> Verdict {
        verdict(self.admitted.load(Ordering::Relaxed), number)
    }

    /// Lets this cell through while the gate shows `number`. To be called before the gate moves.
    pub(crate) fn admit(&self, number: u64) {
        // Relaxed: the gate's Release publishes it. Whoever records meanwhile may take a flag.
        self.change(Ordering::Relaxed, |word| word & !NUMBER | number);
    }

    /// Asks for the next record to be told to the monitor.
    pub(crate) fn arm(&self) {
        // Release: pairs with the AcqRel in `do_no_more_than`.
        self.admitted.fetch_or(MORE | ARMED | AWAITED, Ordering::Release);
    }

    /// Admits this cell under a number that its key frames, or any of its packets, may make the
    /// gate's. To be called before the offer is opened, or while it is open.
    pub(crate) fn offer(&self, number: u64, to_any_packet: bool) {
        let keyed = if to_any_packet { 0 } else { KEYED };
        let offered = MORE | ARMED | OFFERED | keyed | number;
        // Release: pairs with the Acquire in `do_all`.
        self.change(Ordering::Release, |word| word & (SOUND | AWAITED) | offered);
    }

    /// The offer is over, however it ended: the number stays.
    pub(crate) fn end_offer(&self) {
        if self.admitted.load(Ordering::Relaxed) & OFFERED != 0 {
            // (A record that finds nothing more to do clears [`MORE`].)
            self.change(Ordering::Relaxed, |word| match word & AWAITED {
                0 => word & !(OFFERED | KEYED | ARMED),
                _ => word & !(OFFERED | KEYED),
            });
        }
    }

    /// By the monitor.
    #[cfg_attr(loom, track_caller)]
    fn change(&self, order: Ordering, to: impl Fn(u64) -> u64) {
        let _ = self.admitted.fetch_update(order, Ordering::Relaxed, |word| Some(to(word)));
    }

    /// Has packets of sound counted, or not.
    pub(crate) fn set_counts_sound(&self, counts: bool) {
        // Relaxed: what is counted orders nothing. [`MORE`] stays until a record finds nothing to do.
        if counts {
            self.admitted.fetch_or(MORE | SOUND, Ordering::Relaxed);
        } else {
            self.admitted.fetch_and(!SOUND, Ordering::Relaxed);
        }
    }

    /// The cell's life and place: a handle that carries another tag is stale.
    pub(crate) fn tag(&self) -> u32 {
        self.tag.load(Ordering::Relaxed)
    }

    /// Makes every tag known so far stale, before the monitor hears that the handle is closed.
    #[cfg(feature = "capi")]
    pub(crate) fn revoke(&self) {
        self.tag.store(self.tag().wrapping_add(1 << PLACE_BITS), Ordering::Relaxed);
    }

    #[inline(always)]
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The newest packet's stamp.
    #[inline(always)]
    pub(crate) fn last_packet(&self) -> Nanos {
        self.last_packet.load(Ordering::Relaxed)
    }

    /// The counters as they are now; each one exact, together perhaps in the midst of a record.
    pub(crate) fn read(&self) -> Counters {
        Counters {
            last_packet: self.last_packet.load(Ordering::Relaxed),
            packets: self.packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            video: self.video.load(Ordering::Relaxed),
            keys: self.keys.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            sound: 0,
        }
    }

    /// Ends this life. No thread may be recording to the cell.
    pub(super) fn retire(&self) {
        // SeqCst: pairs with the fence in `RuntimeStatus::read`; who reads what is written to this
        // cell from here on, in this life or the next, sees what was published before.
        fence(Ordering::SeqCst);
        let counters =
            [&self.last_packet, &self.packets, &self.bytes, &self.video, &self.keys, &self.lost];
        for word in counters.into_iter().chain([&self.admitted]) {
            word.store(0, Ordering::Relaxed);
        }
        self.owner.forget();
        self.signal().withdraw(self.place());
        self.tag.store(self.tag().wrapping_add(1 << PLACE_BITS), Ordering::Relaxed);
    }
}

mod batch;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
