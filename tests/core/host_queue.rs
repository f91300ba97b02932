//! The host's side of the commands: what it was told and has not taken yet, and what it runs.

use changeover::core::{Action, Priority, Probe, ProbeId, SessionId, Start, Stop};
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    Start(SessionId, Priority),
    Stop(SessionId, Priority),
    Probe(ProbeId, Priority),
}

#[derive(Debug, Default)]
pub struct HostQueue {
    untaken: VecDeque<Command>,
    running: Vec<SessionId>,
}

impl HostQueue {
    /// Queues the command that an action is, if it is one. A start not yet taken vanishes with its stop.
    pub fn push(&mut self, action: &Action) -> Option<Command> {
        let command = match action {
            Action::Start(Start { session, input, .. }) => Command::Start(*session, input.priority),
            Action::Probe(Probe { probe, input, .. }) => Command::Probe(*probe, input.priority),
            Action::Stop(Stop { session, priority, .. }) => {
                let start = Command::Start(*session, *priority);
                if let Some(at) = self.untaken.iter().position(|untaken| *untaken == start) {
                    self.untaken.remove(at);
                    return None;
                }
                Command::Stop(*session, *priority)
            }
            _ => return None,
        };
        self.untaken.push_back(command);
        Some(command)
    }

    /// The host takes the next command, which must be this one. False if it has vanished.
    pub fn take(&mut self, command: Command) -> bool {
        let Some(at) = self.untaken.iter().position(|untaken| *untaken == command) else {
            return false;
        };
        assert_eq!(at, 0, "commands are taken in order");
        self.untaken.pop_front();
        match command {
            Command::Start(session, _) => {
                assert!(!self.running.contains(&session), "a session is started once");
                self.running.push(session);
            }
            Command::Stop(session, _) => {
                let at = self.running.iter().position(|running| *running == session);
                self.running.swap_remove(at.expect("a stop of a session that was taken"));
            }
            Command::Probe(..) => {}
        }
        true
    }

    pub fn untaken(&self) -> impl Iterator<Item = Command> + '_ {
        self.untaken.iter().copied()
    }

    /// Every session whose start was taken and whose stop was not.
    pub fn running(&self) -> &[SessionId] {
        &self.running
    }
}
