//! The bitrates of all inputs over the last quarter of an hour, while somebody looks.

use crate::core::Priority;
use crate::engine::RuntimeStatus;
use crate::print::json::rfc3339;
use serde::Serialize;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The time from one sample to the next.
pub(super) const STEP: Duration = Duration::from_secs(5);

/// How many are kept.
const SAMPLES: usize = 180;

/// No sample: the input or the stream was not there, or nobody looked.
const NONE: u32 = u32::MAX;

/// In kbit/s, the newest last.
type Samples = VecDeque<u32>;

#[derive(Debug)]
pub(super) struct Sparks {
    streams: HashMap<Arc<str>, SmallVec<[(Priority, Samples); 2]>>,
    until: SystemTime,
}

/// Of one stream. All lists are equally long and end at `until`.
#[derive(Debug, Serialize)]
pub(super) struct Spark {
    step_ms: u64,
    #[serde(serialize_with = "rfc3339")]
    until: SystemTime,
    inputs: BTreeMap<Priority, Vec<Option<u32>>>,
}

/// The bitrates of a stream at one instant.
#[derive(Debug)]
pub(super) struct Reading {
    stream: Arc<str>,
    kbps: SmallVec<[(Priority, u32); 3]>,
}

impl Reading {
    pub(super) fn of(status: &RuntimeStatus) -> Reading {
        // A float that is too large is the greatest number to `as`.
        let kbps = |rate: f64| (rate.round() as u32).min(NONE - 1);
        let inputs = status.inputs.iter();
        let kbps = inputs.map(|input| (input.input_priority, kbps(input.bitrate_kbps))).collect();
        Reading { stream: status.stream.clone(), kbps }
    }
}

impl Default for Sparks {
    fn default() -> Sparks {
        Sparks { streams: HashMap::new(), until: SystemTime::UNIX_EPOCH }
    }
}

impl Sparks {
    /// The next sample of all streams there are.
    pub(super) fn sample(&mut self, readings: Vec<Reading>, now: SystemTime) {
        self.until = now;
        for (_, samples) in self.streams.values_mut().flatten() {
            samples.push_back(NONE);
        }
        for Reading { stream, kbps } in readings {
            let inputs = self.streams.entry(stream).or_default();
            for (priority, kbps) in kbps {
                match inputs.iter_mut().find(|(its, _)| *its == priority) {
                    Some((_, samples)) => {
                        samples.pop_back();
                        samples.push_back(kbps);
                    }
                    None => inputs.push((priority, Samples::from([kbps]))),
                }
            }
        }
        for inputs in self.streams.values_mut() {
            for (_, samples) in inputs.iter_mut() {
                while samples.len() > SAMPLES {
                    samples.pop_front();
                }
            }
            inputs.retain(|(_, samples)| samples.iter().any(|sample| *sample != NONE));
        }
        self.streams.retain(|_, inputs| !inputs.is_empty());
    }

    /// Nobody looks any more.
    pub(super) fn clear(&mut self) {
        *self = Sparks::default();
    }

    pub(super) fn of(&self, stream: &str) -> Spark {
        let inputs = self.streams.get(stream).map_or(&[][..], |inputs| inputs);
        let longest = inputs.iter().map(|(_, samples)| samples.len()).max().unwrap_or_default();
        let list = |samples: &Samples| {
            let missing = std::iter::repeat_n(None, longest - samples.len());
            let known = samples.iter().map(|sample| (*sample != NONE).then_some(*sample));
            missing.chain(known).collect()
        };
        Spark {
            step_ms: STEP.as_millis() as u64,
            until: self.until,
            inputs: inputs.iter().map(|(priority, samples)| (*priority, list(samples))).collect(),
        }
    }
}
