//! What the settings, as the model has them, make of every notice and deadline.

use super::*;

impl World {
    pub(super) fn told(&mut self, notice: &Notice) {
        match notice {
            Notice::Switched(switch) => {
                let by_itself = !self.settings_changed && !self.asked_to_return;
                // Rule 19c: away from a fill without a cooldown, under every policy.
                let fill = switch.from.is_some_and(|from| self.model.is_fill(from));
                if switch.reason == Reason::Failback && by_itself && !fill {
                    let since = self.now - self.switched_at;
                    let cooled = self.bridged || since >= self.model.switch_cooldown();
                    assert!(cooled, "too early: {since}");
                    assert!(!self.model.failback_is_manual());
                }
                self.chosen_at = self.now;
                self.switched_at = self.now;
                self.asked_to_return = false;
                self.bridged = switch.reason == Reason::StartGrace;
                self.mix(7, switch.to as u64);
            }
            Notice::Degraded { priority, error } => {
                self.mix(8, *priority as u64);
                if error.reason == Reason::Timeout {
                    assert!(
                        error.detail.measured() >= error.detail.limit() && error.detail.limit() > 0
                    );
                    self.was_silent(*priority);
                }
            }
            Notice::Active { priority, .. } => self.mix(9, *priority as u64),
            Notice::Recovered { priority, .. } => self.mix(10, *priority as u64),
            Notice::Exhausted { .. } => self.mix(11, 0),
            Notice::Restored { priority } => self.mix(12, *priority as u64),
            _ => {}
        }
    }

    /// No input is given up for silence that was not silent.
    fn was_silent(&self, priority: Priority) {
        let running = self.invariants.running.iter().find(|running| running.priority == priority);
        let Some(running) = running else { return };
        match running.last_packet {
            Some(last) => assert!(self.now - last >= self.model.silence_bounds(priority).0),
            None => {
                let taken = running.taken_at.expect("a host that took the start");
                assert!(self.now - taken >= self.model.connect_timeout(priority));
            }
        }
    }

    /// Every session that is expected to deliver has a deadline.
    pub(super) fn check_deadlines(&self) {
        for input in self.stream.inputs() {
            if !matches!(input.status(), Status::Idle | Status::Active) {
                continue;
            }
            let priority = input.priority();
            let running = self.invariants.running.iter().find(|r| r.priority == priority);
            let Some(running) = running else { continue };
            let active = self.stream.active() == Some(priority);
            let due = match (running.last_packet, running.taken_at) {
                (Some(last), _) => {
                    let since = if active { last.max(self.chosen_at) } else { last };
                    since + self.model.packet_timeout(priority)
                }
                (None, Some(taken)) => taken + self.model.connect_timeout(priority),
                (None, None) => continue,
            };
            assert!(self.deadline.is_some_and(|at| at <= due), "{priority} has no deadline");
        }
    }
}
