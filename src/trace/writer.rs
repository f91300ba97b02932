//! A trace of streams that somebody else drives than an engine: in virtual time.

use super::encoder::{unix_nanos, Encoder};
use super::file::{put_beginning, put_checkpoint};
use super::{Urls, SILENCES_FROM};
use crate::core::{Common, Nanos, Registration, Stimulus, Stream};
use crate::vocabulary::Error;
use std::time::SystemTime;

/// Drives streams as [`Stream::new`] and [`Stream::handle`] do, and writes down what they are told and what they
/// answer, as the trace of an engine: for [`Reader`](super::Reader) and the program `changeover`.
#[derive(Debug)]
pub struct Writer {
    encoder: Encoder,
    frames: Vec<u8>,
}

impl Writer {
    /// What decisions under other settings are judged by: when a session has delivered nothing for so many
    /// nanoseconds, its stream is to be told of its newest packet ([`Stimulus::Seen`]), and once more of the
    /// packet that ends the silence.
    pub const SILENCES_FROM: Nanos = SILENCES_FROM;

    /// Of streams that are registered from `at` (engine time) on, which was `wall` by the wall clock.
    pub fn new(at: Nanos, wall: SystemTime) -> Writer {
        let mut frames = Vec::new();
        put_beginning(&mut frames);
        let unix = unix_nanos(wall);
        put_checkpoint(&mut frames, (at, unix), Common::default().recorded(), 0);
        let encoder = Encoder::at(Urls::LeftOut, (at, unix));
        Writer { encoder, frames }
    }

    /// [`Stream::new`].
    ///
    /// # Errors
    /// The same.
    pub fn register(
        &mut self,
        registration: Registration,
        now: Nanos,
        common: &mut Common,
    ) -> Result<Stream, Error> {
        self.encoder.registered(&registration, now);
        match Stream::new(registration, now, common) {
            Ok(stream) => {
                self.encoder.registration_answer(stream.registration(), stream.queued());
                Ok(stream)
            }
            Err(error) => {
                self.encoder.registration_refused(error);
                Err(error)
            }
        }
    }

    /// [`Stream::handle`]; what it answers is still to be drained.
    ///
    /// # Errors
    /// The same.
    pub fn tell(
        &mut self,
        stream: &mut Stream,
        stimulus: Stimulus,
        now: Nanos,
        common: &mut Common,
    ) -> Result<(), Error> {
        self.encoder.stimulus(stream.registration(), &stimulus, now);
        let handled = stream.handle(stimulus, now, common);
        self.encoder.answer(stream.registration(), handled.map(|()| stream.queued()));
        handled
    }

    /// The whole trace.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.frames.extend_from_slice(self.encoder.take().frames.sealed());
        self.frames
    }
}
