//! Who records packets: one virtual thread for each session that the host runs, and for those that it
//! should have ended.

use super::{Answer, Call, Step, World};
use crate::core::{Nanos, Priority, SessionId, Start, Stimulus};
use crate::engine::simulation::checker::Recorded;
use crate::engine::simulation::machine::Asked;
use crate::engine::simulation::plan::{chance, Sending, Starts, MS};
use crate::engine::{Event, InputHandle};
use crate::hot::simulated;
use crate::vocabulary::{Error, Flags};

/// How the packets of a session are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// Through a handle that is bound to it.
    Bound,
    /// Through one that follows its input.
    Follows,
    ById,
}

pub(super) struct Session {
    stream: usize,
    registration: u64,
    priority: Priority,
    session: SessionId,
    records: Records,
    handle: Option<InputHandle>,
    /// Which life of the input its handle counts for.
    input: Option<u64>,
    /// Nothing has come of its start.
    hangs: bool,
    /// It goes on sending until then, though it was stopped.
    until: Option<Nanos>,
}

impl World {
    /// The host was told to start one; `fails`: it says at once that it can't.
    pub(super) fn begin_session(
        &mut self,
        event: &Event,
        stream: usize,
        start: &Start,
        fails: bool,
    ) {
        let (session, priority) = (start.session, start.input.priority);
        let random = &mut self.streams[stream].random;
        let records = match random.u32(..10) {
            0..=5 => Records::Bound,
            6 | 7 => Records::Follows,
            _ => Records::ById,
        };
        let starts = self.streams[stream].sources[priority as usize].starts;
        let starts = if self.calm { Starts::Well } else { starts };
        let slot = self.sessions.len();
        self.sessions.push(Some(Session {
            stream,
            registration: event.registration,
            priority,
            session,
            records,
            handle: None,
            input: None,
            hangs: starts == Starts::Hangs,
            until: None,
        }));
        self.running.insert(session, slot);
        self.streams[stream].sessions.push(slot);
        let id = self.id(stream);
        match starts {
            Starts::Fails if fails => self.start_fails(slot),
            Starts::FailsLater => {
                let delay = self.streams[stream].random.u64(0..80 * MS);
                self.plan_in(delay, Step::StartFails(slot));
            }
            Starts::Hangs => {}
            Starts::Twice => {
                for _ in 0..2 {
                    let result = Stimulus::StartResult { session, result: Ok(()) };
                    let asked = Asked::Tell(id.clone(), result);
                    self.ask(Call::Other { stream, priority: None }, asked);
                }
            }
            _ => {}
        }
        if starts != Starts::Hangs {
            self.connect(slot);
        }
    }

    /// The source of a session connects.
    fn connect(&mut self, slot: usize) {
        let Some(Session { stream, priority, session, records, .. }) = self.sessions[slot] else {
            return;
        };
        if records != Records::ById {
            let bound = if records == Records::Bound { session } else { 0 };
            let asked = Asked::Open(self.id(stream), priority, bound);
            self.ask(Call::Open { stream, priority, slot }, asked);
        }
        let delay = self.streams[stream].sources[priority as usize].connects_in;
        self.plan_in(delay, Step::Packet(slot));
    }

    /// Whatever has not connected yet does so now.
    pub(super) fn all_connect(&mut self) {
        for slot in 0..self.sessions.len() {
            let session = self.sessions[slot].as_mut();
            if session.is_some_and(|session| std::mem::take(&mut session.hangs)) {
                self.connect(slot);
            }
        }
    }

    pub(super) fn start_fails(&mut self, slot: usize) {
        let Some(Session { stream, session, .. }) = self.sessions[slot] else { return };
        let result = Err("not found".to_owned());
        let asked = Asked::Tell(self.id(stream), Stimulus::StartResult { session, result });
        self.ask(Call::Other { stream, priority: None }, asked);
    }

    /// The host was told to stop it, and does so sooner or later.
    pub(super) fn end_session(&mut self, session: SessionId) {
        let slot = self.running.remove(&session).expect("only what runs is stopped");
        let Some(ending) = &mut self.sessions[slot] else { return };
        let sending = self.streams[ending.stream].sources[ending.priority as usize];
        if sending.outlives == 0 || self.calm {
            self.forget_session(slot);
        } else {
            ending.until = Some(simulated::now() + sending.outlives);
        }
    }

    fn forget_session(&mut self, slot: usize) {
        let Some(session) = self.sessions[slot].take() else { return };
        self.streams[session.stream].sessions.retain(|one| *one != slot);
    }

    /// A handle was opened for a session, or refused.
    pub(super) fn opened(
        &mut self,
        slot: usize,
        input: Option<u64>,
        result: Result<Answer, Error>,
    ) {
        let Some(session) = &mut self.sessions[slot] else { return };
        // The id may be another registration's by now.
        let same = self.checker.registered(session.stream) == Some(session.registration);
        session.handle = result.ok().and_then(Answer::handle).filter(|_| same);
        session.input = input;
        let sending = self.streams[session.stream].sources[session.priority as usize];
        let handle = session.handle.as_ref();
        if let Some(handle) =
            handle.filter(|_| sending.starts == Starts::FailsByHandle && !self.calm)
        {
            handle.start_failed("no such stream");
            self.checker.totals.faults += 1;
        }
    }

    /// A session's source sends, if it does.
    pub(super) fn packet(&mut self, slot: usize) {
        let Some(session) = &mut self.sessions[slot] else { return };
        let now = simulated::now();
        if session.until.is_some_and(|until| now >= until) {
            return self.forget_session(slot);
        }
        let (stream, priority) = (session.stream, session.priority);
        let Sending { up, interval, key_frames, bytes, lossy, flaps, .. } =
            self.streams[stream].sources[priority as usize];
        let random = &mut self.streams[stream].random;
        let delay = interval + random.u64(0..interval / 8 + 1);
        let key = chance(random, key_frames);
        let few = random.u32(..32);
        self.plan_in(delay, Step::Packet(slot));
        let down = flaps.is_some_and(|each| now / each % 2 == 1);
        if !up || down {
            return;
        }
        let flags = match (key_frames, key) {
            (0, _) => Flags::AUDIO,
            (_, false) => Flags::VIDEO,
            (_, true) => Flags::VIDEO | Flags::KEY,
        };
        let Some(session) = &mut self.sessions[slot] else { return };
        if session.records == Records::ById {
            let thread = self.random.usize(..self.threads.len());
            return self.record_by_id(thread, stream, priority, bytes, flags);
        }
        let Some((handle, input)) = session.handle.as_mut().zip(session.input) else { return };
        if lossy && few < 8 {
            handle.record_lost(1);
        }
        let all = bytes as u64;
        let (packets, bytes, number) = match few {
            0 => (2, 2 * all, handle.record_batch([(bytes, flags); 2]).number()),
            1 => {
                let packets = [(bytes, Flags::NONE), (bytes, flags)];
                (2, 2 * all, handle.record_batch_from(packets).0.number())
            }
            _ => (1, all, handle.record(bytes, flags).number()),
        };
        let bound = (session.records == Records::Bound).then_some(session.session);
        let packet = Recorded {
            registration: session.registration,
            priority,
            input,
            session: bound,
            packets,
            bytes,
            key,
            number,
        };
        let now = self.now();
        self.checker.recorded(&packet, &now);
    }

    /// Something goes wrong with a session, or went wrong with one that is over: it is reported in a loop.
    pub(super) fn report(&mut self, stream: usize, pick: usize, start_failed: bool) {
        let slots = &self.streams[stream].sessions;
        let Some(slot) = slots.get(pick % slots.len().max(1)) else { return };
        let Some(handle) = self.sessions[*slot].as_ref().and_then(|one| one.handle.as_ref()) else {
            return;
        };
        for _ in 0..3 {
            if start_failed {
                handle.start_failed("connection refused");
            } else {
                handle.report_error("broken pipe");
            }
        }
        self.checker.totals.calls_ended += 1;
    }
}
