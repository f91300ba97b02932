//! The one door into `core`.
//!
//! Everything that decisions are made from passes [`Door::enter`], in the order in which it is
//! decided: the registration of a stream, whatever happens to it from then on, each with its time and
//! with what the streams have in common, and that very many of them fail. Nothing else in the engine
//! calls [`Stream::new`] or [`Stream::handle`], but for what is tried on a copy: only `Entry::tell` can
//! change what a registered stream decides by, and it comes here. So a record of what passes here is
//! enough to make the same decisions again; while there is a trace or a shadow, it is recorded here, with
//! what is answered. What is done with a decision, and with a stream in which a bug was met, does not
//! belong here.

use super::bug::contained;
use crate::core::{Common, Config, Nanos, Registration, Stimulus, Stream};
use crate::engine::recorder::{Recorder, Whose};
use crate::vocabulary::Error;

/// Something that enters `core`.
enum Entering<'a> {
    /// A stream is registered now.
    Registration(Registration, Nanos),
    /// Something happened to a registered stream now.
    Stimulus(&'a mut Stream, Stimulus, Nanos),
    /// Rule 26: very many streams fail; waits that begin between these are spread.
    MassFailure { since: Nanos, until: Nanos, now: Nanos },
}

/// The way to all streams' cores.
pub(super) struct Door {
    common: Common,
    /// The number of the last registration.
    registrations: u64,
    /// The engine's settings.
    defaults: Config,
    /// Its `mass_share`.
    mass_share: u64,
    bug: Option<String>,
    /// While there is a trace, or a shadow.
    recorders: Vec<(Whose, Box<Recorder>)>,
    #[cfg(any(test, changeover_panic_hook))]
    planted: Option<Box<str>>,
}

impl Door {
    pub(super) fn new(defaults: Config) -> Door {
        Door {
            common: Common::default(),
            registrations: 0,
            mass_share: defaults.resolved_mass_share(),
            defaults,
            bug: None,
            recorders: Vec::new(),
            #[cfg(any(test, changeover_panic_hook))]
            planted: None,
        }
    }

    /// For streams registered from now on; the others still have to be told.
    pub(super) fn set_defaults(&mut self, defaults: Config) {
        self.mass_share = defaults.resolved_mass_share();
        self.defaults = defaults;
    }

    /// Registers a stream, under the number and with the engine's settings that are due.
    pub(super) fn register(
        &mut self,
        registration: Registration,
        now: Nanos,
    ) -> Result<Stream, Error> {
        let (number, defaults) = (self.registrations + 1, self.defaults.clone());
        let registration = Registration { number, defaults, ..registration };
        let stream = self.enter(Entering::Registration(registration, now))?;
        self.registrations = number;
        Ok(stream.expect("a registration makes a stream"))
    }

    /// The share of the streams on air of which more have to fail at once, in percent; 0: none.
    pub(super) fn mass_share(&self) -> u64 {
        self.mass_share
    }

    /// See [`Common::spread_waits`].
    pub(super) fn spread_waits(&mut self, since: Nanos, until: Nanos, now: Nanos) {
        // Nothing of a stream is decided by it.
        let _ = self.enter(Entering::MassFailure { since, until, now });
    }

    /// Tells a stream what happened.
    #[inline]
    pub(super) fn tell(
        &mut self,
        stream: &mut Stream,
        stimulus: Stimulus,
        now: Nanos,
    ) -> Result<(), Error> {
        self.enter(Entering::Stimulus(stream, stimulus, now)).map(drop)
    }

    /// Rule 23: whether the stream would make the same offer after these, and move no gate. It is tried
    /// on a copy: nothing enters.
    pub(super) fn leaves_offer(&self, stream: &Stream, stimuli: &[Stimulus], now: Nanos) -> bool {
        let tried = contained(|| {
            let (last_id, spread) = self.common.recorded();
            let mut common = Common::resumed(last_id, spread);
            let mut copy = stream.clone();
            let mut told = |stimulus: &Stimulus| copy.handle(stimulus.clone(), now, &mut common);
            let taken = stimuli.iter().all(|stimulus| told(stimulus).is_ok());
            taken && copy.offer() == stream.offer() && copy.last_number() == stream.last_number()
        });
        // A bug is met again where it is dealt with.
        tried.unwrap_or(false)
    }

    /// The bug that the last [`Error::Panic`] stands for.
    pub(super) fn take_bug(&mut self) -> Option<String> {
        self.bug.take()
    }

    /// Lets one thing in. A registration makes a stream. A panic of the core is [`Error::Panic`]; the
    /// stream is in no state then.
    #[inline]
    fn enter(&mut self, entering: Entering<'_>) -> Result<Option<Stream>, Error> {
        // Whole also after a panic: ids only rise, and shared settings are only read.
        let common = &mut self.common;
        let recorders = &mut self.recorders;
        #[cfg(any(test, changeover_panic_hook))]
        let planted = &self.planted;
        let entered = match entering {
            Entering::Registration(registration, now) => {
                for (_, recorder) in recorders.iter_mut() {
                    recorder.registering(&registration, now);
                }
                let made = contained(|| {
                    let stream = Stream::new(registration, now, common)?;
                    #[cfg(any(test, changeover_panic_hook))]
                    assert!(planted.as_deref() != Some(&**stream.id()), "planted by a test");
                    Ok(stream)
                });
                for (_, recorder) in recorders {
                    recorder.registered(match &made {
                        Ok(Ok(stream)) => Ok(stream),
                        Ok(Err(error)) => Err(*error),
                        Err(_) => Err(Error::Panic),
                    });
                }
                made.map(|made| made.map(Some))
            }
            Entering::Stimulus(stream, stimulus, now) => {
                for (_, recorder) in recorders.iter_mut() {
                    recorder.telling(stream, &stimulus, now);
                }
                let handled = contained(|| {
                    let result = stream.handle(stimulus, now, common);
                    #[cfg(any(test, changeover_panic_hook))]
                    assert!(planted.as_deref() != Some(&**stream.id()), "planted by a test");
                    result
                });
                for (_, recorder) in recorders {
                    let result = handled.as_ref().map_or(Err(Error::Panic), |result| *result);
                    recorder.told(stream.registration(), result.map(|()| stream.queued()));
                }
                handled.map(|result| result.map(|()| None))
            }
            Entering::MassFailure { since, until, now } => {
                common.spread_waits(since, until);
                for (_, recorder) in recorders {
                    recorder.mass_failure(since, until, now);
                }
                Ok(Ok(None))
            }
        };
        entered.unwrap_or_else(|bug| {
            self.bug = Some(bug);
            Err(Error::Panic)
        })
    }

    /// Records what enters from now on; `None`: nothing any more. A checkpoint is due.
    pub(super) fn record(&mut self, whose: Whose, recorder: Option<Box<Recorder>>, now: Nanos) {
        let ended = self.recorders.extract_if(.., |(of, _)| *of == whose);
        ended.for_each(|(_, recorder)| recorder.end(now));
        self.recorders.extend(recorder.map(|recorder| (whose, recorder)));
    }

    /// Whether there is a trace, or a shadow.
    pub(super) fn is_recorded(&self) -> bool {
        !self.recorders.is_empty()
    }

    /// Where it is recorded, and what the streams have in common.
    pub(super) fn recorders(&mut self) -> (&mut [(Whose, Box<Recorder>)], &Common) {
        (&mut self.recorders, &self.common)
    }

    /// Whatever happens to this stream from now on meets a bug.
    #[cfg(any(test, changeover_panic_hook))]
    pub(super) fn plant_bug(&mut self, stream: &str) {
        self.planted = Some(stream.into());
    }
}
