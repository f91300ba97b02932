//! The trace's way from the monitor to its file, and to the shadow. The monitor gathers records and hands them over,
//! and never waits: what the thread that takes them is too slow for is lost, and counted.

use super::log::Logger;
use crate::core::{Action, Common, Nanos, Registration, Stimulus, Stream};
use crate::trace::{Checkpoint, Chunk, Encoder, TraceFile, TraceLimits, Urls};
use crate::vocabulary::{Error, Level};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many bytes are handed over as soon as they are there.
const CHUNK: usize = 64 << 10;

/// Fewer are handed over after so long: a crash of the process costs no more than that.
const GATHER: Nanos = 100_000_000;

/// How soon it is tried again to write to a file that has refused it.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// How many chunks may wait to be taken.
const WAITING: usize = 64;

/// Whom records are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Trace,
    Shadow,
}

/// What is handed over.
pub(super) enum Message {
    Chunk(Chunk),
    Checkpoint(Checkpoint),
    /// Nothing follows. Everything before this engine time was recorded.
    End(Nanos),
}

/// The monitor's end.
pub(super) struct Recorder {
    encoder: Encoder,
    to: Sender<Message>,
    /// Engine time of the first record that was not handed over yet.
    since: Nanos,
    /// Records that were lost since the last chunk.
    lost: u64,
    /// A checkpoint is to come. Set by the writer too: the file is full, or has a gap.
    wants_checkpoint: Arc<AtomicBool>,
}

/// The other end, for a thread of its own.
pub(super) struct Recorded {
    from: Receiver<Message>,
    wants_checkpoint: Arc<AtomicBool>,
}

/// The thread that writes a trace.
pub(super) struct TraceWriter {
    file: TraceFile,
    recorded: Recorded,
    logger: Arc<Logger>,
    /// The last write was refused, and that was logged.
    refused: bool,
    /// When a checkpoint was asked for.
    last_try: Instant,
}

/// Both ends. What comes first is a checkpoint.
pub(super) fn ends(urls: Urls) -> (Recorder, Recorded) {
    let (to, from) = crossbeam::channel::bounded(WAITING);
    let wants_checkpoint = Arc::new(AtomicBool::new(true));
    let recorded = Recorded { from, wants_checkpoint: wants_checkpoint.clone() };
    let encoder = Encoder::new(urls);
    (Recorder { encoder, to, since: 0, lost: 0, wants_checkpoint }, recorded)
}

/// Both ends of a trace to this file.
pub(super) fn recorder(
    file: TraceFile,
    limits: &TraceLimits,
    logger: Arc<Logger>,
) -> (Recorder, TraceWriter) {
    let (recorder, recorded) = ends(limits.what_of_urls());
    let last_try = Instant::now();
    (recorder, TraceWriter { file, recorded, logger, refused: false, last_try })
}

impl Recorded {
    /// What comes next, waiting so long for it; `Disconnected` when nothing follows.
    pub(super) fn next(&self, within: Duration) -> Result<Message, RecvTimeoutError> {
        self.from.recv_timeout(within)
    }

    /// What comes next, if that is there.
    pub(super) fn next_there_is(&self) -> Option<Message> {
        self.from.try_recv().ok()
    }

    /// Asks how much was handed over and not taken.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> impl Fn() -> usize {
        let from = self.from.clone();
        move || from.len()
    }

    /// The monitor is to hand over all streams as they are.
    pub(super) fn want_checkpoint(&self) {
        self.wants_checkpoint.store(true, Ordering::Relaxed);
    }
}

/// What enters the cores, and what they answer.
impl Recorder {
    fn note_time(&mut self, now: Nanos) {
        if self.encoder.gathered() == 0 {
            self.since = now;
            if self.lost > 0 {
                self.encoder.lost(std::mem::take(&mut self.lost), now);
            }
        }
    }

    pub(super) fn registering(&mut self, registration: &Registration, now: Nanos) {
        self.note_time(now);
        self.encoder.registered(registration, now);
    }

    pub(super) fn registered(&mut self, stream: Result<&Stream, Error>) {
        match stream {
            Ok(stream) => {
                self.encoder.registration_answer(stream.registration(), stream.queued());
            }
            Err(error) => self.encoder.registration_refused(error),
        }
    }

    #[inline]
    pub(super) fn telling(&mut self, stream: &Stream, stimulus: &Stimulus, now: Nanos) {
        self.note_time(now);
        self.encoder.stimulus(stream.registration(), stimulus, now);
    }

    #[inline]
    pub(super) fn told(&mut self, registration: u64, answer: Result<&[Action], Error>) {
        self.encoder.answer(registration, answer);
    }

    pub(super) fn mass_failure(&mut self, since: Nanos, until: Nanos, now: Nanos) {
        self.note_time(now);
        self.encoder.mass_failure(since, until, now);
    }
}

/// Handing it over.
impl Recorder {
    /// Whether it is time to, if the monitor sleeps until `wake` now.
    pub(super) fn is_due(&self, now: Nanos, wake: Option<Nanos>) -> bool {
        let gathered = self.encoder.gathered();
        let end = self.since + GATHER;
        gathered >= CHUNK || gathered > 0 && (now >= end || wake.is_none_or(|wake| wake > end))
    }

    pub(super) fn hand_over(&mut self) {
        if self.encoder.gathered() > 0 {
            let chunk = self.encoder.take();
            let count = chunk.count();
            if self.to.try_send(Message::Chunk(chunk)).is_err() {
                self.lost += count;
                self.wants_checkpoint.store(true, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn wants_checkpoint(&self) -> bool {
        self.wants_checkpoint.load(Ordering::Relaxed)
    }

    /// All streams as they are now, after everything that was recorded.
    pub(super) fn checkpoint(
        &mut self,
        now: Nanos,
        common: &Common,
        streams: Vec<Arc<dyn AsRef<Stream> + Send + Sync>>,
    ) {
        self.hand_over();
        if self.lost > 0 {
            // That comes first; if there is no room for it, there is none for a checkpoint.
            self.note_time(now);
            self.hand_over();
        }
        let checkpoint = Checkpoint { at: now, common: common.recorded(), streams };
        // Before it is on its way: from then on the writer may want another one.
        self.wants_checkpoint.store(false, Ordering::Relaxed);
        if let Err(TrySendError::Full(_)) = self.to.try_send(Message::Checkpoint(checkpoint)) {
            self.wants_checkpoint.store(true, Ordering::Relaxed);
        }
    }

    /// Nothing is recorded from `now` on.
    pub(super) fn end(mut self, now: Nanos) {
        self.hand_over();
        // Without room for it, what came last is lost as well.
        let _ = self.to.try_send(Message::End(now));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl TraceWriter {
    /// The thread, until the recorder is dropped.
    pub(super) fn run(mut self) {
        while let Ok(message) = self.recorded.from.recv() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        let written = match message {
            Message::Chunk(chunk) => self.file.append(chunk),
            Message::Checkpoint(checkpoint) => self.file.checkpoint(&checkpoint),
            Message::End(_) => return,
        };
        self.log(written);
        let tries_again = !self.refused || self.last_try.elapsed() >= TRY_AGAIN;
        if (self.file.is_full() || self.file.has_lost()) && tries_again {
            self.last_try = Instant::now();
            self.recorded.want_checkpoint();
        }
    }

    /// On the caller's thread: what was handed over.
    #[cfg(test)]
    pub(super) fn take_what_there_is(&mut self) {
        while let Some(message) = self.recorded.next_there_is() {
            self.take(message);
        }
    }

    fn log(&mut self, written: io::Result<()>) {
        let Err(error) = written else {
            self.refused = false;
            return;
        };
        if !std::mem::replace(&mut self.refused, true) {
            self.logger.log(Level::Error, || format!("the trace can't be written: {error}"));
        }
    }
}
