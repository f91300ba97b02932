//! A value of the host's that an input carries, and where it ends: on a thread of the host's, or one that
//! calls the host, but never on a thread that must not run host code.

use crate::poison::unpoisoned;
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

type Value = Box<dyn Any + Send + Sync>;

/// A value of the host's that comes back with each *start*, *stop* and *probe* of an input; see
/// [`Input::with_user_data`](crate::Input::with_user_data). Copies share it; it is dropped with the last one.
#[derive(Clone)]
pub struct UserData(Arc<Held>);

impl UserData {
    /// Any value.
    pub fn new(value: impl Any + Send + Sync) -> UserData {
        UserData(Arc::new(Held(Some(Box::new(value)))))
    }

    /// The value, if it is a `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0 .0.as_deref().and_then(|value| value.downcast_ref())
    }
}

/// Whether it is the same value, not one that is alike.
impl PartialEq for UserData {
    fn eq(&self, other: &UserData) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for UserData {}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserData")
    }
}

/// There until it is dropped.
struct Held(Option<Value>);

impl Drop for Held {
    fn drop(&mut self) {
        let Some(value) = self.0.take() else { return };
        // A thread that is ending is none of the engine's.
        match LEAVES_TO.try_with(|others| others.borrow().clone()) {
            Ok(Some(others)) => unpoisoned(others.values.lock()).push(value),
            _ => end(value),
        }
    }
}

/// Its destructor is host code. A panic of it was printed, and concerns nobody here.
fn end(value: Value) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

thread_local! {
    /// On a thread that runs no host code: to whom it leaves what it would drop.
    static LEAVES_TO: RefCell<Option<Arc<Leftovers>>> = const { RefCell::new(None) };
}

/// What is to be dropped on another thread.
#[derive(Default)]
pub(crate) struct Leftovers {
    values: Mutex<Vec<Value>>,
}

impl Leftovers {
    /// From now on this thread drops no value, but leaves it here.
    pub(crate) fn are_left_by_this_thread(self: &Arc<Self>) {
        LEAVES_TO.set(Some(self.clone()));
    }

    /// This thread leaves nothing any more. What it left, if nobody else is there to drop it.
    pub(crate) fn of_nobody_else() -> Option<Leftovers> {
        let mut left = Arc::into_inner(LEAVES_TO.take()?)?;
        (!unpoisoned(left.values.get_mut()).is_empty()).then_some(left)
    }

    /// Drops what was left so far. Runs host code.
    pub(crate) fn end(&self) {
        let left = std::mem::take(&mut *unpoisoned(self.values.lock()));
        left.into_iter().for_each(end);
    }
}

/// One after the other, each whatever another one does.
impl Drop for Leftovers {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leftovers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_thread_leaves_is_dropped_by_another() {
        let value = Arc::new(());
        let data = UserData::new(value.clone());
        assert_eq!(data.get::<Arc<()>>(), Some(&value));
        assert_eq!(data.get::<u32>(), None);
        let left = Arc::new(Leftovers::default());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                left.are_left_by_this_thread();
                drop(data);
            });
        });
        assert_eq!(Arc::strong_count(&value), 2);
        left.end();
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_destructor_that_panics_harms_nobody() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("a destructor of the host's");
            }
        }
        drop(UserData::new(Panics));
        assert_ne!(UserData::new(1), UserData::new(1));
    }
}
