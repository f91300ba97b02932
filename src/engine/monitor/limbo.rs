//! What was made unreachable waits here until no recording thread can be looking at it. How it is
//! freed does not belong here.

use crate::engine::published::StreamShared;
use crate::hot::{Absence, Presences, Unlinked};

/// Routes and by-id cells that no thread finds any longer.
#[derive(Debug, Default)]
pub(super) struct Unreachable {
    pub(super) routes: Vec<Unlinked<StreamShared>>,
    /// Cells: the first of two neighbours each.
    pub(super) pairs: Vec<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Limbo {
    /// What is not waited for yet.
    entered: Unreachable,
    /// What some threads may still be looking at.
    leaving: Option<(Unreachable, Absence)>,
}

/// The system refuses to say which threads may be looking: this many routes are leaked, with their
/// cells.
#[derive(Debug)]
pub(super) struct Leaked(pub(super) usize);

impl Limbo {
    pub(super) fn add_route(&mut self, route: Option<Unlinked<StreamShared>>) {
        self.entered.routes.extend(route);
    }

    pub(super) fn add_pair(&mut self, first: Option<usize>) {
        self.entered.pairs.extend(first);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leaving.is_none() && self.entered.is_empty()
    }

    /// What no thread can be looking at any longer: to be freed. Never blocks.
    pub(super) fn take_free(&mut self) -> Option<Unreachable> {
        let (_, absence) = self.leaving.as_mut()?;
        if !absence.complete() {
            return None;
        }
        self.leaving.take().map(|(free, _)| free)
    }

    /// Begins to wait for the threads that may be looking at what has entered since, once those
    /// before have left. Never blocks.
    pub(super) fn advance(&mut self, presences: &Presences) -> Result<(), Leaked> {
        if self.leaving.is_some() || self.entered.is_empty() {
            return Ok(());
        }
        let entered = std::mem::take(&mut self.entered);
        let Some(absence) = presences.inside() else {
            // As far as can be known, somebody may be looking at them forever.
            let leaked = entered.routes.len();
            std::mem::forget(entered.routes);
            return Err(Leaked(leaked));
        };
        self.leaving = Some((entered, absence));
        Ok(())
    }
}

impl Unreachable {
    fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.pairs.is_empty()
    }
}
