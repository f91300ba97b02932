//! When the next attempt to get an input back is.

use super::InputHealth;
use crate::core::Nanos;

impl InputHealth {
    /// New settings (`docs/rules.md`, Settings) never postpone a retry, and a shorter wait counts at
    /// once.
    pub(in crate::core) fn hasten_retry(&mut self, now: Nanos, registration: u64) {
        if let Some(at) = self.retry_at() {
            let began = self.trouble().and_then(|trouble| trouble.waits_since);
            self.schedule_retry(now, registration);
            if began.is_none() {
                self.spread_retry(registration);
            }
            let trouble = self.trouble_mut();
            trouble.retry_at = trouble.retry_at.min(Some(at));
            // It is no new wait, which a mass failure would spread.
            trouble.waits_since = began;
        }
    }

    /// Rules 9a and 9f: the next attempt.
    pub(in crate::core) fn schedule_retry(&mut self, now: Nanos, registration: u64) {
        let (cooldown, seed) = (self.settings.probe_cooldown, self.seed(registration));
        let trouble = self.trouble_mut();
        trouble.retry_at = Some(now + trouble.backoff.wait(cooldown, seed));
        trouble.waits_since = Some(now);
    }

    /// Rule 26b: the next attempt comes at another time than those of other streams.
    pub(in crate::core) fn spread_retry(&mut self, registration: u64) {
        let (cooldown, seed) = (self.settings.probe_cooldown, self.seed(registration));
        let trouble = self.trouble_mut();
        trouble.waits_since = None;
        trouble.retry_at = trouble.retry_at.map(|at| at + trouble.backoff.share(cooldown, seed));
    }

    /// Two inputs of two streams must not jitter alike.
    fn seed(&self, registration: u64) -> u64 {
        registration.rotate_left(32) ^ self.spec.priority as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::config::Settings;
    use crate::core::Input;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    #[test]
    fn no_two_inputs_jitter_alike() {
        let seed = |registration, priority| {
            let spec = Arc::new(Input::new(priority, "a"));
            InputHealth::new(spec, Settings::library(), 0).seed(registration)
        };
        let registrations = [1, 2, 3, 1 << 32];
        let seeds: BTreeSet<_> = registrations
            .iter()
            .flat_map(|of| [0, 1, 2, 3].map(|priority| seed(*of, priority)))
            .collect();
        assert_eq!(seeds.len(), 16);
    }
}
