//! Locks that outlive a panic. What is behind them is never half changed where something can panic,
//! so a panic of one thread takes nothing away from the others.

use std::sync::{LockResult, PoisonError};

/// What was locked, even if a thread panicked while it held the lock.
pub(crate) fn unpoisoned<T>(locked: LockResult<T>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}
