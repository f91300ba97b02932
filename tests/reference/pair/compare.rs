//! What the core and the model answered to one step, held against each other.

use super::{Command, Pair, Running, Same};
use crate::model::told::{Evidence, Failure, Out};
use changeover::core::{
    Action, Detail, InputError, InputHealth, Nanos, Notice, Priority, SessionId, Switch,
};
use changeover::{Reason, Status};

impl Pair {
    /// What came out, and what can be seen afterwards.
    pub(super) fn compare(&mut self) -> Same {
        self.figures.steps += 1;
        self.from_model.clear();
        self.from_model.extend(self.model.take_out());
        self.translate()?;
        if self.is_told {
            for out in &self.from_core {
                eprintln!("        {out:?}");
            }
        }
        for list in [&mut self.from_core, &mut self.from_model] {
            list.sort_by_key(is_command);
            list.chunk_by_mut(|one, next| {
                [one, next].iter().all(|out| matches!(out, Out::Degraded { .. }))
            })
            .for_each(|at_once| at_once.sort_by_key(degraded));
        }
        let notices = |out: &&Out| !is_command(out);
        if !self.from_core.iter().filter(notices).eq(self.from_model.iter().filter(notices)) {
            return Err(self.both_said("notices", |out| !is_command(out)));
        }
        let commands = |list: &[Out]| {
            let mut commands: Vec<_> =
                list.iter().filter(|out| is_command(out)).map(command_key).collect();
            commands.sort_unstable();
            commands
        };
        if commands(&self.from_core) != commands(&self.from_model) {
            return Err(self.both_said("commands", is_command));
        }
        for out in self.from_model.iter().filter(|out| matches!(out, Out::Switched { .. })) {
            self.switches.push_back(*out);
            self.switches.drain(..self.switches.len().saturating_sub(20));
        }
        self.compare_status()?;
        self.compare_waits()
    }

    /// Jitter is random: within its bounds it is for the core to say when a wait ends.
    fn compare_waits(&mut self) -> Same {
        if self.model.is_over() {
            return Ok(());
        }
        for core in self.core.inputs() {
            let (priority, ends) = (core.priority(), core.retry_at());
            let should = self.model.inputs().find(|one| one.priority == priority);
            let should = should.and_then(|one| one.wait);
            if !self.model.wait_ends(priority, ends) {
                return Err(format!("input {priority} waits until {ends:?} instead of {should:?}"));
            }
        }
        Ok(())
    }

    fn both_said(&self, what: &str, which: fn(&Out) -> bool) -> String {
        let list = |list: &[Out]| -> String {
            list.iter().filter(|out| which(out)).map(|out| format!("\n    {out:?}")).collect()
        };
        format!(
            "{what} differ\n  core:{}\n  model:{}",
            list(&self.from_core),
            list(&self.from_model)
        )
    }

    /// The core's actions in the model's words; and what is to be remembered of them.
    fn translate(&mut self) -> Same {
        self.from_core.clear();
        let mut starts = self.from_model.iter().filter_map(|out| match out {
            Out::Start { priority, session, .. } => Some((*priority, *session)),
            _ => None,
        });
        let mut unmatched: Vec<_> = starts.by_ref().collect();
        let actions = std::mem::take(&mut self.actions);
        for action in &actions {
            let out = match action {
                Action::Start(start) => {
                    if *start.buffer_write_id != *self.model.buffer() {
                        return Err(format!(
                            "started onto {}, not {}",
                            start.buffer_write_id,
                            self.model.buffer()
                        ));
                    }
                    let priority = start.input.priority;
                    let model = match unmatched.iter().position(|one| one.0 == priority) {
                        Some(at) => unmatched.remove(at).1,
                        None => u64::MAX,
                    };
                    let core = start.session;
                    self.running.push(Running {
                        priority,
                        core,
                        model,
                        taken: false,
                        newest: 0,
                        told: 0,
                    });
                    self.queue.push_back(Command::Start(core));
                    Out::Start { priority, session: model, why: start.start_reason }
                }
                Action::Stop(stop) => {
                    let Some(at) = self.running.iter().position(|one| one.core == stop.session)
                    else {
                        return Err(format!("the core stops {} again", stop.session));
                    };
                    let running = self.running.remove(at);
                    self.over.0 = Some(running.core);
                    match self.queue.iter().position(|one| *one == Command::Start(running.core)) {
                        Some(at) => drop(self.queue.remove(at)),
                        None => self.queue.push_back(Command::Stop(running.core)),
                    }
                    Out::Stop { priority: running.priority, session: running.model }
                }
                Action::Probe(probe) => {
                    let priority = probe.input.priority;
                    self.probes.push((priority, probe.probe, false));
                    self.queue.push_back(Command::Probe(probe.probe));
                    Out::Probe { priority, timeout: probe.timeout.as_nanos() as Nanos }
                }
                Action::CancelProbe { probe } => {
                    self.probes.retain(|one| one.1 != *probe);
                    self.over.1 = Some(*probe);
                    continue;
                }
                Action::Gate { .. } | Action::Await { .. } | Action::AwaitInput { .. } => continue,
                Action::Notify(notice) => self.notice(notice)?,
            };
            self.from_core.push(out);
        }
        self.actions = actions;
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) -> Result<Out, String> {
        Ok(match notice {
            Notice::Switched(switch) => {
                if switch.at != self.now {
                    return Err(format!("switched at {} instead of {}", switch.at, self.now));
                }
                let (from, to, reason, number) =
                    (switch.from, switch.to, switch.reason, switch.number);
                Out::Switched { from, to, reason, evidence: evidence(&switch.detail), number }
            }
            Notice::Active { priority, session, waited } => {
                let known = self
                    .running
                    .iter()
                    .any(|one| one.core == *session && one.priority == *priority);
                if !known {
                    return Err(format!(
                        "{priority} is on air with session {session}, which does not run"
                    ));
                }
                Out::Active { priority: *priority, waited: waited.as_nanos() as Nanos }
            }
            Notice::Degraded { priority, error } => {
                self.figures.faults += u64::from(error.reason == Reason::Timeout);
                Out::Degraded { priority: *priority, failure: failure(error) }
            }
            Notice::Recovered { priority, exhausted } => {
                Out::Recovered { priority: *priority, exhausted: *exhausted }
            }
            Notice::Exhausted { reason } => Out::Exhausted { reason: *reason },
            Notice::Restored { priority } => Out::Restored { priority: *priority },
            Notice::Unregistered => Out::Unregistered,
            other => return Err(format!("{other:?}")),
        })
    }

    fn compare_status(&self) -> Same {
        macro_rules! same {
            ($what:literal, $core:expr, $model:expr) => {
                let (core, model) = ($core, $model);
                if core != model {
                    return Err(format!("{}: the core has {core:?}, the model {model:?}", $what));
                }
            };
        }
        let session = |core: Option<SessionId>| {
            core.map(|id| self.running.iter().find(|one| one.core == id).map_or(0, |one| one.model))
        };
        if self.model.is_over() {
            // Rule 14.
            let stopped = |input: &InputHealth| {
                input.status() == Status::Stopped && input.session().is_none()
            };
            same!("stopped", self.core.inputs().iter().all(stopped), true);
            same!(
                "gate",
                (session(self.core.gate()), self.core.switch_number()),
                self.model.gate()
            );
            same!("deadline", self.core.next_deadline(), None);
            return Ok(());
        }
        same!("active", self.core.active(), self.model.active());
        same!("pending", self.core.pending(), self.model.pending());
        same!("override", self.core.override_input(), self.model.pinned());
        same!("its end", self.core.override_ends(), self.model.pinned_until());
        same!("exhausted", self.core.exhausted(), self.model.exhausted());
        same!("on air", self.core.on_air(), self.model.is_on_air());
        same!("gate", (session(self.core.gate()), self.core.switch_number()), self.model.gate());
        same!("inputs", self.core.inputs().len(), self.model.inputs().count());
        for (core, model) in self.core.inputs().iter().zip(self.model.inputs()) {
            let priority = model.priority;
            let of = |what: &str, core: String, model: String| {
                Err(format!("input {priority}, {what}: the core has {core}, the model {model}"))
            };
            if core.priority() != priority || core.status() != self.model.status(priority) {
                return of(
                    "status",
                    format!("{:?}", core.status()),
                    format!("{:?}", self.model.status(priority)),
                );
            }
            let ids = (session(core.session()), model.session.map(|session| session.id));
            if ids.0 != ids.1 {
                return of("session", format!("{:?}", ids.0), format!("{:?}", ids.1));
            }
            if core.disabled() != model.disabled {
                return of("disabled", core.disabled().to_string(), model.disabled.to_string());
            }
            if core.untested() != model.untested {
                return of("untested", core.untested().to_string(), model.untested.to_string());
            }
            let counts = (core.probes(), core.probes_ok(), core.probes_failed());
            if counts != (model.tried, model.tried_well, model.tried_in_vain) {
                let model = (model.tried, model.tried_well, model.tried_in_vain);
                return of("attempts", format!("{counts:?}"), format!("{model:?}"));
            }
            if !core.errors().map(failure).eq(model.errors.iter().copied()) {
                let core: Vec<_> = core.errors().collect();
                return of("errors", format!("{core:?}"), format!("{:?}", model.errors));
            }
            if !core.attempts().map(failure).eq(model.attempts.iter().copied()) {
                let core: Vec<_> = core.attempts().collect();
                return of("failed attempts", format!("{core:?}"), format!("{:?}", model.attempts));
            }
        }
        let due = (self.core.next_deadline(), self.model.deadline());
        if let (core, Some(model)) = due {
            if core.is_none_or(|core| core > model.max(self.now)) {
                return Err(format!("the core sleeps until {core:?}, the model wakes at {model}"));
            }
        }
        Ok(())
    }

    /// Rule 15c.
    pub(super) fn history(&self) -> Same {
        let kept = self.core.switches().map(|switch| switched(&switch));
        match kept.eq(self.switches.iter().copied()) {
            true => Ok(()),
            false => Err(format!("the history differs from {:?}", self.switches)),
        }
    }
}

/// What fails in one instant fails in any order.
fn degraded(out: &Out) -> Priority {
    match out {
        Out::Degraded { priority, .. } => *priority,
        _ => 0,
    }
}

fn is_command(out: &Out) -> bool {
    matches!(out, Out::Start { .. } | Out::Stop { .. } | Out::Probe { .. })
}

fn command_key(out: &Out) -> (u8, Priority, u64, u64) {
    match *out {
        Out::Stop { priority, session } => (0, priority, session, 0),
        Out::Start { priority, session, why } => (1, priority, session, why as u64),
        Out::Probe { priority, timeout } => (2, priority, timeout, 0),
        _ => unreachable!("no command"),
    }
}

fn switched(switch: &Switch) -> Out {
    let Switch { from, to, reason, number, .. } = *switch;
    Out::Switched { from, to, reason, evidence: evidence(&switch.detail), number }
}

fn failure(error: &InputError) -> Failure {
    Failure { at: error.at, reason: error.reason, evidence: evidence(&error.detail) }
}

fn evidence(detail: &Detail) -> Evidence {
    match detail {
        Detail::Told(text) => Evidence::Said(crate::texts::known(text)),
        Detail::Overdue { measured, limit, .. } => {
            Evidence::Overdue { measured: *measured, limit: *limit }
        }
        _ => Evidence::Any,
    }
}
