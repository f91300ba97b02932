//! The one ordered queue of events between the monitor and the host.
//!
//! What the host has not taken yet can vanish again: a *start* with its *stop*, a cancelled
//! probe, an exhausted/restored pair. So a host that stops draining finds at most one command
//! per session, and the limit on informational events bounds the rest.

use super::event::{Event, EventKind};
use super::eventfd::EventFd;
use super::marker::Marker;
use crate::core::{Notice, ProbeId, SessionId};
use crate::hot::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering};
use crate::poison::unpoisoned;
use crate::vocabulary::Backlog;
use foldhash::{HashMap, HashMapExt};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

#[derive(Debug)]
pub(super) enum Item {
    Event(Event),
    /// Everything before it has been delivered: tell whoever waits.
    Marker(Marker),
}

#[derive(Debug)]
pub(super) enum Popped {
    Item(Item),
    TimedOut,
    Closed,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    /// Readable exactly while the queue is not empty, once somebody has asked for it; before that,
    /// its two system calls per event are saved.
    event_fd: EventFd,
    limit: usize,
    /// Ever. Relaxed: for people.
    dropped: AtomicU64,
}

#[derive(Debug)]
struct State {
    /// By sequence number, so that any item can vanish.
    items: BTreeMap<u64, Item>,
    next: u64,
    starts: HashMap<SessionId, u64>,
    probes: HashMap<ProbeId, u64>,
    /// The exhausted or restored event of a registration that was not taken yet.
    outages: HashMap<u64, u64>,
    /// Informational events, oldest first; may name ones already taken.
    informational: VecDeque<u64>,
    informational_len: usize,
    dropped: u64,
    /// May name ones already taken.
    markers: Vec<u64>,
    closed: bool,
    /// The descriptor was asked for.
    described: bool,
    /// Threads in `pop` that wait to be woken.
    waiting: usize,
}

impl State {
    /// Nothing is left to be taken, and something may still come.
    fn is_drained(&self) -> bool {
        self.items.is_empty() && self.dropped == 0 && !self.closed
    }

    /// This item may be dropped.
    fn informational_added(&mut self, seq: u64) {
        self.informational.push_back(seq);
        self.informational_len += 1;
    }

    /// An informational item was taken.
    fn informational_taken(&mut self) {
        self.informational_len -= 1;
        let State { items, informational, .. } = self;
        while informational.front().is_some_and(|seq| !items.contains_key(seq)) {
            informational.pop_front();
        }
    }

    /// They would pile up while a callback does not return.
    fn forget_abandoned_markers(&mut self) {
        let State { markers, items, .. } = self;
        markers.retain(|seq| {
            let Some(Item::Marker(marker)) = items.get(seq) else { return false };
            let awaited = marker.is_awaited();
            if !awaited {
                items.remove(seq);
            }
            awaited
        });
    }

    fn drop_oldest(&mut self) {
        while let Some(seq) = self.informational.pop_front() {
            if self.items.remove(&seq).is_some() {
                self.informational_len -= 1;
                self.dropped += 1;
                return;
            }
        }
    }
}

impl Queue {
    pub(super) fn new(limit: usize) -> std::io::Result<Queue> {
        Ok(Queue {
            state: Mutex::new(State {
                items: BTreeMap::new(),
                next: 0,
                starts: HashMap::new(),
                probes: HashMap::new(),
                outages: HashMap::new(),
                informational: VecDeque::new(),
                informational_len: 0,
                dropped: 0,
                markers: Vec::new(),
                closed: false,
                described: false,
                waiting: 0,
            }),
            filled: Condvar::new(),
            event_fd: EventFd::new()?,
            limit,
            dropped: AtomicU64::new(0),
        })
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.described, true) && !state.is_drained() {
            self.signal(&state);
        }
        self.event_fd.descriptor()
    }

    /// Whoever waits for an item is woken when the writer is dropped.
    pub(super) fn write(&self) -> Writer<'_> {
        Writer { queue: self, state: self.lock(), appended: 0 }
    }

    pub(super) fn push_marker(&self, marker: Marker) {
        let mut writer = self.write();
        writer.state.forget_abandoned_markers();
        if !writer.state.closed {
            let seq = writer.state.next;
            writer.state.markers.push(seq);
            writer.append(Item::Marker(marker));
        }
    }

    /// How many informational events were ever dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Takes the oldest item; waits for one until `deadline`, or forever.
    pub(super) fn pop(&self, deadline: Option<Instant>) -> Popped {
        let mut state = self.lock();
        loop {
            if let Some(item) = self.take(&mut state) {
                return Popped::Item(item);
            }
            if state.closed {
                return Popped::Closed;
            }
            state.waiting += 1;
            state = match deadline {
                None => unpoisoned(self.filled.wait(state)),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        state.waiting -= 1;
                        return Popped::TimedOut;
                    }
                    let waited = self.filled.wait_timeout(state, left);
                    unpoisoned(waited).0
                }
            };
            state.waiting -= 1;
        }
    }

    /// No more events will come. What is there can still be taken.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        // It stays readable, so that whoever waits on it learns.
        self.signal(&state);
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }

    fn vanish(&self, state: &mut State, seq: u64) {
        state.items.remove(&seq);
        self.unsignal_if_empty(state);
    }

    fn take(&self, state: &mut State) -> Option<Item> {
        if state.dropped > 0 {
            let dropped = std::mem::take(&mut state.dropped);
            self.unsignal_if_empty(state);
            return Some(Item::Event(Event {
                stream: Arc::from(""),
                registration: 0,
                at: 0,
                wall: SystemTime::now(),
                kind: EventKind::Gap { dropped },
            }));
        }
        let (_, item) = state.items.pop_first()?;
        if let Item::Event(event) = &item {
            match &event.kind {
                EventKind::Start(start) => {
                    state.starts.remove(&start.session);
                }
                EventKind::Probe(probe) => {
                    state.probes.remove(&probe.probe);
                }
                kind => match kind.tag().backlog() {
                    Backlog::Command | Backlog::Kept => {}
                    Backlog::Paired => {
                        if state.outages.remove(&event.registration).is_none() {
                            state.informational_taken();
                        }
                    }
                    Backlog::Droppable => state.informational_taken(),
                },
            }
        }
        self.unsignal_if_empty(state);
        Some(item)
    }

    fn signal(&self, state: &State) {
        if state.described {
            self.event_fd.signal();
        }
    }

    fn unsignal_if_empty(&self, state: &State) {
        if state.described && state.is_drained() {
            self.event_fd.drain();
        }
    }
}

/// Has the queue to itself for a while.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    queue: &'a Queue,
    state: MutexGuard<'a, State>,
    appended: usize,
}

impl Writer<'_> {
    /// True if this was the first push to drop an event since the host was told of the last gap.
    pub(super) fn push(&mut self, event: Event) -> bool {
        let state = &mut *self.state;
        let seq = state.next;
        match &event.kind {
            EventKind::Start(start) => {
                state.starts.insert(start.session, seq);
            }
            EventKind::Stop(stop) => {
                if let Some(start) = state.starts.remove(&stop.session) {
                    self.queue.vanish(state, start);
                    return false;
                }
            }
            EventKind::Probe(probe) => {
                state.probes.insert(probe.probe, seq);
            }
            kind => {
                if let EventKind::Notice(Notice::Unregistered) = kind {
                    // Nothing can take back the last outage of this registration any longer, so
                    // it may be dropped.
                    if let Some(outage) = state.outages.remove(&event.registration) {
                        state.informational_added(outage);
                    }
                }
                match kind.tag().backlog() {
                    Backlog::Command | Backlog::Kept => {}
                    Backlog::Paired => {
                        if let Some(opposite) = state.outages.remove(&event.registration) {
                            self.queue.vanish(state, opposite);
                            return false;
                        }
                        state.outages.insert(event.registration, seq);
                    }
                    Backlog::Droppable => state.informational_added(seq),
                }
            }
        }
        self.append(Item::Event(event));
        let state = &mut *self.state;
        let dropping = state.dropped > 0;
        while state.informational_len > self.queue.limit {
            state.drop_oldest();
            self.queue.dropped.fetch_add(1, Ordering::Relaxed);
        }
        !dropping && state.dropped > 0
    }

    pub(super) fn cancel_probe(&mut self, probe: ProbeId) {
        if let Some(seq) = self.state.probes.remove(&probe) {
            self.queue.vanish(&mut self.state, seq);
        }
    }

    fn append(&mut self, item: Item) {
        let state = &mut *self.state;
        if state.items.is_empty() {
            self.queue.signal(state);
        }
        state.items.insert(state.next, item);
        state.next += 1;
        self.appended += 1;
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // Waking costs a system call, even when nobody is there.
        for _ in 0..self.appended.min(self.state.waiting) {
            self.queue.filled.notify_one();
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::core::{Input, Start, Stop};
    use crate::vocabulary::{Reason, StartReason};
    use std::os::fd::AsRawFd;

    fn event(kind: EventKind) -> Event {
        let wall = SystemTime::UNIX_EPOCH;
        Event { stream: "s".into(), registration: 1, at: 0, wall, kind }
    }

    fn start(session: SessionId) -> EventKind {
        let input = Arc::new(Input::new(0, "u"));
        EventKind::Start(Start {
            session,
            input,
            buffer_write_id: "s".into(),
            start_reason: StartReason::Initial,
        })
    }

    fn stop(session: SessionId) -> EventKind {
        EventKind::Stop(Stop { session, priority: 0, user_data: None })
    }

    fn names(queue: &Queue) -> Vec<&'static str> {
        std::iter::from_fn(|| match queue.pop(Some(Instant::now())) {
            Popped::Item(Item::Event(event)) => Some(event.kind.name()),
            _ => None,
        })
        .collect()
    }

    fn readable(queue: &Queue) -> bool {
        let mut poll =
            libc::pollfd { fd: queue.descriptor().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd, no waiting.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    #[test]
    fn an_untaken_start_vanishes_with_its_stop_and_a_taken_one_gets_it() {
        let queue = Queue::new(10).unwrap();
        queue.write().push(event(start(1)));
        queue.write().push(event(stop(1)));
        assert!(!readable(&queue));
        queue.write().push(event(start(2)));
        assert_eq!(names(&queue), ["start"]);
        queue.write().push(event(stop(2)));
        assert!(readable(&queue));
        assert_eq!(names(&queue), ["stop"]);
    }

    #[test]
    fn a_descriptor_that_is_asked_for_late_tells_what_is_there() {
        let queue = Queue::new(10).unwrap();
        queue.write().push(event(start(1)));
        assert!(readable(&queue));
        assert_eq!(names(&queue), ["start"]);
        assert!(!readable(&queue));
        let closed = Queue::new(10).unwrap();
        closed.close();
        assert!(readable(&closed));
    }

    #[test]
    fn an_untaken_outage_vanishes() {
        let queue = Queue::new(10).unwrap();
        queue.write().push(event(EventKind::Notice(Notice::Exhausted { reason: Reason::Error })));
        queue.write().push(event(EventKind::Notice(Notice::Restored { priority: 0 })));
        assert_eq!(names(&queue), [""; 0]);
        queue.write().push(event(EventKind::Notice(Notice::Exhausted { reason: Reason::Error })));
        assert_eq!(names(&queue), ["exhausted"]);
        queue.write().push(event(EventKind::Notice(Notice::Restored { priority: 0 })));
        queue.write().push(event(EventKind::Notice(Notice::Exhausted { reason: Reason::Error })));
        assert_eq!(names(&queue), [""; 0]);
    }

    #[test]
    fn beyond_the_limit_the_oldest_information_is_dropped_and_counted() {
        let queue = Queue::new(2).unwrap();
        queue.write().push(event(start(1)));
        for priority in 0..5 {
            queue
                .write()
                .push(event(EventKind::Notice(Notice::Recovered { priority, exhausted: false })));
        }
        assert_eq!(names(&queue), ["gap", "start", "recovered", "recovered"]);
        assert!(!readable(&queue));
        for priority in 0..3 {
            queue
                .write()
                .push(event(EventKind::Notice(Notice::Recovered { priority, exhausted: false })));
        }
        let Popped::Item(Item::Event(gap)) = queue.pop(None) else { panic!() };
        assert!(matches!(gap.kind, EventKind::Gap { dropped: 1 }));
    }

    #[test]
    fn a_queue_nobody_drains_does_not_grow() {
        let queue = Queue::new(4).unwrap();
        for session in 0..10_000 {
            queue.write().push(event(start(session)));
            queue.write().push(event(EventKind::Notice(Notice::Recovered {
                priority: 0,
                exhausted: false,
            })));
            queue
                .write()
                .push(event(EventKind::Notice(Notice::Exhausted { reason: Reason::Error })));
            queue.write().push(event(EventKind::Notice(Notice::Restored { priority: 0 })));
            queue.write().push(event(stop(session)));
        }
        let state = queue.lock();
        assert!(state.items.len() <= 4 && state.informational.len() <= 5);
        assert!(state.starts.is_empty() && state.outages.is_empty());
    }

    #[test]
    fn markers_of_those_who_gave_up_do_not_pile_up() {
        let queue = Queue::new(10).unwrap();
        let wait = || {
            let (marker, waiter) = Marker::new();
            queue.push_marker(marker);
            waiter
        };
        let _patient = wait();
        for _ in 0..1000 {
            queue.write().push(event(EventKind::Notice(Notice::Recovered {
                priority: 0,
                exhausted: false,
            })));
            drop(wait());
        }
        let popped = std::iter::from_fn(|| match queue.pop(Some(Instant::now())) {
            Popped::Item(item) => Some(matches!(item, Item::Marker(_))),
            _ => None,
        });
        // The patient one's, and the last one: only the next would have found that abandoned.
        assert_eq!(popped.filter(|is_marker| *is_marker).count(), 2);
    }
}
