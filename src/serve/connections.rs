//! The connections there are, and which of them has to go when there are too many.

use super::room::{Part, Room};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::AbortHandle;

#[derive(Debug, Default)]
struct Connection {
    task: Option<AbortHandle>,
    /// Since when its client is expected to ask something; `None` while it is being answered.
    quiet_since: Option<Instant>,
    /// All of the answer was handed out; it may still wait to be sent.
    is_handed_out: bool,
    /// It is answered by events as they come.
    follows: bool,
}

#[derive(Debug, Default)]
struct All {
    last: u64,
    by_number: BTreeMap<u64, Connection>,
    room: Room,
}

/// All connections. For one thread.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    all: Rc<RefCell<All>>,
    most: usize,
}

/// One of them, until it is dropped.
pub(super) struct Place {
    connections: Connections,
    number: u64,
    /// Of answers that were handed out and have not been sent.
    unsent: RefCell<Vec<Part>>,
}

/// An answer that is being handed out, until it is dropped.
pub(super) struct Answering {
    place: Rc<Place>,
    part: Option<Part>,
}

impl All {
    fn quiet_longest(&self) -> Option<u64> {
        let all = self.by_number.iter();
        let quiet = all.filter_map(|(number, one)| Some((one.quiet_since?, *number)));
        quiet.min().map(|(_, number)| number)
    }

    /// Those that follow events, the oldest first.
    fn followers(&self) -> impl Iterator<Item = u64> + '_ {
        self.by_number.iter().filter(|(_, one)| one.follows).map(|(number, _)| *number)
    }

    fn send_away(&mut self, number: u64) {
        if let Some(task) = self.by_number.remove(&number).and_then(|one| one.task) {
            task.abort();
        }
    }
}

impl Connections {
    pub(super) fn new(most: usize) -> Connections {
        Connections { all: Rc::default(), most }
    }

    /// A place for a new one. When there is none, the connection goes that has been quiet the longest: who
    /// opens many and says nothing shuts nobody out. If none is quiet, one that follows events does, which can
    /// go on later. `None`: all are being answered.
    pub(super) fn admit(&self) -> Option<Rc<Place>> {
        let mut all = self.all.borrow_mut();
        if all.by_number.len() >= self.most {
            let goes = all.quiet_longest().or_else(|| all.followers().next())?;
            all.send_away(goes);
        }
        all.last += 1;
        let number = all.last;
        let connection = Connection { quiet_since: Some(Instant::now()), ..Connection::default() };
        all.by_number.insert(number, connection);
        Some(Rc::new(Place { connections: self.clone(), number, unsent: RefCell::default() }))
    }
}

impl Place {
    /// What ends when it has to go.
    pub(super) fn is_of(&self, task: AbortHandle) {
        let mut all = self.connections.all.borrow_mut();
        if let Some(connection) = all.by_number.get_mut(&self.number) {
            connection.task = Some(task);
        }
    }

    /// A request has come whole.
    pub(super) fn is_asked(&self) {
        let mut all = self.connections.all.borrow_mut();
        if let Some(connection) = all.by_number.get_mut(&self.number) {
            (connection.quiet_since, connection.is_handed_out) = (None, false);
        }
    }

    /// An answer begins.
    pub(super) fn answers(self: &Rc<Place>) -> Answering {
        Answering { place: self.clone(), part: None }
    }

    /// It follows events from now on. Half of the places are for those who do, so that the others are left
    /// for short requests: beyond that the oldest one goes.
    pub(super) fn follows(&self) {
        let mut all = self.connections.all.borrow_mut();
        if let Some(connection) = all.by_number.get_mut(&self.number) {
            connection.follows = true;
        }
        let most = (self.connections.most / 2).max(1);
        if all.followers().count() > most {
            let oldest = all.followers().next();
            oldest.into_iter().for_each(|number| all.send_away(number));
        }
    }

    /// All that was handed out has been sent.
    pub(super) fn has_sent(&self) {
        let mut all = self.connections.all.borrow_mut();
        self.unsent.take().into_iter().for_each(|part| all.room.give_back(part));
        if let Some(connection) = all.by_number.get_mut(&self.number) {
            if std::mem::take(&mut connection.is_handed_out) {
                connection.quiet_since = Some(Instant::now());
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.has_sent();
        self.connections.all.borrow_mut().by_number.remove(&self.number);
    }
}

impl Answering {
    /// Takes room for so many bytes, those of `shared` if it is said; false if there is none.
    pub(super) fn takes(&mut self, bytes: usize, shared: Option<&Arc<String>>) -> bool {
        self.part = self.place.connections.all.borrow_mut().room.take(bytes, shared);
        self.part.is_some()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.place.unsent.borrow_mut().extend(self.part.take());
        let mut all = self.place.connections.all.borrow_mut();
        if let Some(connection) = all.by_number.get_mut(&self.place.number) {
            connection.is_handed_out = true;
        }
    }
}
