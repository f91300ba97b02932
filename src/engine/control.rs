//! What can be done with an engine's streams and their inputs.

use super::handle::InputHandle;
use super::marker::Marker;
use super::membership;
use super::monitor::Monitor;
use super::status::RuntimeStatus;
use super::threads::in_callback;
use super::Engine;
use crate::core::{
    told, Config, Input, InputsUpdate, Priority, ProbeId, ProbeOutcome, Registration, SessionId,
    Stimulus,
};
use crate::hot::{Packet, Verdict};
use crate::user_data::UserData;
use crate::vocabulary::{Condition, Error, Flags};
use std::sync::Arc;
use std::time::Duration;

impl Engine {
    /// Registers a stream, selects its best input, and starts it and every hot one. Returns the
    /// number of this registration. An empty `buffer_write_id` means the stream's id. Blocks for
    /// the monitor.
    ///
    /// # Errors
    /// [`Error::StreamId`], [`Error::StreamExists`], [`Error::Limit`] (256 inputs, 65,536 bytes of an
    /// input's URL and options, 4,096 of the buffer's id), [`Error::Priority`],
    /// [`Error::DuplicatePriority`], [`Error::Config`] ([`Config::check`] says which setting),
    /// [`Error::HotWithoutOverlap`].
    pub fn register(
        &self,
        stream: &str,
        buffer_write_id: &str,
        inputs: Vec<Input>,
        config: Config,
    ) -> Result<u64, Error> {
        self.register_from(stream, buffer_write_id, inputs, config, 0)
    }

    /// As [`register`](Self::register), with the number of the first switch: at most [`FIRST_SWITCH_MAX`],
    /// which leaves as many to follow; 0 is as 1. So the verdicts on a stream that moves, to another engine
    /// or another machine, go on to rise, and whoever takes its packets can discard what a writer says that
    /// was replaced: `docs/rules.md`, rule 1e.
    ///
    /// # Errors
    /// As `register`; [`Error::FirstSwitch`] for a larger one.
    ///
    /// [`FIRST_SWITCH_MAX`]: crate::FIRST_SWITCH_MAX
    pub fn register_from(
        &self,
        stream: &str,
        buffer_write_id: &str,
        inputs: Vec<Input>,
        config: Config,
        first_switch: u64,
    ) -> Result<u64, Error> {
        // If it is refused, it ends here.
        let _user_data = user_data(&inputs);
        let (id, buffer_write_id) = (stream.into(), buffer_write_id.into());
        // Its number, and what it inherits, are the monitor's to say.
        let registration = Registration {
            id,
            buffer_write_id,
            inputs,
            config,
            first_switch,
            ..Registration::default()
        };
        self.call(move |monitor| monitor.register(registration))
    }

    /// Ends a registration: emits its *stops*, then
    /// [`Notice::Unregistered`](crate::Notice::Unregistered). With callbacks it returns after that
    /// was delivered; in a callback, whichever engine's, it returns at once.
    ///
    /// # Errors
    /// [`Error::UnknownStream`]. After [`Error::Timeout`] (see [`Engine::set_call_timeout`]) the
    /// registration has ended, or soon will have, and its last events follow.
    pub fn unregister(&self, stream: &str) -> Result<(), Error> {
        let id = stream.to_owned();
        self.call_and_deliver(move |monitor| monitor.unregister(&id))
    }

    /// Ends all registrations, as [`unregister`](Self::unregister) ends one: in one call, with one wait.
    /// Those of other threads that come meanwhile are before it or after it.
    ///
    /// # Errors
    /// After [`Error::Timeout`] (see [`Engine::set_call_timeout`]) they have ended, or soon will have, and
    /// their last events follow.
    pub fn unregister_all(&self) -> Result<(), Error> {
        self.call_and_deliver(|monitor| {
            monitor.unregister_all();
            Ok(())
        })
    }

    /// Carries out a task, and waits until what came of it was delivered: with callbacks, and not in one.
    fn call_and_deliver(
        &self,
        task: impl FnOnce(&mut Monitor) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let deadline = self.call_deadline();
        let deliver = self.with_callbacks && !in_callback();
        let (marker, waiter) = Marker::new();
        let queue = self.queue.clone();
        self.call_until(deadline, move |monitor| {
            task(monitor)?;
            if deliver {
                queue.push_marker(marker);
            }
            Ok(())
        })?;
        if !deliver {
            return Ok(());
        }
        match waiter.wait(deadline) {
            // If the engine is shut down meanwhile, everything is delivered nevertheless.
            Err(Error::ShutDown) => Ok(()),
            waited => waited,
        }
    }

    /// Whether a stream is registered. Wait-free, but for a thread's first call by id.
    pub fn is_registered(&self, stream: &str) -> bool {
        membership::with_route(&self.shared, stream, |_| ()).is_ok()
    }

    /// The ids of all registered streams, in no order. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::ShutDown`], [`Error::Forked`].
    pub fn registered_streams(&self) -> Result<Vec<Arc<str>>, Error> {
        self.call(|monitor| Ok(monitor.stream_ids()))
    }

    /// The state of a stream. Does not wait for the monitor; counters and `last_packet_at` are
    /// live.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn runtime_status(&self, stream: &str) -> Result<RuntimeStatus, Error> {
        let stream = membership::with_route(&self.shared, stream, |route| route.stream().clone())?;
        Ok(RuntimeStatus::read(&stream, &self.shared))
    }

    /// Changes the settings of a stream, or with `None` the engine's. What is unset inherits
    /// again. Running deadlines move at once. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::Config`], [`Error::HotWithoutOverlap`] (of any stream).
    pub fn set_config(&self, stream: Option<&str>, config: Config) -> Result<(), Error> {
        let id = stream.map(str::to_owned);
        self.call(move |monitor| monitor.set_config(id.as_deref(), config))
    }

    /// Puts an input on air and keeps it there while it is healthy. Blocks for the monitor, not
    /// for the input: the old one stays on air until the new one delivers.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::InputDegraded`],
    /// [`Error::InputDisabled`].
    pub fn switch_input(&self, stream: &str, priority: Priority) -> Result<(), Error> {
        self.handle(stream, Stimulus::SwitchInput { priority, lasts: None })
    }

    /// As [`switch_input`](Self::switch_input), for so long, counted from now: then it ends as by
    /// [`clear_override`](Self::clear_override). From a millisecond to a year ([`Config::NEVER`]).
    ///
    /// # Errors
    /// As `switch_input`; [`Error::Config`] for another duration.
    pub fn switch_input_for(
        &self,
        stream: &str,
        priority: Priority,
        lasts: Duration,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::SwitchInput { priority, lasts: Some(lasts) })
    }

    /// Returns to the best healthy input, without the waits of an automatic failback and whatever the
    /// policy; its faults are forgotten. The input on air stays there until the other delivers (with
    /// overlap off it is stopped first). Ends an override. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`]; [`Error::NoBetterInput`] when none that is healthy is better.
    pub fn fail_back(&self, stream: &str) -> Result<(), Error> {
        self.handle(stream, Stimulus::FailBack)
    }

    /// Whether an input may be used: at first it may. Disabled it is `Stopped`: not started, not probed,
    /// not chosen, and its packets and errors count for nothing; updates of it leave it so. On air it
    /// stays there until another input delivers, and is stopped then, or when there is none to try (with
    /// overlap off it is stopped first). Enabled it is as newly added. Saying the same again changes
    /// nothing. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    pub fn set_input_enabled(
        &self,
        stream: &str,
        priority: Priority,
        enabled: bool,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::SetInputEnabled { priority, enabled })
    }

    /// As [`switch_input`](Self::switch_input), also to an input that was given up: in a new session,
    /// and when it delivers it has recovered and goes on air. If it does not, the choice ends. With
    /// `overlap` off the input on air is stopped first, so the stream is dark until the other delivers,
    /// or for `connect_timeout`. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::InputDisabled`].
    pub fn force_input(&self, stream: &str, priority: Priority) -> Result<(), Error> {
        self.handle(stream, Stimulus::ForceInput { priority })
    }

    /// Ends a manual choice; failback is free again. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`].
    pub fn clear_override(&self, stream: &str) -> Result<(), Error> {
        self.handle(stream, Stimulus::ClearOverride)
    }

    /// Removes, adds and updates inputs, in this order, as one change. An updated input that runs
    /// is restarted. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::DuplicatePriority`],
    /// [`Error::Priority`], [`Error::Config`], [`Error::HotWithoutOverlap`], [`Error::Limit`].
    pub fn update_inputs(&self, stream: &str, update: InputsUpdate) -> Result<(), Error> {
        // If it is refused, it ends here.
        let _user_data = [user_data(&update.added), user_data(&update.updated)];
        self.handle(stream, Stimulus::UpdateInputs(update))
    }

    /// Restarts every running session onto another buffer; empty means the stream's id.
    /// Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::Limit`].
    pub fn update_buffer_write_id(&self, stream: &str, buffer_write_id: &str) -> Result<(), Error> {
        self.handle(stream, Stimulus::UpdateBufferWriteId(buffer_write_id.to_owned()))
    }

    /// Counts one packet of an input's current session, from any thread. Wait-free; no lock, no
    /// allocation, no system call, but for a thread's first call. (Each other thread that records
    /// the same input at that moment may cost a retry.) By [`Engine::open_input`] it is several
    /// times faster.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    #[inline]
    pub fn record_packet(
        &self,
        stream: &str,
        priority: Priority,
        bytes: u32,
        flags: Flags,
    ) -> Result<Verdict, Error> {
        membership::record(&self.shared, stream, priority, Packet { bytes, flags })
    }

    /// Opens an input for recording: bound to `session` (from [`Start`](crate::Start)), or with 0
    /// following whichever session is current. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`], [`Error::StaleSession`].
    pub fn open_input(
        &self,
        stream: &str,
        priority: Priority,
        session: SessionId,
    ) -> Result<InputHandle, Error> {
        let id: Arc<str> = stream.into();
        let (shared, mailbox) = (self.shared.clone(), self.mailbox.clone());
        // Made there, so that it is closed if nobody waits for it any longer.
        self.call(move |monitor| {
            let open = monitor.open_cell(&id, priority, session)?;
            Ok(InputHandle::new(open, priority, session, shared, mailbox))
        })
    }

    /// Reports an error of an input's current session, or of an input that never ran: it is
    /// given up at once. The text is kept up to 255 bytes. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`].
    pub fn report_input_error(
        &self,
        stream: &str,
        priority: Priority,
        text: &str,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::InputError { priority, text: told(text).to_owned() })
    }

    /// As [`report_input_error`](Self::report_input_error), if another input is usable: for an input that
    /// is better than none. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`]; [`Error::NoOtherInput`], and the input is
    /// kept.
    pub fn report_soft_error(
        &self,
        stream: &str,
        priority: Priority,
        text: &str,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::SoftError { priority, text: told(text).to_owned() })
    }

    /// What a host that sees the media has against an input, or no longer has (`holds`): it counts at
    /// once, and may be said in a loop. `session` 0 is the input, whatever its session; else it ends
    /// with that session. `text` says more, up to 255 bytes. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::UnknownInput`]; [`Error::StaleSession`] when the session is
    /// over.
    pub fn set_condition(
        &self,
        stream: &str,
        priority: Priority,
        session: SessionId,
        condition: Condition,
        holds: bool,
        text: &str,
    ) -> Result<(), Error> {
        let session = Some(session).filter(|session| *session != 0);
        let text = told(text).to_owned();
        self.handle(stream, Stimulus::SetCondition { priority, session, condition, holds, text })
    }

    /// Says how a *start* went. Success need not be reported: the first packet shows it. Blocks for
    /// the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::StaleSession`].
    pub fn start_result(
        &self,
        stream: &str,
        session: SessionId,
        result: Result<(), String>,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::StartResult { session, result })
    }

    /// Answers a [`Probe`](crate::Probe). Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::UnknownStream`], [`Error::StaleSession`] (too late, or no longer wanted).
    pub fn probe_result(
        &self,
        stream: &str,
        probe: ProbeId,
        outcome: ProbeOutcome,
    ) -> Result<(), Error> {
        self.handle(stream, Stimulus::ProbeResult { probe, outcome })
    }

    fn handle(&self, stream: &str, stimulus: Stimulus) -> Result<(), Error> {
        let id = stream.to_owned();
        self.call(move |monitor| monitor.handle(&id, stimulus))
    }
}

fn user_data(inputs: &[Input]) -> Vec<UserData> {
    inputs.iter().filter_map(Input::user_data).cloned().collect()
}
