//! loom's atomics, with orderings that a twin of a model can weaken: each ordering of the table in
//! ARCHITECTURE.md is shown to be needed by a model that fails without it.

use loom::sync::atomic as plain;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::read_to_string;
use std::panic::Location;
use std::sync::atomic::Ordering;

thread_local! {
    /// The function (`Type::function`) whose accesses of this ordering are relaxed, and its fences left out.
    /// (All threads of an execution are run by one.)
    static WEAK: Cell<Option<(&'static str, Ordering)>> = const { Cell::new(None) };

    /// In which function a line is.
    static FUNCTIONS: RefCell<HashMap<(&'static str, u32), String>> = RefCell::default();
}

/// Until it is dropped, the accesses of one ordering in one function are relaxed.
#[derive(Debug)]
pub(crate) struct Weakened(());

impl Weakened {
    /// As in the table: `"Gate::move_to Release"`.
    pub(crate) fn new(row: &'static str) -> Weakened {
        let (function, ordering) = row.split_once(' ').expect("`Type::function Ordering`");
        let all = [Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst];
        let known = all.into_iter().find(|one| format!("{one:?}") == ordering);
        WEAK.set(Some((function, known.expect("a known ordering"))));
        Weakened(())
    }
}

impl Drop for Weakened {
    fn drop(&mut self) {
        WEAK.set(None);
    }
}

fn is_weak(ordering: Ordering, at: &'static Location<'static>) -> bool {
    WEAK.get().is_some_and(|(function, weak)| weak == ordering && is_in(at, function))
}

fn is_in(at: &'static Location<'static>, function: &str) -> bool {
    FUNCTIONS.with_borrow_mut(|functions| {
        let found = functions.entry((at.file(), at.line())).or_insert_with(|| function_at(at));
        found == function
    })
}

/// `Type::function`, or `function`.
fn function_at(at: &Location<'_>) -> String {
    let text = read_to_string(at.file()).unwrap_or_default();
    let before: Vec<&str> = text.lines().take(at.line() as usize).collect();
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let function =
        before.iter().rev().find_map(|line| line.split_once("fn ")).map(|(_, rest)| word(rest));
    let function = function.unwrap_or_default();
    for line in before.iter().rev() {
        if line.starts_with('}') {
            break;
        }
        if let Some(head) = line.strip_prefix("impl") {
            let name = head.rsplit_once(" for ").map_or_else(
                || head.split_once("> ").map_or(head, |(_, name)| name),
                |(_, name)| name,
            );
            return format!("{}::{function}", word(name.trim_start()));
        }
    }
    function
}

#[track_caller]
fn order(ordering: Ordering) -> Ordering {
    if ordering != Ordering::Relaxed && is_weak(ordering, Location::caller()) {
        Ordering::Relaxed
    } else {
        ordering
    }
}

#[track_caller]
pub(crate) fn fence(ordering: Ordering) {
    if !is_weak(ordering, Location::caller()) {
        plain::fence(ordering);
    }
}

macro_rules! atomic {
    ($name:ident $(<$of:ident>)?, $value:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name $(<$of>)? (plain::$name $(<$of>)?);

        #[allow(dead_code, reason = "not each is used of each")]
        impl $(<$of>)? $name $(<$of>)? {
            #[track_caller]
            pub(crate) fn new(value: $value) -> Self {
                $name(plain::$name::new(value))
            }

            #[track_caller]
            pub(crate) fn load(&self, ordering: Ordering) -> $value {
                self.0.load(order(ordering))
            }

            #[track_caller]
            pub(crate) fn store(&self, value: $value, ordering: Ordering) {
                self.0.store(value, order(ordering));
            }

            #[track_caller]
            pub(crate) fn swap(&self, value: $value, ordering: Ordering) -> $value {
                self.0.swap(value, order(ordering))
            }

            #[track_caller]
            pub(crate) fn compare_exchange(
                &self,
                from: $value,
                to: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.0.compare_exchange(from, to, order(success), order(failure))
            }
        }
    };
}

macro_rules! integer {
    ($name:ident, $value:ty, $($operation:ident)*) => {
        atomic!($name, $value);

        impl Default for $name {
            fn default() -> Self {
                $name::new(<$value>::default())
            }
        }

        impl $name {
            $(
                #[track_caller]
                pub(crate) fn $operation(&self, value: $value, ordering: Ordering) -> $value {
                    self.0.$operation(value, order(ordering))
                }
            )*

            #[track_caller]
            #[allow(dead_code, reason = "not of each")]
            pub(crate) fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                to: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.0.fetch_update(order(success), order(failure), to)
            }
        }
    };
}

atomic!(AtomicPtr<T>, *mut T);
integer!(AtomicBool, bool,);
integer!(AtomicU32, u32, fetch_add);
integer!(AtomicU64, u64, fetch_add fetch_or fetch_and fetch_max);
