//! One stream, as recording by id finds it.

use super::by_id::ByIdCells;
use super::gate::Gate;
use super::owner::Owner;
use crate::units::Priority;
use crate::vocabulary::Error;
use std::sync::Arc;

/// Where a stream's packets are counted, and what its readers want. A change of inputs makes a new
/// one. One cache line. (Most packets find what they need in the slot.)
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Route<S> {
    pub(super) gate: &'static Gate,
    first: [Option<ByIdCells>; 2],
    priorities: [Priority; 2],
    pub(super) id: Arc<str>,
    /// Most have none, so they are a pointer away.
    more: Option<Box<FurtherInputs>>,
    stream: Arc<S>,
}

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(size_of::<Route<()>>() == 64);

/// Those behind the second.
#[derive(Debug)]
struct FurtherInputs(Box<[InputRoute]>);

/// One input, by id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRoute {
    pub(crate) priority: Priority,
    pub(crate) cells: ByIdCells,
}

impl<S> Route<S> {
    /// `gate` is the stream's: it owns it.
    pub(crate) fn new(
        id: &Arc<str>,
        stream: Arc<S>,
        gate: &'static Gate,
        inputs: impl IntoIterator<Item = InputRoute>,
    ) -> Self {
        let mut inputs = inputs.into_iter();
        let first = [inputs.next(), inputs.next()];
        let more: Box<[_]> = inputs.collect();
        Route {
            gate,
            first: first.map(|input| input.map(|input| input.cells)),
            priorities: first.map(|input| input.map_or(-1, |input| input.priority)),
            id: id.clone(),
            more: (!more.is_empty()).then(|| Box::new(FurtherInputs(more))),
            stream,
        }
    }

    /// Where an input's packets are counted.
    #[inline(always)]
    pub(super) fn target(&self, priority: Priority) -> Result<Target<'_>, Error> {
        let cells = if priority == self.priorities[0] {
            self.first[0]
        } else if priority == self.priorities[1] {
            self.first[1]
        } else {
            self.further_input(priority)
        };
        let cells = cells.ok_or(Error::UnknownInput)?;
        Ok(Target { cells, owner: cells.owner(), gate: self.gate })
    }

    #[cold]
    fn further_input(&self, priority: Priority) -> Option<ByIdCells> {
        let FurtherInputs(more) = self.more.as_deref()?;
        more.iter().find(|input| input.priority == priority).map(|input| input.cells)
    }

    /// The first input: where its packets are counted by id, and its priority.
    pub(super) fn first_input(&self) -> Option<(ByIdCells, Priority)> {
        Some((self.first[0]?, self.priorities[0]))
    }

    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    #[inline]
    pub(crate) fn stream(&self) -> &Arc<S> {
        &self.stream
    }

    pub(super) fn has_id(&self, id: &[u8]) -> bool {
        self.id.as_bytes() == id
    }
}

/// Where a packet is counted, and what tells whether it is admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) cells: ByIdCells,
    /// Of the first cell, as far as it is known.
    pub(crate) owner: &'a Owner,
    pub(crate) gate: &'static Gate,
}
