//! The packet path: by id, and through an open input.

use super::abi_types::{changeover_engine, changeover_input, changeover_packet};
use super::arrays::elements;
use super::convert;
use super::guard::guard;
use super::handles::{Handles, Kind};
use super::live::{find, with_stream, ENGINES};
use super::output::Output;
use super::result::{
    Code, Outcome, CHANGEOVER_ERR_HANDLE, CHANGEOVER_ERR_NULL, CHANGEOVER_ERR_SHUT_DOWN,
};
use super::strings::{stream_id, text};
use crate::engine::{record_known, InputHandle};
use crate::hot::{Cell, Clock, Gate, Packet};
use crate::vocabulary::{Error, Flags};
use std::ffi::{c_char, c_void};
use std::ptr::{from_ref, null, null_mut};
use std::sync::Arc;

/// Open inputs, by the `id` in the caller's struct.
static INPUTS: Handles<InputHandle> = Handles::new(Kind::Input);

/// How the memory behind `cell`, `gate` and `clock` is laid out and what recording does to it, for
/// code compiled into callers (`include/changeover_inline.h`). With another number than it knows,
/// such code calls `changeover_record`. Asserted in `Cell`, `Gate` and `Clock`.
const LAYOUT: u32 = 1;

const CLOSED: changeover_input = changeover_input {
    id: 0,
    cell: null_mut(),
    gate: null(),
    clock: null(),
    tag: 0,
    layout: 0,
    reserved: 0,
};

/// Counts one packet of an input's current session: `bytes` long, flagged CHANGEOVER_VIDEO,
/// CHANGEOVER_AUDIO, CHANGEOVER_KEY or nothing.
///
/// `verdict` (may be NULL) receives 0 if the packet is to be dropped; otherwise it is to be
/// forwarded, and the number is the stream's switch number, which only rises. A host that writes
/// under one lock and drops packets whose number is smaller than the last one written never
/// interleaves two inputs.
///
/// Any thread; wait-free, but for a thread's first call by id to an engine. (Each other thread that
/// records the same input at that moment may cost a retry.) Through an open input it is several times
/// faster.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_record_packet(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    bytes: u32,
    flags: u32,
    verdict: *mut u64,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        // The handle's number is the engine's, and a thread that has called the engine by id
        // before knows it by that: no look-up, no lock.
        let number = ENGINES.number(engine.addr() as u64)?;
        let stream = stream_id(stream, stream_len)?;
        let priority = convert::priority(priority)?;
        let flags = Flags::from_bits(flags);
        let known = record_known(number, stream, priority, Packet { bytes, flags });
        let answer = match known {
            Some(answer) => answer?,
            None => record_first(engine, stream, priority, bytes, flags)?,
        };
        Output::optional(verdict).write(answer.number());
        Ok(())
    })
}

/// A thread's first call to this engine, or the engine is no more.
#[cold]
fn record_first(
    engine: *mut changeover_engine,
    stream: &str,
    priority: i32,
    bytes: u32,
    flags: Flags,
) -> Outcome<crate::hot::Verdict> {
    let engine = find(engine)?;
    match engine.record_packet(stream, priority, bytes, flags) {
        Err(Error::UnknownStream) if engine.is_closed() => Err(Code(CHANGEOVER_ERR_SHUT_DOWN)),
        answer => Ok(answer?),
    }
}

/// Opens an input for recording: bound to `session`, as given in its start, or with 0 following
/// whichever session is current.
///
/// `input` is the caller's, is filled, and is to be closed with changeover_close_input; whatever
/// was in it is overwritten, so close it first if it was open; after an error it is as it was, so
/// zero it before if it may be used nevertheless. It outlives its stream and its engine: recording
/// then answers drop.
///
/// Any thread; waits for the monitor.
/// Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, STALE_SESSION. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_open_input(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    priority: i32,
    session: u64,
    input: *mut changeover_input,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        with_stream(engine, stream, stream_len, |engine, stream| {
            let input = Output::required(input)?;
            let handle = engine.open_input(stream, convert::priority(priority)?, session)?;
            let handle = Arc::new(handle);
            let (cell, gate, clock) = handle.raw_parts();
            let open = changeover_input {
                id: INPUTS.insert(handle.clone())?,
                cell: from_ref(cell).cast_mut().cast::<c_void>(),
                gate: from_ref(gate).cast(),
                clock: from_ref(clock).cast(),
                tag: cell.tag(),
                layout: LAYOUT,
                reserved: 0,
            };
            input.write(open);
            Ok(())
        })
    }
}

/// Closes an input and zeroes the struct. Its counts stay with the stream's input. NULL, or a
/// struct that is zeroed already: nothing happens. A copy of one that was closed is
/// CHANGEOVER_ERR_HANDLE.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_close_input(input: *mut changeover_input) -> i32 {
    // SAFETY: the caller's promise: not NULL, so a struct.
    guard(|| unsafe {
        if input.is_null() {
            return Ok(());
        }
        let open = input.read_unaligned();
        if open.id == 0 {
            return Ok(());
        }
        let handle = INPUTS.take(open.id)?;
        // At once, not when the monitor gets to it: a copy of the struct that is still used finds
        // another tag before the gate and the clock may be gone.
        handle.revoke();
        drop(handle);
        input.write_unaligned(CLOSED);
        Ok(())
    })
}

/// What an open input points to.
struct Open<'a> {
    cell: &'a Cell,
    gate: &'a Gate,
    clock: &'a Clock,
}

/// `None` if it is closed, or a copy of one that was closed.
///
/// # Safety
/// `input` is NULL or points to a struct that is zeroed, or was filled by
/// [`changeover_open_input`], or is a copy of such a one. It is not being closed.
#[inline(always)]
unsafe fn open_parts<'a>(input: *const changeover_input) -> Outcome<Open<'a>> {
    if input.is_null() {
        return Err(Code(CHANGEOVER_ERR_NULL));
    }
    // SAFETY: by this function's contract.
    let input = unsafe { input.read_unaligned() };
    // SAFETY: the struct was filled from a cell, and cells live as long as the process.
    let cell = unsafe { input.cell.cast_const().cast::<Cell>().as_ref() };
    match cell {
        // SAFETY: the tag is still the one of this opening, so it was not closed, and the handle
        // in the table keeps its gate and its engine's clock.
        Some(cell) if cell.tag() == input.tag => unsafe {
            Ok(Open { cell, gate: &*input.gate.cast(), clock: &*input.clock.cast() })
        },
        _ => Err(Code(CHANGEOVER_ERR_HANDLE)),
    }
}

/// Counts one packet of an open input: `bytes` long, flagged CHANGEOVER_VIDEO, CHANGEOVER_AUDIO,
/// CHANGEOVER_KEY or nothing. Returns the verdict as in changeover_record_packet: 0 is drop.
///
/// Once the session of a bound input is over, its packets are counted, but are no sign of life,
/// and are dropped. A closed input or NULL counts nothing and answers 0.
///
/// One at a time for each input; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_record(
    input: *mut changeover_input,
    bytes: u32,
    flags: u32,
) -> u64 {
    // No guard: nothing in here can panic. It adds to counters, wrapping, and loads words; a
    // panic would abort the process rather than unwind into C.
    // SAFETY: the caller's promise.
    match unsafe { open_parts(input) } {
        Ok(Open { cell, gate, clock }) => {
            cell.record(bytes, Flags::from_bits(flags), clock, gate).number()
        }
        Err(_) => 0,
    }
}

/// Counts several packets of an open input under one verdict; otherwise as changeover_record.
/// None, or a length that no buffer can have, counts nothing. Of several only the first may commit a
/// switch that waits for a key frame.
///
/// One at a time for each input; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_record_batch(
    input: *mut changeover_input,
    packets: *const changeover_packet,
    packets_len: usize,
) -> u64 {
    // No guard, as in `changeover_record`.
    // SAFETY: the caller's promise.
    let (open, packets) = unsafe { (open_parts(input), elements(packets, packets_len)) };
    match (open, packets) {
        (Ok(Open { cell, gate, clock }), Ok(packets)) => {
            let packets = packets.map(|packet| (packet.bytes, Flags::from_bits(packet.flags)));
            cell.record_batch(packets, clock, gate).number()
        }
        _ => 0,
    }
}

/// As changeover_record_batch, but the first key frame may commit a switch that waits for one: `from` is
/// then its place, else 0. The verdict is on the packets from there; those before are to be dropped.
/// `from` may be NULL; it is written only with a verdict that forwards.
///
/// One at a time for each input; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_record_batch_from(
    input: *mut changeover_input,
    packets: *const changeover_packet,
    packets_len: usize,
    from: *mut usize,
) -> u64 {
    // No guard, as in `changeover_record`.
    // SAFETY: the caller's promise.
    let (open, packets) = unsafe { (open_parts(input), elements(packets, packets_len)) };
    match (open, packets) {
        (Ok(Open { cell, gate, clock }), Ok(packets)) => {
            let packets = packets.map(|packet| (packet.bytes, Flags::from_bits(packet.flags)));
            let (verdict, place) = cell.record_batch_from(packets, clock, gate);
            if verdict.forward() {
                // SAFETY: the caller's promise.
                unsafe { Output::optional(from) }.write(place);
            }
            verdict.number()
        }
        _ => 0,
    }
}

/// Counts packets known to be lost, e.g. from gaps in sequence numbers.
///
/// One at a time for each input; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_record_lost(input: *mut changeover_input, lost: u64) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe { open_parts(input) }?.cell.record_lost(lost);
        Ok(())
    })
}

/// Reports an error of the input's session; ignored when that is over. An input that follows the
/// current session reports an error of that. `text` is copied, up to 255 bytes. It may be called in a
/// loop: until the engine has looked, which after the first it does once in a tick, more reports are the
/// same as one.
///
/// The session is not stopped for it: a cold one goes on behind the closed gate until another input is on
/// air, and as long as there is none its packets may bring it back; a hot one goes on, and recovers by its
/// packets. Its stop comes when it is to end.
///
/// Any thread; does not wait: the decision follows. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_input_report_error(
    input: *const changeover_input,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { report(input, text, text_len, InputHandle::report_error) }
}

/// Says that the start of the input's session has failed, and why, from the thread on which it was to
/// begin; ignored when the session is over. An input that follows the current session means that one. Its
/// stop follows at once, also if an error was reported before. Otherwise as changeover_input_report_error;
/// changeover_start_result says the same by id, and waits.
///
/// Any thread; does not wait: the decision follows. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_input_start_failed(
    input: *const changeover_input,
    text: *const c_char,
    text_len: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { report(input, text, text_len, InputHandle::start_failed) }
}

/// # Safety
/// `input` is NULL or a struct, `text` NULL or as long as it says.
unsafe fn report(
    input: *const changeover_input,
    text: *const c_char,
    text_len: usize,
    report: fn(&InputHandle, &str),
) -> i32 {
    // SAFETY: by this function's contract.
    guard(|| unsafe {
        if input.is_null() {
            return Err(Code(CHANGEOVER_ERR_NULL));
        }
        let text = self::text(text, text_len)?;
        let open = input.read_unaligned();
        if open.id == 0 {
            return Err(Code(CHANGEOVER_ERR_HANDLE));
        }
        report(&*INPUTS.find(open.id)?, text);
        Ok(())
    })
}
