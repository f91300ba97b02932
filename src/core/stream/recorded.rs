//! What records of a stream are made of. A stream is its own record: serde writes what there is, and
//! reads it again, but for what decisions do not depend on: URLs, options and values of the host's.

use super::*;

#[cfg(test)]
impl InputHealth {
    /// The probe under way.
    pub(crate) fn probe_id(&self) -> Option<ProbeId> {
        self.probe().map(|probe| probe.id)
    }
}

impl Stream {
    /// What is not drained yet, oldest first.
    pub(crate) fn queued(&self) -> &[Action] {
        self.decision.as_ref().map_or(&[], |decision| &decision.actions)
    }

    /// The stream as it goes on where these settings are in force from `now` on: they count for the
    /// stream, and in place of what its inputs set themselves. It is to be drained.
    ///
    /// # Errors
    /// As of [`Stimulus::SetConfig`].
    pub fn under(
        &self,
        settings: &Config,
        now: Nanos,
        common: &mut Common,
    ) -> Result<Stream, Error> {
        let mut stream = self.clone();
        for input in &mut stream.inputs {
            let config = input.spec.config.changed_by(settings);
            if config != input.spec.config {
                Arc::make_mut(&mut input.spec).config = config;
            }
        }
        let config = self.settings.config.and(settings);
        stream.handle(Stimulus::SetConfig(config), now, common)?;
        Ok(stream)
    }

    /// Makes whole what was read from a record: settings that come from others.
    pub(crate) fn resume(&mut self, common: &mut Common) {
        self.settings = common.stream_settings.share(self.settings.clone());
        for input in &mut self.inputs {
            let settings = self.settings.of_input(&input.spec.config);
            input.settings = common.input_settings.share(settings);
        }
    }
}
