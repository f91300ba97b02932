//! What goes wrong around the stream, and what the operator does meanwhile.

use super::*;
use changeover::core::Measure;

impl World {
    pub(super) fn change_source(&mut self, at: usize) {
        let random = &mut self.random;
        let flap = random.range(50, 3000) * MS;
        self.sources[at] = Source {
            media: Media::random(random, self.now),
            flaps: random.percent(15).then_some([flap, flap * random.pick(&[1, 1, 3, 9]) / 3]),
            up: random.percent(60),
            interval: random.range(10, 80) * MS + random.pick(&[0, 1, 333]),
            connects_in: random.pick(&[0, 1, 20, 90, 400]) * MS,
            starts_fail: random.pick(&[0, 0, 0, 30, 100]),
            key_frames: random.pick(&[0, 0, 1, 10]),
            probes: random.pick(&[
                Probes::Honest,
                Probes::Honest,
                Probes::Honest,
                Probes::Lying,
                Probes::Unsupported,
                Probes::Unanswered,
            ]),
        };
    }

    pub(super) fn fault(&mut self) {
        let delay = self.random.range(1, 1500) * MS;
        self.plan(delay, Step::Fault);
        self.faults += 1;
        match self.random.range(0, 16) {
            9..=13 => self.say(),
            14..=15 => {
                let at = self.random_priority() as usize;
                self.sources[at].media = Media::random(&mut self.random, self.now);
            }
            0..=4 => {
                let at = self.random_priority() as usize;
                self.change_source(at);
            }
            5 => self.sources.iter_mut().for_each(|source| source.up = false),
            6 => self.sources.iter_mut().for_each(|source| source.up = true),
            7 => self.host_is_slow = !self.host_is_slow,
            8 => self.report(),
            _ => self.nonsense(),
        }
    }

    fn report(&mut self) {
        let text = "reported".to_string();
        let known = self.invariants.running.first().map(|running| running.id);
        let event = match known.filter(|_| self.random.percent(50)) {
            Some(session) => Stimulus::SessionError { session, text },
            None => Stimulus::InputError { priority: self.random_priority(), text },
        };
        let _ = self.handle(event);
    }

    /// What only a confused host does.
    fn nonsense(&mut self) {
        let any = self.random.range(0, 200);
        let offered = self.stream.offer().map(|offer| offer.number);
        let event = match self.random.range(0, 7) {
            0 => Stimulus::StartTaken { session: any },
            1 => Stimulus::StartResult { session: any, result: Ok(()) },
            2 => Stimulus::SessionError { session: any, text: String::new() },
            3 => Stimulus::Seen { session: u64::MAX, at: self.now },
            4 => Stimulus::Packet { session: u64::MAX },
            5 => Stimulus::Measured { session: u64::MAX, measure: Measure::default() },
            6 if Some(any) != offered => Stimulus::Committed { number: any },
            _ => Stimulus::Tick,
        };
        if matches!(event, Stimulus::Tick) {
            return self.tick();
        }
        if let Stimulus::StartTaken { session } | Stimulus::StartResult { session, .. } = &event {
            let taken = self.host.running().contains(session);
            if self.invariants.session(*session).is_some() && !taken {
                return; // It would take the start out of turn.
            }
        }
        let _ = self.handle(event);
    }

    pub(super) fn operation(&mut self) {
        let delay = self.random.range(1, 2500) * MS;
        self.plan(delay, Step::Operation);
        match self.random.range(0, 14) {
            12 => self.maintain(),
            14 => self.common.spread_waits(self.now.saturating_sub(500 * MS), self.now + 5000 * MS),
            13 => {
                self.asked_to_return = true;
                self.asked_to_return = self.handle(Stimulus::FailBack).is_ok();
            }
            0..=3 => self.switch(),
            4 => self.handle(Stimulus::ClearOverride).unwrap(),
            5 => {
                let priority = self.random_priority();
                self.add(priority);
            }
            6..=8 => self.update(),
            9 => {
                let name = self.pick(&["", "a", "b"]);
                self.handle(Stimulus::UpdateBufferWriteId(name.into())).unwrap();
            }
            _ if self.steady => self.switch(),
            _ => self.settings(),
        }
    }

    fn switch(&mut self) {
        let priority = self.random_priority();
        let input = self.stream.inputs().iter().find(|input| input.priority() == priority);
        let usable = match input.map(|input| (input.disabled(), input.severity())) {
            None => Err(Error::UnknownInput),
            Some((true, _)) => Err(Error::InputDisabled),
            // One that is impaired may be chosen.
            Some((false, severity)) => Ok(severity != Some(Severity::Failed)),
        };
        if self.random.percent(25) {
            assert_eq!(self.handle(Stimulus::ForceInput { priority }), usable.map(|_| ()));
            return;
        }
        let expected = usable.and_then(|usable| usable.then_some(()).ok_or(Error::InputDegraded));
        let lasts =
            self.random.percent(30).then(|| Duration::from_millis(self.random.range(1, 5000)));
        assert_eq!(self.handle(Stimulus::SwitchInput { priority, lasts }), expected);
        if expected.is_ok() {
            assert_eq!(self.stream.override_input(), Some(priority));
        }
    }

    /// Some are disabled, some enabled again.
    fn maintain(&mut self) {
        for priority in 0..SOURCES as Priority {
            let known = self.model.inputs.contains_key(&priority);
            if self.random.percent(40) {
                let enabled = self.random.percent(50);
                let expected = if known { Ok(()) } else { Err(Error::UnknownInput) };
                let asked = Stimulus::SetInputEnabled { priority, enabled };
                assert_eq!(self.handle(asked), expected);
            }
        }
    }

    pub(super) fn enable_all(&mut self) {
        for priority in self.model.inputs.keys().copied().collect::<Vec<_>>() {
            self.handle(Stimulus::SetInputEnabled { priority, enabled: true }).unwrap();
        }
    }

    pub(super) fn add(&mut self, priority: Priority) {
        let (level, input) = self.model.random_input(&mut self.random, priority);
        let update = InputsUpdate { added: vec![input], ..InputsUpdate::default() };
        let known = self.model.inputs.contains_key(&priority);
        if !known {
            self.model.inputs.insert(priority, level);
        }
        let expected = if known { Err(Error::DuplicatePriority) } else { Ok(()) };
        assert_eq!(self.handle(Stimulus::UpdateInputs(update)), expected);
    }

    /// Each input is removed, updated, removed and added, added, or left alone.
    fn update(&mut self) {
        let mut update = InputsUpdate::default();
        for priority in 0..SOURCES as Priority {
            let known = self.model.inputs.contains_key(&priority);
            let what = self.random.range(0, 9);
            if known && what <= 1 {
                update.removed.push(priority);
                self.model.inputs.remove(&priority);
            }
            if what == 1 || what == 2 && !known {
                let (level, input) = self.model.random_input(&mut self.random, priority);
                self.model.inputs.insert(priority, level);
                update.added.push(input);
            }
            if what == 3 && known {
                let (level, input) = self.model.random_input(&mut self.random, priority);
                self.model.inputs.insert(priority, level);
                update.updated.push(input);
            }
        }
        self.handle(Stimulus::UpdateInputs(update)).unwrap();
    }

    fn settings(&mut self) {
        let overlap_off = if self.random.percent(70) {
            self.model.overlap_off()
        } else {
            self.random.percent(50)
        };
        let level = Level::random_stream(&mut self.random, overlap_off);
        let before = std::mem::replace(&mut self.model.stream, level);
        let refused = overlap_off && self.model.inputs.keys().any(|p| self.model.is_hot(*p));
        if refused {
            self.model.stream = before;
        } else {
            self.settings_changed = true;
        }
        self.invariants.overlap_off = self.model.overlap_off();
        let expected = if refused { Err(Error::HotWithoutOverlap) } else { Ok(()) };
        assert_eq!(self.handle(Stimulus::SetConfig(level.config())), expected);
    }
}
