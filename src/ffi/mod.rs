//! The C ABI. `include/changeover.h` is generated from here and from `src/vocabulary` (see
//! `tests/generated`).
//!
#![doc = include_str!("conventions.md")]
//!
//! | file | job |
//! |---|---|
//! | `result.rs` | what the functions answer: the engine's errors as codes |
//! | `constants.rs` | the vocabulary in C: its numbers, and the functions that name them |
//! | `abi_types.rs`, `abi_status.rs`, `layout.rs`, `initial.rs` | the structs; their layout, asserted; what `_init` makes of them |
//! | `versioned.rs` | reading and filling structs of another version |
//! | `strings.rs`, `arrays.rs`, `convert.rs` | strings, arrays, numbers and times, in and out |
//! | `output.rs` | where results are written |
//! | `handles.rs` | handles: numbers dressed as pointers |
//! | `guard.rs`, `test_hooks.rs` | where panics stop; bugs that tests ask for |
//! | `config.rs`, `settings.rs` | inputs and settings from their structs |
//! | `check.rs` | what is wrong with them |
//! | `callbacks.rs`, `host_pointer.rs` | the host's functions and their `user_data` |
//! | `live.rs` | engines by their handles; the prologue of functions about a stream |
//! | `engine.rs`, `control.rs` | making and freeing engines; operations |
//! | `maintenance.rs` | inputs out of use, choices that end, returns, all streams at once |
//! | `input.rs` | the packet path |
//! | `loss.rs` | packets lost on the way |
//! | `event.rs` | events |
//! | `print.rs` | events, and what others wrote, as text that can be printed |
//! | `status.rs`, `status_structs.rs` | statuses; what they consist of |
//! | `stream_list.rs`, `text.rs` | lists of streams; texts of any length |
//! | `tap.rs` | readers of the events beside the host |
//! | `observe.rs` | metrics, and the states of all streams |
//! | `serve.rs`, `site.rs` | the server of the page and the API; the same without sockets |
//! | `trace.rs`, `shadow.rs` | the trace; the shadow |
//! | `version.rs` | versions |

// The contract of every function is the last paragraph above, stated once. The SAFETY comments in the
// functions call it the caller's promise.
#![allow(clippy::missing_safety_doc)]
// The names are C's.
#![allow(non_camel_case_types)]

mod abi_status;
mod abi_types;
mod arrays;
mod callbacks;
mod check;
mod config;
mod constants;
mod control;
mod convert;
mod engine;
mod event;
mod guard;
mod handles;
mod host_pointer;
mod initial;
mod input;
mod layout;
mod live;
mod loss;
mod maintenance;
mod observe;
mod output;
mod print;
mod result;
mod serve;
mod settings;
mod shadow;
mod site;
mod status;
mod status_structs;
mod stream_list;
mod strings;
mod tap;
#[cfg(changeover_panic_hook)]
mod test_hooks;
#[cfg(test)]
mod tests;
mod text;
mod trace;
mod version;
mod versioned;

pub use abi_status::*;
pub use abi_types::*;
pub use check::*;
pub use config::*;
pub use constants::*;
pub use control::*;
pub use engine::*;
pub use event::*;
pub use input::*;
pub use loss::*;
pub use maintenance::*;
pub use observe::*;
pub use print::*;
pub use result::*;
pub use serve::*;
pub use settings::changeover_config;
pub use site::*;
pub use status::*;
pub use stream_list::*;
pub use tap::*;
pub use text::*;
pub use trace::*;
pub use version::*;
