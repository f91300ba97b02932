//! Rule 22: how long an input may be silent.

use super::gaps::Gaps;
use super::input::{InputHealth, Session};
use super::{Nanos, Status};
use crate::vocabulary::Silence;

impl InputHealth {
    /// Rule 22: the silence after which it is given up, at present. Where it is adaptive, it follows
    /// the longest gaps between `packet_timeout_min` and `packet_timeout`.
    pub fn silence_limit(&self) -> Nanos {
        let most = self.settings.packet_timeout;
        let gaps = self.trouble().and_then(|trouble| trouble.gaps.as_deref());
        gaps.map_or(most, |gaps| gaps.limit.clamp(self.settings.packet_timeout_min.min(most), most))
    }

    /// How often packets came back after a silence for which it was given up: each time the limit was
    /// too short, or the source was gone for a while.
    pub fn silence_returns(&self) -> u64 {
        self.trouble().map_or(0, |trouble| trouble.silence_returns)
    }

    /// An awaited packet of its session has come.
    pub(super) fn count_return(&mut self) {
        let was_silent = |session: &Session| session.first_packet().is_some() && !session.reported;
        if self.status == Status::Degraded && self.session.as_ref().is_some_and(was_silent) {
            self.trouble_mut().silence_returns += 1;
        }
    }

    /// A look at its session, whose newest packet came at `newest`.
    pub(super) fn look_at_gap(&mut self, now: Nanos, newest: Nanos) {
        if self.settings.silence != Silence::Adaptive {
            return;
        }
        let longest = self.settings.packet_timeout;
        match &mut self.trouble_mut().gaps {
            Some(gaps) => gaps.look(now, newest, longest),
            none => *none = Some(Box::new(Gaps::new(longest, now, newest))),
        }
    }

    /// A session begins or ends, or nothing is asked of its gaps any longer.
    pub(super) fn forget_gaps(&mut self) {
        if self.trouble().is_some_and(|trouble| trouble.gaps.is_some()) {
            self.trouble_mut().gaps = None;
        }
    }
}
