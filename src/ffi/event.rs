//! Events as structs.

use super::abi_types::{
    changeover_engine, changeover_event, changeover_option, changeover_passed_over,
};
use super::constants::CHANGEOVER_UNKNOWN;
use super::convert::{self, unix};
use super::guard::guard;
use super::handles::{Handles, Kind};
use super::host_pointer::HostPointer;
use super::live::find;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_TIMEOUT, CHANGEOVER_ERR_VALUE};
use super::strings::{text, Text, Texts};
use super::versioned::{fill, init, read, Versioned};
use crate::core::{InputOption, Rejected, Times};
use crate::engine::{Event, EventFields};
use crate::user_data::UserData;
use crate::vocabulary::{EventTag, Reason, StartReason};
use std::sync::Arc;

/// What polled events point to, by the `owner` in the caller's struct.
static EVENTS: Handles<EventMemory> = Handles::new(Kind::Event);

/// What the pointers in an event struct point to.
#[derive(Default)]
pub(super) struct EventMemory {
    texts: Texts,
    options: Vec<changeover_option>,
    passed_over: Vec<changeover_passed_over>,
    /// Not to be destroyed while the struct points to it.
    user_data: Option<UserData>,
}

// SAFETY: the pointers in `options` point into `texts`, which moves with them and is not changed
// while others look at it.
unsafe impl Send for EventMemory {}
// SAFETY: as above.
unsafe impl Sync for EventMemory {}

impl EventMemory {
    /// An event as a struct that points into this memory until it is filled again or dropped.
    pub(super) fn fill(&mut self, event: &Event) -> changeover_event {
        let fields = event.fields();
        debug_assert!(
            filled(&fields).all(|field| fields.kind.fields().contains(&field)),
            "{event} fills in a field that its row in vocabulary/events.rs does not name"
        );
        let mut out = changeover_event {
            struct_size: size_of::<changeover_event>(),
            kind: fields.kind.code(),
            registration: fields.registration,
            at: event.at,
            at_unix: unix(event.wall),
            priority: fields.priority.unwrap_or(-1),
            from: fields.from.unwrap_or(-1),
            reason: fields.reason.map_or(0, Reason::code),
            session: fields.session,
            probe: fields.probe,
            switch_number: fields.switch_number,
            dropped: fields.dropped,
            measured: fields.measured,
            limit: fields.limit,
            window: fields.window,
            detection: fields.times.detection.unwrap_or(CHANGEOVER_UNKNOWN),
            decision: fields.times.decision.unwrap_or(CHANGEOVER_UNKNOWN),
            commit: fields.times.commit.unwrap_or(CHANGEOVER_UNKNOWN),
            passed_over_more: fields.passed_over_more as usize,
            exhausted: fields.exhausted.into(),
            start_reason: fields.start_reason.map_or(0, StartReason::code),
            ..changeover_event::INITIAL
        };
        self.user_data = fields.user_data.cloned();
        if let Some(pointer) = fields.user_data.and_then(UserData::get::<HostPointer>) {
            out.user_data = pointer.pointer();
        }
        let EventFields { stream, url, options, buffer_write_id, .. } = fields;
        let (detail, passed_over) = (&*fields.detail, &*fields.passed_over_text);
        self.point(&mut out, [stream, url, buffer_write_id, detail, passed_over], options);
        self.passed_over.clear();
        self.passed_over.extend(fields.passed_over.iter().map(passed_over_entry));
        if !self.passed_over.is_empty() {
            (out.passed_over, out.passed_over_len) =
                (self.passed_over.as_ptr(), self.passed_over.len());
        }
        out
    }

    /// Nobody looks at the struct any longer.
    pub(super) fn forget_user_data(&mut self) {
        self.user_data = None;
    }

    fn point(&mut self, out: &mut changeover_event, strings: [&str; 5], options: &[InputOption]) {
        let pairs = options.iter().flat_map(|(key, value)| [&**key, &**value]);
        self.texts.restart(strings.into_iter().chain(pairs));
        let [stream, url, buffer, detail, passed_over] =
            strings.map(|string| self.texts.push(string));
        (out.stream, out.stream_len) = (stream.pointer, stream.len);
        (out.url, out.url_len) = (url.pointer, url.len);
        (out.buffer_write_id, out.buffer_write_id_len) = (buffer.pointer, buffer.len);
        (out.detail, out.detail_len) = (detail.pointer, detail.len);
        (out.passed_over_text, out.passed_over_text_len) = (passed_over.pointer, passed_over.len);
        let texts = &mut self.texts;
        self.options.clear();
        self.options.extend(options.iter().map(|(key, value)| {
            let (Text { pointer: key, len: key_len }, value) = (texts.push(key), texts.push(value));
            changeover_option { key, key_len, value: value.pointer, value_len: value.len }
        }));
        if !self.options.is_empty() {
            (out.options, out.options_len) = (self.options.as_ptr(), self.options.len());
        }
    }
}

fn passed_over_entry(rejected: &Rejected) -> changeover_passed_over {
    changeover_passed_over {
        priority: rejected.priority,
        obstacle: rejected.obstacle.code(),
        reason: rejected.reason.map_or(0, Reason::code),
        reserved: 0,
        measured: rejected.detail.measured(),
        limit: rejected.detail.limit(),
        window: rejected.detail.window(),
        wait: rejected.wait,
    }
}

/// The fields that an event fills in.
pub(super) fn filled(event: &EventFields<'_>) -> impl Iterator<Item = &'static str> {
    let fields = [
        ("priority", event.priority.is_some()),
        ("from", event.from.is_some()),
        ("reason", event.reason.is_some()),
        ("session", event.session != 0),
        ("probe", event.probe != 0),
        ("switch_number", event.switch_number != 0),
        ("dropped", event.dropped != 0),
        ("measured", event.measured != 0),
        ("limit", event.limit != 0),
        ("window", event.window != 0),
        ("detection", event.times.detection.is_some()),
        ("decision", event.times.decision.is_some()),
        ("commit", event.times.commit.is_some()),
        ("passed_over", !event.passed_over.is_empty()),
        ("passed_over_more", event.passed_over_more != 0),
        ("passed_over_text", !event.passed_over_text.is_empty()),
        ("exhausted", event.exhausted),
        ("start_reason", event.start_reason.is_some()),
        ("url", !event.url.is_empty()),
        ("options", !event.options.is_empty()),
        ("buffer_write_id", !event.buffer_write_id.is_empty()),
        ("detail", !event.detail.is_empty()),
        ("user_data", event.user_data.is_some()),
    ];
    fields.into_iter().filter(|(_, filled)| *filled).map(|(field, _)| field)
}

/// What an event of the caller's carries, but for its options. Its strings are read while the result is
/// used.
///
/// # Safety
/// What `event` points to is good for reading, if the event is not one that was cleared.
pub(super) unsafe fn fields_of(event: &changeover_event) -> Outcome<EventFields<'_>> {
    if event.owner != 0 {
        EVENTS.find(event.owner)?;
    }
    let kind = EventTag::from_code(event.kind).ok_or(Code(CHANGEOVER_ERR_VALUE))?;
    // SAFETY: by this function's contract.
    let [stream, url, buffer_write_id, detail, passed_over_text] = unsafe {
        [
            text(event.stream, event.stream_len)?,
            text(event.url, event.url_len)?,
            text(event.buffer_write_id, event.buffer_write_id_len)?,
            text(event.detail, event.detail_len)?,
            text(event.passed_over_text, event.passed_over_text_len)?,
        ]
    };
    let known = |time| Some(time).filter(|time| *time != CHANGEOVER_UNKNOWN);
    let input = |priority| Some(priority).filter(|priority| *priority >= 0);
    Ok(EventFields {
        priority: input(event.priority),
        from: input(event.from),
        reason: Reason::from_code(event.reason),
        session: event.session,
        probe: event.probe,
        switch_number: event.switch_number,
        dropped: event.dropped,
        measured: event.measured,
        limit: event.limit,
        window: event.window,
        times: Times {
            detection: known(event.detection),
            decision: known(event.decision),
            commit: known(event.commit),
        },
        passed_over_text: passed_over_text.into(),
        exhausted: event.exhausted != 0,
        start_reason: StartReason::from_code(event.start_reason),
        url,
        buffer_write_id,
        detail: detail.into(),
        ..EventFields::new(kind, stream, event.registration)
    })
}

/// Prepares an event: none.
///
/// Pass sizeof(changeover_event). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_event_init(
    event: *mut changeover_event,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(event, struct_size) })
}

/// Takes the next event, waiting at most `timeout` nanoseconds for one; UINT64_MAX: no limit.
///
/// `event` must be prepared; an event it holds is cleared first, whatever follows. The new one is
/// to be cleared with changeover_event_clear, or by the next call.
///
/// Any thread, one at a time for each struct; waits for an event.
/// Errors: TIMEOUT, WRONG_MODE on an engine with callbacks; HANDLE also for a copy of an event
/// that was cleared; SHUT_DOWN, or MONITOR_DIED, once no event is left. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_next_event(
    engine: *mut changeover_engine,
    timeout: u64,
    event: *mut changeover_event,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        clear(event)?;
        let taken = engine.next_event(convert::timeout(timeout))?;
        let taken = taken.ok_or(Code(CHANGEOVER_ERR_TIMEOUT))?;
        hand_out(&taken, 0, 0, event)
    })
}

/// # Safety
/// `event` is a struct of the caller's that was checked before the event was taken.
pub(super) unsafe fn hand_out(
    taken: &Event,
    seq: u64,
    missed: u64,
    event: *mut changeover_event,
) -> Outcome {
    let mut memory = EventMemory::default();
    let mut out = memory.fill(taken);
    (out.seq, out.missed) = (seq, missed);
    out.owner = EVENTS.insert(Arc::new(memory))?;
    // SAFETY: by this function's contract.
    unsafe { fill(event, &out) }
}

/// Forgets the event a struct holds, and what that points to. The struct may be used again. NULL,
/// or a struct without an event: nothing happens. A copy of one that was cleared is
/// CHANGEOVER_ERR_HANDLE.
///
/// One at a time; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_event_clear(event: *mut changeover_event) -> i32 {
    guard(|| {
        if event.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { clear(event) }
    })
}

/// # Safety
/// `event` is NULL or points to a struct as long as it says.
pub(super) unsafe fn clear(event: *mut changeover_event) -> Outcome {
    // SAFETY: by this function's contract.
    unsafe {
        let held = read(event)?;
        if held.owner != 0 {
            drop(EVENTS.take(held.owner)?);
        }
        fill(event, &changeover_event::INITIAL)
    }
}

/// A descriptor for poll, epoll and the like: readable while changeover_next_event would return
/// at once. It is the engine's: do not read from it or close it. It is closed by changeover_free.
///
/// Any thread; does not wait.
/// Errors: WRONG_MODE on an engine with callbacks. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_event_fd(engine: *mut changeover_engine, fd: *mut i32) -> i32 {
    use std::os::fd::AsRawFd;
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: the caller's promise.
        let fd = unsafe { Output::required(fd) }?;
        fd.write(engine.event_fd()?.as_raw_fd());
        Ok(())
    })
}
