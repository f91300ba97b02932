//! What time alone decides: rules 3 and 9.

use super::input::{Attempt, Input, Wait};
use super::told::{Evidence, Failure};
use super::Model;
use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use changeover::Reason;

/// What falls due besides sessions and waits; in one instant in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Rule 9b: a probe.
    Unanswered(Priority),
    /// Rule 9c: a trial has delivered for long enough.
    Good(Priority),
    /// Rule 9f: its wait is over.
    Again(Priority),
    /// Rule 9f: the active input was on air for long enough.
    Proven,
    /// Rule 25d.
    Unpinned,
}

impl Model {
    /// Rules 3, 7b, 9: whatever fails in this instant fails before anything is decided (3f).
    pub(super) fn pass_deadlines(&mut self, now: Nanos) {
        for priority in self.priorities() {
            let input = self.at(priority).expect("it is there");
            if let Some(failure) = overdue(self.session_deadline(input), now) {
                match self.input(priority).usable() {
                    true => self.degrade(priority, failure, now),
                    false => self.attempt_failed(priority, failure, now),
                }
            }
        }
    }

    pub(super) fn priorities(&self) -> Vec<Priority> {
        self.inputs.iter().map(|input| input.priority).collect()
    }

    /// Rule 3: since when it is counted, and how long it may last.
    fn session_deadline(&self, input: &Input) -> Option<(Nanos, Nanos)> {
        let session = input.session.as_ref()?;
        // Rule 3c.
        if !input.usable() && session.attempt.is_none() {
            return None;
        }
        match (session.first_packet, session.last_packet) {
            (Some(_), Some(last)) => {
                // Rule 3b.
                let selected = (self.active == Some(input.priority)).then_some(self.selected);
                Some((last.max(selected.unwrap_or(0)), self.of_input(input, Set::packet_timeout)))
            }
            // Rule 3a.
            _ => Some((session.taken?, self.of_input(input, Set::connect_timeout))),
        }
    }

    /// Rule 9a.
    fn probe_deadline(&self, input: &Input) -> Option<(Nanos, Nanos)> {
        Some((input.probe?.taken?, self.of_input(input, Set::probe_timeout)))
    }

    /// Rule 9c: the first packet of a trial.
    fn proves_itself_since(&self, input: &Input) -> Option<Nanos> {
        let session = input.session.as_ref()?;
        session
            .first_packet
            .filter(|_| session.attempt == Some(Attempt::Trial) && session.delivering())
    }

    /// Rule 9f.
    pub(super) fn begin_wait(&mut self, priority: Priority, now: Nanos) {
        let input = self.at(priority).expect("it is there");
        let wait = self.of_input(input, Set::probe_cooldown) << input.doubled.unwrap_or(0);
        let (at_least, at_most) = (now + wait, now + wait + wait / 8);
        self.input(priority).wait = Some(Wait { at_least, at_most });
    }

    /// A tick: what failed first (3f), then the rest in the order in which it fell due.
    pub(super) fn decide_all_that_is_due(&mut self, now: Nanos) {
        loop {
            self.pass_deadlines(now);
            self.evaluate(now);
            if let Some(due) = self.first_due(now) {
                self.fall_due(due, now);
            } else if !self.any_overdue(now) {
                return;
            }
        }
    }

    fn any_overdue(&self, now: Nanos) -> bool {
        self.inputs.iter().any(|input| overdue(self.session_deadline(input), now).is_some())
    }

    fn first_due(&self, now: Nanos) -> Option<Due> {
        let stable = self.of_stream(Set::failback_stable);
        let of_input = |input: &Input| {
            let unanswered = self.probe_deadline(input).map(|(since, limit)| since + limit);
            let good = self.proves_itself_since(input).map(|since| since + stable);
            let priority = input.priority;
            [
                unanswered.map(|at| (at, Due::Unanswered(priority))),
                good.map(|at| (at, Due::Good(priority))),
                self.tried_again_at(input).map(|at| (at, Due::Again(priority))),
            ]
        };
        let proven =
            self.on_air.filter(|_| !self.proved).map(|since| (since + stable, Due::Proven));
        let unpinned = self.pinned_until().map(|at| (at, Due::Unpinned));
        let all = self.inputs.iter().flat_map(of_input).chain([proven, unpinned]).flatten();
        all.filter(|(at, _)| now >= *at).min().map(|(_, due)| due)
    }

    fn fall_due(&mut self, due: Due, now: Nanos) {
        match due {
            Due::Unanswered(priority) => {
                let deadline = self.at(priority).and_then(|input| self.probe_deadline(input));
                if let Some(failure) = overdue(deadline, now) {
                    self.attempt_failed(priority, failure, now);
                }
            }
            Due::Good(priority) => {
                let first = self.at(priority).and_then(|input| self.proves_itself_since(input));
                self.recover(priority, first.unwrap_or(now));
            }
            Due::Again(priority) => self.try_again(priority),
            Due::Proven => {
                self.proved = true;
                if let Some(active) = self.active {
                    self.input(active).doubled = None;
                }
            }
            Due::Unpinned => self.clear_override(),
        }
    }

    /// Rule 9f: when the wait of an input ends, whose jitter is not for the rules to say. Answers whether
    /// that is within its bounds.
    pub fn wait_ends(&mut self, priority: Priority, at: Option<Nanos>) -> bool {
        let wait = &mut self.input(priority).wait;
        match (at, *wait) {
            (Some(at), Some(bounds)) => {
                *wait = Some(Wait { at_least: at, at_most: at });
                (bounds.at_least..=bounds.at_most).contains(&at)
            }
            (at, bounds) => at.is_none() && bounds.is_none(),
        }
    }

    /// The latest instant by which time alone decides something.
    pub fn deadline(&self) -> Option<Nanos> {
        let stable = self.of_stream(Set::failback_stable);
        let of_input = |input: &Input| {
            let overdue = [self.session_deadline(input), self.probe_deadline(input)];
            let overdue = overdue.into_iter().flatten().map(|(since, limit)| since + limit).min();
            let proves = self.proves_itself_since(input).map(|since| since + stable);
            [overdue, proves, self.tried_again_at(input)].into_iter().flatten().min()
        };
        self.inputs
            .iter()
            .filter_map(of_input)
            .chain(self.failback_due())
            .chain(self.pinned_until())
            .min()
    }

    /// A wait that lasts is over as long from now as a new one would be, if that is sooner (rules, 4).
    pub(super) fn shorten_waits(&mut self) {
        for priority in self.priorities() {
            let input = self.at(priority).expect("it is there");
            let wait = self.of_input(input, Set::probe_cooldown) << input.doubled.unwrap_or(0);
            let now = self.now;
            if let Some(lasting) = &mut self.input(priority).wait {
                lasting.at_least = lasting.at_least.min(now + wait);
                lasting.at_most = lasting.at_most.min(now + wait + wait / 8);
            }
        }
    }
}

fn overdue(deadline: Option<(Nanos, Nanos)>, now: Nanos) -> Option<Failure> {
    let (since, limit) = deadline.filter(|(since, limit)| now >= since + limit)?;
    let evidence = Evidence::Overdue { measured: now - since, limit };
    Some(Failure { at: now, reason: Reason::Timeout, evidence })
}
