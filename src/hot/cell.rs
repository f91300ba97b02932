//! The cells packets are counted in, and where cells come from.

use super::attention::bits;
use super::by_id::Owner;
use super::dense::Dense;
use super::per_process::PerProcess;
use super::sync::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use super::{Attention, ByIdCells, Clock, Flags, Gate, Verdict};
use crate::core::Nanos;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Cells in a chunk: as many as a word has bits; fewer for the model checker.
const CELLS: usize = if cfg!(loom) { 2 } else { 64 };
const SLOT_BITS: u32 = CELLS.trailing_zeros();

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
    /// The switch number under which this cell is admitted. [`ARMED`]: the next record tells the
    /// monitor. One word, so that a packet on air needs one comparison for both.
    admitted: AtomicU64,
    /// Of a by-id cell.
    owner: Owner,
    /// The cell's life (upper bits) and its slot in the chunk (lower 6).
    tag: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Cell>() == 64);

/// In [`Cell::admitted`]. No gate ever shows it.
const ARMED: u64 = 1 << 63;

// What `include/changeover_inline.h` compiles into C programs. A change here, in `Cell::record`
// or in the meaning of a field needs a new layout number (`LAYOUT` in `src/ffi/input.rs`).
#[cfg(not(loom))]
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
    assert!(ARMED == 1 << 63 && Flags::VIDEO.bits() == 1 && Flags::KEY.bits() == 4);
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
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Counters) {
        self.last_packet = self.last_packet.max(other.last_packet);
        self.packets = self.packets.wrapping_add(other.packets);
        self.bytes = self.bytes.wrapping_add(other.bytes);
        self.video = self.video.wrapping_add(other.video);
        self.keys = self.keys.wrapping_add(other.keys);
        self.lost = self.lost.wrapping_add(other.lost);
    }
}

/// Adds to a counter that only this thread writes.
#[inline(always)]
fn bump(counter: &AtomicU64, by: u64) {
    // Relaxed: counters order nothing.
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

#[inline(always)]
fn is_video(flags: Flags) -> u64 {
    (flags.bits() & Flags::VIDEO.bits()) as u64
}

#[inline(always)]
fn is_key(flags: Flags) -> u64 {
    (flags.bits() >> 2 & 1) as u64
}

impl Cell {
    fn new(slot: usize) -> Self {
        Cell {
            last_packet: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            video: AtomicU64::new(0),
            keys: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            owner: Owner::unknown(),
            tag: AtomicU32::new(slot as u32),
        }
    }

    /// Counts one packet of the handle that owns this cell. Wait-free.
    #[inline(always)]
    pub(crate) fn record(&self, bytes: u32, flags: Flags, clock: &Clock, gate: &Gate) -> Verdict {
        self.count(1, bytes as u64, is_video(flags), is_key(flags), clock);
        self.answer(gate)
    }

    /// Counts several packets of the handle that owns this cell, under one verdict. Wait-free.
    #[inline]
    pub(crate) fn record_batch(
        &self,
        packets: impl ExactSizeIterator<Item = (u32, Flags)>,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        let count = packets.len() as u64;
        if count == 0 {
            return self.verdict(gate.number());
        }
        let (mut bytes, mut video, mut keys) = (0, 0, 0);
        for (size, flags) in packets {
            bytes += size as u64;
            video += is_video(flags);
            keys += is_key(flags);
        }
        self.count(count, bytes, video, keys, clock);
        self.answer(gate)
    }

    #[inline(always)]
    fn count(&self, packets: u64, bytes: u64, video: u64, keys: u64, clock: &Clock) {
        self.last_packet.store(clock.now(), Ordering::Relaxed);
        bump(&self.packets, packets);
        bump(&self.bytes, bytes);
        bump(&self.video, video);
        bump(&self.keys, keys);
    }

    /// Counts one packet of any thread. Wait-free.
    #[cold]
    pub(super) fn record_shared(
        &self,
        bytes: u32,
        flags: Flags,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        let now = clock.now();
        // The newest stamp wins, so that a thread held up in here can't turn the clock back.
        if self.last_packet.load(Ordering::Relaxed) < now {
            self.last_packet.fetch_max(now, Ordering::Relaxed);
        }
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if flags.bits() & (Flags::VIDEO | Flags::KEY).bits() != 0 {
            self.video.fetch_add(is_video(flags), Ordering::Relaxed);
            self.keys.fetch_add(is_key(flags), Ordering::Relaxed);
        }
        self.answer(gate)
    }

    /// Counts packets the host knows to be lost.
    pub(crate) fn record_lost(&self, lost: u64) {
        bump(&self.lost, lost);
    }

    /// The packet just counted was awaited.
    #[cold]
    fn tell_monitor(&self) {
        // AcqRel: pairs with the Release in `arm`. Only the thread that takes the flag tells.
        if self.admitted.fetch_and(!ARMED, Ordering::AcqRel) & ARMED == 0 {
            return;
        }
        let slot = self.tag.load(Ordering::Relaxed) as usize % CELLS;
        let chunk = self.chunk(slot);
        // Release: pairs with the Acquire in `CellPool::attracted`.
        chunk.attracted.fetch_or(1 << slot, Ordering::Release);
        let attention = chunk.attention.load(Ordering::Acquire);
        // SAFETY: whoever may record holds the pool (through a handle, or through the engine it
        // is inside of), and the pool owns the attention.
        unsafe { (*attention).raise(chunk.number.load(Ordering::Relaxed)) };
    }

    /// Its number in the pool.
    pub(crate) fn number(&self) -> usize {
        let slot = self.tag() as usize % CELLS;
        self.chunk(slot).number.load(Ordering::Relaxed) as usize * CELLS + slot
    }

    fn chunk(&self, slot: usize) -> &Chunk {
        let cell: *const Cell = self;
        // SAFETY: every cell is element `slot` of the array at the start of a chunk, which is
        // `repr(C)` and lives as long as the process; cell pointers are made from a chunk
        // whose provenance was exposed (`Chunk::obtain`), which is picked up again here.
        unsafe {
            let base = cell.expose_provenance() - slot * size_of::<Cell>();
            &*std::ptr::with_exposed_provenance::<Chunk>(base)
        }
    }

    /// The verdict on the packet just counted; tells the monitor if it was awaited.
    #[inline(always)]
    fn answer(&self, gate: &Gate) -> Verdict {
        let number = gate.number();
        // Relaxed: `Gate::number` acquired what was stored before the gate moved to `number`.
        let admitted = self.admitted.load(Ordering::Relaxed);
        if admitted == number {
            Verdict::new(number)
        } else if admitted & ARMED == 0 {
            Verdict::DROP
        } else {
            self.tell_and_answer(number)
        }
    }

    /// Called last, so that the way without it needs no stack.
    #[cold]
    fn tell_and_answer(&self, number: u64) -> Verdict {
        let verdict = self.verdict(number);
        self.tell_monitor();
        verdict
    }

    fn verdict(&self, number: u64) -> Verdict {
        let admitted = self.admitted.load(Ordering::Relaxed) & !ARMED;
        Verdict::new(if admitted == number { number } else { 0 })
    }

    /// Lets this cell through while the gate shows `number`. To be called before the gate moves.
    pub(crate) fn admit(&self, number: u64) {
        // Relaxed: the gate's Release publishes it. Whoever records meanwhile may take the flag.
        let admit = |word| Some(word & ARMED | number);
        let _ = self.admitted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, admit);
    }

    /// Asks for the next record to be told to the monitor.
    pub(crate) fn arm(&self) {
        // Release: pairs with the AcqRel in `tell_monitor`.
        self.admitted.fetch_or(ARMED, Ordering::Release);
    }

    /// The cell's life and slot: a handle that carries another tag is stale.
    pub(crate) fn tag(&self) -> u32 {
        self.tag.load(Ordering::Relaxed)
    }

    /// Makes every tag known so far stale, before the monitor hears that the handle is closed.
    #[cfg(feature = "capi")]
    pub(crate) fn revoke(&self) {
        self.tag.store(self.tag().wrapping_add(1 << SLOT_BITS), Ordering::Relaxed);
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
        }
    }

    /// The end of this life. Nobody may be recording any more.
    fn retire(&self) {
        // SeqCst: pairs with the fence in `Shared::status`; who reads what is written to this
        // cell from here on, in this life or the next, sees what was published before.
        fence(Ordering::SeqCst);
        let counters =
            [&self.last_packet, &self.packets, &self.bytes, &self.video, &self.keys, &self.lost];
        for word in counters.into_iter().chain([&self.admitted]) {
            word.store(0, Ordering::Relaxed);
        }
        self.owner.forget();
        let slot = self.tag() as usize % CELLS;
        self.chunk(slot).attracted.fetch_and(!(1 << slot), Ordering::Relaxed);
        self.tag.store(self.tag().wrapping_add(1 << SLOT_BITS), Ordering::Relaxed);
    }
}

#[derive(Debug)]
#[repr(C, align(64))]
struct Chunk {
    cells: [Cell; CELLS],
    /// A bit for each cell whose awaited packet came.
    attracted: AtomicU64,
    number: AtomicU32,
    /// The pool's; valid while one of its cells may be recorded to.
    attention: AtomicPtr<Attention>,
}

/// Chunks whose engine is gone, kept for the next one.
static IDLE_CHUNKS: PerProcess<Vec<&'static Chunk>> = PerProcess::new();

impl Chunk {
    /// What fits a huge page.
    const PER_BLOCK: usize = (2 << 20) / size_of::<Chunk>();

    /// Makes `count` new ones idle.
    fn make_idle(count: usize) {
        let chunks = Dense::new(count, |_| Chunk {
            cells: std::array::from_fn(Cell::new),
            attracted: AtomicU64::new(0),
            number: AtomicU32::new(0),
            attention: AtomicPtr::new(std::ptr::null_mut()),
        });
        let chunks: &'static [Chunk] = chunks.leak();
        chunks.as_ptr().expose_provenance();
        // Handed out in order.
        IDLE_CHUNKS.lock().extend(chunks.iter().rev());
    }

    fn obtain(number: usize, attention: &Attention) -> &'static Chunk {
        let idle = || IDLE_CHUNKS.lock().pop();
        let chunk = idle().unwrap_or_else(|| loop {
            // The larger the engine, the larger the block. (One, where none must outlive an
            // execution of the model checker.)
            Chunk::make_idle(if cfg!(loom) { 1 } else { number.clamp(1, Chunk::PER_BLOCK) });
            if let Some(chunk) = idle() {
                break chunk;
            }
        });
        // Release: with the handing over of the cell (channel, gate or routing table), so that a
        // recording thread sees them.
        chunk.number.store(number as u32, Ordering::Release);
        chunk.attention.store(std::ptr::from_ref(attention).cast_mut(), Ordering::Release);
        chunk
    }
}

/// The cells of one engine. Shared by the engine and its open handles; when the last of them is
/// gone, the chunks wait for another engine.
#[derive(Debug)]
pub(crate) struct CellPool {
    attention: Box<Attention>,
    chunks: Mutex<Vec<&'static Chunk>>,
}

impl CellPool {
    pub(crate) fn new() -> Self {
        CellPool { attention: Box::new(Attention::new()), chunks: Mutex::new(Vec::new()) }
    }

    /// Makes room: the numbers of the new cells.
    pub(crate) fn grow(&self) -> std::ops::Range<usize> {
        let mut chunks = self.lock_chunks();
        let number = chunks.len();
        chunks.push(Chunk::obtain(number, &self.attention));
        number * CELLS..(number + 1) * CELLS
    }

    pub(crate) fn cell(&self, number: usize) -> &'static Cell {
        &self.lock_chunks()[number / CELLS].cells[number % CELLS]
    }

    /// The cell of this number, an even one, and the next.
    pub(crate) fn by_id_cells(&self, first: usize) -> ByIdCells {
        let (pairs, _) = self.lock_chunks()[first / CELLS].cells.as_chunks::<2>();
        ByIdCells::new(&pairs[first % CELLS / 2])
    }

    /// Ends a cell's life; its next one may begin. Nobody may be recording to it any more.
    pub(crate) fn retire(&self, number: usize) {
        self.cell(number).retire();
    }

    /// Takes the numbers of the cells whose awaited packet came.
    pub(crate) fn attracted(&self, mut each: impl FnMut(usize)) {
        let chunks = self.lock_chunks();
        self.attention.take(chunks.len(), |chunk| {
            // Acquire: pairs with the Release in `Cell::tell_monitor`.
            let leaf = chunks[chunk].attracted.swap(0, Ordering::Acquire);
            bits(leaf).for_each(|slot| each(chunk * CELLS + slot));
        });
    }

    fn lock_chunks(&self) -> MutexGuard<'_, Vec<&'static Chunk>> {
        // Only the monitor and the last drop come here, so nobody waits.
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CellPool {
    fn drop(&mut self) {
        let chunks = std::mem::take(&mut *self.lock_chunks());
        for chunk in &chunks {
            chunk.cells.iter().for_each(Cell::retire);
        }
        // Under the model checker, objects of one execution can't serve another.
        if !cfg!(loom) {
            IDLE_CHUNKS.lock().extend(chunks);
        }
    }
}
