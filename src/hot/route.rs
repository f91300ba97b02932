//! One stream, as recording by id finds it.

use super::by_id::ByIdCells;
use super::cell::Cell;
use super::gate::Gate;
use super::owner::Owner;
use crate::units::Priority;
use crate::vocabulary::Error;
use std::ptr;
use std::sync::Arc;

/// Where a stream's packets are counted, and what its readers want. A change of inputs makes a new
/// one. What recording needs, for a stream with a short id and up to two inputs, is in the first
/// cache line, which is written to once.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Route<S> {
    pub(super) gate: &'static Gate,
    pub(super) first: [Option<ByIdCells>; 2],
    pub(super) priorities: [Priority; 2],
    /// Of the first input's first cell. The cell's own line is written to for each packet: to look
    /// there, another thread would have to take it away from the owner.
    pub(super) owner: Owner,
    len: u8,
    /// Of a short id.
    bytes: [u8; SHORT_ID],
    pub(super) id: Arc<str>,
    more: Box<[InputRoute]>,
    stream: Arc<S>,
}

/// What is left of the line.
const SHORT_ID: usize = 27;

#[cfg(not(loom))]
const _: () = assert!(std::mem::offset_of!(Route<()>, id) == 64);

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
        let mut bytes = [0; SHORT_ID];
        let short = id.len().min(SHORT_ID);
        bytes[..short].copy_from_slice(&id.as_bytes()[..short]);
        Route {
            gate,
            first: first.map(|input| input.map(|input| input.cells)),
            priorities: first.map(|input| input.map_or(-1, |input| input.priority)),
            owner: Owner::unknown(),
            // 255 at most: the core has checked it.
            len: id.len() as u8,
            bytes,
            id: id.clone(),
            more: inputs.collect(),
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
        self.more.iter().find(|input| input.priority == priority).map(|input| input.cells)
    }

    /// Whether there is a first input, and these are its cells and the gate.
    #[inline(always)]
    pub(super) fn agrees(&self, cells: *const [Cell; 2], gate: *const Gate) -> bool {
        let first = self.first[0].is_some_and(|own| ptr::eq(own.both(), cells));
        first && ptr::eq(self.gate, gate)
    }

    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    #[inline]
    pub(crate) fn stream(&self) -> &Arc<S> {
        &self.stream
    }

    #[inline(always)]
    pub(super) fn has_id(&self, id: &[u8]) -> bool {
        id.len() == usize::from(self.len)
            && match self.bytes.get(..id.len()) {
                Some(own) => same(own, id),
                None => self.id.as_bytes() == id,
            }
    }
}

/// Whether two slices of one length are equal. Without a call, because most ids are short.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a == b;
    };
    // Whole words, and the last one of each, which may overlap.
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    words_a.iter().zip(words_b).all(|(a, b)| a == b) && last_a == last_b
}

/// Where a packet is counted, and what tells whether it is admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) cells: ByIdCells,
    /// Of the first cell, as far as it is known.
    pub(crate) owner: &'a Owner,
    pub(crate) gate: &'static Gate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::OwnedGate;

    #[test]
    fn a_route_knows_its_id_by_every_byte() {
        let gate = OwnedGate::new();
        for len in 0..=255 {
            let id = "a".repeat(len);
            let route = Route::new(&Arc::from(id.as_str()), Arc::new(()), gate.get(), []);
            assert!(route.has_id(id.as_bytes()));
            assert!(!route.has_id("a".repeat(len + 1).as_bytes()), "{len} and one more");
            for at in 0..len {
                let mut other = id.clone().into_bytes();
                other[at] = b'b';
                assert!(!route.has_id(&other), "byte {at} of {len}");
            }
        }
    }
}
