//! The live engines, and how an entry point gets at its engine and its stream.

use super::abi_types::changeover_engine;
use super::guard::guard;
use super::handles::{Handles, Kind};
use super::result::{Code, Outcome, CHANGEOVER_ERR_SHUT_DOWN};
use super::strings::stream_id;
use crate::engine::Engine;
use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// The numbers are the engines' own, so that the packet path needs no look-up.
pub(super) static ENGINES: Handles<Live> = Handles::new(Kind::Engine);

/// An engine with a handle.
pub(super) struct Live {
    engine: Arc<Engine>,
    /// Somebody is freeing it.
    freeing: AtomicBool,
}

impl std::ops::Deref for Live {
    type Target = Engine;
    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Live {
    pub(super) fn new(engine: Engine) -> Live {
        Live { engine: Arc::new(engine), freeing: AtomicBool::new(false) }
    }

    /// For what is to notice when it is gone.
    pub(super) fn shared(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Ends the engine. After an error it lives on.
    pub(super) fn free(&self) -> Outcome {
        // Before anything is noted, or who may free it would be turned away meanwhile.
        self.engine.check_caller()?;
        // Relaxed, here and below: one caller is to go on, and nothing else is published by it.
        if self.freeing.swap(true, Ordering::Relaxed) {
            return Err(Code(CHANGEOVER_ERR_SHUT_DOWN));
        }
        self.engine.shutdown().map_err(|error| {
            self.freeing.store(false, Ordering::Relaxed);
            error.into()
        })
    }
}

/// The engine of a handle. It lives at least as long as the result.
pub(super) fn find(engine: *mut changeover_engine) -> Outcome<Arc<Live>> {
    ENGINES.find(engine.addr() as u64)
}

/// Runs the body of an entry point about a stream of an engine.
///
/// # Safety
/// `stream` is NULL or good for reading `stream_len` bytes during the call.
pub(super) unsafe fn with_stream(
    engine: *mut changeover_engine,
    stream: *const c_char,
    stream_len: usize,
    body: impl FnOnce(&Engine, &str) -> Outcome,
) -> i32 {
    guard(|| {
        let engine = find(engine)?;
        // SAFETY: by this function's contract.
        let stream = unsafe { stream_id(stream, stream_len) }?;
        body(&engine, stream)
    })
}
