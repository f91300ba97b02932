//! The host's functions.

use super::abi_types::{
    changeover_callbacks, changeover_event, changeover_log_fn, changeover_stream_fn,
};
use super::event::EventMemory;
use super::host_pointer::HostPointer;
use super::live::Live;
use super::result::{Code, Outcome, CHANGEOVER_ERR_NULL};
use super::strings::Texts;
use crate::core::{Probe, ProbeOutcome, Start, Stop};
use crate::engine::{Event, Ingestor, StreamCallback};
use crate::vocabulary::{Level, ProbeAnswer};
use std::ffi::c_void;
use std::sync::{Arc, OnceLock, Weak};

type EventFn = unsafe extern "C" fn(*mut c_void, *const changeover_event);
type AnswerFn = unsafe extern "C" fn(*mut c_void, *const changeover_event) -> i32;

/// The callbacks as the engine's [`Ingestor`].
pub(super) struct HostIngestor {
    start: AnswerFn,
    stop: EventFn,
    probe: Option<AnswerFn>,
    notify: Option<EventFn>,
    /// Used again for each event.
    memory: EventMemory,
    /// Set when the engine is made, before any event can be.
    engine: Arc<OnceLock<Weak<Live>>>,
    user_data: HostPointer,
}

impl HostIngestor {
    pub(super) fn new(
        callbacks: &changeover_callbacks,
        user_data: HostPointer,
        engine: Arc<OnceLock<Weak<Live>>>,
    ) -> Outcome<HostIngestor> {
        let (Some(start), Some(stop)) = (callbacks.start, callbacks.stop) else {
            return Err(Code(CHANGEOVER_ERR_NULL));
        };
        let changeover_callbacks { probe, notify, .. } = *callbacks;
        let memory = EventMemory::default();
        Ok(HostIngestor { start, stop, probe, notify, memory, engine, user_data })
    }

    fn call(&mut self, function: EventFn, event: &Event) {
        let event = self.memory.fill(event);
        // SAFETY: the host's function; the event and what it points to live until it returns.
        unsafe { function(self.user_data.pointer(), &event) }
        self.memory.forget_user_data();
    }

    fn ask(&mut self, function: AnswerFn, event: &Event) -> i32 {
        let event = self.memory.fill(event);
        // SAFETY: as in `call`.
        let answer = unsafe { function(self.user_data.pointer(), &event) };
        self.memory.forget_user_data();
        answer
    }

    /// A callback answered with a number that means nothing: that is logged, and a failure.
    fn absurd(&self, callback: &str, answer: i32, event: &Event) -> String {
        let text = format!("the host's {callback} answered {answer}, which means nothing");
        if let Some(engine) = self.engine.get().and_then(Weak::upgrade) {
            engine.log(Level::Error, || format!("{text}, to: {event}"));
        }
        text
    }
}

impl Ingestor for HostIngestor {
    fn start(&mut self, event: &Event, _: &Start) -> Result<(), String> {
        match self.ask(self.start, event) {
            0 => Ok(()),
            failed @ ..0 => Err(format!("the host's start answered {failed}")),
            absurd => Err(self.absurd("start", absurd, event)),
        }
    }

    fn stop(&mut self, event: &Event, _: &Stop) {
        self.call(self.stop, event);
    }

    fn probe(&mut self, event: &Event, _: &Probe) -> Option<ProbeOutcome> {
        let Some(probe) = self.probe else { return Some(ProbeOutcome::Unsupported) };
        let answer = self.ask(probe, event);
        match ProbeAnswer::from_code(answer) {
            Some(ProbeAnswer::Ok) => Some(ProbeOutcome::Ok),
            Some(ProbeAnswer::Failed) => Some(ProbeOutcome::Failed("the probe failed".into())),
            Some(ProbeAnswer::Unsupported) => Some(ProbeOutcome::Unsupported),
            Some(ProbeAnswer::Later) => None,
            None => Some(ProbeOutcome::Failed(self.absurd("probe", answer, event))),
        }
    }

    fn notify(&mut self, event: &Event) {
        if let Some(notify) = self.notify {
            self.call(notify, event);
        }
    }
}

/// A callback about a stream; `None` (and the end of `user_data`) when there is no function.
pub(super) fn stream_callback(
    function: changeover_stream_fn,
    user_data: HostPointer,
) -> Option<StreamCallback> {
    let function = function?;
    let mut texts = Texts::default();
    Some(Box::new(move |stream| {
        texts.restart([stream].into_iter());
        let stream = texts.push(stream);
        // SAFETY: the host's function; the string lives until it returns.
        unsafe { function(user_data.pointer(), stream.pointer, stream.len) }
    }))
}

/// A log callback; `None` (and the end of `user_data`) when there is no function or level.
pub(super) fn log_callback(
    level: Option<Level>,
    function: changeover_log_fn,
    user_data: HostPointer,
) -> Option<(Level, crate::engine::LogCallback)> {
    let (level, function) = (level?, function?);
    let mut texts = Texts::default();
    let callback = move |level: Level, line: &str| {
        texts.restart([line].into_iter());
        let line = texts.push(line);
        // SAFETY: the host's function; the string lives until it returns.
        unsafe { function(user_data.pointer(), level.code(), line.pointer, line.len) }
    };
    Some((level, Box::new(callback)))
}
