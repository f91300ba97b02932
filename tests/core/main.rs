//! The core in virtual time: no thread, no clock.
//!
//! | file | what it shows |
//! |---|---|
//! | `rules/` | the rules of the state machine, one file a rule, every sentence a test |
//! | `simulation/` | many streams with random inputs, operations and faults |
//! | `properties.rs` | settings, updates, texts and stray events of any value |
//!
//! Shared by the rules and the simulation: what holds after every event (`invariants.rs`) and the
//! commands on their way to the host (`host_queue.rs`).

mod host_queue;
mod invariants;
mod properties;
mod rules;
mod simulation;
