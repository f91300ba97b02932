//! What engines share is made once, whoever comes first.

use super::process::PerProcess;
use super::sync::AtomicU32;
use super::*;

/// Whole once it was made.
struct Value(AtomicU32);

impl Default for Value {
    fn default() -> Value {
        let value = Value(AtomicU32::new(0));
        value.0.store(7, Ordering::Relaxed);
        value
    }
}

#[test]
pub(super) fn of_two_that_are_made_at_once_all_have_one_and_it_is_whole() {
    check(3, || {
        let shared: Arc<PerProcess<Value>> = Arc::new(PerProcess::new());
        let get = |shared: &PerProcess<Value>| {
            let value: &'static Value = shared.get();
            assert_eq!(value.0.load(Ordering::Relaxed), 7, "seen before it was whole");
            std::ptr::from_ref(value).addr()
        };
        let others = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || get(&shared))
        });
        let mine = get(&shared);
        others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), mine));
    });
}
