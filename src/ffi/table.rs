//! Handles: numbers dressed as pointers.
//!
//! A handle is looked up, never dereferenced. It is odd and, on 64 bits, outside of what can be
//! mapped, so no real object has that address; nor is it so small that a runtime which looks at
//! pointers (Go's) takes it for a mistake. The low four bits say what it is a handle of; the rest
//! is a number that is never given out again.

use super::fork;
use super::result::{
    Code, Outcome, CHANGEOVER_ERR_FORKED, CHANGEOVER_ERR_HANDLE, CHANGEOVER_ERR_NULL,
    CHANGEOVER_ERR_SYSTEM,
};
use std::collections::BTreeMap;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

const KIND_BITS: u32 = 4;

/// Added to every handle.
const BASE: u64 = if usize::BITS < 64 { 1 << 12 } else { 1 << 60 };

/// What a handle is a handle of. Odd numbers below 16.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Kind {
    Engine = 1,
    Status = 3,
    StreamList = 5,
    Event = 7,
    Input = 9,
}

type Entries<T> = RwLock<BTreeMap<u64, Arc<T>>>;

/// The live handles of one kind. For operations at control rate: it takes a lock.
pub(super) struct Table<T> {
    kind: Kind,
    /// Made at first use, and never freed.
    entries: AtomicPtr<Entries<T>>,
    /// The highest number given out.
    issued: AtomicU64,
    /// Numbers up to this one were given out by a parent process.
    inherited: AtomicU64,
}

impl<T: 'static> Table<T> {
    pub(super) const fn new(kind: Kind) -> Self {
        Table {
            kind,
            entries: AtomicPtr::new(null_mut()),
            issued: AtomicU64::new(0),
            inherited: AtomicU64::new(0),
        }
    }

    /// A handle for a new object.
    pub(super) fn insert(&self, object: Arc<T>) -> Outcome<u64> {
        self.insert_as(self.issued.fetch_add(1, Ordering::Relaxed) + 1, object)
    }

    /// A handle with a number of the caller's choice, used for the first time.
    pub(super) fn insert_as(&self, number: u64, object: Arc<T>) -> Outcome<u64> {
        fork::watch()?;
        self.issued.fetch_max(number, Ordering::Relaxed);
        let id = number.checked_mul(1 << KIND_BITS);
        let id = id.and_then(|id| id.checked_add(BASE | self.kind as u64));
        // It must fit a pointer. On 64 bits the numbers don't run out.
        let id = id.filter(|id| usize::try_from(*id).is_ok()).ok_or(Code(CHANGEOVER_ERR_SYSTEM))?;
        let mut entries = self.entries().write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(id, object);
        Ok(id)
    }

    pub(super) fn find(&self, id: u64) -> Outcome<Arc<T>> {
        self.number(id)?;
        let entries = self.entries().read().unwrap_or_else(PoisonError::into_inner);
        entries.get(&id).cloned().ok_or(Code(CHANGEOVER_ERR_HANDLE))
    }

    /// Ends a handle. Exactly one call gets the object.
    pub(super) fn take(&self, id: u64) -> Outcome<Arc<T>> {
        self.number(id)?;
        let mut entries = self.entries().write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&id).ok_or(Code(CHANGEOVER_ERR_HANDLE))
    }

    /// The number of a handle of this kind, live or not. Wait-free.
    #[inline]
    pub(super) fn number(&self, id: u64) -> Outcome<u64> {
        if id == 0 {
            return Err(Code(CHANGEOVER_ERR_NULL));
        }
        let number = id.wrapping_sub(BASE) >> KIND_BITS;
        if id % (1 << KIND_BITS) != self.kind as u64 || id < BASE || number == 0 {
            return Err(Code(CHANGEOVER_ERR_HANDLE));
        }
        if number <= self.inherited.load(Ordering::Relaxed) {
            return Err(Code(CHANGEOVER_ERR_FORKED));
        }
        Ok(number)
    }

    /// In the child of a fork: forgets the parent's handles, without touching the lock that one
    /// of its threads may have held. Allocates nothing.
    pub(super) fn disown(&self) {
        self.inherited.store(self.issued.load(Ordering::Relaxed), Ordering::Relaxed);
        self.entries.store(null_mut(), Ordering::Release);
    }

    fn entries(&self) -> &'static Entries<T> {
        // Acquire: pairs with the Release that published the map.
        let mut entries = self.entries.load(Ordering::Acquire);
        if entries.is_null() {
            let fresh = Box::into_raw(Box::<Entries<T>>::default());
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            entries = match self.entries.compare_exchange(null_mut(), fresh, success, failure) {
                Ok(_) => fresh,
                Err(other) => {
                    // SAFETY: made just above and seen by nobody else.
                    drop(unsafe { Box::from_raw(fresh) });
                    other
                }
            };
        }
        // SAFETY: made by `Box::into_raw` and, once published, never freed.
        unsafe { &*entries }
    }
}
