//! The server, as clients see it who speak HTTP by hand: over sockets, whatever they may try.
//!
//! | file | what it shows |
//! |---|---|
//! | `rig.rs` | an engine with a server, and a client of bytes |
//! | `access.rs` | who is answered |
//! | `attacks.rs` | what clients try who mean ill |
//! | `events.rs` | events as they come, and what became of a stream |
//! | `answers.rs` | what is answered by which path |

#![cfg(feature = "serve")]

mod access;
mod answers;
mod attacks;
mod events;
mod rig;
