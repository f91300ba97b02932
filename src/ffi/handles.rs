//! Handles: numbers dressed as pointers.
//!
//! A handle is looked up, never dereferenced. It is odd and, on 64 bits, outside of what can be
//! mapped, so no real object has that address; nor is it so small that a runtime which looks at
//! pointers (Go's) takes it for a mistake. The low five bits say what it is a handle of; the rest
//! is a number that is never given out again. A number that a forked child's parent gave out is
//! refused before anything is looked up.

use super::result::{
    Code, Outcome, CHANGEOVER_ERR_FORKED, CHANGEOVER_ERR_HANDLE, CHANGEOVER_ERR_NULL,
    CHANGEOVER_ERR_SYSTEM,
};
use crate::hot::{is_inherited, next_number, PerProcess};
use crate::poison::unpoisoned;
use std::collections::BTreeMap;
use std::ptr::without_provenance_mut;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

const KIND_BITS: u32 = 5;

/// Added to every handle.
const BASE: u64 = if usize::BITS < 64 { 1 << 12 } else { 1 << 60 };

/// What a handle is a handle of. Odd numbers below 32.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Kind {
    Engine = 1,
    Status = 3,
    StreamList = 5,
    Event = 7,
    Input = 9,
    Tap = 11,
    Text = 13,
    Server = 15,
    Site = 17,
    Response = 19,
}

/// A handle as C has it.
pub(super) fn pointer<H>(id: u64) -> *mut H {
    // It fits: see `insert_as`.
    without_provenance_mut(id as usize)
}

type Live<T> = BTreeMap<u64, Arc<T>>;

/// The live handles of one kind. For operations at control rate: it takes a lock.
pub(super) struct Handles<T: 'static> {
    kind: Kind,
    live: PerProcess<RwLock<Live<T>>>,
}

impl<T: Send + Sync> Handles<T> {
    pub(super) const fn new(kind: Kind) -> Self {
        Handles { kind, live: PerProcess::new() }
    }

    /// A handle for a new object.
    pub(super) fn insert(&self, object: Arc<T>) -> Outcome<u64> {
        self.insert_as(next_number(), object)
    }

    /// A handle with a number of the object's own, used for the first time.
    pub(super) fn insert_as(&self, number: u64, object: Arc<T>) -> Outcome<u64> {
        let id = number.checked_mul(1 << KIND_BITS);
        let id = id.and_then(|id| id.checked_add(BASE | self.kind as u64));
        // It must fit a pointer. On 64 bits the numbers don't run out.
        let id = id.filter(|id| usize::try_from(*id).is_ok()).ok_or(Code(CHANGEOVER_ERR_SYSTEM))?;
        self.write().insert(id, object);
        Ok(id)
    }

    pub(super) fn find(&self, id: u64) -> Outcome<Arc<T>> {
        self.number(id)?;
        self.read().get(&id).cloned().ok_or(Code(CHANGEOVER_ERR_HANDLE))
    }

    /// Ends a handle. Exactly one call gets the object.
    pub(super) fn take(&self, id: u64) -> Outcome<Arc<T>> {
        self.number(id)?;
        self.write().remove(&id).ok_or(Code(CHANGEOVER_ERR_HANDLE))
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
        if is_inherited(number) {
            return Err(Code(CHANGEOVER_ERR_FORKED));
        }
        Ok(number)
    }

    fn read(&self) -> RwLockReadGuard<'static, Live<T>> {
        unpoisoned(self.live.get().read())
    }

    fn write(&self) -> RwLockWriteGuard<'static, Live<T>> {
        unpoisoned(self.live.get().write())
    }
}
