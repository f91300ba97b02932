//! What happened to a stream, in a few words: what its host said or asked for, and what was decided.

use crate::words::with_text;
use changeover::core::Stimulus;
use changeover::trace::{Act, Record, Told};
use changeover::{printable, Condition, Priority, ProbeOutcome};
use std::collections::BTreeSet;

/// Reads out records, one after the other.
#[derive(Default)]
pub(crate) struct Teller {
    /// What hosts see of which inputs of which registrations.
    seen: BTreeSet<(u64, Priority, &'static str)>,
}

impl Teller {
    /// What a record says to a person; nothing where it is the usual business.
    pub(crate) fn lines(&mut self, record: &Record) -> Vec<String> {
        match record {
            Record::State(stream) => {
                for input in stream.inputs() {
                    let held = input.conditions().map(|held| held.condition.name());
                    let of = |condition| (stream.registration(), input.priority(), condition);
                    self.seen.extend(held.map(of));
                }
            }
            Record::Told(told) if !self.is_news(told) => return Vec::new(),
            _ => {}
        }
        lines(record)
    }

    /// Hosts say of each session that it is not black; it is news where it was.
    fn is_news(&mut self, told: &Told) -> bool {
        let Stimulus::SetCondition { priority, condition, holds, .. } = &told.stimulus else {
            return true;
        };
        let of = (told.registration, *priority, condition.name());
        let changed = if *holds { self.seen.insert(of) } else { self.seen.remove(&of) };
        changed || !told.acts().is_empty()
    }
}

fn lines(record: &Record) -> Vec<String> {
    let (mut lines, acts) = match record {
        Record::Registered { registration: Ok(_), acts, .. } => {
            (vec!["registered".to_owned()], acts.clone())
        }
        Record::Told(told) => {
            let refused = match told.error {
                0 => String::new(),
                code => format!(", refused with error {code}"),
            };
            let said = said(&told.stimulus).map(|said| said + &refused);
            (Vec::from_iter(said), told.acts())
        }
        _ => return Vec::new(),
    };
    let decided = acts.iter().filter(|act| matches!(act, Act::Notify(_)));
    lines.extend(decided.map(Act::to_string));
    lines.iter().map(|line| printable(line).to_string()).collect()
}

fn said(stimulus: &Stimulus) -> Option<String> {
    Some(match stimulus {
        Stimulus::InputError { priority, text } => {
            with_text(format!("error of input {priority}"), text)
        }
        Stimulus::SoftError { priority, text } => {
            with_text(format!("soft error of input {priority}"), text)
        }
        Stimulus::SessionError { session, text } => {
            with_text(format!("error of session {session}"), text)
        }
        Stimulus::StartResult { session, result: Err(text) } => {
            with_text(format!("start of session {session} failed"), text)
        }
        Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Failed(text) } => {
            with_text(format!("probe {probe} failed"), text)
        }
        Stimulus::SetCondition { priority, condition, holds, text, .. } => {
            let is = if *holds { "is" } else { "is no longer" };
            let what = match condition {
                Condition::Host => "impaired",
                _ => condition.name(),
            };
            with_text(format!("the host says that input {priority} {is} {what}"), text)
        }
        Stimulus::SwitchInput { priority, .. } => format!("input {priority} chosen by hand"),
        Stimulus::ForceInput { priority } => format!("input {priority} forced by hand"),
        Stimulus::ClearOverride => "end of the choice by hand".to_owned(),
        Stimulus::FailBack => "return to the best input asked for".to_owned(),
        Stimulus::SetInputEnabled { priority, enabled } => {
            format!("input {priority} {}abled", if *enabled { "en" } else { "dis" })
        }
        Stimulus::UpdateInputs(update) => {
            let (added, removed, updated) =
                (update.added.len(), update.removed.len(), update.updated.len());
            format!("inputs changed: {added} added, {removed} removed, {updated} updated")
        }
        Stimulus::UpdateBufferWriteId(_) => "the host writes elsewhere".to_owned(),
        Stimulus::SetConfig(_) => "new settings of the stream".to_owned(),
        Stimulus::SetDefaults(_) => "new settings of the engine".to_owned(),
        Stimulus::Unregister => "unregistered".to_owned(),
        _ => return None,
    })
}
