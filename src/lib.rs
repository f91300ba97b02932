//! **changeover** is the input-failover engine for live video ingest: tell it about every packet
//! of every input, and it says which packets to forward, which input to start, stop and probe.
//!
//! ```
//! use changeover::{Config, Engine, EventKind, Flags, Input};
//! use std::time::Duration;
//!
//! let engine = Engine::new()?;
//! let inputs = vec![Input::new(0, "udp://primary").hot(), Input::new(1, "udp://backup").hot()];
//! engine.register("news", "", inputs, Config::new())?;
//!
//! // The event loop: what to start, stop and probe, and what was decided.
//! while let Some(event) = engine.next_event(Duration::ZERO)? {
//!     if let EventKind::Start(start) = &event.kind {
//!         // Usually on a thread of its own: one handle per session.
//!         let mut input =
//!             engine.open_input(&event.stream, start.input.priority, start.session)?;
//!         let verdict = input.record(8000, Flags::VIDEO | Flags::KEY); // a frame
//!         assert_eq!(verdict.forward(), start.input.priority == 0);
//!     }
//! }
//! # Ok::<(), changeover::Error>(())
//! ```
//!
//! It runs on Linux only.
//!
//! | part | what it is |
//! |---|---|
//! | [`Engine`] | threads, events, all operations |
//! | [`core`] | the decisions alone: pure, for tests in virtual time |
//! | `include/changeover.h` | the C ABI (feature `capi`) |

#[cfg(not(target_os = "linux"))]
compile_error!("changeover runs on Linux only: it needs eventfd(2)");

pub mod core;
mod engine;
#[cfg(feature = "capi")]
pub mod ffi;
mod hot;
mod loss;
mod metrics;
mod poison;
mod print;
#[cfg(feature = "serve")]
mod serve;
pub mod site;
pub mod trace;
mod units;
mod user_data;
#[doc(hidden)]
pub mod vocabulary;
pub mod whatif;

pub use crate::core::{
    Awaited, Config, Detail, HeldCondition, Input, InputError, InputHealth, InputsUpdate, Limits,
    Measure, Nanos, Notice, Priority, Probe, ProbeId, ProbeOutcome, Problem, SessionId, Start,
    Stop, Switch, FIRST_SWITCH_MAX,
};
pub use engine::{
    ConditionRecord, Engine, EngineBuilder, ErrorRecord, Event, EventKind, Ingestor, InputHandle,
    InputHealthSnapshot, LogCallback, RuntimeStatus, Statuses, StreamCallback, SwitchRecord, Tap,
    TapOptions, Tapped,
};
pub use hot::Verdict;
pub use loss::{RtpLoss, TsLoss};
pub use metrics::MetricsOptions;
pub use print::{printable, printable_url, Printable};
#[cfg(feature = "serve")]
pub use serve::{serve, ServeOptions, Server};
pub use user_data::UserData;
pub use vocabulary::{
    Commit, Condition, Error, EventTag, Failback, Flags, Level, Obstacle, Overlap, Reason, Role,
    Severity, Silence, Source, Standby, StartReason, Status,
};
