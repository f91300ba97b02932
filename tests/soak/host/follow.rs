//! Reads what the engine decides from a tap, which nothing holds up, and places it in real time.
//!
//! The engine's clock stands still in stalls. So it is compared with the system's clock all the time. For an event
//! at a time at which it stood still, its wall clock time says on which side of the stall that was; where it does
//! not, both times are told.

use super::Host;
use crate::plan::{self, STREAMS};
use crate::records::{now, Record, What, NO_INPUT};
use changeover::{Awaited, Detail, Engine, Event, EventKind, Notice, Reason, TapOptions};
use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// How often the clocks are compared at least, in milliseconds.
const COMPARE: i32 = 5;

/// Less is no stall, but how long it takes to compare, in nanoseconds.
const NOISE: u64 = 200_000;

/// What an event's wall clock time may be off by, in nanoseconds: the engine compares its clock with that at times,
/// and takes no notice of 5 ms.
const WALL: u64 = 8_000_000;

/// So many stalls back an event may have been decided: when many streams fail at once, the last of them are
/// told long after.
const STALLS: usize = 32;

/// By how much the system's clock is ahead of the engine's, at some time.
#[derive(Clone, Copy)]
struct Ahead {
    at: u64,
    least: u64,
    most: u64,
}

impl Ahead {
    fn compare(engine: &Engine) -> Ahead {
        // Whoever is interrupted in between tries again.
        let compare = |_| {
            let (before, at_engine, after) = (now(), engine.now(), now());
            let [least, most] = [before, after].map(|at| at.saturating_sub(at_engine));
            Ahead { at: after, least, most }
        };
        (0..5).map(compare).min_by_key(|ahead| ahead.most - ahead.least).expect("five of them")
    }
}

/// The engine's time in the system's: a stretch between any two stalls, in which one is ahead of the other by
/// as much as at its beginning.
struct Times {
    stretches: VecDeque<Stretch>,
    /// When that was seen to be so still.
    last: Ahead,
}

/// It may have begun as early as `since`, and have ended as late as `until`.
struct Stretch {
    since: u64,
    until: u64,
    ahead: Ahead,
}

impl Times {
    fn new(ahead: Ahead) -> Times {
        let first = Stretch { since: 0, until: u64::MAX, ahead };
        Times { stretches: [first].into(), last: ahead }
    }

    /// A stall, if there was one since the last time: between when and when, and how long.
    fn compare(&mut self, engine: &Engine) -> Option<Record> {
        let last = std::mem::replace(&mut self.last, Ahead::compare(engine));
        let now = self.last;
        if now.least <= last.most + NOISE {
            return None;
        }
        // Nothing was decided while it lasted.
        let more = now.least - last.most;
        let before = self.stretches.back_mut().expect("there is always one");
        before.until = now.at - more + NOISE;
        self.stretches.push_back(Stretch { since: last.at, until: u64::MAX, ahead: now });
        if self.stretches.len() > STALLS {
            self.stretches.pop_front();
        }
        Some(Record { more, ..Record::new(What::Stall, 0, last.at, now.at) })
    }

    /// When an event was decided: at the earliest and at the latest.
    fn place(&self, event: &Event) -> (u64, u64) {
        let at = event.at;
        let fits = |stretch: &&Stretch| {
            let Ahead { least, most, .. } = stretch.ahead;
            at + most + NOISE >= stretch.since && at + least <= stretch.until
        };
        let fitting = || self.stretches.iter().filter(fits).map(|stretch| stretch.ahead);
        let wall = by_the_wall(event);
        let is_near = |ahead: &Ahead| wall.abs_diff(at + ahead.least) < WALL;
        let mut near = fitting().filter(is_near).peekable();
        let (first, last) = if near.peek().is_some() {
            (near.next(), near.next_back())
        } else {
            (fitting().next(), fitting().next_back())
        };
        let first = first.unwrap_or(self.last);
        let last = last.unwrap_or(first);
        (at + first.least, (at + last.most).min(self.last.at))
    }
}

/// When it was decided, as its wall clock time says, by the system's clock.
fn by_the_wall(event: &Event) -> u64 {
    let ago = SystemTime::now().duration_since(event.wall).unwrap_or_default();
    now().saturating_sub(plan::nanos(ago))
}

pub fn spawn(host: Arc<Host>) -> JoinHandle<()> {
    let mut tap = host.engine().tap(TapOptions::new()).unwrap();
    std::thread::spawn(move || {
        let engine = host.engine();
        let mut times = Times::new(Ahead::compare(engine));
        // The events of a stream come in the order of its decisions.
        let mut earliest = vec![0; STREAMS];
        loop {
            let next = tap.next(Duration::ZERO);
            // Nothing is decided after it was read.
            if let Some(stall) = times.compare(engine) {
                host.tell(stall);
            }
            match next {
                Ok(Some(tapped)) => {
                    if tapped.missed() > 0 {
                        let missed = Record::new(What::Missed, 0, now(), now());
                        host.tell(Record { more: tapped.missed(), ..missed });
                    }
                    let event = tapped.event();
                    let Some(stream) = plan::stream_of(&event.stream) else { continue };
                    let (from, to) = times.place(event);
                    earliest[stream] = from.max(earliest[stream]);
                    tell(&host, stream, event, earliest[stream], to.max(earliest[stream]));
                }
                Ok(None) => {
                    let descriptor = tap.event_fd().as_raw_fd();
                    let mut wait =
                        libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
                    // SAFETY: one valid entry.
                    unsafe { libc::poll(&mut wait, 1, COMPARE) };
                }
                Err(_) => return,
            }
        }
    })
}

fn tell(host: &Host, stream: usize, event: &Event, from: u64, to: u64) {
    let input = |priority: i32| 2 * stream + priority as usize;
    let record = |what, priority| Record::new(what, input(priority), from, to);
    let record = match &event.kind {
        EventKind::Start(start) => {
            Record { session: start.session, ..record(What::Start, start.input.priority) }
        }
        EventKind::Stop(stop) => {
            Record { session: stop.session, ..record(What::Stop, stop.priority) }
        }
        EventKind::Notice(notice) => match notice {
            Notice::Switched(switch) => {
                let what = match switch.reason {
                    Reason::Timeout => What::SwitchedTimeout,
                    Reason::Initial => What::SwitchedInitial,
                    _ => What::SwitchedOtherwise,
                };
                let more = switch.from.map_or(NO_INPUT, |from| input(from) as u64);
                Record { number: switch.number, more, ..record(what, switch.to) }
            }
            Notice::Degraded { priority, error } => {
                let more = error.detail.measured();
                Record { more, ..record(why(error.reason, &error.detail), *priority) }
            }
            Notice::Recovered { priority, .. } => record(What::Recovered, *priority),
            Notice::Exhausted { .. } => record(What::Exhausted, 0),
            Notice::Restored { priority } => record(What::Restored, *priority),
            Notice::Unregistered => record(What::Unregistered, 0),
            _ => return,
        },
        _ => return,
    };
    host.tell(record);
}

fn why(reason: Reason, detail: &Detail) -> What {
    match (reason, detail) {
        (Reason::Timeout, Detail::Overdue { awaited: Awaited::FirstPacket, .. }) => {
            What::DegradedUnconnected
        }
        (Reason::Timeout, _) => What::DegradedSilent,
        _ => What::DegradedByHost,
    }
}
