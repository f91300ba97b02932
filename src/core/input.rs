//! One input: what the host said about it, and what the stream knows about its health.

use super::backoff::Backoff;
use super::config::{Config, InputSettings, Standby};
use super::{Error, Nanos, Priority, ProbeId, Reason, SessionId};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;

/// Errors kept per input.
const ERRORS_KEPT: usize = 5;

/// A host's text is cut at this many bytes, on a character boundary.
const TEXT_MAX: usize = 255;

/// One source of a stream. `url` and `options` are the host's and come back verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// 0 and up, unique in the stream, lower is preferred.
    pub priority: Priority,
    /// Anything.
    pub url: Box<str>,
    /// Anything, e.g. HTTP headers.
    pub options: Box<[(Box<str>, Box<str>)]>,
    /// Settings of this input.
    pub config: Config,
}

impl Input {
    /// An input that inherits every setting.
    pub fn new(priority: Priority, url: impl Into<Box<str>>) -> Self {
        Input { priority, url: url.into(), options: Box::default(), config: Config::new() }
    }

    /// Adds a key/value pair that comes back with every *start* and *probe*.
    #[must_use]
    pub fn option(mut self, key: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        let mut options = self.options.into_vec();
        options.push((key.into(), value.into()));
        self.options = options.into();
        self
    }

    /// Settings that differ from the stream's.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Started at once and kept running.
    #[must_use]
    pub fn hot(mut self) -> Self {
        self.config = self.config.standby(Standby::Hot);
        self
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.priority < 0 {
            return Err(Error::Priority);
        }
        self.config.validate_for_input()
    }
}

/// What an input is worth right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Usable and not on air.
    Idle,
    /// On air.
    Active,
    /// Given up until it recovers.
    Degraded,
    /// Its stream was unregistered.
    Stopped,
}

/// Why an input was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// Engine clock, nanoseconds.
    pub at: Nanos,
    /// The kind of failure.
    pub reason: Reason,
    /// What happened, for people.
    pub text: Arc<str>,
    /// What was measured, in nanoseconds; 0 when nothing was.
    pub measured: Nanos,
    /// The limit it was measured against, in nanoseconds; 0 when there is none.
    pub limit: Nanos,
}

/// One `start` of an input that has not been stopped.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    /// When the host took the *start*.
    pub(super) taken_at: Option<Nanos>,
    pub(super) first_packet: Option<Nanos>,
    pub(super) last_packet: Nanos,
    /// Its next packet changes something, so the driver must tell of it.
    pub(super) awaited: bool,
    /// A session of a degraded cold input, to see whether it delivers.
    pub(super) trial: bool,
    /// The host reported an error of it: that it delivers does not prove that it is any good.
    pub(super) reported: bool,
}

impl Session {
    pub(super) fn delivering(&self) -> bool {
        self.first_packet.is_some() && !self.awaited
    }

    /// It delivers in this very instant.
    pub(super) fn delivers_at(&self, now: Nanos) -> bool {
        self.delivering() && self.last_packet == now
    }
}

#[derive(Debug)]
pub(super) struct Probe {
    pub(super) id: ProbeId,
    pub(super) taken_at: Option<Nanos>,
}

/// The health of one input.
#[derive(Debug)]
pub struct InputHealth {
    pub(super) spec: Arc<Input>,
    pub(super) settings: InputSettings,
    pub(super) status: Status,
    pub(super) state_since: Nanos,
    pub(super) session: Option<Session>,
    pub(super) errors: VecDeque<InputError>,
    pub(super) probe: Option<Probe>,
    pub(super) probe_unsupported: bool,
    /// Probes and trials asked for.
    pub(super) probes: u64,
    /// While degraded: when to probe, try or restart it next.
    pub(super) retry_at: Option<Nanos>,
    pub(super) backoff: Backoff,
    /// It recovered and has not been on air for `failback_stable` since.
    pub(super) unproven: bool,
    /// Usable without a break since then; a hot input is not before its first packet.
    pub(super) healthy_since: Option<Nanos>,
}

impl InputHealth {
    pub(super) fn new(spec: Arc<Input>, config: &Config, seed: u64, now: Nanos) -> Self {
        let mut input = InputHealth {
            settings: InputSettings::resolve(&spec.config.over(config)),
            spec,
            status: Status::Idle,
            state_since: now,
            session: None,
            errors: VecDeque::new(),
            probe: None,
            probe_unsupported: false,
            probes: 0,
            retry_at: None,
            backoff: Backoff::new(seed),
            unproven: false,
            healthy_since: None,
        };
        input.healthy_since = (!input.is_hot()).then_some(now);
        input
    }

    /// What the host said about it.
    pub fn spec(&self) -> &Arc<Input> {
        &self.spec
    }

    /// Its rank.
    pub fn priority(&self) -> Priority {
        self.spec.priority
    }

    /// What it is worth.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Since when.
    pub fn state_since(&self) -> Nanos {
        self.state_since
    }

    /// Its current session.
    pub fn session(&self) -> Option<SessionId> {
        self.session.as_ref().map(|session| session.id)
    }

    /// The last errors, oldest first; recovery clears them.
    pub fn errors(&self) -> impl ExactSizeIterator<Item = &InputError> {
        self.errors.iter()
    }

    /// How often it was probed or tried.
    pub fn probes(&self) -> u64 {
        self.probes
    }

    /// Silence after which it is given up.
    pub fn packet_timeout(&self) -> Nanos {
        self.settings.packet_timeout
    }

    pub(super) fn is_hot(&self) -> bool {
        self.settings.is_hot()
    }

    pub(super) fn usable(&self) -> bool {
        matches!(self.status, Status::Idle | Status::Active)
    }

    pub(super) fn delivering(&self) -> bool {
        self.session.as_ref().is_some_and(Session::delivering)
    }

    pub(super) fn on_trial(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.trial)
    }

    pub(super) fn set_status(&mut self, status: Status, now: Nanos) {
        if self.status != status {
            self.status = status;
            self.state_since = now;
        }
    }

    pub(super) fn push_error(&mut self, error: InputError) {
        if self.errors.len() == ERRORS_KEPT {
            self.errors.pop_front();
        }
        self.errors.push_back(error);
    }

    /// Back to new, for an update by the host.
    pub(super) fn forgive(&mut self, now: Nanos) {
        self.set_status(Status::Idle, now);
        self.errors.clear();
        self.backoff.reset();
        self.unproven = false;
        self.retry_at = None;
        self.probe_unsupported = false;
        self.healthy_since = (!self.is_hot()).then_some(now);
    }

    /// New settings never put off a retry, and a shorter wait counts at once.
    pub(super) fn hasten_retry(&mut self, now: Nanos) {
        if let Some(at) = self.retry_at {
            self.retry_at = Some(at.min(now + self.backoff.wait(self.settings.probe_cooldown)));
        }
    }

    pub(super) fn schedule_retry(&mut self, now: Nanos) {
        self.retry_at = Some(now + self.backoff.wait(self.settings.probe_cooldown));
    }
}

/// A host's text, cut at 255 bytes on a character boundary.
pub(super) fn cut(text: &str) -> Arc<str> {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}
