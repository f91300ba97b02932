//! What time alone decides: rules 3 and 9.

use super::input::{Attempt, Input, Wait};
use super::told::{Evidence, Failure};
use super::Model;
use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use changeover::Reason;

impl Model {
    /// Rules 3, 7b, 9: whatever fails in this instant fails before anything is decided (3f).
    pub(super) fn pass_deadlines(&mut self, now: Nanos) {
        for priority in self.priorities() {
            let input = self.at(priority).expect("it is there");
            let (silent, unanswered) = (self.session_deadline(input), self.probe_deadline(input));
            if let Some(failure) = overdue(silent, now) {
                match self.input(priority).usable() {
                    true => self.degrade(priority, failure, now),
                    false => self.attempt_failed(priority, failure, now),
                }
            }
            if let Some(failure) = overdue(unanswered, now) {
                self.attempt_failed(priority, failure, now);
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

    pub(super) fn decide_all_that_is_due(&mut self, now: Nanos) {
        loop {
            self.trials_succeed(now);
            self.prove(now);
            self.evaluate(now);
            self.ticked = true;
            self.evaluate(now);
            self.ticked = false;
            if !self.prove(now) {
                break;
            }
        }
    }

    /// Rule 9c: trials that have delivered for long enough.
    pub(super) fn trials_succeed(&mut self, now: Nanos) {
        for priority in self.priorities() {
            let first = self.at(priority).and_then(|input| self.proves_itself_since(input));
            if let Some(first) =
                first.filter(|first| now >= first + self.of_stream(Set::failback_stable))
            {
                self.recover(priority, first);
                self.evaluate(now);
            }
        }
    }

    /// Rule 9f: whether its wait is over. Within the bounds of the jitter that is not for the rules to say.
    pub(super) fn due(&self, input: &Input, now: Nanos) -> bool {
        input.wait.is_some_and(|wait| {
            now >= wait.at_most
                || (now >= wait.at_least && self.seen_to_be_due.contains(&input.priority))
        })
    }

    /// Rules 9f and 27c: it was on air for long enough to have proved itself.
    pub(super) fn prove(&mut self, now: Nanos) -> bool {
        let stable = self.of_stream(Set::failback_stable);
        if let (Some(active), Some(since)) = (self.active, self.on_air) {
            if now >= since + stable && !std::mem::replace(&mut self.proved, true) {
                self.input(active).doubled = None;
                return true;
            }
        }
        false
    }

    /// The latest instant by which time alone decides something.
    pub fn deadline(&self) -> Option<Nanos> {
        let mut all = Vec::new();
        let stable = self.of_stream(Set::failback_stable);
        for input in &self.inputs {
            all.extend(self.session_deadline(input).map(|(since, limit)| since + limit));
            all.extend(self.probe_deadline(input).map(|(since, limit)| since + limit));
            all.extend(self.proves_itself_since(input).map(|since| since + stable));
            if self.may_be_tried(input).is_some() {
                all.extend(input.wait.map(|wait| wait.at_most));
            }
        }
        all.extend(self.failback_due());
        all.into_iter().min()
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
