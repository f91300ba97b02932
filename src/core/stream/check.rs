//! What holds between two stimuli, whatever happened. Debug builds check it after every decision
//! and every drain; a simulation of yours can call [`Stream::check`] too.
//!
//! Written from the rules (`docs/rules.md`) and not from the code that carries them out: an
//! invariant that repeats the code it checks finds nothing.

use super::order::Class;
use super::*;
use crate::core::input::Untested;
use crate::vocabulary::Silence;
use std::fmt;

#[cfg(test)]
mod tests;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    invariant: &'static str,
    /// The input for which it does not hold, if it is about inputs.
    input: Option<Priority>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "does not hold: {}", self.invariant)?;
        self.input.map_or(Ok(()), |priority| write!(f, " (input {priority})"))
    }
}

type OfStream = (&'static str, fn(&Stream) -> bool);
type OfInput = (&'static str, fn(&Stream, usize) -> bool);

/// Of the stream as a whole.
const OF_STREAM: &[OfStream] = &[
    ("priorities are sorted and unique", |stream| {
        stream.inputs.windows(2).all(|pair| pair[0].priority() < pair[1].priority())
    }),
    ("ids of sessions and probes are unique", |stream| {
        let of_input = |input: &InputHealth| [input.session(), input.probe().map(|p| p.id)];
        let mut ids: Vec<_> = stream.inputs.iter().flat_map(of_input).flatten().collect();
        ids.sort_unstable();
        ids.windows(2).all(|pair| pair[0] < pair[1]) && ids.first() != Some(&0)
    }),
    ("the active input exists", |stream| {
        stream.active().is_none_or(|active| stream.index_of(active).is_some())
    }),
    ("promise 2: the gate admits the active input's session, or nothing", |stream| {
        stream.gate() == stream.active_input().and_then(InputHealth::session)
    }),
    ("rule 5: if any input is usable, the active one is and runs", |stream| {
        stream.unregistered || stream.active_runs() == stream.inputs.iter().any(InputHealth::usable)
    }),
    ("rule 7: the pending input is usable, runs and is not active", |stream| {
        let fits = |input: &InputHealth| {
            input.usable() && input.session.is_some() && stream.active() != Some(input.priority())
        };
        stream.pending().is_none_or(|pending| stream.input(pending).is_some_and(fits))
    }),
    ("rule 7: with overlap off nothing is pending", |stream| {
        stream.settings.overlap == Overlap::On || stream.pending.is_none()
    }),
    ("rule 19: an exhausted stream has no source on air that can be watched", |stream| {
        let class = stream.active_index().map(|index| stream.class(index));
        !stream.exhausted || !stream.on_air() || !class.is_some_and(Class::is_programme)
    }),
    ("rule 19: a stream whose sources can't be watched is exhausted", |stream| {
        let any = stream.inputs.iter().any(|input| !input.is_fill());
        !any || stream.has_programme() || stream.exhausted || stream.unregistered
    }),
    ("rule 23: an offer is of a session that waits behind the gate, in its number too", |stream| {
        stream.offer().is_none_or(|offer| {
            let target = stream.pending().and_then(|pending| stream.input(pending));
            target.and_then(InputHealth::session) == Some(offer.session)
                && offer.number > stream.switch_number
                && offer.number == stream.last_number()
                && stream.on_air()
                && stream.settings.commit == Commit::KeyFrame
        })
    }),
    ("rule 8: a stream that lost its last usable input is exhausted", |stream| {
        let lost = stream.switches.last().is_some() && !stream.active_runs();
        !lost || stream.exhausted || stream.unregistered
    }),
    ("rule 11: the override is usable, and active or pending", |stream| {
        stream.override_input().is_none_or(|pinned| {
            stream.input(pinned).is_some_and(InputHealth::available)
                && (stream.pending().or(stream.active()) == Some(pinned))
        })
    }),
    ("rule 11: a manual switch that is pending is the override's", |stream| {
        let manual = stream.pending.as_ref().filter(|pending| pending.reason == Reason::Manual);
        manual.is_none_or(|pending| stream.override_input() == Some(pending.target))
    }),
    ("rule 15: the history is bounded, in order, and ends with the active input", |stream| {
        let switches: Vec<_> = stream.switches().map(|one| (one.at, one.number)).collect();
        let to = stream.switches.last().map(|(.., to)| to);
        switches.len() <= 20
            && switches.is_sorted()
            && switches.last().is_none_or(|(_, number)| *number <= stream.switch_number)
            && (stream.active().is_none() || stream.active() == to)
    }),
    ("rule 15: why the last choice ended was told with the next, or with exhaustion", |stream| {
        stream.cause().is_none()
    }),
    ("overlap off: at most one session, and no hot input", |stream| {
        stream.settings.overlap == Overlap::On
            || (stream.sessions().count() <= 1 && !stream.inputs.iter().any(InputHealth::is_hot))
    }),
    ("queued gate moves count up to the switch number, the last is the gate", |stream| {
        let mut moves = stream.queued().iter().rev().filter_map(|action| match action {
            Action::Gate { session, number } => Some((*session, *number)),
            _ => None,
        });
        let last = moves.next();
        let mut number = stream.switch_number;
        last.is_none_or(|last| last == (stream.gate(), number))
            && moves.all(|(_, earlier)| std::mem::replace(&mut number, earlier) > earlier)
    }),
    ("a queued start is of a session that runs, or its stop is queued too", |stream| {
        let stops = stream.queued().iter().filter_map(|action| match action {
            Action::Stop(stop) => Some(stop.session),
            _ => None,
        });
        let mut known: Vec<_> = stream.sessions().map(|session| session.id).chain(stops).collect();
        known.sort_unstable();
        stream.queued().iter().all(|action| match action {
            Action::Start(start) => known.binary_search(&start.session).is_ok(),
            _ => true,
        })
    }),
    ("queued outages end with what the stream is", |stream| {
        let last = stream.queued().iter().rev().find_map(|action| match action {
            Action::Notify(Notice::Exhausted { .. }) => Some(true),
            Action::Notify(Notice::Restored { .. }) => Some(false),
            _ => None,
        });
        last.is_none_or(|exhausted| exhausted == stream.exhausted)
    }),
];

/// Of each input.
const OF_INPUT: &[OfInput] = &[
    ("a priority is 0 or more", |stream, index| stream.inputs[index].priority() >= 0),
    ("rule 2: Active is the active input, and delivers", |stream, index| {
        let input = &stream.inputs[index];
        input.status != Status::Active || (stream.is_active(index) && input.delivering())
    }),
    ("rule 2: a selected input that delivers is Active", |stream, index| {
        let input = &stream.inputs[index];
        let on_air = stream.is_active(index) && input.usable() && input.delivering();
        !on_air || input.status == Status::Active
    }),
    ("rule 3: a running session has a deadline or its input an attempt", |stream, index| {
        let input = &stream.inputs[index];
        let Some(session) = &input.session else { return true };
        let due = match (session.connecting_since(), session.first_packet()) {
            // The host has not taken the start.
            (None, None) => return true,
            (Some(taken), _) => taken + input.settings.connect_timeout,
            (None, Some(_)) if stream.is_active(index) => {
                session.last_packet.max(stream.selected_at) + input.silence_limit()
            }
            (None, Some(_)) => session.last_packet + input.silence_limit(),
        };
        let mut in_time = false;
        stream.session_timers(index, &mut |at, _| in_time |= at <= due);
        let attempt = input.retry_at().is_some() || input.probe().is_some();
        in_time || (input.status == Status::Degraded && (attempt || input.is_pushed()))
    }),
    ("rule 3: a packet that would decide something is awaited", |stream, index| {
        let input = &stream.inputs[index];
        input.session.is_none_or(|session| {
            let decides = session.first_packet().is_none()
                || (stream.is_pending(index) && stream.offer().is_none())
                || (stream.is_active(index) && input.status != Status::Active)
                || input.untested()
                || (input.status == Status::Degraded
                    && !(input.on_trial() || session.reported || input.life().is_some()));
            !decides || session.awaited
        })
    }),
    ("rule 8: with nothing usable every packet is awaited", |stream, index| {
        let none_usable = !stream.active_runs();
        !none_usable || stream.inputs[index].session.is_none_or(|session| session.awaited)
    }),
    ("rule 6: once something is on air, every session has a use", |stream, index| {
        let input = &stream.inputs[index];
        let better = stream.is_better(index);
        let tried = input.on_trial() && stream.would_be_better(index);
        let returns = stream.settings.failback == Failback::Auto && stream.pinned.get().is_none()
            || stream.active_index().is_some_and(|active| stream.class(active) != Class::Healthy);
        !stream.on_air()
            || input.session.is_none()
            || input.keeps_session()
            || stream.is_active(index)
            || stream.is_pending(index)
            || tried
            || (better && input.usable() && returns)
    }),
    ("rule 6: a usable hot input runs", |stream, index| {
        let input = &stream.inputs[index];
        !(input.is_hot() && input.usable()) || input.session.is_some()
    }),
    ("rule 9: a degraded input has errors and its next attempt", |stream, index| {
        let input = &stream.inputs[index];
        let attempt =
            input.retry_at().is_some() || input.probe().is_some() || stream.attempting(index);
        let listens = input.is_pushed() && input.session.is_some();
        let waits = input.needs_attempt() && !stream.unregistered;
        (!waits || attempt || listens) && (input.severity().is_none() || input.errors().len() > 0)
    }),
    (
        "rules 9 and 20: only failed and impaired inputs are probed, tried, or waiting to be",
        |stream, index| {
            let input = &stream.inputs[index];
            let attempt = input.retry_at().is_some() || input.probe().is_some() || input.on_trial();
            let chosen = stream.is_active(index) || stream.is_pending(index);
            !attempt || !input.usable() || (input.impaired() && !chosen)
        },
    ),
    ("rule 9: no input is probed that is tried, or that can't be", |stream, index| {
        let input = &stream.inputs[index];
        input.probe().is_none() || !(input.on_trial() || input.cannot_be_probed())
    }),
    (
        "rules 9 and 20: a trial is of an input that can't be probed, or is impaired",
        |stream, index| {
            let input = &stream.inputs[index];
            !input.on_trial() || input.cannot_be_probed() || input.impaired()
        },
    ),
    ("rule 10: a degraded input is not healthy, a usable cold one is", |stream, index| {
        let input = &stream.inputs[index];
        match input.status {
            Status::Degraded => input.healthy_since.is_none(),
            Status::Stopped => true,
            _ => {
                let delivered = input.healthy_since.is_some();
                delivered != input.untested() || input.keeps_session()
            }
        }
    }),
    ("rules 14 and 25: what is stopped is unregistered or disabled, and ended", |stream, index| {
        let input = &stream.inputs[index];
        let ended = input.session.is_none() && input.probe().is_none();
        if input.status == Status::Stopped {
            (stream.unregistered || input.disabled) && ended
        } else {
            !stream.unregistered
        }
    }),
    ("rule 25: what is disabled is stopped, or on air while another is tried", |stream, index| {
        let input = &stream.inputs[index];
        let drains = stream.is_active(index) && stream.on_air() && stream.pending.is_some();
        !input.disabled || input.status == Status::Stopped || drains
    }),
    ("rule 9: only a degraded input's session is an attempt", |stream, index| {
        stream.inputs[index].severity().is_some() || !stream.attempting(index)
    }),
    (
        "rule 27: after a silence the packets of an input without a session count",
        |stream, index| {
            let input = &stream.inputs[index];
            let counts = input.awaited_without_session() || input.life().is_some();
            let silent = input.errors().last().is_some_and(|error| error.reason == Reason::Timeout);
            !input.failed() || input.session.is_some() || counts || !silent
        },
    ),
    ("rule 27: only a failed input's packets count without a session", |stream, index| {
        let input = &stream.inputs[index];
        let shows = input.trouble().is_some_and(|t| t.listening || t.life.is_some());
        !shows || input.failed() || stream.unregistered
    }),
    ("rule 27: an untested input has errors, and is forced only while it is wanted", |s, index| {
        let input = &s.inputs[index];
        let forced = input.is_untested(Untested::Forced);
        let wanted = input.session.is_some() || s.is_active(index) || s.is_pending(index);
        !input.untested() || (input.errors().len() > 0 && (!forced || wanted || !s.active_runs()))
    }),
    ("rule 27: what is on air has recovered", |stream, index| {
        let input = &stream.inputs[index];
        let untested = input.trouble().is_some_and(|trouble| trouble.untested != Untested::No);
        input.status != Status::Active || !untested
    }),
    ("rule 22: gaps are those of an adaptive input's session", |stream, index| {
        let input = &stream.inputs[index];
        let known = input.trouble().is_some_and(|trouble| trouble.gaps.is_some());
        !known || (input.settings.silence == Silence::Adaptive && input.session.is_some())
    }),
    ("rule 15: the errors and the failed attempts of an input are bounded", |stream, index| {
        stream.inputs[index].errors().len() <= 5 && stream.inputs[index].attempts().len() <= 5
    }),
    ("rule 15: an input that did not fail has no failed attempts", |stream, index| {
        let input = &stream.inputs[index];
        input.attempts().len() == 0 || input.errors().len() > 0
    }),
    ("rule 15: no attempt both helps and fails", |stream, index| {
        let input = &stream.inputs[index];
        input.probes_ok() + input.probes_failed() <= input.probes()
    }),
];

impl Stream {
    /// Checks what must hold between two stimuli. Changes nothing; takes time in proportion to
    /// the stream's inputs.
    ///
    /// # Errors
    /// The first invariant that does not hold: a bug in this crate.
    pub fn check(&self) -> Result<(), Broken> {
        let broken = OF_STREAM.iter().find(|(_, holds)| !holds(self));
        if let Some((invariant, _)) = broken {
            return Err(Broken { invariant, input: None });
        }
        for (index, input) in self.inputs.iter().enumerate() {
            let broken = OF_INPUT.iter().find(|(_, holds)| !holds(self, index));
            if let Some((invariant, _)) = broken {
                return Err(Broken { invariant, input: Some(input.priority()) });
            }
        }
        Ok(())
    }

    /// Panics in debug builds when an invariant does not hold; nothing in release builds. The
    /// switch number was `before`.
    #[inline(always)]
    pub(super) fn debug_check(&self, before: u64) {
        if cfg!(debug_assertions) {
            if let Err(broken) = self.check() {
                panic!("{broken}: {self:#?}");
            }
            assert!(before <= self.switch_number, "switch numbers only rise: {self:#?}");
            let moved = |action: &Action| match action {
                Action::Gate { number, .. } => *number == self.switch_number,
                _ => false,
            };
            let told = before == self.switch_number || self.queued().iter().any(moved);
            assert!(told, "a gate that moves is a queued action: {self:#?}");
        }
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.inputs.iter().filter_map(|input| input.session.as_ref())
    }

    fn input(&self, priority: Priority) -> Option<&InputHealth> {
        self.index_of(priority).map(|index| &self.inputs[index])
    }

    fn active_input(&self) -> Option<&InputHealth> {
        self.active_index().map(|index| &self.inputs[index])
    }
}
