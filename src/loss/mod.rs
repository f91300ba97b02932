//! How many packets were lost on the way, for hosts that see the packets' own numbers.
//!
//! | file | job |
//! |---|---|
//! | `rtp.rs` | [`RtpLoss`]: gaps in the sequence numbers of RTP |
//! | `ts.rs` | [`TsLoss`]: gaps in the continuity counters of MPEG-TS |
//!
//! A host gives each packet to one of these as it comes, and what is answered, if it is not 0, to
//! [`InputHandle::record_lost`](crate::InputHandle::record_lost). Nothing here takes a lock,
//! allocates or loops over more than the packet it is given.
//!
//! `go/loss.go` says the same in Go; `tests/loss/vectors.txt` has both of them agree.

mod rtp;
mod ts;

pub use rtp::RtpLoss;
pub use ts::TsLoss;
