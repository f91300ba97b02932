//! What would have been decided otherwise under other settings: of what a trace has recorded (`changeover replay
//! --set`), and beside a running engine ([`Engine::shadow`](crate::Engine::shadow)).
//!
//! A stream under other settings soon does what the recorded one did not: it starts an input at another time, or
//! listens to one that the other had left. What its sources would have done then, nobody has seen; but when each of
//! them delivered, how its starts and its probes went, is in the record, before and after. So records are *heard*
//! first, and *applied* later ([`WhatIf`]): a program hears all of a trace before it applies the first; beside
//! an engine, a record is applied ten seconds after it was heard.
//!
//! | file | job |
//! |---|---|
//! | `source.rs` | what the source of an input does |
//! | `run.rs` | a stream in virtual time, whose sources are known beforehand |
//! | `run/looks.rs` | what it measures |
//! | `life.rs`, `outage.rs` | what became of a stream; when its viewers were without |
//! | `witness.rs` | what a record says of the sources |
//! | `other.rs` | a stream of a record under other settings |
//! | `verdicts.rs` | which decisions differ |
//! | `beside.rs` | the streams of a record, each beside the recorded one |
//! | `live.rs` | the same while it is being recorded |

mod beside;
mod life;
mod live;
mod other;
mod outage;
mod run;
mod source;
mod verdicts;
mod witness;

pub use beside::{Beside, Trouble, Unknown, WhatIf};
pub use life::{Change, Life, OnAir};
pub(crate) use live::{Broken, Live, Toll};
pub use outage::Outage;
pub use run::{Outcome, Run};
pub use source::{Probed, Rate, Silence, Source, Sources, Spans, Started};
pub use verdicts::Difference;
