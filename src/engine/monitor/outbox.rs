//! What was decided and is still to be told, by the queue, the taps and the log; and what is counted of it.
//! What recording threads see of a decision was done before, and does not belong here.

use super::mass_failure::MassFailure;
use super::streams::Streams;
use super::time::Time;
use crate::core::{told, Action, Detail, Nanos, Notice};
use crate::engine::counts::Counts;
use crate::engine::event::{Event, EventKind};
use crate::engine::log::Logger;
use crate::engine::queue::{Queue, Writer};
use crate::engine::shared::{Shared, TICK};
use crate::engine::tap_ring::Publisher;
use crate::engine::wall::WallClock;
use crate::print::printable;
use crate::vocabulary::Level;
use std::collections::VecDeque;
use std::sync::Arc;

/// For how many actions room is kept from one tick to the next.
const ROOM_KEPT: usize = 1024;

/// How many actions may wait for each stream there is: twice those of a failover.
const WAITING_PER_STREAM: usize = 10;

pub(super) struct Outbox {
    /// In order.
    waiting: VecDeque<Decided>,
    queue: Arc<Queue>,
    taps: Publisher,
    logger: Arc<Logger>,
    shared: Arc<Shared>,
}

/// One action of a stream, and when it was decided.
struct Decided {
    stream: usize,
    at: Nanos,
    action: Action,
}

impl Outbox {
    pub(super) fn new(queue: Arc<Queue>, logger: Arc<Logger>, shared: Arc<Shared>) -> Outbox {
        let taps = Publisher::new(shared.taps.clone());
        Outbox { waiting: VecDeque::new(), queue, taps, logger, shared }
    }

    pub(super) fn taps(&mut self) -> &mut Publisher {
        &mut self.taps
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// To be told later, after all that waits.
    pub(super) fn push(&mut self, stream: usize, at: Nanos, action: Action) {
        self.waiting.push_back(Decided { stream, at, action });
    }

    /// Tells as much as a tick allows: when very many streams fail at once, the gates of those that
    /// come next do not wait for the events of these. But what waits does not grow without bound.
    pub(super) fn tell_for_a_tick(&mut self, streams: &mut Streams, time: &Time, clock: &Shared) {
        if self.waiting.len() > WAITING_PER_STREAM * (streams.len() + 1) {
            return self.tell_all(streams, time);
        }
        let end = clock.now() + TICK;
        while self.tell_next(streams, time) && clock.now() < end {}
    }

    pub(super) fn tell_all(&mut self, streams: &mut Streams, time: &Time) {
        while self.tell_next(streams, time) {}
    }

    /// Tells what was decided of the next stream. False when there is nothing left.
    fn tell_next(&mut self, streams: &mut Streams, time: &Time) -> bool {
        let Outbox { waiting, queue, taps, logger, shared } = self;
        let counts = &*shared.counts;
        let Some(stream) = waiting.front().map(|next| next.stream) else { return false };
        let mut telling =
            Telling { writer: queue.write(), taps, counts, wall: time.wall(), logger };
        while waiting.front().is_some_and(|next| next.stream == stream) {
            let next = waiting.pop_front().expect("it is at the front");
            telling.tell(streams, next, time.now());
        }
        drop(telling);
        taps.wake();
        if waiting.is_empty() {
            waiting.shrink_to(ROOM_KEPT);
        }
        true
    }

    /// Rule 26: no stream's, so it waits for none.
    pub(super) fn tell_mass_failure(&mut self, mass_failure: MassFailure, time: &Time) {
        let MassFailure { failed, limit, on_air } = mass_failure;
        let [failed, limit, on_air] = [failed, limit, on_air].map(|streams| streams as u64);
        let kind = EventKind::MassFailure { failed, limit, on_air };
        self.tell_at_once("".into(), 0, kind, time);
    }

    /// Nothing that a stream has decided; it waits for none of that.
    pub(super) fn tell_at_once(
        &mut self,
        stream: Arc<str>,
        registration: u64,
        kind: EventKind,
        time: &Time,
    ) {
        let Outbox { queue, taps, logger, shared, .. } = self;
        let counts = &*shared.counts;
        let mut telling =
            Telling { writer: queue.write(), taps, counts, wall: time.wall(), logger };
        telling.emit(stream, registration, time.now(), kind);
        drop(telling);
        taps.wake();
    }

    /// The last that is told: a bug has ended the monitor.
    pub(super) fn end_by(&mut self, bug: &str, time: &Time) {
        let (at, detail) = (time.now(), Detail::Told(told(bug).into()));
        self.logger.log(Level::Error, || {
            let detail = printable(bug);
            format!("the monitor has ended by a bug, and nothing is decided any more: {detail}")
        });
        let kind = EventKind::Notice(Notice::Bug { detail });
        let event =
            Event { stream: "".into(), registration: 0, at, wall: time.wall().at(at), kind };
        self.shared.counts.count(&event.kind);
        self.taps.publish(&event);
        // If the host is so slow that events are dropped, it will be told that, too.
        self.queue.write().push(event);
        self.close();
    }

    /// No more will be told. The host can still take what is there.
    pub(super) fn close(&mut self) {
        self.queue.close();
        self.taps.end();
    }
}

/// The queue, the taps and the log, for as long as a stream's decisions are told.
struct Telling<'a> {
    writer: Writer<'a>,
    taps: &'a mut Publisher,
    counts: &'a Counts,
    wall: &'a WallClock,
    logger: &'a Logger,
}

impl Telling<'_> {
    fn tell(&mut self, streams: &mut Streams, decided: Decided, now: Nanos) {
        let Decided { stream, at, action } = decided;
        let kind = match action {
            Action::Start(start) => {
                streams.session_began(stream, start.input.priority, now);
                EventKind::Start(start)
            }
            Action::Stop(stop) => {
                streams.session_ended(stream, stop.priority, now);
                EventKind::Stop(stop)
            }
            Action::Probe(probe) => EventKind::Probe(probe),
            Action::CancelProbe { probe } => return self.writer.cancel_probe(probe),
            // Done at once.
            Action::Gate { .. } | Action::Await { .. } | Action::AwaitInput { .. } => return,
            Action::Notify(notice) => EventKind::Notice(notice),
        };
        let core = streams.core(stream);
        self.emit(core.id().clone(), core.registration(), at, kind);
    }

    fn emit(&mut self, stream: Arc<str>, registration: u64, at: Nanos, kind: EventKind) {
        let event = Event { stream, registration, at, wall: self.wall.at(at), kind };
        self.logger
            .log(event.kind.tag().level(), || event.fields().line(self.logger.urls()).to_string());
        self.counts.count(&event.kind);
        self.taps.publish(&event);
        if self.writer.push(event) {
            self.logger.log(Level::Warn, || "the host is slow: events are dropped".into());
        }
    }
}
