//! What the streams of an engine have in common.

use super::config::{Settings, StreamSettings};
use std::sync::Arc;

/// What the streams of an engine have in common: where session and probe ids come from, so that
/// none is ever reused, and settings that are alike, so that they are in memory once. One value
/// for all streams of a driver, given to every call.
#[derive(Debug, Default)]
pub struct Common {
    last_id: u64,
    pub(super) stream_settings: Recent<StreamSettings>,
    pub(super) input_settings: Recent<Settings>,
}

impl Common {
    /// A new id, never 0.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
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

    pub(super) fn share(&mut self, value: T) -> Arc<T> {
        if let Some(found) = self.0.iter().find(|one| ***one == value) {
            return found.clone();
        }
        let one = Arc::new(value);
        self.0.truncate(Self::KEPT - 1);
        self.0.insert(0, one.clone());
        one
    }
}
