//! The statuses of all streams, in the order of their ids.

use super::membership;
use super::published::StreamShared;
use super::shared::Shared;
use super::status::RuntimeStatus;
use super::Engine;
use crate::print::json::to_json;
use serde::Serialize;
use std::sync::Arc;
use std::vec;

impl Engine {
    /// The states of up to `limit` streams, in the order of their ids' bytes: of those after `after`, or
    /// the first ones. The last one's id is the next page's `after`, and so each stream that is registered
    /// all the while is seen once, whatever comes and goes; with no `after` and a `limit` of `usize::MAX`
    /// in one go. Which streams these are is looked up at once, each one's state when the iterator comes
    /// to it.
    ///
    /// Does not wait for the monitor, as [`Engine::runtime_status`]; but each call looks at the ids of all
    /// streams.
    pub fn statuses(&self, after: Option<&str>, limit: usize) -> Statuses {
        let streams = first_streams(&self.shared, after, limit).into_iter();
        Statuses { shared: self.shared.clone(), streams }
    }

    /// [`Engine::statuses`] as JSON: `{"streams":[…],"next":ID}`, each as
    /// [`RuntimeStatus::to_json`] has it. `next` is what `after` is for the next page, and null if there is
    /// none.
    pub fn statuses_json(&self, after: Option<&str>, limit: usize) -> String {
        let mut streams = first_streams(&self.shared, after, limit.saturating_add(1));
        let more = streams.len() > limit;
        streams.truncate(limit);
        let next = streams.last().filter(|_| more).map(|(id, _)| id.clone());
        let statuses = Statuses { shared: self.shared.clone(), streams: streams.into_iter() };
        to_json(&Page { streams: statuses.collect(), next })
    }
}

/// States of streams, see [`Engine::statuses`].
#[derive(Debug)]
pub struct Statuses {
    shared: Arc<Shared>,
    streams: vec::IntoIter<Found>,
}

impl Iterator for Statuses {
    type Item = RuntimeStatus;

    fn next(&mut self) -> Option<RuntimeStatus> {
        let (_, stream) = self.streams.next()?;
        Some(RuntimeStatus::read(&stream, &self.shared))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.streams.size_hint()
    }
}

impl ExactSizeIterator for Statuses {}

#[derive(Serialize)]
struct Page {
    streams: Vec<RuntimeStatus>,
    next: Option<Arc<str>>,
}

/// A stream and its id.
type Found = (Arc<str>, Arc<StreamShared>);

/// The first ones behind `after`, in order.
fn first_streams(shared: &Arc<Shared>, after: Option<&str>, limit: usize) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    if limit == 0 {
        return found;
    }
    // Those from here on are none of the first.
    let mut end: Option<Arc<str>> = None;
    membership::each_route(shared, |route| {
        let id = route.id();
        if after.is_some_and(|after| **id <= *after) || end.as_ref().is_some_and(|end| id >= end) {
            return;
        }
        found.push((id.clone(), route.stream().clone()));
        if found.len() >= limit.saturating_mul(2) {
            let by_id = |a: &Found, b: &Found| a.0.cmp(&b.0);
            let (_, (last, _), _) = found.select_nth_unstable_by(limit, by_id);
            end = Some(last.clone());
            found.truncate(limit);
        }
    });
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    found.truncate(limit);
    found
}
