//! The core in virtual time: no thread, no clock.
//!
//! | file | what it shows |
//! |---|---|
//! | `rules/` | the rules of the state machine, one file a rule, every sentence a test |
//! | `simulation/` | many streams with random inputs, operations and faults |
//! | `properties.rs` | settings, updates, texts and stray events of any value |
//! | `invariants.rs` | what holds after every event; the rules and the simulation check it |

mod invariants;
mod properties;
mod rules;
mod simulation;
