//! Promise 5: what the host is given is what was decided, in that order, less what may be missing.

use crate::core::SessionId;
use crate::engine::{Event, EventKind};
use crate::vocabulary::{Backlog as Kind, EventTag};
use foldhash::{HashMap, HashSet};
use std::collections::VecDeque;

/// An event, as far as it takes to recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    tag: EventTag,
    registration: u64,
    at: u64,
    /// The session, the probe, the priority, or the switch number.
    what: u64,
}

impl Item {
    fn of(event: &Event) -> Item {
        let fields = event.fields();
        let what = match &event.kind {
            EventKind::Start(start) => start.session,
            EventKind::Stop(stop) => stop.session,
            EventKind::Probe(probe) => probe.probe,
            _ => {
                fields.switch_number << 8
                    | fields.priority.map_or(0, |priority| priority as u64 + 1)
            }
        };
        let (tag, registration) = (event.kind.tag(), event.registration);
        Item { tag, registration, at: event.at, what }
    }
}

#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// What was told to taps, and neither taken by the host nor known to be missing.
    told: VecDeque<Item>,
    /// Sessions whose *start* was taken and whose *stop* was not.
    running: HashSet<SessionId>,
    /// Sessions whose *start* is missing, and not yet their *stop*.
    vanished: HashSet<SessionId>,
    /// Of a registration: outages and their ends that are missing, less those that made a pair.
    outages: HashMap<u64, u64>,
    /// Notices that are missing.
    dropped: u64,
    /// Those that the host was told of.
    gaps: u64,
}

impl Backlog {
    pub(super) fn told(&mut self, event: &Event) {
        self.told.push_back(Item::of(event));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(super) fn taken(&mut self, event: &Event) {
        if let EventKind::Gap { dropped } = event.kind {
            assert!(dropped > 0, "a gap of nothing");
            self.gaps += dropped;
            return;
        }
        let taken = Item::of(event);
        loop {
            let next = self.told.pop_front();
            let next = next.unwrap_or_else(|| panic!("not decided, or out of order: {event}"));
            if next == taken {
                break;
            }
            self.is_missing(next);
        }
        match &event.kind {
            EventKind::Start(start) => assert!(self.running.insert(start.session), "{event}"),
            EventKind::Stop(stop) => {
                assert!(self.running.remove(&stop.session), "no start of it was taken: {event}");
            }
            _ => {}
        }
    }

    pub(super) fn all_is_taken(&mut self) {
        while let Some(next) = self.told.pop_front() {
            self.is_missing(next);
        }
        assert!(self.vanished.is_empty(), "their starts are missing, but they were not stopped");
        let odd = self.outages.values().filter(|missing| *missing % 2 == 1).count() as u64;
        assert!(self.dropped + odd >= self.gaps, "more are said to be missing than are");
        assert!(self.dropped <= self.gaps, "{} are missing, {} told", self.dropped, self.gaps);
    }

    fn is_missing(&mut self, item: Item) {
        let Item { tag, registration, what, .. } = item;
        match tag {
            EventTag::Start => assert!(self.vanished.insert(what)),
            EventTag::Stop => {
                assert!(self.vanished.remove(&what), "taken, but its stop is missing: {item:?}");
            }
            // It was cancelled; that an answer would be refused, the host sees to.
            EventTag::Probe => {}
            _ => match tag.backlog() {
                Kind::Paired => *self.outages.entry(registration).or_default() += 1,
                Kind::Droppable => self.dropped += 1,
                Kind::Command | Kind::Kept => panic!("must not be missing: {item:?}"),
            },
        }
    }

    pub(super) fn gaps(&self) -> u64 {
        self.gaps
    }

    pub(super) fn judge_end(&self, dropped: u64) {
        // Of an outage that the registration's end left untaken, nothing is a pair any more.
        let odd = self.outages.values().filter(|missing| *missing % 2 == 1).count() as u64;
        assert_eq!(self.dropped + odd, dropped, "notices that are missing");
        assert!(self.running.is_empty(), "taken and never stopped: {:?}", self.running);
    }
}
