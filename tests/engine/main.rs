//! The running engine: real threads, real time. What is here needs more than one thread to go
//! wrong; what one stream decides is tested in virtual time (`tests/core/`).
//!
//! | file | what it shows |
//! |---|---|
//! | `rig.rs` | a host with sources, and how to wait |
//! | `sandboxed.rs` | a process that allows itself few system calls, and still fails over |
//! | `script.rs` | a callback host that does what a test says |
//! | `rules.rs` | the rules that cross threads |
//! | `pushed.rs` | rule 27: sources that connect by themselves, recorded by id |
//! | `sessions.rs` | which session a handle or an id means |
//! | `blocked_host.rs` | a callback that blocks delays nothing but the events behind it |
//! | `sandboxed.rs` | a process that locks itself in (`seccomp(2)`) keeps its monitor |
//! | `stopped_process.rs` | a stop of the whole process is nobody's silence |
//! | `stalled_process.rs` | nor are stalls longer than a timeout; an end is found nevertheless |
//! | `measured.rs` | what is measured of what is recorded, and decided by it |
//! | `mass_failure.rs` | rule 26: very many streams fail at once |
//! | `many_streams.rs` | a hundred thousand streams |
//! | `maintenance.rs` | rule 25: disabled inputs, all streams unregistered at once |
//! | `gate.rs` | promise 2: one session is on air |
//! | `key_frames.rs` | rule 23 and promise 9: a switch commits on its key frame |
//! | `counters.rs` | promise 3: counters are exact |
//! | `detection.rs` | promise 4: detection is never early, and in time |
//! | `draining.rs` | promise 5: a host that takes no events |
//! | `callbacks.rs` | promise 6: callbacks may call, panic, replace themselves |
//! | `two_engines.rs` | promise 6, between engines |
//! | `loops.rs` | what a host calls in a loop, and callbacks that do not return |
//! | `lifetimes.rs` | promise 7: handles outlive engines, children get errors |
//! | `idle.rs` | promise 8: an idle engine sleeps, and wakes with a fresh clock |
//! | `descriptor.rs` | the event descriptor, several pollers |
//! | `log.rs` | the log |
//! | `taps.rs` | readers beside the host |
//! | `settings.rs` | settings changed while running; `sync` |
//! | `status.rs` | what `runtime_status` tells |
//! | `statuses.rs` | the statuses of all streams, in pages |
//! | `shadow.rs` | what would be decided under other settings |
//! | `trace.rs` | what was decided is decided again from the trace |
//! | `user_data.rs` | what the host gave an input: when and where it ends |

mod rig;
mod sandboxed;
mod script;

mod blocked_host;
mod callbacks;
mod counters;
mod descriptor;
mod detection;
mod draining;
mod gate;
mod idle;
mod key_frames;
mod lifetimes;
mod log;
mod loops;
mod maintenance;
mod many_streams;
mod mass_failure;
mod measured;
mod pushed;
mod rules;
mod sessions;
mod settings;
mod shadow;
mod stalled_process;
mod status;
mod statuses;
mod stopped_process;
mod taps;
mod trace;
mod two_engines;
mod user_data;
