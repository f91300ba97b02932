//! The core in virtual time: no thread, no clock.
//!
//! | file | what it shows |
//! |---|---|
//! | `rules/` | the rules of the state machine, one file a rule, every sentence a test; in `cells/` each state of an input against each event |
//! | `simulation/` | many streams with random inputs, operations and faults |
//! | `arrivals/` | limits on silence, on recorded arrival times of live sources |
//! | `properties.rs` | settings, updates, texts and stray events of any value |
//! | `invariants.rs` | shared: what holds after every event |
//! | `host_queue.rs` | shared: the commands on their way to the host |

mod arrivals;
mod host_queue;
mod invariants;
mod properties;
mod rules;
mod simulation;
