//! What a stream did, as lines of a story.
//!
//! A line is told for every action and notice: `"3000 switch 0>1 timeout"`, in milliseconds since the
//! registration. The sessions of input 0 are called `0a`, `0b`, `0c`… in the order of their starts;
//! `active 0 after 100` names the time from the selection to the first packet.

use super::rig::MS;
use changeover::core::{Action, Nanos, Notice, Priority, Probe, SessionId, Start, Stop};
use std::collections::{HashMap, VecDeque};

pub struct Story {
    /// The instant that the story calls 0.
    pub origin: Nanos,
    lines: VecDeque<(Nanos, String)>,
    names: HashMap<SessionId, String>,
    sessions_of: HashMap<Priority, u8>,
}

impl Story {
    pub fn new(origin: Nanos) -> Story {
        Story { origin, lines: VecDeque::new(), names: HashMap::new(), sessions_of: HashMap::new() }
    }

    /// What the stream did in one step.
    pub fn tell(&mut self, actions: &[Action], now: Nanos) {
        // The gate opens for a session before its start is told.
        for action in actions {
            if let Action::Start(Start { session, input, .. }) = action {
                self.christen(*session, input.priority);
            }
        }
        let lines = actions.iter().filter_map(|action| Some((now, self.line(action)?)));
        self.lines.extend(lines.collect::<Vec<_>>());
    }

    /// What was told since the last look.
    pub fn take(&mut self) -> impl Iterator<Item = (Nanos, String)> + '_ {
        self.lines.drain(..)
    }

    /// Forgets everything up to and with this line. Answers when it was told, if it was; from there on
    /// the story counts.
    pub fn continue_after(&mut self, line: &str) -> Option<Nanos> {
        let found = self.lines.iter().position(|(_, told)| told == line)?;
        let (at, _) = self.lines[found];
        self.lines.drain(..=found);
        self.origin = at;
        Some(at)
    }

    pub fn name(&self, session: SessionId) -> &str {
        &self.names[&session]
    }

    pub fn session(&self, name: &str) -> SessionId {
        let found = self.names.iter().find(|(_, other)| *other == name);
        *found.expect("a session of this name").0
    }

    /// An instant in milliseconds of the story.
    pub fn time(&self, at: Nanos) -> String {
        let since = at as i128 - self.origin as i128;
        let (whole, rest) = (since / MS as i128, since % MS as i128);
        if rest == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{rest:06}")
        }
    }

    fn christen(&mut self, session: SessionId, priority: Priority) {
        let count = self.sessions_of.entry(priority).or_insert(0);
        let letter = char::from(b'a' + *count % 26);
        *count = count.wrapping_add(1);
        self.names.insert(session, format!("{priority}{letter}"));
    }

    fn line(&self, action: &Action) -> Option<String> {
        Some(match action {
            Action::Start(Start { session, .. }) => format!("start {}", self.name(*session)),
            Action::Stop(Stop { session, .. }) => format!("stop {}", self.name(*session)),
            Action::Probe(Probe { input, .. }) => format!("probe {}", input.priority),
            Action::CancelProbe { .. } => "cancel probe".into(),
            Action::Gate { session: Some(session), .. } => format!("gate {}", self.name(*session)),
            Action::Gate { session: None, .. } => "gate closed".into(),
            Action::Await { .. } | Action::AwaitInput { .. } => return None,
            Action::Notify(notice) => notice_line(notice),
        })
    }
}

fn notice_line(notice: &Notice) -> String {
    match notice {
        Notice::Switched(switch) => {
            let from = switch.from.map_or("none".into(), |from| from.to_string());
            format!("switch {from}>{} {}", switch.to, switch.reason.name())
        }
        Notice::Active { priority, waited, .. } => {
            format!("active {priority} after {}", waited.as_millis())
        }
        Notice::Degraded { priority, error } => {
            format!("degraded {priority} {}", error.reason.name())
        }
        Notice::Recovered { priority, .. } => format!("recovered {priority}"),
        Notice::Exhausted { reason } => format!("exhausted {}", reason.name()),
        Notice::Restored { priority } => format!("restored {priority}"),
        other => other.tag().name().into(),
    }
}
