//! Rules 17, 18, 19, 21 and 27: which input goes on air, and when.

use super::*;

const MOST_FAULTS: u32 = 8;

impl Judge {
    /// Rule 21a: each period of health took one off. The judge knows when it can have begun at the
    /// earliest: then the fewest faults are left.
    pub(super) fn count_health(&mut self, priority: Priority, scene: &Scene<'_>) {
        let period = scene.model.damping_period();
        let record = self.record(priority);
        record.faults[0] = faults_left(record, period, scene.now);
        record.faults_at = scene.now;
    }

    pub(super) fn fault(&mut self, priority: Priority) {
        let faults = &mut self.record(priority).faults;
        *faults = faults.map(|faults| (faults + 1).min(MOST_FAULTS));
    }

    /// Rules 17 and 21: each switch was due, and goes to the right one.
    pub(super) fn choices(&mut self, notices: &[Notice], scene: &Scene<'_>) {
        let mut switches = notices.iter().filter_map(|notice| match notice {
            Notice::Switched(switch) => Some(switch),
            _ => None,
        });
        let Some(switch) = switches.next_back() else { return };
        // What is added is chosen in the midst of an update.
        if switch.reason != Reason::InputAdded {
            self.explained(switch, scene);
        }
        let (Some(from), to) = (switch.from, switch.to) else { return };
        let by_choice = switch.reason == Reason::Failback || switch.reason.is_condition();
        if self.asked_to_return.is_some() && by_choice {
            // Rule 25e: without any wait.
            self.record(to).faults = [0; 2];
            return;
        }
        if by_choice {
            let before = |priority| self.worth.get(&priority).copied().flatten();
            let worth = |priority| scene.worth(priority).max(before(priority));
            let (left, taken) = (worth(from), scene.worth(to));
            let better =
                taken < left || (taken == left && taken == Some(Worth::Healthy) && to < from);
            let unharmed = left == Some(Worth::Untested) && to < from;
            assert!(better || unharmed, "{switch:?}: from {left:?} to {taken:?}");
            if switch.reason.is_condition() {
                assert!(taken < left, "{switch:?}: within one class");
            }
            self.proven(switch.reason, to, left, scene);
        } else if switch.reason == Reason::StartGrace {
            self.bridged(from, to, scene);
        } else if matches!(
            switch.reason,
            Reason::Timeout | Reason::Error | Reason::StartFailed | Reason::InputRemoved
        ) {
            self.best_of_all(to, scene);
        }
    }

    /// Rules 5 and 17a: the best of the best class; who is passed over is held.
    fn best_of_all(&self, to: Priority, scene: &Scene<'_>) {
        if scene.stream.override_input() == Some(to) || scene.stream.pending().is_some() {
            return;
        }
        let taken = scene.worth(to);
        for input in scene.inputs().filter(|input| input.priority() != to) {
            // It may have become untested since.
            let before = self.worth.get(&input.priority()).copied().flatten();
            let Some(worth) = scene.worth_of(input).filter(|_| before.is_some()) else { continue };
            assert!(Some(worth) >= taken, "{to} is {taken:?}, and {} {worth:?}", input.priority());
            if Some(worth) == taken && input.priority() < to {
                let priority = input.priority();
                let begins = scene.running(priority).is_some_and(|one| one.first_packet.is_none());
                let held = scene.stream.held_until(priority, scene.now).is_some();
                assert!(held || begins || input.untested(), "{priority} is better");
                assert!(self.records[&priority].faults[1] >= 2, "{priority} is not held");
            }
        }
    }

    /// Rules 10, 17b, 19c and 21b: it was healthy for as long as is asked.
    fn proven(&self, reason: Reason, to: Priority, left: Option<Worth>, scene: &Scene<'_>) {
        if scene.settings_changed {
            return;
        }
        let (now, model) = (scene.now, scene.model);
        let record = &self.records[&to];
        let stable = model.failback_stable();
        // Rule 19c: so it is, too, away from a fill that has something against it.
        if reason == Reason::Failback || left == Some(Worth::Fill) {
            assert!(now - record.bad_at >= stable, "{to} was not healthy for long enough");
        } else if let Some(shown) = record.shown_at {
            let asked = model.measure_window(to);
            // What shows while the switch waits changes nothing, until it is a condition.
            let decided = self.pending_since.filter(|(target, _)| *target == to);
            let decided = decided.map_or(now, |(_, at)| at);
            assert!(
                shown > decided || decided - shown >= asked,
                "{to} has not met its own conditions for long enough"
            );
        }
        let faults = faults_left(record, model.damping_period(), now);
        if faults > 0 && left != Some(Worth::Useless) {
            let asked = stable << (faults - 1);
            assert!(
                now - record.bad_at >= asked,
                "{to} with {faults} faults has not proved itself"
            );
        }
    }

    /// Rule 18a.
    fn bridged(&self, from: Priority, to: Priority, scene: &Scene<'_>) {
        let dark_since = self.dark_since.unwrap_or(scene.now);
        let grace = scene.model.start_grace(from);
        assert!(scene.settings_changed || scene.now - dark_since >= grace, "bridged too early");
        // It goes on starting, unless what bridges it is better anyway.
        let chosen = scene.running(from);
        let better = to < from || scene.worth(to) < scene.worth(from);
        assert!(chosen.is_some() || better || scene.model.failback_is_manual());
        assert_eq!(chosen.and_then(|chosen| chosen.first_packet), None, "it delivers");
        assert!(scene.running(to).is_some_and(|running| running.first_packet.is_some()));
    }

    /// Rule 18a, the other way round: never dark while something delivers.
    pub(super) fn bridge_is_due(&self, scene: &Scene<'_>) {
        let (Some(active), Some(dark_since)) = (scene.stream.active(), self.dark_since) else {
            return;
        };
        let starts = scene.worth(active).is_some()
            && scene.running(active).is_some_and(|running| running.first_packet.is_none());
        let delivers = |input: &&InputHealth| {
            let running = scene.running(input.priority());
            let trial = running.is_some_and(|running| self.trials.contains_key(&running.id));
            scene.worth_of(input).is_some()
                && !trial
                && running.is_some_and(|running| {
                    running.first_packet.is_some() && !scene.stream.awaits(running.id)
                })
        };
        if starts && scene.inputs().any(|input| delivers(&input)) {
            let at = dark_since + scene.model.start_grace(active);
            scene.is_due(at, "another one delivers while the chosen one starts");
        }
    }

    /// Rules 17b and 19c, the other way round: an impaired input, or a fill, is left for a better one.
    pub(super) fn better_is_due(&self, scene: &Scene<'_>) {
        let stream = scene.stream;
        let Some(active) = stream.active().filter(|_| stream.on_air()) else { return };
        let Some(left) =
            scene.worth(active).filter(|left| !matches!(left, Worth::Healthy | Worth::Untested))
        else {
            return;
        };
        if stream.pending().is_some() || stream.override_input().is_some() || scene.settings_changed
        {
            return;
        }
        let stable = scene.model.failback_stable();
        for input in scene.inputs() {
            let priority = input.priority();
            let record = &self.records[&priority];
            let running = scene.running(priority);
            let first = running.and_then(|running| running.first_packet);
            let unknown = input.untested() || (running.is_some() && first.is_none());
            if scene.worth_of(input).is_none_or(|worth| worth >= left) || unknown {
                continue;
            }
            // At the latest, it is healthy since then.
            let since = record.good_at.max(first.unwrap_or(0)).max(match record.severity {
                Some(_) => record.bad_at,
                None => 0,
            });
            let asked = match record.faults[1] {
                0 => 0,
                faults => stable << (faults - 1),
            };
            let met = record.shown_at.map_or(0, |at| at + scene.model.measure_window(priority));
            let at = match left {
                Worth::Useless => met,
                Worth::Fill => since + stable.max(asked),
                _ => met.max(since + asked),
            };
            scene.is_due(at, &format!("{priority} is of a better class than {active}, {left:?}"));
        }
    }

    /// Rule 19.
    pub(super) fn outage(&self, notices: &[Notice], scene: &Scene<'_>) {
        let stream = scene.stream;
        let programme = |worth: Option<Worth>| worth.is_some_and(|worth| worth < Worth::Fill);
        let any_source = scene.inputs().any(|input| !scene.model.is_fill(input.priority()));
        let watched = scene.inputs().any(|input| programme(scene.worth_of(input)));
        assert!(watched || !any_source || stream.exhausted(), "no source is left, and nobody told");
        let shown =
            stream.active().filter(|_| stream.on_air()).and_then(|on_air| scene.worth(on_air));
        assert!(!stream.exhausted() || !programme(shown), "on air again, and nobody told");
        for notice in notices {
            if let Notice::Restored { priority } = notice {
                assert_eq!(stream.active(), Some(*priority));
                assert!(
                    stream.exhausted() || programme(scene.worth(*priority)),
                    "restored by {priority}"
                );
            }
        }
    }

    /// Rule 27c: once in each outage, which ends after `failback_stable` on air.
    pub(super) fn untested_once(&mut self, scene: &Scene<'_>) {
        let untested: BTreeSet<_> =
            scene.inputs().filter(|input| input.untested()).map(|input| input.priority()).collect();
        if self.cause == Cause::Time {
            for priority in untested.difference(&self.untested) {
                let again = self.records[priority].was_untested && !scene.settings_changed;
                let ended = self
                    .air_since
                    .is_some_and(|since| scene.now - since >= scene.model.failback_stable());
                assert!(!again || ended, "{priority} is untested twice in one outage");
                self.records.get_mut(priority).expect("it is known").was_untested = true;
            }
        }
        self.untested = untested;
    }

    /// Rule 27a: what is listened to is listened to until somebody says otherwise.
    pub(super) fn pushed_is_kept(&self, priority: Priority, scene: &Scene<'_>) {
        let disabled = scene.input(priority).is_some_and(|input| input.disabled());
        let kept = scene.model.is_pushed(priority) && !scene.model.overlap_off() && !disabled;
        let by_itself = matches!(self.cause, Cause::Time | Cause::Look(_));
        assert!(
            !kept || !by_itself || scene.settings_changed,
            "{priority} is listened to no longer"
        );
    }
}

/// Rule 21a: those that are left at least.
fn faults_left(record: &Record, period: Nanos, now: Nanos) -> u32 {
    if period == 0 {
        return 0;
    }
    let calm = now - record.bad_at.max(record.faults_at);
    record.faults[0].saturating_sub(u32::try_from(calm / period).unwrap_or(u32::MAX))
}
