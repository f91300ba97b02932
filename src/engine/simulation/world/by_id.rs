//! Threads that record by id, and may be held up in the midst of it.

use super::World;
use crate::core::Priority;
use crate::engine::membership::with_route;
use crate::engine::published::StreamShared;
use crate::engine::shared::Shared;
use crate::engine::simulation::checker::Recorded;
use crate::hot::{Packet, Presence, Verdict, View};
use crate::vocabulary::{Error, Flags};
use std::sync::Arc;

/// A packet that is being recorded: its place was found, and what is found there is not to be freed.
struct HeldUp {
    go_on: Box<dyn FnOnce() -> Verdict>,
    cells: [usize; 2],
    registration: u64,
    priority: Priority,
    input: u64,
    bytes: u32,
}

/// One thread: what it keeps for recording by id.
pub(super) struct ByIdThread {
    held_up: Option<HeldUp>,
    /// From `Arc::into_raw` and `Box::into_raw`, and freed when this is dropped.
    presence: *const Presence,
    view: *mut View<StreamShared>,
    shared: Arc<Shared>,
}

impl ByIdThread {
    pub(super) fn new(shared: &Arc<Shared>) -> ByIdThread {
        let presence = Arc::into_raw(shared.presences.join());
        let view = Box::into_raw(Box::new(View::new(shared.table.clone())));
        ByIdThread { held_up: None, presence, view, shared: shared.clone() }
    }

    /// Finds where a packet is counted, and stays inside: the cells, and what is left to be done.
    #[expect(clippy::type_complexity, reason = "it is named once")]
    fn find(
        &mut self,
        id: &str,
        priority: Priority,
        packet: Packet,
    ) -> Result<([usize; 2], Box<dyn FnOnce() -> Verdict>), Error> {
        // SAFETY: both live until this is dropped, and what borrows them is dropped before.
        let (presence, view) = unsafe { (&*self.presence, &mut *self.view) };
        let inside = presence.enter();
        let target = view.table().target(id.as_bytes(), priority)?;
        let cells = target.cells.both().each_ref().map(|cell| cell.number());
        let shared = self.shared.clone();
        let go_on = move || {
            let me = presence.thread();
            let verdict = target.cells.record(me, target.owner, packet, &shared.clock, target.gate);
            drop(inside);
            verdict
        };
        Ok((cells, Box::new(go_on)))
    }
}

impl Drop for ByIdThread {
    fn drop(&mut self) {
        // It leaves.
        self.held_up = None;
        // SAFETY: from `into_raw`, and nothing borrows them any more.
        unsafe {
            drop(Arc::from_raw(self.presence));
            drop(Box::from_raw(self.view));
        }
    }
}

impl World {
    /// A thread's turn: it goes on, or begins with any stream.
    pub(super) fn by_id(&mut self, thread: usize) {
        let held_up = self.threads[thread].held_up.take();
        match held_up {
            Some(held_up) => self.go_on(held_up),
            None if !self.calm => {
                let at = self.random.usize(..self.plan.streams.len());
                let (stream, priority) = (self.plan.streams[at], self.random.i32(0..3));
                self.record_by_id(thread, stream, priority, 100, Flags::NONE);
            }
            None => return,
        }
        let delay = self.random.u64(0..20_000_000);
        self.plan_in(delay, super::Step::ById(thread));
    }

    /// Records a packet by id, on a thread that may be held up in there.
    pub(super) fn record_by_id(
        &mut self,
        thread: usize,
        stream: usize,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) {
        if self.threads[thread].held_up.is_some() {
            return;
        }
        let id = self.id(stream);
        let number = self.checker.registered(stream);
        let input = number.and_then(|number| self.checker.input(number, priority));
        match self.threads[thread].find(&id, priority, Packet { bytes, flags }) {
            Ok((cells, go_on)) => {
                let registration = number.expect("found, and not registered");
                let input = input.expect("found, and no input");
                let held_up = HeldUp { go_on, cells, registration, priority, input, bytes };
                if !self.calm && self.random.u32(..8) == 0 {
                    self.threads[thread].held_up = Some(held_up);
                } else {
                    self.go_on(held_up);
                }
            }
            Err(Error::UnknownStream) => assert_eq!(number, None, "it is not found"),
            Err(error) => assert!(input.is_none(), "it is not found: {error:?}"),
        }
    }

    fn go_on(&mut self, held_up: HeldUp) {
        let HeldUp { go_on, registration, priority, input, bytes, .. } = held_up;
        let number = go_on().number();
        let packet = Recorded {
            registration,
            priority,
            input,
            session: None,
            packets: 1,
            bytes: bytes.into(),
            key: false,
            number,
        };
        let now = self.now();
        self.checker.recorded(&packet, &now);
    }

    /// No input has cells in which a thread still counts for another one.
    pub(super) fn cells_are_its_own(&self, stream: usize) {
        if self.threads.iter().all(|thread| thread.held_up.is_none()) {
            return;
        }
        let id = self.id(stream);
        let shared = self.machine().shared().clone();
        let found = with_route(&shared, &id, |route| {
            let snapshot = route.stream().snapshot();
            let inputs = snapshot.inputs().filter_map(|(health, cells)| {
                Some((health.priority(), cells.by_id()?.both()[0].number()))
            });
            (snapshot.core().registration(), inputs.collect::<Vec<_>>())
        });
        let Ok((registration, inputs)) = found else { return };
        for held_up in self.threads.iter().filter_map(|thread| thread.held_up.as_ref()) {
            for (priority, cell) in &inputs {
                let input = self.checker.input(registration, *priority);
                let its_own = input == Some(held_up.input);
                assert!(
                    its_own || !held_up.cells.contains(cell),
                    "cell {cell} is {registration}/{priority}'s, while a thread counts for {}/{} in it",
                    held_up.registration,
                    held_up.priority
                );
            }
        }
    }
}
