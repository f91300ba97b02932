//! Planned switches: make before break, and on a key frame.

use super::*;
use serde::{Deserialize, Serialize};

/// A planned switch that waits for its target to deliver, or for its key frame.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) target: Priority,
    pub(super) reason: Reason,
    pub(super) decided_at: Nanos,
    /// Rule 23: while a key frame is waited for.
    pub(super) offer: Option<Offer>,
    /// When its target delivered first, in the session of the offer.
    pub(super) since: MaybeNanos,
}

impl Pending {
    pub(super) fn new(target: Priority, reason: Reason, decided_at: Nanos) -> Pending {
        Pending { target, reason, decided_at, offer: None, since: MaybeNanos::NONE }
    }
}

/// A switch that the recording thread commits, as soon as it has the packet for it: rule 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The session to which it is made.
    pub session: SessionId,
    /// The number of the switch, larger than that of the gate.
    pub number: u64,
    /// Not only a key frame, but any packet of the session takes it.
    pub to_any_packet: bool,
}

impl Stream {
    /// Rule 7: make before break, unless there is nothing to keep (7d) or no room for two
    /// (overlap off).
    pub(super) fn begin_switch(
        &mut self,
        target: Priority,
        reason: Reason,
        detail: Detail,
        start_reason: StartReason,
        now: Nanos,
        common: &mut Common,
    ) {
        if self.pending() != Some(target) {
            // Rule 7e: a newer request replaces it.
            self.abandon_pending();
        }
        let Some(index) = self.index_of(target) else { return };
        if self.is_active(index) && self.active_runs() {
            return;
        }
        let session = self.inputs[index].session.as_ref();
        let at_once = !self.on_air()
            || self.settings.overlap == Overlap::Off
            || (session.is_some_and(|session| session.delivers_at(now))
                && !self.waits_for_key_frame(index));
        if at_once {
            let cause = Cause { from: self.active(), reason, detail };
            self.commit(target, cause, start_reason, now, common);
            return;
        }
        if self.is_pending(index) {
            // Rule 23: its offer stands.
            self.pending_mut().reason = reason;
            return;
        }
        let runs = session.is_some();
        self.end_attempts(index);
        if !runs {
            self.start(index, Attempt::No, start_reason, common);
        } else if self.inputs[index].delivering() {
            // It may have died since its last packet; the next one proves that it has not.
            self.await_packet(index);
        }
        self.pending = Some(Box::new(Pending::new(target, reason, now)));
    }

    /// Rules 7e and 11c. The session of a hot or pushed target is kept.
    pub(super) fn abandon_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            if let Some(index) = self.index_of(pending.target) {
                if !self.inputs[index].keeps_session() {
                    self.stop(index);
                }
            }
        }
    }

    /// Rule 7a: the target delivers, and no key frame is waited for.
    pub(super) fn finish_pending(&mut self, now: Nanos, common: &mut Common) {
        let Some(pending) = &self.pending else { return };
        let (target, reason) = (pending.target, pending.reason);
        // After an offer its next packet counts, as at the beginning.
        let waited = pending.offer.is_some();
        let ready = |index: usize| {
            self.inputs[index].delivering() && !waited && !self.waits_for_key_frame(index)
        };
        if self.index_of(target).is_some_and(ready) {
            let detail = self.why_left(reason).unwrap_or(Detail::Seen("delivers"));
            let cause = Cause { from: self.active(), reason, detail };
            self.commit(target, cause, StartReason::Planned, now, common);
            self.put_on_air(now);
        }
    }

    /// Rule 23: whether a switch to this input commits on a key frame. Not if neither of the two is known
    /// to send any, or nothing is on air.
    fn waits_for_key_frame(&self, index: usize) -> bool {
        let has_key_frames = |index: usize| self.inputs[index].sent_key_frames;
        self.settings.commit == Commit::KeyFrame
            && self.settings.overlap == Overlap::On
            && self.on_air()
            && (has_key_frames(index) || self.active_index().is_some_and(has_key_frames))
    }

    /// While switches may wait for a key frame: the inputs that run and are not known to send any, and
    /// whether each is known to send video. See [`Stimulus::Flagged`].
    pub(crate) fn unknown_flags(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        let may_wait = self.inputs.len() > 1
            && self.settings.commit == Commit::KeyFrame
            && self.settings.overlap == Overlap::On
            && self.on_air();
        let inputs = self.inputs.iter().enumerate().filter(move |_| may_wait);
        inputs
            .filter(|(_, input)| input.session.is_some() && !input.sent_key_frames)
            .map(|(index, input)| (index, input.sent_video))
    }

    /// Rule 23: the offer in force. The driver keeps it open between two stimuli; see
    /// `docs/rules.md`, 6.
    pub fn offer(&self) -> Option<Offer> {
        self.pending.as_ref().and_then(|pending| pending.offer)
    }

    /// Rule 23: the target's packet has moved the gate.
    pub(super) fn committed(
        &mut self,
        number: u64,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        let offer =
            self.offer().filter(|offer| offer.number == number).ok_or(Error::StaleSession)?;
        let pending = *self.pending_mut();
        // What it proves of its input is what any packet does.
        self.packet(offer.session, now);
        let seen = if offer.to_any_packet { "delivers" } else { "delivers a key frame" };
        let detail = self.why_left(pending.reason).unwrap_or(Detail::Seen(seen));
        let from = self.active();
        let cause = Cause { from, reason: pending.reason, detail };
        self.commit(pending.target, cause, StartReason::Planned, now, common);
        Ok(())
    }

    /// Rule 23: makes the offer of the switch that waits, if a key frame is waited for, and makes it
    /// anew when its target has another session or the gate has moved beyond it.
    pub(super) fn renew_offer(&mut self, now: Nanos) {
        let Some(mut pending) = self.pending.as_deref().copied() else { return };
        let Some(index) = self.index_of(pending.target) else { return };
        let Some(session) = self.inputs[index].session() else { return };
        if !self.waits_for_key_frame(index) {
            if pending.offer.take().is_some() && self.inputs[index].delivering() {
                self.await_packet(index);
            }
        } else if pending
            .offer
            .is_none_or(|offer| offer.session != session || offer.number < self.switch_number)
        {
            if pending.offer.is_none_or(|offer| offer.session != session) {
                pending.since = MaybeNanos::NONE;
            }
            self.offers += 1;
            let number = self.last_number();
            pending.offer = Some(Offer { session, number, to_any_packet: false });
        }
        if self.inputs[index].delivering() {
            pending.since.set_if_none(now);
        }
        let waited = self.waited_until(&pending).is_some_and(|until| until <= now);
        if let Some(offer) = &mut pending.offer {
            offer.to_any_packet |= waited;
        }
        *self.pending_mut() = pending;
    }

    /// Rule 23: until when the switch waits for a key frame, of a target that delivers.
    fn waited_until(&self, pending: &Pending) -> Option<Nanos> {
        let since = pending.since.get()?;
        let input = &self.inputs[self.index_of(pending.target)?];
        let wait = self.settings.key_wait;
        let patience =
            if input.sent_video { wait } else { wait.min(input.settings.measure_window) };
        Some(since + patience)
    }

    /// Rule 23: when any packet may take the offer.
    pub(super) fn key_wait_ends(&self) -> Option<Nanos> {
        let pending = self.pending.as_deref()?;
        pending.offer.filter(|offer| !offer.to_any_packet)?;
        self.waited_until(pending)
    }

    /// The largest one that was given, to a move of the gate or to an offer.
    pub(crate) fn last_number(&self) -> u64 {
        self.switch_number + u64::from(self.offers)
    }

    fn pending_mut(&mut self) -> &mut Pending {
        self.pending.as_deref_mut().expect("a switch waits")
    }
}
