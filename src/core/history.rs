//! The last switches of a stream, for its operator.

use super::Switch;
use smallvec::SmallVec;
use std::sync::Arc;

/// Switches kept per stream.
const KEPT: usize = 20;

/// The newest is kept in place: most streams never have another.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    newest: Option<Switch>,
    /// Oldest first. Shared by copies of the stream.
    earlier: Option<Arc<SmallVec<[Switch; 1]>>>,
}

impl History {
    pub(super) fn push(&mut self, switch: Switch) {
        if let Some(before) = self.newest.replace(switch) {
            let earlier = self.earlier();
            let forgotten = (earlier.len() + 2).saturating_sub(KEPT);
            let kept = earlier[forgotten..].iter().chain([&before]).cloned();
            self.earlier = Some(Arc::new(kept.collect()));
        }
    }

    pub(super) fn last(&self) -> Option<&Switch> {
        self.newest.as_ref()
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Switch> {
        let earlier = self.earlier();
        let newest = self.newest.as_slice();
        let at = |at| earlier.get(at).unwrap_or_else(|| &newest[at - earlier.len()]);
        (0..earlier.len() + newest.len()).map(at)
    }

    fn earlier(&self) -> &[Switch] {
        self.earlier.as_deref().map_or(&[], SmallVec::as_slice)
    }
}
