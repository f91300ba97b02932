//! The evaluation: from whatever state the stream is in to where the rules want it. Rules 2, 5 to 10.

use super::input::{Attempt, Input, Probe, Wait};
use super::told::{Evidence, Out};
use super::{Model, Pending};
use crate::settings::Set;
use changeover::core::{Nanos, Priority};
use changeover::{Reason, StartReason};

/// What can be done to get an input back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Try {
    Probe,
    Trial,
    Restart,
    /// Rule 27c.
    Untested,
}

impl Model {
    pub(super) fn evaluate(&mut self, now: Nanos) {
        self.trial_taken = false;
        while self.one_decision(now) {}
        // Rule 8b, and the table of states: it admits the active input's session, while that runs.
        let session =
            self.active_input().and_then(|active| active.session).map(|session| session.id);
        if self.gate != session {
            self.move_gate(session);
        }
    }

    /// The first that is to be made, if any.
    fn one_decision(&mut self, now: Nanos) -> bool {
        self.replace_what_was_lost(now)
            || self.commit_or_abandon(now)
            || self.untested_is_better(now)
            || self.stop_what_is_of_no_use()
            || self.drain(now)
            || self.return_to_a_better_one(now)
            || self.start_hot_ones()
    }

    /// Rule 5.
    pub(super) fn choice(&self) -> Option<Priority> {
        let usable = || self.inputs.iter().filter(|input| input.available());
        let pinned = self.pinned.filter(|pinned| usable().any(|input| input.priority == *pinned));
        let tested = usable().find(|input| !input.untested).or(usable().next());
        pinned.or(tested.map(|input| input.priority))
    }

    /// Rules 6a, 7c, 8a and 8d.
    fn replace_what_was_lost(&mut self, now: Nanos) -> bool {
        // One that recovered without its session is chosen anew.
        let runs = self.active_input().is_some_and(|active| active.session.is_some());
        if runs && !self.nothing_usable_is_active() {
            return false;
        }
        // Rule 6g.
        let proved = self
            .inputs
            .iter()
            .find(|input| !input.usable() && input.on_trial() && input.delivering());
        // Of several the best.
        let proved = proved.map(|input| input.priority).filter(|_| !self.trial_taken);
        if let Some(priority) = proved {
            self.trial_taken = true;
            self.recover(priority, now); // D3
            return true;
        }
        if let Some(choice) = self.choice() {
            let reason =
                if self.added.contains(&choice) { Reason::InputAdded } else { Reason::Recovery };
            let (reason, evidence) = self.lost.unwrap_or((reason, Evidence::Any));
            self.select(choice, reason, evidence, StartReason::Failover, now);
            return true;
        }
        if let Some((reason, _)) = self.lost.take() {
            self.pending = None;
            self.removed = None;
            if !self.exhausted {
                self.exhausted = true;
                self.out.push(Out::Exhausted { reason });
            }
            return true;
        }
        false
    }

    /// It is the active input from now on.
    pub(super) fn select(
        &mut self,
        to: Priority,
        reason: Reason,
        evidence: Evidence,
        why: StartReason,
        now: Nanos,
    ) {
        let from = self.active.or(self.removed.take());
        self.active = Some(to);
        self.selected = now;
        self.last_switch = now;
        self.on_air = None;
        self.lost = None;
        self.pending = None;
        if self.overlap_off() {
            // Stop always precedes start.
            self.stop_all_but(to);
        }
        // Rule 7a; and 6c, where a switch is undone.
        let left =
            from.and_then(|from| self.at(from)).filter(|old| old.priority != to && !self.hot(old));
        let left = left.filter(|old| {
            why == StartReason::Planned || (reason == Reason::Recovery && old.usable())
        });
        if let Some(old) = left.map(|old| old.priority) {
            self.stop(old);
        }
        let session = self.at(to).and_then(|input| input.session).map(|session| session.id);
        // Rule 25b.
        let drained =
            from.filter(|from| *from != to && self.at(*from).is_some_and(|old| old.disabled));
        if let Some(from) = drained {
            self.retire(from);
        }
        let number = self.number + u64::from(session.is_none() || self.gate != session);
        self.out.push(Out::Switched { from, to, reason, evidence, number });
        if self.input(to).session.is_none() {
            self.start(to, None, why);
        }
        if session.is_none() || self.gate != session {
            let session = self.at(to).and_then(|input| input.session).map(|session| session.id);
            self.move_gate(session);
        }
        let session = self.input(to).session.as_mut().expect("it was started");
        if session.delivering() && session.last_packet == Some(now) {
            self.goes_on_air(now);
        } else {
            session.awaited = true;
        }
    }

    fn stop_all_but(&mut self, one: Priority) {
        for other in self.priorities().into_iter().filter(|other| *other != one) {
            self.stop(other);
        }
    }

    /// Rules 2a and 8e.
    fn goes_on_air(&mut self, now: Nanos) {
        let Some(priority) = self.active else { return };
        self.on_air = Some(now);
        self.proved = false;
        self.out.push(Out::Active { priority, waited: now - self.selected });
        if std::mem::take(&mut self.exhausted) {
            self.out.push(Out::Restored { priority });
        }
    }

    /// Rules 2, 6c, 7a, 8c, 9c, 9e.
    pub(super) fn packet(&mut self, priority: Priority, now: Nanos) {
        let Some(session) = &mut self.input(priority).session else { return };
        let first = session.first_packet.is_none();
        session.first_packet.get_or_insert(now);
        session.last_packet = Some(now);
        session.awaited = false;
        let session = *session;
        if self.input(priority).untested {
            // Rule 27c.
            self.recover(priority, now);
        }
        if self.input(priority).usable() {
            if self.active == Some(priority) && self.dark() {
                self.goes_on_air(now);
            }
            let hot = self.hot(self.at(priority).expect("it is there"));
            if first && hot {
                // Rule 10b.
                self.input(priority).healthy_since.get_or_insert(now);
            }
            return;
        }
        let nothing_left = self.nothing_usable_is_active();
        let hot = self.hot(self.at(priority).expect("it is there"));
        // Rules 4d, 6c, 8c.
        let tried = session.attempt == Some(Attempt::Trial) && !first;
        let counts = self.dark() && (!session.reported || nothing_left) && !tried;
        // Rule 9e.
        if !counts && !hot {
            if session.attempt.is_none() {
                self.input(priority).session.as_mut().expect("it has one").awaited = true;
            }
            return;
        }
        self.recover(priority, now);
        // Rules 6c and 8c.
        if counts && (nothing_left || self.pinned.is_none()) {
            self.select(priority, Reason::Recovery, Evidence::Any, StartReason::Failover, now);
        }
    }

    /// Whether its session's next packet would decide something.
    pub fn waits_for(&self, priority: Priority) -> bool {
        let Some(input) = self.at(priority) else { return false };
        let Some(session) = &input.session else { return false };
        if input.usable() {
            let pending = self.pending.is_some_and(|pending| pending.target == priority);
            let selected = (self.active == Some(priority) && self.dark()) || pending;
            return selected || (session.first_packet.is_none() && self.hot(input));
        }
        let tried = input.on_trial() && session.first_packet.is_some();
        let counts =
            self.dark() && (!session.reported || self.nothing_usable_is_active()) && !tried;
        counts || self.hot(input) || (input.on_trial() && session.first_packet.is_none())
    }

    /// Rule 7.
    fn commit_or_abandon(&mut self, now: Nanos) -> bool {
        let Some(Pending { target, reason, .. }) = self.pending else { return false };
        if !self.input(target).delivering() {
            return false;
        }
        self.select(target, reason, Evidence::Any, StartReason::Planned, now);
        true
    }

    /// Rules 7a, 7d, 7e.
    pub(super) fn begin_switch(&mut self, target: Priority, reason: Reason, now: Nanos) {
        let dark = self.dark();
        match &mut self.pending {
            Some(pending) if pending.target == target => {
                pending.reason = reason;
                if !dark {
                    return;
                }
            }
            _ => self.abandon_pending(),
        }
        if self.active == Some(target) {
            return;
        }
        let session = self.input(target).session;
        let delivers_now =
            session.is_some_and(|session| session.delivering() && session.last_packet == Some(now));
        if self.dark() || self.overlap_off() || delivers_now {
            self.select(target, reason, Evidence::Any, StartReason::Planned, now);
            return;
        }
        self.pending = Some(Pending { target, reason });
        match &mut self.input(target).session {
            Some(session) => session.awaited = true,
            None => self.start(target, None, StartReason::Planned),
        }
    }

    /// Rules 7e and 11c: its cold session is stopped.
    pub(super) fn abandon_pending(&mut self) {
        if let Some(Pending { target, .. }) = self.pending.take() {
            if !self.hot(self.at(target).expect("it is there")) {
                self.stop(target);
            } else if let Some(session) = &mut self.input(target).session {
                session.awaited = session.first_packet.is_none();
            }
        }
    }

    /// Rule 10.
    fn return_to_a_better_one(&mut self, now: Nanos) -> bool {
        let due = self.may_return_to().find(|(_, due)| now >= *due).map(|(priority, _)| priority);
        let Some(target) = due else { return false };
        self.begin_switch(target, Reason::Failback, now);
        true
    }

    /// Rule 10: to whom, best first, and from when on.
    fn may_return_to(&self) -> impl Iterator<Item = (Priority, Nanos)> + '_ {
        let active = self.active_input().filter(|active| active.usable());
        let free = self.pending.is_none() && self.failback_is_free();
        let better = self.inputs.iter().filter(move |input| {
            free && active.is_some_and(|active| input.priority < active.priority)
                && input.available()
                && !input.untested
        });
        let cooled = self.last_switch + self.of_stream(Set::switch_cooldown);
        let stable = self.of_stream(Set::failback_stable);
        better.filter_map(move |input| {
            Some((input.priority, cooled.max(input.healthy_since? + stable)))
        })
    }

    pub(super) fn failback_due(&self) -> Option<Nanos> {
        self.may_return_to().map(|(_, due)| due).min()
    }

    /// Rules 10d and 10e.
    fn failback_is_free(&self) -> bool {
        self.returns_by_itself() && self.pinned.is_none()
    }

    pub(super) fn better_than_active(&self, input: &Input) -> bool {
        self.active.is_some_and(|active| input.priority < active)
    }

    /// Rules 6d, 9a, 9c, 27c: what would be done if its wait were over.
    pub(super) fn may_be_tried(&self, input: &Input) -> Option<Try> {
        let better = self.better_than_active(input);
        if input.stopped || input.usable() || input.probe.is_some() || input.attempt().is_some() {
            return None;
        }
        if self.hot(input) {
            return Some(Try::Restart);
        }
        if !input.cannot_be_probed {
            return Some(Try::Probe);
        }
        if self.overlap_off() {
            let usable_runs = self.inputs.iter().any(|one| one.usable() && one.session.is_some());
            let tried = self.inputs.iter().any(Input::on_trial);
            if self.exhausted {
                return (!usable_runs && !tried).then_some(Try::Trial);
            }
        } else if self.exhausted || better {
            return Some(Try::Trial);
        }
        if input.session.is_some() {
            // It is better than what is untested itself (rule 5).
            let untested = self.active_input().is_some_and(|active| active.untested);
            return (untested && !self.overlap_off()).then_some(Try::Trial);
        }
        (!better && !self.exhausted).then_some(Try::Untested)
    }

    /// Rules 9f and 27c: from when on it is tried again, if it may be.
    pub(super) fn tried_again_at(&self, input: &Input) -> Option<Nanos> {
        let what = self.may_be_tried(input)?;
        let over = input.wait?.at_most;
        if what == Try::Untested && input.was_untested {
            // Once in each outage.
            return Some(over.max(self.on_air? + self.of_stream(Set::failback_stable)));
        }
        Some(over)
    }

    /// Rule 27c: then it is to be tried (9c), as its wait is over; what runs is its trial.
    fn untested_is_better(&mut self, now: Nanos) -> bool {
        let pending = self.pending();
        let better = self.inputs.iter().find(|input| {
            input.untested
                && !self.overlap_off()
                && self.better_than_active(input)
                && pending != Some(input.priority)
        });
        let Some(priority) = better.map(|input| input.priority) else { return false };
        let input = self.input(priority);
        input.untested = false;
        match &mut input.session {
            Some(session) => {
                session.attempt = Some(Attempt::Trial);
                input.tried += 1;
            }
            None => input.wait = Some(Wait { at_least: now, at_most: now }),
        }
        true
    }

    /// Its wait is over.
    pub(super) fn try_again(&mut self, priority: Priority) {
        let it = self.at(priority).expect("it is there");
        let Some(what) = self.may_be_tried(it) else { return };
        let timeout = self.of_input(it, Set::probe_timeout);
        let input = self.input(priority);
        input.wait = None;
        match what {
            Try::Probe => {
                input.probe = Some(Probe { taken: None });
                input.tried += 1;
                self.out.push(Out::Probe { priority, timeout });
            }
            Try::Trial => {
                input.tried += 1;
                if self.overlap_off() {
                    // Rule 8: each stops the session before it.
                    self.stop_all_but(priority);
                }
                self.restart(priority, Some(Attempt::Trial), StartReason::Trial);
            }
            Try::Restart => {
                input.tried += 1;
                self.restart(priority, Some(Attempt::Restart), StartReason::Restart);
            }
            Try::Untested => {
                input.untested = true;
                // Not again in this outage.
                input.was_untested = true;
            }
        }
    }

    /// Rule 1a.
    fn start_hot_ones(&mut self) -> bool {
        let idle =
            self.inputs.iter().find(|one| self.hot(one) && one.usable() && one.session.is_none());
        let Some(priority) = idle.map(|input| input.priority) else { return false };
        self.input(priority).healthy_since = None;
        self.start(priority, None, StartReason::Hot);
        true
    }

    /// Rules 6b, 7a, 9c, 9d: once something is on air.
    fn stop_what_is_of_no_use(&mut self) -> bool {
        if self.dark() {
            return false;
        }
        let useless = self.inputs.iter().find(|input| {
            let used = self.active == Some(input.priority)
                || self.pending.is_some_and(|pending| pending.target == input.priority)
                || self.hot(input);
            let wanted = self.better_than_active(input)
                && (input.on_trial() || (input.usable() && self.failback_is_free()));
            input.session.is_some() && !used && !wanted
        });
        let Some(priority) = useless.map(|input| input.priority) else { return false };
        self.stop(priority);
        true
    }
}
