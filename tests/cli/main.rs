//! The program `changeover`, as a person runs it.
//!
//! | file | what it shows |
//! |---|---|
//! | `replay.rs` | `changeover replay`: the same again, and what is not |
//! | `rig.rs` | traces of a running engine, and the program |

mod replay;
mod rig;
