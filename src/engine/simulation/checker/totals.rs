//! What the engine counts of itself, and shows of its streams, is what was seen.

use super::{Checker, Life};
use crate::core::Notice;
use crate::engine::{Counts, EventKind, RuntimeStatus};
use crate::vocabulary::{EventTag, Reason, Status};

#[derive(Debug)]
pub(crate) struct Totals {
    events: [u64; EventTag::ALL.len() + 1],
    switches: [u64; Reason::ALL.len() + 1],
    degraded: [u64; Reason::ALL.len() + 1],
    pub(crate) packets: u64,
    pub(crate) calls_ended: u64,
    pub(crate) taken: u64,
    pub(crate) faults: u64,
}

impl Default for Totals {
    fn default() -> Totals {
        Totals {
            events: [0; EventTag::ALL.len() + 1],
            switches: [0; Reason::ALL.len() + 1],
            degraded: [0; Reason::ALL.len() + 1],
            packets: 0,
            calls_ended: 0,
            taken: 0,
            faults: 0,
        }
    }
}

impl Totals {
    pub(super) fn told(&mut self, kind: &EventKind) {
        self.events[kind.tag().code() as usize] += 1;
        match kind {
            EventKind::Notice(Notice::Switched(switch)) => {
                self.switches[switch.reason.code() as usize] += 1;
            }
            EventKind::Notice(Notice::Degraded { error, .. }) => {
                self.degraded[error.reason.code() as usize] += 1;
            }
            _ => {}
        }
    }

    /// Events that a tap saw.
    pub(crate) fn heard(&self) -> u64 {
        self.events.iter().sum()
    }

    pub(crate) fn switched(&self) -> u64 {
        self.switches.iter().sum()
    }

    /// Packets, calls, and events that were told and taken.
    pub(crate) fn all(&self) -> u64 {
        self.packets + self.calls_ended + self.heard() + self.taken
    }

    /// The engine's own counts say the same.
    pub(crate) fn compare(&self, counts: &Counts) {
        for tag in EventTag::ALL {
            assert_eq!(counts.events(*tag), self.events[tag.code() as usize], "{tag:?} events");
        }
        for reason in Reason::ALL {
            let at = reason.code() as usize;
            assert_eq!(counts.switches(*reason), self.switches[at], "switches by {reason:?}");
            assert_eq!(counts.degraded(*reason), self.degraded[at], "degraded by {reason:?}");
        }
    }
}

impl Checker {
    /// A status that was read when everything decided was told.
    pub(crate) fn compare(&self, stream: usize, status: &RuntimeStatus) {
        let number = self.registered(stream).expect("a status of what is registered");
        assert_eq!(status.registration, number);
        let life: &Life = &self.lives[&number];
        if self.everything_told && self.in_call == 0 {
            life.compare(status);
        }
        for input in &status.inputs {
            let known = life.inputs.get(&input.input_priority).expect("an input that it has");
            assert_eq!((input.packets, input.bytes), (known.packets, known.bytes), "counters");
            let on_air = input.status == Status::Active;
            assert!(!on_air || status.active_input_priority == input.input_priority);
        }
        assert_eq!(status.inputs.len(), life.inputs.len());
    }
}
