//! What can be done with a stream, by whoever has the token.

use super::refusal::Refusal;
use crate::core::Priority;
use crate::engine::Engine;
use serde::Deserialize;
use std::time::Duration;

/// What can be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Switch,
    Clear,
    FailBack,
    Enable,
    Disable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    input: Option<Priority>,
    seconds: Option<u64>,
}

impl Action {
    /// The action of a path's last segment.
    pub(super) fn named(name: &str) -> Option<Action> {
        match name {
            "switch" => Some(Action::Switch),
            "clear" => Some(Action::Clear),
            "failback" => Some(Action::FailBack),
            "enable" => Some(Action::Enable),
            "disable" => Some(Action::Disable),
            _ => None,
        }
    }

    /// Waits for the monitor.
    pub(super) fn carry_out(
        self,
        engine: &Engine,
        stream: &str,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let wrong = |message: &str| Refusal::new(400, "body", message);
        let arguments: Arguments = match body.trim_ascii() {
            [] => Arguments::default(),
            body => serde_json::from_slice(body)
                .map_err(|_| wrong("the body is to be {\"input\":N}, perhaps with \"seconds\""))?,
        };
        let takes = matches!(self, Action::Switch | Action::Enable | Action::Disable);
        if arguments.input.is_some() != takes {
            return Err(wrong(if takes { "\"input\" is missing" } else { "no \"input\" here" }));
        }
        if arguments.seconds.is_some() && !matches!(self, Action::Switch) {
            return Err(wrong("no \"seconds\" here"));
        }
        let input = arguments.input.unwrap_or(-1);
        match (self, arguments.seconds) {
            (Action::Switch, None) => engine.switch_input(stream, input)?,
            (Action::Switch, Some(seconds)) => {
                engine.switch_input_for(stream, input, Duration::from_secs(seconds))?
            }
            (Action::Clear, _) => engine.clear_override(stream)?,
            (Action::FailBack, _) => engine.fail_back(stream)?,
            (Action::Enable, _) => engine.set_input_enabled(stream, input, true)?,
            (Action::Disable, _) => engine.set_input_enabled(stream, input, false)?,
        }
        Ok(())
    }
}
