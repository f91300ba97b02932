//! Models of what crosses the engine's threads; [`crate::hot::models`] says how they are run.

#[cfg(shuttle)]
mod engine;
#[cfg(loom)]
mod orderings;
mod pulse;
mod queue;
mod reports;
mod taps;

use super::event::{Event, EventKind};
use super::pulse::Pulse;
use super::queue::{Item, Popped, Queue};
use super::reports::{Reported, ReportedAgain, Reports};
use super::shared::Shared;
use super::tap_ring::{Followed, Follower, Publisher, Reader, Taps};
use crate::core::Notice;
use crate::hot::models::check::{check, fails};
use crate::hot::sync::{channel, thread};
use crate::hot::Router;
use crate::vocabulary::Error;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// One that nothing takes back.
fn event(registration: u64) -> Event {
    let kind = EventKind::Notice(Notice::Unregistered);
    Event { stream: "s".into(), registration, at: 0, wall: SystemTime::UNIX_EPOCH, kind }
}
