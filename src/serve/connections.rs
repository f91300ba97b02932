//! The connections there are, and which of them has to go when there are too many.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::AbortHandle;

/// So many bytes of answers may wait for their clients to take them, all together.
const UNSENT_MAX: usize = 64 << 20;

#[derive(Debug)]
struct Connection {
    task: Option<AbortHandle>,
    /// Since when its client is expected to ask something; `None` while it is being answered.
    quiet_since: Option<Instant>,
}

#[derive(Debug, Default)]
struct All {
    last: u64,
    by_number: BTreeMap<u64, Connection>,
    unsent: usize,
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
}

/// An answer on its way, until it is dropped.
pub(super) struct Unsent {
    place: Rc<Place>,
    bytes: usize,
}

impl Connections {
    pub(super) fn new(most: usize) -> Connections {
        Connections { all: Rc::default(), most }
    }

    /// A place for a new one. When there is none, the connection goes that has been quiet the longest: who
    /// opens many and says nothing shuts nobody out. `None`: all are being answered.
    pub(super) fn admit(&self) -> Option<Rc<Place>> {
        let mut all = self.all.borrow_mut();
        if all.by_number.len() >= self.most {
            let quiet = all.by_number.iter();
            let quiet = quiet.filter_map(|(number, one)| Some((one.quiet_since?, *number)));
            let (_, longest) = quiet.min()?;
            if let Some(task) = all.by_number.remove(&longest).and_then(|one| one.task) {
                task.abort();
            }
        }
        all.last += 1;
        let number = all.last;
        let connection = Connection { task: None, quiet_since: Some(Instant::now()) };
        all.by_number.insert(number, connection);
        Some(Rc::new(Place { connections: self.clone(), number }))
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

    /// A request has come whole, or its answer has gone.
    pub(super) fn is_answered(&self, now: bool) {
        let mut all = self.connections.all.borrow_mut();
        if let Some(connection) = all.by_number.get_mut(&self.number) {
            connection.quiet_since = (!now).then(Instant::now);
        }
    }

    /// Room for an answer of so many bytes, if there is. The only one there is may be of any size.
    pub(super) fn reserve(self: &Rc<Place>, bytes: usize) -> Option<Unsent> {
        let mut all = self.connections.all.borrow_mut();
        if all.unsent > 0 && all.unsent + bytes > UNSENT_MAX {
            return None;
        }
        all.unsent += bytes;
        Some(Unsent { place: self.clone(), bytes })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.all.borrow_mut().by_number.remove(&self.number);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.place.connections.all.borrow_mut().unsent -= self.bytes;
        self.place.is_answered(false);
    }
}
