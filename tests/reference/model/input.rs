//! What is known of one input.

use super::told::Failure;
use crate::settings::Set;
use changeover::core::{Nanos, Priority};

#[derive(Clone, Debug)]
pub struct Input {
    pub priority: Priority,
    pub set: Set,
    /// It was given up: since when, and why.
    pub failed: Option<Failure>,
    /// Rule 25: the host does not want it; and it is not used any longer.
    pub disabled: bool,
    pub stopped: bool,
    /// Rule 27c: usable all the same.
    pub untested: bool,
    /// Rule 27c: it was, in this outage.
    pub was_untested: bool,
    pub session: Option<Session>,
    pub probe: Option<Probe>,
    pub cannot_be_probed: bool,
    /// Rule 9f: the wait for the next attempt, while it is given up and none is under way.
    pub wait: Option<Wait>,
    /// Rule 9f: how often the wait was doubled; `None`: it has proved itself since its last wait.
    pub doubled: Option<u32>,
    /// Rule 10b; `None`: it is not.
    pub healthy_since: Option<Nanos>,
    pub errors: Vec<Failure>,
    pub attempts: Vec<Failure>,
    pub tried: u64,
    pub tried_well: u64,
    pub tried_in_vain: u64,
}

/// One start of an input.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    pub id: u64,
    pub taken: Option<Nanos>,
    pub first_packet: Option<Nanos>,
    pub last_packet: Option<Nanos>,
    /// It was asked for its next packet then, which has not come.
    pub awaited: bool,
    pub attempt: Option<Attempt>,
    /// Rule 4d: the host reported an error.
    pub reported: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attempt {
    /// Rule 9c.
    Trial,
    /// Rule 6d.
    Restart,
}

#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub taken: Option<Nanos>,
}

/// It ends within these bounds: jitter is random, and only its bounds are in the rules. When exactly, the
/// model is told before that.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub at_least: Nanos,
    pub at_most: Nanos,
}

impl Input {
    pub fn new(priority: Priority, set: Set) -> Input {
        Input {
            priority,
            set,
            failed: None,
            disabled: false,
            stopped: false,
            untested: false,
            was_untested: false,
            session: None,
            probe: None,
            cannot_be_probed: false,
            wait: None,
            doubled: None,
            healthy_since: None,
            errors: Vec::new(),
            attempts: Vec::new(),
            tried: 0,
            tried_well: 0,
            tried_in_vain: 0,
        }
    }

    /// Neither degraded nor stopped.
    pub fn usable(&self) -> bool {
        !self.stopped && (self.failed.is_none() || self.untested)
    }

    /// And wanted.
    pub fn available(&self) -> bool {
        self.usable() && !self.disabled
    }

    pub fn attempt(&self) -> Option<Attempt> {
        self.session.and_then(|session| session.attempt)
    }

    pub fn on_trial(&self) -> bool {
        self.attempt() == Some(Attempt::Trial)
    }

    pub fn delivering(&self) -> bool {
        self.session.is_some_and(|session| session.delivering())
    }

    /// Of the last five.
    pub fn keep(list: &mut Vec<Failure>, failure: Failure) {
        list.push(failure);
        if list.len() > 5 {
            list.remove(0);
        }
    }
}

impl Session {
    pub fn new(id: u64, attempt: Option<Attempt>) -> Session {
        Session {
            id,
            taken: None,
            first_packet: None,
            last_packet: None,
            awaited: true,
            attempt,
            reported: false,
        }
    }

    /// Its first packet has come, and so has any later one that was asked for.
    pub fn delivering(&self) -> bool {
        self.first_packet.is_some() && !self.awaited
    }
}
