//! The shadow: what would be decided under other settings, beside the engine and by the same events. A thread of its
//! own takes the records that a trace has, and does with them what `changeover replay --set` does with a trace.

use super::log::Logger;
use super::monitor::Mailbox;
use super::recorder::{ends, Message, Recorded, Recorder, Whose};
use super::shared::Shared;
use super::threads::{be_nice, Thread};
use super::Engine;
use crate::core::{Config, Nanos, Problem};
use crate::trace::{put_beginning, Urls};
use crate::vocabulary::{Error, Level};
use crate::whatif::{Broken, Live, Toll, Trouble};
use crossbeam::channel::RecvTimeoutError;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where nothing happens, the time is asked for as often.
const BEAT: Duration = Duration::from_secs(1);

/// After a bug it is waited for so long before it begins anew.
const REST: Duration = Duration::from_secs(10);

/// So many differences are told at a stretch, so that the monitor is not held up.
const AT_ONCE: usize = 128;

/// How nice its thread is.
const NICE: i32 = 10;

impl Engine {
    /// From now on decides beside the engine what it would decide under other settings: for one stream, or for all,
    /// and in place of what their inputs set themselves. It sees the same events, and nothing is done of what it
    /// decides; where the engine decides otherwise, [`EventKind::ShadowDiffers`](crate::EventKind::ShadowDiffers)
    /// tells. The metrics have what it would have cost (`docs/operations.md`). A shadow that there is ends.
    ///
    /// It is what `changeover replay --set` does, while it happens: a thread of its own (niceness 10) reads what a
    /// trace would have ([`Engine::trace_to`]), for all streams. It follows ten seconds behind, so that it knows
    /// what the sources did meanwhile; and a decision is the same at another time if that is within a minute, so
    /// differences are told 70 seconds later. If it is too slow (4 MiB, or 64 MiB of those ten seconds wait), it begins
    /// anew, and [`EventKind::ShadowGap`](crate::EventKind::ShadowGap) tells. Streams that do not take these settings
    /// are left out; the log says which. While there is a shadow, an idle engine wakes once a second.
    ///
    /// Blocks for the monitor, and for the end of the shadow that there is.
    ///
    /// # Errors
    /// [`Error::Config`]: no stream takes these settings, see [`Config::check_for_stream`]. [`Error::System`].
    pub fn shadow(&self, settings: Config, stream: Option<&str>) -> Result<(), Error> {
        self.check_process()?;
        settings.check_for_stream().map_err(Problem::error)?;
        self.end_shadow()?;
        let (recorder, shadow) = self.new_shadow(settings, stream);
        let leftovers = self.shared.leftovers.clone();
        let thread = Thread::spawn("changeover-shd", move || {
            be_nice(NICE);
            // It may be the last to drop a stream as it was.
            leftovers.are_left_by_this_thread();
            shadow.run();
        })?;
        self.begin_recording(Whose::Shadow, recorder, thread)
    }

    /// A shadow to be run on a thread of its own, and what is to be recorded for it.
    pub(super) fn new_shadow(&self, settings: Config, stream: Option<&str>) -> (Recorder, Shadow) {
        let (recorder, recorded) = ends(Urls::LeftOut);
        let shadow = Shadow {
            settings,
            stream: stream.map(Arc::from),
            recorded,
            mailbox: self.mailbox.clone(),
            shared: self.shared.clone(),
            logger: self.logger.clone(),
            live: None,
            counted: Toll::default(),
            begins_at: None,
        };
        (recorder, shadow)
    }

    /// Ends the shadow, if there is one: decides all that it has seen, tells what is left of it (also what would be
    /// compared with decisions to come), and waits for that; in a callback it does not wait.
    ///
    /// # Errors
    /// After [`Error::Timeout`] (see [`Engine::set_call_timeout`]) it has ended, or soon will.
    pub fn end_shadow(&self) -> Result<(), Error> {
        self.end_recording(Whose::Shadow)
    }
}

/// Its thread.
pub(super) struct Shadow {
    settings: Config,
    /// That one alone.
    stream: Option<Arc<str>>,
    recorded: Recorded,
    mailbox: Mailbox,
    shared: Arc<Shared>,
    logger: Arc<Logger>,
    /// From a checkpoint on, until it can't follow.
    live: Option<Live>,
    /// What is counted of that already.
    counted: Toll,
    /// When it asks for the checkpoint to begin anew with.
    begins_at: Option<Instant>,
}

impl Shadow {
    /// Until the recorder is dropped.
    pub(super) fn run(mut self) {
        loop {
            match self.recorded.next(BEAT) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => self.take_what_there_is(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.go_on();
            if self.begins_at.take_if(|at| *at <= Instant::now()).is_some() {
                self.recorded.want_checkpoint();
            }
        }
        self.finish();
    }

    /// Asks how much was handed over to it and not taken.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> impl Fn() -> usize {
        self.recorded.waiting()
    }

    fn take(&mut self, message: Message) {
        let heard = match message {
            Message::Chunk(mut chunk) => match &mut self.live {
                Some(live) => live.hear(chunk.sealed()),
                // It waits for a checkpoint.
                None => Ok(()),
            },
            Message::Checkpoint(checkpoint) if self.live.is_none() => {
                let mut beginning = Vec::new();
                put_beginning(&mut beginning);
                let only = self.stream.as_deref();
                let live = self.live.insert(Live::new(self.settings.clone(), only, &beginning));
                live.hear_states(&checkpoint.frames(Urls::LeftOut))
            }
            Message::Checkpoint(_) => Ok(()),
            Message::End(now) => {
                self.time_is(now);
                Ok(())
            }
        };
        if let Err(broken) = heard {
            self.begin_anew(broken);
        }
    }

    /// Nothing has come for a while; but time has passed.
    fn take_what_there_is(&mut self) {
        let Ok(now) = self.mailbox.call(None, |monitor| Ok(monitor.hand_over_records())) else {
            return;
        };
        while let Some(message) = self.recorded.next_there_is() {
            self.take(message);
        }
        self.time_is(now);
    }

    /// Everything before `now` was recorded.
    fn time_is(&mut self, now: Nanos) {
        if let Some(live) = &mut self.live {
            live.time_is(now);
        }
    }

    fn go_on(&mut self) {
        let Shadow { live: Some(live), logger, .. } = self else { return };
        match live.go_on(&mut |trouble| leave_out(logger, &trouble)) {
            Ok(true) => self.tell(),
            Ok(false) => {}
            Err(broken) => self.begin_anew(broken),
        }
    }

    fn finish(&mut self) {
        let Shadow { live: Some(live), logger, .. } = self else { return };
        match live.finish(&mut |trouble| leave_out(logger, &trouble)) {
            Ok(()) => self.tell(),
            Err(broken) => self.begin_anew(broken),
        }
        self.shared.counts.shadow.streams(0);
    }

    /// Counts and tells what has become certain.
    fn tell(&mut self) {
        let Some(live) = &mut self.live else { return };
        let mut differences = live.take_differences();
        let toll = live.take_toll();
        let counts = &self.shared.counts.shadow;
        counts.streams(live.streams() as u64);
        counts.differences(differences.len() as u64);
        counts.add(toll.since(self.counted));
        self.counted = toll;
        while !differences.is_empty() {
            let rest = differences.split_off(differences.len().min(AT_ONCE));
            let some = std::mem::replace(&mut differences, rest);
            // After the end of the engine there is nobody to be told.
            let _ = self.mailbox.call(None, move |monitor| {
                monitor.tell_differences(some);
                Ok(())
            });
        }
    }

    /// What was to be compared is given up.
    fn begin_anew(&mut self, broken: Broken) {
        self.live = None;
        self.counted = Toll::default();
        self.shared.counts.shadow.streams(0);
        let (dropped, rest) = match broken {
            Broken::Lost(records) => (records, Duration::ZERO),
            Broken::AnotherMind(trouble) => {
                self.logger
                    .log(Level::Error, || format!("the shadow can't decide the same: {trouble}"));
                (0, REST)
            }
        };
        self.begins_at = Some(Instant::now() + rest);
        let _ = self.mailbox.call(None, move |monitor| {
            monitor.tell_shadow_gap(dropped);
            Ok(())
        });
    }
}

fn leave_out(logger: &Logger, trouble: &Trouble) {
    logger.log(Level::Warn, || format!("the shadow leaves one out: {trouble}"));
}
