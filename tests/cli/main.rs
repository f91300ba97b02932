//! The program `changeover`, as a person runs it.
//!
//! | file | what it shows |
//! |---|---|
//! | `explain.rs` | `changeover explain`: why something was on air |
//! | `plot.rs` | `changeover plot` |
//! | `replay.rs` | `changeover replay`: the same again, and what is not |
//! | `rig.rs` | traces of a running engine, and the program |
//! | `simulate.rs` | `changeover simulate` |
//! | `status.rs` | `changeover status` and `top`, of an engine that is served |
//! | `whatif.rs` | `changeover replay --set` |

mod explain;
mod plot;
mod replay;
mod rig;
mod simulate;
#[cfg(feature = "serve")]
mod status;
mod whatif;
