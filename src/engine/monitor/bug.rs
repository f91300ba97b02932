//! What is known of a bug when it is met: what the panic said. What becomes of it is decided elsewhere.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// What a panic said.
pub(super) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a word").to_owned()
}

/// Calls what changes nothing that is used after it panicked: its result, or what the panic said.
pub(super) fn contained<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| text_of(&*panic))
}
