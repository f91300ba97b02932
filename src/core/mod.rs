//! The decisions of one stream, as a pure state machine.
//!
//! Nothing in here has a thread, an atomic, a clock or I/O. A [`Stream`] is told what happened and
//! when, queues [`Action`]s for its driver, and names the next instant at which it wants a
//! [`Stimulus::Tick`]. The same stimuli at the same times give the same actions.
//!
//! `docs/rules.md` has the rules by number, the words, and the driver's contract in full. Functions
//! in here cite the rule they carry out: "Rule 7a".
//!
//! | file | job |
//! |---|---|
//! | `event.rs` | what goes in (stimuli) and what comes out (actions, notices) |
//! | `registration.rs`, `common.rs` | what a stream is made of; what the streams of a driver share |
//! | `problem.rs` | what is wrong with settings and inputs; how much there may be of them |
//! | `input_spec.rs` | what the host says about an input |
//! | `input.rs`, `input/` | what is known of one: session, health and troubles; when it is retried |
//! | `session.rs` | one session of an input |
//! | `stream/mod.rs` | the state of a stream, and what each stimulus does to it first |
//! | `stream/order.rs` | what each input is worth, and which would be better on air |
//! | `stream/conditions.rs` | what follows when an input is impaired, and when it heals |
//! | `stream/turns.rs` | with overlap off: inputs that can't be probed take the place of what is on air in turn |
//! | `stream/selection.rs` | the evaluation: failover, planned switches, failback, exhaustion |
//! | `stream/planned.rs` | planned switches: make before break, on a key frame |
//! | `stream/passes.rs` | for tests: how often all inputs are gone through |
//! | `stream/explained.rs` | what goes with a switch, so that a person knows why |
//! | `stream/health.rs` | sessions start and stop; inputs degrade and recover |
//! | `stream/attempts.rs` | how a degraded input is got back: probes, trials, restarts |
//! | `stream/life.rs` | inputs that show life by packets alone, are untested, or forced |
//! | `stream/maintenance.rs` | inputs that are disabled, returns by request, a choice that ends |
//! | `stream/timers.rs` | every deadline, derived from the state |
//! | `stream/recorded.rs` | what records of a stream are made of, and a stream from its record |
//! | `stream/update.rs` | what the host changes while a stream runs |
//! | `stream/check.rs` | what holds between two stimuli, checked in debug builds |
//! | `conditions/` | what is wrong with an input that delivers, by its measures or by the host |
//! | `config.rs`, `backoff.rs` | settings of three levels; the waits between attempts |
//! | `setting_by_name.rs` | the settings as texts, and as records of them |
//! | `silence.rs`, `gaps.rs` | how long an input may be silent, by its own gaps |
//! | `damping.rs` | what an input that fails often has to prove |
//! | `switch.rs`, `history.rs`, `detail.rs` | switches, the last 20 of them, and their evidence |
//! | `passed_over.rs` | which inputs a switch passed over, and why |
//! | `measure.rs` | what is known of a running session over a sliding window |
//! | `maybe.rs` | numbers that may be absent, without the space of an `Option` |
//!
//! # Driving a stream
//!
//! 1. Keep one [`Common`] for all streams; it goes into every call.
//! 2. Make a [`Stream`] from a [`Registration`], and drain it.
//! 3. Everything else enters by [`Stream::handle`], with a `now` that never goes back.
//! 4. After each [`Stream::handle`], refused or not, [`Stream::drain`] the actions and carry them
//!    out in order: [`Action::Gate`] and [`Action::Await`] at once, commands and notices through
//!    the host's queue. Answer [`Stimulus::Packet`] to an await, [`Stimulus::StartTaken`] and
//!    [`Stimulus::ProbeTaken`] when the host takes a command.
//! 5. Then ask for [`Stream::next_deadline`].
//! 6. When it has come, send [`Stimulus::Packet`] for each awaited packet, [`Stimulus::Seen`] for
//!    every session that recorded, and if a deadline is still due, a [`Stimulus::Tick`].
//! 7. After [`Stimulus::Unregister`] drain once more, and drop the stream.
//!
//! It is public so that a host can test its own settings in virtual time:
//!
//! ```
//! use changeover::core::{Action, Common, Registration, Start, Stimulus, Stream};
//! use changeover::Input;
//!
//! let mut common = Common::default();
//! let inputs = vec![Input::new(0, "udp://primary"), Input::new(1, "udp://backup")];
//! let news = Registration { id: "news".into(), inputs, ..Registration::default() };
//! let mut stream = Stream::new(news, 0, &mut common)?;
//! let start = stream.drain().find_map(|action| match action {
//!     Action::Start(Start { session, .. }) => Some(session),
//!     _ => None,
//! });
//! let session = start.expect("the best input is started");
//! stream.handle(Stimulus::StartTaken { session }, 0, &mut common)?;
//! stream.handle(Stimulus::Packet { session }, 1_000, &mut common)?;
//! let silent_at = stream.next_deadline().expect("an input on air has a deadline");
//! assert_eq!(silent_at, 2_000_001_000, "packet_timeout is 2 s");
//! stream.handle(Stimulus::Tick, silent_at, &mut common)?;
//! assert_eq!(stream.active(), Some(1));
//! # Ok::<(), changeover::Error>(())
//! ```

mod backoff;
mod common;
mod conditions;
mod config;
mod damping;
mod detail;
mod event;
mod gaps;
mod history;
mod input;
mod input_spec;
mod maybe;
mod measure;
mod passed_over;
mod problem;
mod registration;
mod session;
mod setting_by_name;
mod silence;
mod stream;
mod switch;

use crate::vocabulary::{
    Commit, Condition, Error, Failback, Overlap, Reason, Severity, Source, Standby, StartReason,
    Status,
};
pub use common::Common;
pub use conditions::{HeldCondition, Limits};
pub use config::Config;
pub(crate) use detail::{known_seen, told};
pub use detail::{Awaited, Detail};
pub(crate) use event::with_notices;
pub use event::{Action, InputsUpdate, Notice, Probe, ProbeOutcome, Start, Stimulus, Stop};
pub use input::{InputError, InputHealth};
pub use input_spec::Input;
pub(crate) use input_spec::InputOption;
pub(crate) use maybe::MaybeNanos;
use maybe::MaybePriority;
pub use measure::Measure;
pub use passed_over::{PassedOver, Rejected};
pub use problem::Problem;
#[cfg(feature = "capi")]
pub(crate) use problem::{INPUTS_MAX, OPTIONS_MAX};
pub use registration::Registration;
#[cfg(feature = "capi")]
pub(crate) use registration::STREAM_ID_MAX;
pub use setting_by_name::NotASetting;
#[cfg(test)]
pub(crate) use stream::passes;
pub use stream::{Broken, Offer, Stream};
pub use switch::{Switch, Times};

pub use crate::units::{Nanos, Priority, FIRST_SWITCH_MAX};

/// One `start` of one input; unique in the engine, never reused, never 0.
pub type SessionId = u64;
/// One probe of one input; unique in the engine, never reused, never 0.
pub type ProbeId = u64;
