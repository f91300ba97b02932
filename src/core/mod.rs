//! The decisions of one stream, as a pure state machine.
//!
//! Nothing in here has a thread, an atomic, a clock or I/O. A [`Stream`] is told what happened
//! ([`Stream::handle`]) and when (`now`, monotonic nanoseconds), queues [`Action`]s for its
//! driver, and names the next instant at which it wants a [`Stimulus::Tick`]
//! ([`Stream::next_deadline`]). The same stimuli at the same times give the same actions.
//!
//! It is public so that a host can test its own settings in virtual time:
//!
//! ```
//! use changeover::core::{Action, Ids, Start, Stimulus, Stream};
//! use changeover::{Config, Input};
//!
//! let mut ids = Ids::default();
//! let inputs = vec![Input::new(0, "udp://primary"), Input::new(1, "udp://backup")];
//! let mut stream =
//!     Stream::new("news", "", 1, inputs, Config::new(), Config::new(), 0, &mut ids).unwrap();
//! let Some(Action::Start(Start { session, .. })) =
//!     stream.drain().find(|action| matches!(action, Action::Start(_)))
//! else { panic!() };
//! stream.handle(Stimulus::StartTaken { session }, 0, &mut ids).unwrap();
//! stream.handle(Stimulus::Packet { session }, 1_000, &mut ids).unwrap();
//! let silent_at = stream.next_deadline().unwrap(); // the default packet_timeout: 2 s
//! stream.handle(Stimulus::Tick, silent_at, &mut ids).unwrap();
//! assert_eq!(stream.active(), Some(1));
//! ```

mod backoff;
mod config;
mod detail;
mod error;
mod event;
mod history;
mod input;
mod optional;
mod stream;
mod switch;

pub use config::{Config, Failback, Overlap, Standby};
pub use detail::{Awaited, Detail};
pub use error::Error;
pub use event::{Action, Ids, InputsUpdate, Notice, Probe, ProbeOutcome, Start, Stimulus, Stop};
pub use input::{Input, InputError, InputHealth, Status};
use optional::Choice;
pub(crate) use optional::Optional;
#[cfg(feature = "capi")]
pub(crate) use stream::STREAM_ID_MAX;
pub use stream::{Broken, Stream};
pub use switch::{Reason, Switch};

/// Monotonic time in nanoseconds.
pub type Nanos = u64;
/// One `start` of one input; unique in the engine, never reused, never 0.
pub type SessionId = u64;
/// One probe of one input; unique in the engine, never reused, never 0.
pub type ProbeId = u64;
/// An input's rank in its stream: 0 and up, lower is preferred.
pub type Priority = i32;
