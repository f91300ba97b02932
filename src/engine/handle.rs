//! An open input: the fastest way to record.

use super::monitor::Mailbox;
use super::published::{OpenCell, StreamShared};
use super::reports::{Report, Reported, Reports};
use super::shared::Shared;
use crate::core::{Priority, SessionId, Stimulus};
#[cfg(feature = "capi")]
use crate::hot::Clock;
use crate::hot::{Cell, Gate, Verdict};
use crate::vocabulary::Flags;
use std::sync::{Arc, OnceLock};

/// An open input, bound to one session or following the current one.
///
/// It may move between threads; recording takes `&mut`, so one thread at a time. It outlives its
/// stream and its engine: from then on it answers [`Verdict::DROP`]. Dropping it closes it.
#[derive(Debug)]
pub struct InputHandle {
    cell: &'static Cell,
    gate: &'static Gate,
    /// The cell's number in the engine's pool.
    number: usize,
    /// Owns the gate.
    _stream: Arc<StreamShared>,
    priority: Priority,
    session: SessionId,
    shared: Arc<Shared>,
    mailbox: Mailbox,
    /// Most never report any.
    reports: OnceLock<Arc<Reports>>,
}

impl InputHandle {
    /// For recording to an input that was opened.
    pub(super) fn new(
        open: OpenCell,
        priority: Priority,
        session: SessionId,
        shared: Arc<Shared>,
        mailbox: Mailbox,
    ) -> InputHandle {
        let OpenCell { cell, number, stream } = open;
        let gate = stream.gate();
        InputHandle {
            cell,
            gate,
            number,
            _stream: stream,
            priority,
            session,
            shared,
            mailbox,
            reports: OnceLock::new(),
        }
    }

    /// Counts one packet of `bytes` bytes, and says whether to forward it. Wait-free; no lock,
    /// no allocation, no system call.
    ///
    /// Once the session of a bound handle is over, its packets are still counted, but are no sign of
    /// life.
    #[inline]
    pub fn record(&mut self, bytes: u32, flags: Flags) -> Verdict {
        self.cell.record(bytes, flags, &self.shared.clock, self.gate)
    }

    /// Counts several packets under one verdict. Of these only the first may commit a switch that
    /// waits for a key frame (rule 23). Wait-free.
    #[inline]
    pub fn record_batch(
        &mut self,
        packets: impl IntoIterator<Item = (u32, Flags), IntoIter: ExactSizeIterator + Clone>,
    ) -> Verdict {
        let packets = packets.into_iter();
        self.cell.record_batch(packets, &self.shared.clock, self.gate)
    }

    /// As [`InputHandle::record_batch`], but the first key frame may commit a switch: the verdict is on
    /// the packets from the place that is returned; those before it are to be dropped. Wait-free.
    #[inline]
    pub fn record_batch_from(
        &mut self,
        packets: impl IntoIterator<Item = (u32, Flags), IntoIter: ExactSizeIterator + Clone>,
    ) -> (Verdict, usize) {
        let packets = packets.into_iter();
        self.cell.record_batch_from(packets, &self.shared.clock, self.gate)
    }

    /// Counts packets known to be lost, e.g. from gaps in sequence numbers. Wait-free.
    #[inline]
    pub fn record_lost(&mut self, lost: u64) {
        self.cell.record_lost(lost);
    }

    /// Reports an error of this handle's session; ignored when that is over. A handle that
    /// follows reports an error of the input. Returns at once; the decision follows.
    ///
    /// It may be called in a loop: the first report counts, and those that come before the engine has
    /// looked at it are the same as that one. After the first it looks once in a tick.
    ///
    /// The session is not stopped for it: a cold one goes on behind the closed gate until another
    /// input is on air, and as long as there is none its packets may bring it back; a hot one goes on,
    /// and recovers by its packets. The host stops it when it is told to.
    pub fn report_error(&self, text: &str) {
        self.report(Reported::Error, text);
    }

    /// Says that the *start* of this handle's session has failed, from the thread on which it was to
    /// begin; ignored when the session is over. Of a handle that follows, the input's current one. Its
    /// *stop* follows at once. As [`Engine::start_result`](crate::Engine::start_result), but returns at
    /// once, and may be called in a loop like [`InputHandle::report_error`], or after it.
    pub fn start_failed(&self, text: &str) {
        self.report(Reported::StartFailed, text);
    }

    fn report(&self, what: Reported, text: &str) {
        let reports = self.reports.get_or_init(Arc::default);
        if let Some(asking) = reports.add(what, text) {
            let (cell, priority, session) = (self.number, self.priority, self.session);
            let reporter = Reporter { cell, priority, session, reports: reports.clone() };
            // Once until the monitor has looked and found nothing; by each thread that reports at once.
            self.mailbox.post(move |monitor| monitor.look_at_reports_of(reporter));
            reports.asked(asking);
        } else {
            self.shared.reported_again.tell();
        }
    }

    /// The session it is bound to; 0 when it follows the current one.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// For the C ABI: gives the cell another tag, so that stale copies of this handle are
    /// recognized. Nobody may be recording.
    #[cfg(feature = "capi")]
    pub(crate) fn revoke(&self) {
        self.cell.revoke();
    }

    /// For the C ABI. All three live as long as this handle.
    #[cfg(feature = "capi")]
    pub(crate) fn raw_parts(&self) -> (&'static Cell, &'static Gate, &Clock) {
        (self.cell, self.gate, &self.shared.clock)
    }
}

/// A handle through which something was reported.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Its cell's number: whose that is, it speaks of.
    pub(super) cell: usize,
    pub(super) priority: Priority,
    session: SessionId,
    reports: Arc<Reports>,
}

impl Reporter {
    /// What it has reported since the last look; `current` is its input's session.
    pub(super) fn take(&self, current: Option<SessionId>) -> Option<Stimulus> {
        let (priority, session) = (self.priority, self.session);
        let Report { what, text } = self.reports.take()?;
        let text = text.into();
        Some(match (what, session) {
            (Reported::Error, 0) => Stimulus::InputError { priority, text },
            (Reported::Error, _) => Stimulus::SessionError { session, text },
            (Reported::StartFailed, bound) => {
                // No session has the number 0.
                let session = if bound == 0 { current.unwrap_or(0) } else { bound };
                Stimulus::StartResult { session, result: Err(text) }
            }
        })
    }
}

impl Drop for InputHandle {
    fn drop(&mut self) {
        let number = self.number;
        // Once for each handle, and opening it has waited for the monitor.
        self.mailbox.post(move |monitor| monitor.close_cell(number));
    }
}
