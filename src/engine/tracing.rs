//! The engine's trace: beginning and ending it.

use super::recorder::{recorder, Recorder, Whose};
use super::threads::{in_callback, Thread};
use super::Engine;
use crate::poison::unpoisoned;
use crate::trace::{TraceFile, TraceLimits};
use crate::vocabulary::{Error, Level};
use std::path::PathBuf;
use std::time::Instant;

impl Engine {
    /// Records everything that decisions are made from, and what was decided, to a file from now on: for
    /// [`Replay`](crate::trace::Replay). It begins with all streams as they are.
    /// If there is such a file, it is kept as `path.1`. A trace that was being written ends.
    ///
    /// The file is written by a thread of its own, at most 100 ms later; what that is too slow for (4 MiB
    /// wait) is lost to the trace, which says so and goes on with all streams as they are. Nothing of the
    /// engine waits for it, but for [`Engine::shutdown`] and [`Engine::end_trace`]. If it can't be
    /// written, the log says so. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::System`]: the file can't be made; the log says why.
    pub fn trace_to(&self, path: impl Into<PathBuf>, limits: TraceLimits) -> Result<(), Error> {
        self.check_process()?;
        let path = path.into();
        let made = TraceFile::create(&path, limits.clone());
        let file = made.map_err(|error| {
            self.logger.log(Level::Error, || {
                let path = path.display().to_string();
                format!("no trace can be written to {}: {error}", crate::printable(&path))
            });
            Error::System
        })?;
        let (recorder, writer) = recorder(file, &limits, self.logger.clone());
        let leftovers = self.shared.leftovers.clone();
        let thread = Thread::spawn("changeover-rec", move || {
            // It may be the last to drop a stream as it was.
            leftovers.are_left_by_this_thread();
            writer.run();
        })?;
        self.begin_recording(Whose::Trace, recorder, thread)
    }

    /// Ends the trace, if there is one, and waits until it is written; in a callback it does not wait.
    ///
    /// # Errors
    /// After [`Error::Timeout`] (see [`Engine::set_call_timeout`]) it is written, or soon will be.
    pub fn end_trace(&self) -> Result<(), Error> {
        self.end_recording(Whose::Trace)
    }

    /// From now on it is recorded for a thread that takes it until there is no more.
    pub(super) fn begin_recording(
        &self,
        whose: Whose,
        recorder: Recorder,
        thread: Thread,
    ) -> Result<(), Error> {
        let mut threads = unpoisoned(self.recorded.lock());
        threads.retain(|(_, thread)| !thread.is_finished());
        threads.push((whose, thread));
        drop(threads);
        let recorder = Some(Box::new(recorder));
        self.call(move |monitor| {
            monitor.record(whose, recorder);
            Ok(())
        })
    }

    /// Nothing is recorded for it any more; waits until all is taken.
    pub(super) fn end_recording(&self, whose: Whose) -> Result<(), Error> {
        let deadline = self.call_deadline();
        self.call_until(deadline, move |monitor| {
            monitor.record(whose, None);
            Ok(())
        })?;
        self.wait_for_recorded(&[whose], deadline)
    }

    /// Until all is taken that was recorded for these. Nobody may be recording for them any more.
    pub(super) fn wait_for_recorded(
        &self,
        whose: &[Whose],
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        if in_callback() {
            return Ok(());
        }
        let mut threads = unpoisoned(self.recorded.lock());
        let of = |(of, _): &mut (Whose, Thread)| whose.contains(of);
        let theirs: Vec<_> = threads.extract_if(.., of).collect();
        drop(threads);
        let join = |(whose, thread): (Whose, Thread)| Some((whose, thread.join(deadline).err()?));
        let left: Vec<_> = theirs.into_iter().filter_map(join).collect();
        match left.is_empty() {
            true => Ok(()),
            false => {
                unpoisoned(self.recorded.lock()).extend(left);
                Err(Error::Timeout)
            }
        }
    }
}
