//! What looks show of the sources, and what the host says that sees the media.

use super::*;

/// What the host's word is about.
#[derive(Debug)]
pub enum Accused {
    Input(Priority),
    Session(String),
}

impl From<Priority> for Accused {
    fn from(priority: Priority) -> Accused {
        Accused::Input(priority)
    }
}

impl From<&str> for Accused {
    fn from(name: &str) -> Accused {
        Accused::Session(name.into())
    }
}

impl Rig {
    /// Changes what looks show of an input.
    pub fn shows(&mut self, priority: Priority, change: impl FnOnce(&mut Measure)) {
        change(&mut self.source(priority).measure);
    }

    /// The host's word on an input, or on the session of this name.
    pub fn says(&mut self, of: impl Into<Accused>, condition: Condition, holds: bool) {
        self.try_says(of, condition, holds).unwrap();
    }

    pub fn try_says(
        &mut self,
        of: impl Into<Accused>,
        condition: Condition,
        holds: bool,
    ) -> Result<(), Error> {
        let (priority, session) = match of.into() {
            Accused::Input(priority) => (priority, None),
            Accused::Session(name) => {
                let priority = name.trim_end_matches(char::is_alphabetic).parse().unwrap();
                (priority, Some(self.story.session(&name)))
            }
        };
        let text = "seen".to_owned();
        self.handle(Stimulus::SetCondition { priority, session, condition, holds, text })
    }

    /// As the engine looks at a session whose first packet came at `first`.
    pub(super) fn look(&mut self, session: SessionId, priority: Priority, first: Nanos) {
        let Some(running) = self.invariants.session(session) else { return };
        let since_packet = self.now - running.last_packet.expect("it has delivered");
        self.plan(LOOK_INTERVAL, Step::Look(session, priority, first));
        let Some(window) = self.input(priority).meter_window() else { return };
        let mut measure = self.source(priority).measure;
        measure.since_packet = Some(since_packet);
        measure.since_video = measure.since_video.map(|since| since + since_packet);
        measure.since_audio = measure.since_audio.map(|since| since + since_packet);
        if self.now - first < window {
            measure = Measure { bitrate_kbps: None, fps_milli: None, loss_ppm: None, ..measure };
        }
        self.bring_up_to_date();
        self.send(Stimulus::Measured { session, measure });
    }
}
