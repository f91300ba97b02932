//! What happened to a stream, in a few words: what its host said or asked for, and what was decided.

use changeover::core::Stimulus;
use changeover::trace::{Act, Record};
use changeover::{printable, ProbeOutcome};

/// What a record says to a person; nothing where it is the usual business.
pub(crate) fn lines(record: &Record) -> Vec<String> {
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
        Stimulus::InputError { priority, text } => format!("error of input {priority}: {text}"),
        Stimulus::SoftError { priority, text } => {
            format!("soft error of input {priority}: {text}")
        }
        Stimulus::SessionError { session, text } => format!("error of session {session}: {text}"),
        Stimulus::StartResult { session, result: Err(text) } => {
            format!("start of session {session} failed: {text}")
        }
        Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Failed(text) } => {
            format!("probe {probe} failed: {text}")
        }
        Stimulus::SetCondition { priority, condition, holds, text, .. } => {
            let not = if *holds { "" } else { "no longer " };
            format!("the host sees input {priority} {not}{}: {text}", condition.name())
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
