//! Readers of the events beside the host.

use super::abi_types::{changeover_engine, changeover_event, changeover_tap};
use super::convert;
use super::event::{clear, hand_out};
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::find;
use super::output::Output;
use super::result::{Code, CHANGEOVER_ERR_TIMEOUT};
use crate::engine::{Tap, TapOptions};
use crate::poison::unpoisoned;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex};

static TAPS: Handles<OpenTap> = Handles::new(Kind::Tap);

struct OpenTap {
    tap: Mutex<Tap>,
    /// As long as the tap is there.
    descriptor: RawFd,
}

/// Opens a tap: it follows the engine's events, of all streams, beside whoever carries them out; also of
/// an engine with callbacks. There may be any number. `tap` receives a handle that the caller owns and
/// ends with changeover_tap_close. It outlives the engine.
///
/// It never holds up the engine: the newest `keep` events (0: 8,192; 65,536 at most) are kept for readers
/// that are slow, as many as any tap of the engine wants, while there is one; half a kilobyte each. One that
/// is slower loses the oldest, and is told how many. `after` is UINT64_MAX to begin with what is decided
/// after the call; or the `seq` of the last event that was taken, to go on there, if that is still kept.
///
/// Any thread; waits for the monitor.
/// Errors: SYSTEM if no descriptor is left. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_tap_open(
    engine: *mut changeover_engine,
    keep: u64,
    after: u64,
    tap: *mut *mut changeover_tap,
) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let out = unsafe { Output::required(tap) }?;
        let mut options = TapOptions::new();
        if keep != 0 {
            options = options.keep(keep.try_into().unwrap_or(usize::MAX));
        }
        if after != u64::MAX {
            options = options.after(after);
        }
        let tap = engine.tap(options)?;
        let descriptor = tap.event_fd().as_raw_fd();
        let id = TAPS.insert(Arc::new(OpenTap { tap: Mutex::new(tap), descriptor }))?;
        out.write(pointer(id));
        Ok(())
    })
}

/// Takes the tap's next event, waiting at most `timeout` nanoseconds for one; UINT64_MAX: no limit.
/// `event` as for changeover_next_event, with `seq` and `missed`, and without `user_data`, which is not
/// kept for taps. What the engine takes back for a host that is slow (a start with its stop) comes here
/// nevertheless, and a GAP never does.
///
/// Any thread, one at a time for each tap and each struct; waits for an event.
/// Errors: TIMEOUT; HANDLE also for a copy of an event that was cleared; SHUT_DOWN, or MONITOR_DIED, once
/// no event is left. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_tap_next(
    tap: *mut changeover_tap,
    timeout: u64,
    event: *mut changeover_event,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let tap = TAPS.find(tap.addr() as u64)?;
        clear(event)?;
        let tapped = unpoisoned(tap.tap.lock()).next(convert::timeout(timeout))?;
        let tapped = tapped.ok_or(Code(CHANGEOVER_ERR_TIMEOUT))?;
        hand_out(tapped.event(), tapped.seq(), tapped.missed(), event)
    })
}

/// A descriptor for poll, epoll and the like: readable while changeover_tap_next would return at once.
/// When it is readable, take events with a timeout of 0 until there are none. It is the tap's: do not
/// read from it or close it. It is closed by changeover_tap_close.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_tap_fd(tap: *mut changeover_tap, fd: *mut i32) -> i32 {
    guard(|| {
        let tap = TAPS.find(tap.addr() as u64)?;
        // SAFETY: the caller's promise.
        unsafe { Output::required(fd) }?.write(tap.descriptor);
        Ok(())
    })
}

/// Closes a tap. Events that were taken stay valid until they are cleared. NULL, or a handle that is not
/// live: nothing happens.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_tap_close(tap: *mut changeover_tap) {
    // A handle that is not live has nothing to be closed.
    guard_or((), || drop(TAPS.take(tap.addr() as u64)));
}
