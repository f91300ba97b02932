//! What tests register and change: inputs, settings and updates in few words.

use changeover::core::{Input, InputsUpdate, Priority, Registration};
use changeover::{Config, Overlap};
use std::time::Duration;

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An input that is started when needed.
pub fn cold(priority: Priority) -> Input {
    Input::new(priority, format!("udp://source-{priority}"))
}

/// An input that is kept running.
pub fn hot(priority: Priority) -> Input {
    cold(priority).hot()
}

pub fn overlap_off() -> Config {
    Config::new().overlap(Overlap::Off)
}

/// Of the stream `news`, with every setting its default.
pub fn registration(inputs: impl IntoIterator<Item = Input>) -> Registration {
    let inputs = inputs.into_iter().collect();
    Registration { id: "news".into(), number: 7, inputs, ..Registration::default() }
}

pub fn add(input: Input) -> InputsUpdate {
    InputsUpdate { added: vec![input], ..InputsUpdate::default() }
}

pub fn remove(priority: Priority) -> InputsUpdate {
    InputsUpdate { removed: vec![priority], ..InputsUpdate::default() }
}

pub fn replace(input: Input) -> InputsUpdate {
    InputsUpdate { updated: vec![input], ..InputsUpdate::default() }
}
