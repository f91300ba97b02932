//! One session of an input: whether it delivers, and what it is for.

use super::{MaybeNanos, Nanos, SessionId};
use serde::{Deserialize, Serialize};

/// Whether a session is an attempt to get a degraded input back: it has deadlines, and not to
/// deliver is a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Attempt {
    No,
    /// Rule 9c: of a cold input, to see whether it delivers.
    Trial,
    /// Rule 6d: of a hot input, in place of one that fell silent. Rule 27a: of a pushed one, whose
    /// start failed; it can only fail to start.
    Restart,
}

/// One `start` of an input that has not been stopped. Packed as [`MaybeNanos`] is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(C, packed(4))]
pub(super) struct Session {
    pub(super) id: SessionId,
    /// When the host took the *start*; once it has delivered, when the first packet came.
    since: MaybeNanos,
    pub(super) last_packet: Nanos,
    delivered: bool,
    /// Its next packet changes something, so the driver must tell of it.
    pub(super) awaited: bool,
    pub(super) attempt: Attempt,
    /// The host reported an error of it: that it delivers does not prove that it is any good.
    pub(super) reported: bool,
}

impl Session {
    pub(super) fn new(id: SessionId, attempt: Attempt) -> Self {
        Session {
            id,
            since: MaybeNanos::NONE,
            last_packet: 0,
            delivered: false,
            awaited: true,
            attempt,
            reported: false,
        }
    }

    /// Rule 3a: the host took the *start*; told twice, the first time counts.
    pub(super) fn take(&mut self, now: Nanos) {
        self.since.set_if_none(now);
    }

    /// The awaited packet came.
    pub(super) fn deliver(&mut self, now: Nanos) {
        self.awaited = false;
        self.last_packet = now;
        if !std::mem::replace(&mut self.delivered, true) {
            self.since = MaybeNanos::some(now);
        }
    }

    /// When the host took the *start* of a session that has not delivered yet.
    pub(super) fn connecting_since(&self) -> Option<Nanos> {
        self.since.get().filter(|_| !self.delivered)
    }

    pub(super) fn first_packet(&self) -> Option<Nanos> {
        self.since.get().filter(|_| self.delivered)
    }

    pub(super) fn delivering(&self) -> bool {
        self.delivered && !self.awaited
    }

    /// It delivers in this very instant.
    pub(super) fn delivers_at(&self, now: Nanos) -> bool {
        self.delivering() && self.last_packet == now
    }
}
