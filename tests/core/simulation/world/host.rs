//! The host: it takes commands, records packets and answers probes.

use super::*;

impl World {
    pub(super) fn take(&mut self, command: Command) {
        if !self.host.take(command) {
            return;
        }
        match command {
            Command::Start(session, priority) => self.take_start(session, priority),
            Command::Stop(..) => {}
            Command::Probe(probe, priority) => {
                let taken = self.handle(Stimulus::ProbeTaken { probe });
                let delay = self.random.range(0, if self.calm { 8 } else { 150 }) * MS;
                if taken.is_ok() || self.random.percent(10) {
                    self.plan(delay, Step::Answer(probe, priority));
                }
            }
        }
    }

    fn take_start(&mut self, session: SessionId, priority: Priority) {
        if self.model.overlap_off() && !self.settings_changed {
            assert_eq!(self.host.running().len(), 1, "overlap off: two sessions on the host");
        }
        if let Some(running) = self.invariants.session(session) {
            running.taken_at = Some(self.now);
        }
        let _ = self.handle(Stimulus::StartTaken { session });
        let source = self.sources[priority as usize];
        if self.random.percent(source.starts_fail) {
            let delay = self.pick(&[0, 0, 50, 1000]) * MS;
            self.plan(delay, Step::StartFails(session));
        } else {
            self.plan(source.connects_in, Step::Packet(session, priority));
            if self.random.percent(30) {
                let _ = self.handle(Stimulus::StartResult { session, result: Ok(()) });
            }
        }
    }

    pub(super) fn packet(&mut self, session: SessionId, priority: Priority) {
        let source = self.sources[priority as usize];
        if self.invariants.session(session).is_none() {
            return;
        }
        let late = if self.calm || !self.random.percent(2) { 0 } else { self.pick(&[100, 900]) };
        self.plan(source.interval + late * MS, Step::Packet(session, priority));
        if !source.delivers(self.now - self.began) {
            return;
        }
        let first = self.invariants.session(session).is_some_and(|s| s.first_packet.is_none());
        self.invariants.delivered(session, self.now);
        self.judge.came(session, self.now);
        if first {
            let window = self.model.measure_window(priority);
            self.plan(window / 10, Step::Look(session, priority));
        }
        let video = source.media.has_video();
        let key = video && source.key_frames > 0 && self.random.percent(source.key_frames);
        let recorded = Recorded { session, priority, key };
        if let Some(number) = self.judge.packet(&recorded, &scene!(self)) {
            self.handle(Stimulus::Committed { number }).unwrap();
        }
        if self.stream.awaits(session) {
            self.handle(Stimulus::Packet { session }).unwrap();
        }
        if self.judge.flagged(priority, video, key) {
            self.handle(Stimulus::Flagged { priority, video, key }).unwrap();
        }
        if first && self.calm {
            self.say_that_all_is_well(priority, Some(session));
        }
    }

    /// Sources send by id, also while they have no session.
    pub(super) fn by_id(&mut self, priority: Priority) {
        let pause = self.pick(&[20, 20, 60, 60, 60, 150, 900]);
        self.plan(pause * MS, Step::ById(priority));
        let runs = self.invariants.running.iter().any(|running| running.priority == priority);
        if runs || !self.sources[priority as usize].delivers(self.now - self.began) {
            return;
        }
        self.by_id[priority as usize] = Some(self.now);
        if self.stream.awaits_input(priority) {
            self.handle(Stimulus::PacketWithoutSession { priority }).unwrap();
        }
    }

    pub(super) fn answer(&mut self, probe: ProbeId, priority: Priority) {
        let source = self.sources[priority as usize];
        let outcome = match (source.probes, source.up) {
            (Probes::Honest, true) | (Probes::Lying, false) => ProbeOutcome::Ok,
            (Probes::Honest, false) | (Probes::Lying, true) => ProbeOutcome::Failed("no".into()),
            (Probes::Unsupported, _) => ProbeOutcome::Unsupported,
            (Probes::Unanswered, _) => return,
        };
        self.ever_unsupported |= outcome == ProbeOutcome::Unsupported;
        let awaited = self.invariants.probes.iter().any(|(id, _)| *id == probe);
        if awaited {
            self.invariants.answered(probe);
        }
        let result = self.handle(Stimulus::ProbeResult { probe, outcome });
        assert_eq!(result.is_ok(), awaited, "an answer counts while it is awaited");
    }
}
