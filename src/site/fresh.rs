//! What takes long to make and many ask for: made when somebody asks, shared by all who ask soon after.

use crate::poison::unpoisoned;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// It is good for so long.
const GOOD: Duration = Duration::from_millis(500);

/// Or for so many times what it took to make: that takes a tenth of one thread at most.
const SHARE: u32 = 10;

/// The newest one.
#[derive(Debug)]
pub(super) struct Fresh<T> {
    newest: Mutex<Option<Made<T>>>,
}

#[derive(Debug)]
struct Made<T> {
    at: Instant,
    good_for: Duration,
    what: Arc<T>,
}

impl<T> Made<T> {
    fn is_good(&self) -> bool {
        self.at.elapsed() < self.good_for
    }
}

impl<T> Default for Fresh<T> {
    fn default() -> Fresh<T> {
        Fresh { newest: Mutex::new(None) }
    }
}

impl<T> Fresh<T> {
    /// One that is good, made now if there is none.
    pub(super) fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut newest = unpoisoned(self.newest.lock());
        if let Some(made) = newest.as_ref().filter(|made| made.is_good()) {
            return made.what.clone();
        }
        let at = Instant::now();
        let what = Arc::new(make());
        let good_for = GOOD.max(at.elapsed() * SHARE);
        *newest = Some(Made { at, good_for, what: what.clone() });
        what
    }

    /// Keeps none that is not good any more.
    pub(super) fn tidy(&self) {
        unpoisoned(self.newest.lock()).take_if(|made| !made.is_good());
    }

    /// Something was changed that whoever changed it wants to see.
    pub(super) fn clear(&self) {
        *unpoisoned(self.newest.lock()) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_good_any_more_is_not_kept() {
        let fresh = Fresh::default();
        let good = fresh.get(|| 1);
        fresh.tidy();
        assert_eq!(Arc::strong_count(&good), 2);
        // As if it had been made long ago.
        unpoisoned(fresh.newest.lock()).as_mut().unwrap().good_for = Duration::ZERO;
        fresh.tidy();
        assert_eq!(Arc::strong_count(&good), 1);
        assert_eq!(*fresh.get(|| 2), 2);
    }
}
