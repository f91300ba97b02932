//! What the streams of an engine have in common.

use super::config::{Settings, StreamSettings, Values};
use super::{Input, Nanos};
use std::borrow::Borrow;
use std::sync::Arc;

/// What the streams of an engine have in common: where session and probe ids come from, so that
/// none is ever reused, and settings that are alike, so that they are in memory once. One value
/// for all streams of a driver, given to every call.
#[derive(Debug, Default)]
pub struct Common {
    last_id: u64,
    pub(super) stream_settings: Recent<StreamSettings>,
    pub(super) input_settings: Recent<Settings>,
    /// What was set for an input, from which its settings come.
    input_values: Recent<Values>,
    /// Rule 26b: from when until when; until 0: never.
    spread: (Nanos, Nanos),
}

impl Common {
    /// As it was: see [`Common::recorded`].
    pub(crate) fn resumed(last_id: u64, spread: Option<(Nanos, Nanos)>) -> Common {
        Common { last_id, spread: spread.unwrap_or_default(), ..Common::default() }
    }

    /// What decisions depend on: the last id, and from when until when waits are spread.
    pub(crate) fn recorded(&self) -> (u64, Option<(Nanos, Nanos)>) {
        (self.last_id, Some(self.spread).filter(|_| self.spreads_any()))
    }

    /// A new id, never 0.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Rule 26b: a great share of a driver's streams fails at once. Their waits for a probe, a trial or a
    /// restart that begin from `since` to `until` are spread, those included that have begun already.
    pub fn spread_waits(&mut self, since: Nanos, until: Nanos) {
        let (began, before) = self.spread;
        self.spread = (if since <= before { began } else { since }, until);
    }

    /// Whether any wait may have to be spread.
    pub(super) fn spreads_any(&self) -> bool {
        self.spread.1 > 0
    }

    /// Rule 26b: whether a wait that began at `at` is to be spread.
    pub(super) fn spreads(&self, at: Nanos) -> bool {
        let (since, until) = self.spread;
        self.spreads_any() && (since..=until).contains(&at)
    }

    /// An input as it is kept: what is set for it, in memory once.
    pub(super) fn keep(&mut self, mut input: Input) -> Arc<Input> {
        input.config.0 = input.config.0.map(|values| self.input_values.share(values));
        Arc::new(input)
    }
}

/// Settings in use: most streams and inputs have the same, and share them.
#[derive(Debug)]
pub(super) struct Recent<T>(Vec<Arc<T>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent(Vec::new())
    }
}

impl<T: PartialEq> Recent<T> {
    /// A value that is none of the last so many different ones is not shared.
    const KEPT: usize = 8;

    pub(super) fn share(&mut self, value: impl Into<Arc<T>> + Borrow<T>) -> Arc<T> {
        if let Some(found) = self.0.iter().find(|one| ***one == *value.borrow()) {
            return found.clone();
        }
        let one = value.into();
        self.0.truncate(Self::KEPT - 1);
        self.0.insert(0, one.clone());
        one
    }
}
