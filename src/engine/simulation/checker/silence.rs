//! Promise 4 and rule 3: no input is given up early, none later than it must be.

use super::life::Life;
use super::Moment;
use crate::core::{InputError, Nanos, Priority};
use crate::engine::simulation::plan::MS;
use crate::vocabulary::Reason;
use foldhash::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A tick more than this late is a stall.
const STALL: Nanos = 20 * MS;

/// A stall that begins so long after the last one stands by itself.
const APART: Nanos = 1_000 * MS;

/// For so long after one that does, nothing is given up.
const GRACE: Nanos = 50 * MS;

/// In a row of stalls, what is due is given up so often at least.
const LONGEST: Nanos = 250 * MS;

#[derive(Clone, Copy, Debug)]
struct Stall {
    begin: Nanos,
    end: Moment,
    /// The one before ended a second earlier, at least.
    alone: bool,
}

#[derive(Debug)]
pub(super) struct Silence {
    /// How late the monitor may be woken.
    latency: Nanos,
    /// When, in engine time, something may be overdue, of which registration.
    due: BinaryHeap<Reverse<(Nanos, u64)>>,
    stalls: Vec<Stall>,
    /// The monitor was late, or stalled: until then it may be late with what is due.
    disturbed_until: Nanos,
    last_judged: Nanos,
}

impl Silence {
    pub(super) fn new(latency: Nanos) -> Silence {
        Silence {
            latency,
            due: BinaryHeap::new(),
            stalls: Vec::new(),
            disturbed_until: 0,
            last_judged: 0,
        }
    }

    pub(super) fn stalled(&mut self, due: Nanos, now: &Moment) {
        let late = now.real - due;
        if late > self.latency + MS {
            self.disturbed_until = now.real + 2 * LONGEST;
        }
        if late <= STALL {
            return;
        }
        let alone = self.stalls.last().is_none_or(|last| due >= last.end.real + APART);
        self.stalls.push(Stall { begin: due, end: *now, alone });
        if self.stalls.len() > 64 {
            self.stalls.drain(..32);
        }
    }

    /// What was told of a stream: when it is to be looked at again.
    pub(super) fn expect(&mut self, life: &Life) {
        if !life.ended {
            if let Some(due) = overdue_at(life) {
                self.due.push(Reverse((due, life.number)));
            }
        }
    }

    /// An input is given up, at `at` of engine time, and that is told now: was it silent for so long?
    pub(super) fn degraded(
        &self,
        life: &Life,
        priority: Priority,
        error: &InputError,
        at: Nanos,
        now: &Moment,
    ) {
        if error.reason != Reason::Timeout {
            return;
        }
        let (measured, limit) = (error.detail.measured(), error.detail.limit());
        assert!(measured >= limit && limit > 0, "after {measured} ns, limit {limit}");
        let Some(running) = life.running.iter().find(|one| one.priority == priority) else {
            return;
        };
        let since = match (running.last, running.taken) {
            // That came after the decision, which is told now.
            (Some(last), _) if last.engine >= at => return,
            (Some(last), _) => last.real,
            (None, Some(taken)) => taken,
            // What came without a session brought it back (rule 27b), and that has ended.
            (None, None) => return,
        };
        // What alone stood still in between counts for nothing.
        let stalled = self.stalls.iter().filter(|stall| stall.alone && stall.end.real > since);
        let stalled: Nanos = stalled.map(|stall| stall.end.real - stall.begin.max(since)).sum();
        // The turn that ended a stall is part of what is known of it.
        let silent = now.real - since - stalled + if stalled > 0 { MS } else { 0 };
        assert!(silent >= limit, "given up after {silent} ns, {stalled} stalled, limit {limit}");
        if let Some(last) = self.stalls.last().filter(|last| last.alone) {
            // That was the end of the turn that noticed.
            let early = at > last.end.engine && at + MS < last.end.engine + GRACE;
            assert!(!early, "given up right after a stall");
        }
    }

    /// Whether anything is overdue.
    pub(super) fn judge(&mut self, lives: &HashMap<u64, Life>, now: &Moment, in_time: bool) {
        if !in_time {
            return;
        }
        let took = now.real - std::mem::replace(&mut self.last_judged, now.real);
        let held = now.real < self.disturbed_until;
        let patience = 3 * MS + 2 * self.latency + took.min(STALL);
        while let Some(Reverse((due, number))) = self.due.peek().copied() {
            if due + patience >= now.engine || held {
                return;
            }
            self.due.pop();
            let Some(life) = lives.get(&number).filter(|life| !life.ended) else { continue };
            match overdue_at(life) {
                Some(due) if due + patience < now.engine => {
                    let late = now.engine - due;
                    panic!("{number}: silent, and not given up for {late} ns: {life:?}");
                }
                Some(due) => self.due.push(Reverse((due, number))),
                None => {}
            }
        }
    }
}

/// When the active input will have been silent for too long, in engine time.
fn overdue_at(life: &Life) -> Option<Nanos> {
    let active = life.active?;
    let known = life.inputs.get(&active).filter(|known| !known.failed)?;
    let running = life.running.iter().find(|one| one.priority == active)?;
    let last = running.last?;
    let _ = known;
    Some(last.engine.max(life.selected_at) + life.settings.packet_timeout * MS)
}
