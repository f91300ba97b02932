//! Rule 24: what goes with a switch, so that a person knows why it was made.

use super::*;
use crate::core::{PassedOver, Rejected, Times};
use crate::vocabulary::Obstacle;

impl Stream {
    /// Rules 15 and 24: history and notice are of one piece.
    pub(super) fn record_switch(&mut self, to: Priority, cause: Cause, times: Times, now: Nanos) {
        let Cause { from, reason, detail } = cause;
        let by_hand = reason == Reason::Manual;
        let passed_over = self.passed_over([from, Some(to)], by_hand, now);
        let number = self.switch_number;
        let switch =
            Arc::new(Switch { at: now, from, to, reason, detail, number, times, passed_over });
        self.switches.push(&switch);
        self.notify(Notice::Switched(switch));
    }

    /// How long it took to a switch away from an input, which was decided at `decided_at` and is
    /// committed now.
    pub(super) fn times(
        &self,
        cause: &Cause,
        old: Option<usize>,
        decided_at: Nanos,
        now: Nanos,
    ) -> Times {
        if cause.reason == Reason::Initial {
            return Times::default();
        }
        let detected_at = if cause.reason.is_condition() {
            old.and_then(|old| self.inputs[old].known_conditions()?.since(cause.reason))
        } else {
            // What is given up is left in the same instant.
            cause.reason.is_failure().then_some(decided_at)
        };
        Times {
            detection: cause.detail.detected_after(),
            decision: detected_at.map(|at| decided_at.saturating_sub(at)),
            commit: Some(now - decided_at),
        }
    }

    /// The inputs that would go before the one that was chosen, if nothing stood against them.
    fn passed_over(
        &self,
        [from, to]: [Option<Priority>; 2],
        by_hand: bool,
        now: Nanos,
    ) -> PassedOver {
        let Some(chosen) = to.and_then(|to| self.index_of(to)) else {
            return PassedOver::default();
        };
        let would_go_before = |index: &usize| {
            let priority = Some(self.inputs[*index].spec.priority);
            ![from, to].contains(&priority) && self.hoped_rank(*index) < self.rank(chosen)
        };
        let mut all: Vec<_> = (0..self.inputs.len()).filter(would_go_before).collect();
        all.sort_unstable_by_key(|index| self.hoped_rank(*index));
        PassedOver::new(all.into_iter().map(|index| self.rejected(index, by_hand, now)))
    }

    /// What stands against an input.
    fn rejected(&self, index: usize, by_hand: bool, now: Nanos) -> Rejected {
        let input = &self.inputs[index];
        let priority = input.spec.priority;
        let none = Rejected {
            priority,
            obstacle: Obstacle::Nothing,
            reason: None,
            detail: Detail::None,
            wait: 0,
        };
        let with = |obstacle, (reason, detail): (Reason, &Detail)| {
            let (reason, detail) = (Some(reason), detail.clone());
            Rejected { obstacle, reason, detail, ..none.clone() }
        };
        let waits =
            |obstacle, until: Nanos| Rejected { obstacle, wait: until - now, ..none.clone() };
        let last_error = input.errors().last().map(|error| (error.reason, &error.detail));
        let silent = || input.session.is_some() && !input.delivering();
        let proven = input.healthy_since.get().map(|since| since + self.settings.failback_stable);
        match input.status {
            _ if input.disabled() => Rejected { obstacle: Obstacle::Disabled, ..none },
            Status::Degraded => match last_error {
                Some(why) => with(Obstacle::Failed, why),
                None => Rejected { obstacle: Obstacle::Failed, ..none },
            },
            _ => match (input.impairment(), self.held_until(priority, now), proven) {
                (Some(why), ..) => with(Obstacle::Impaired, why),
                _ if input.untested() => Rejected { obstacle: Obstacle::Untested, ..none },
                _ if silent() => Rejected { obstacle: Obstacle::NotDelivering, ..none },
                (None, Some(until), _) => waits(Obstacle::Held, until),
                (None, None, Some(at)) if at > now && !by_hand => waits(Obstacle::Unproven, at),
                _ => none,
            },
        }
    }
}
