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
struct OfStream {
    registration: u64,
    inputs: SmallVec<[(Priority, Samples); 2]>,
    /// It was there when the last sample was taken.
    is_there: bool,
}

#[derive(Debug)]
pub(super) struct Sparks {
    streams: HashMap<Arc<str>, OfStream>,
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
    registration: u64,
    kbps: SmallVec<[(Priority, u32); 3]>,
}

impl Reading {
    pub(super) fn of(status: &RuntimeStatus) -> Reading {
        // A float that is too large is the greatest number to `as`.
        let kbps = |rate: f64| (rate.round() as u32).min(NONE - 1);
        let inputs = status.inputs.iter();
        let kbps = inputs.map(|input| (input.input_priority, kbps(input.bitrate_kbps))).collect();
        Reading { stream: status.stream.clone(), registration: status.registration, kbps }
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
        for stream in self.streams.values_mut() {
            stream.is_there = false;
            stream.inputs.iter_mut().for_each(|(_, samples)| samples.push_back(NONE));
        }
        for Reading { stream, registration, kbps } in readings {
            let new = || OfStream { registration, inputs: SmallVec::new(), is_there: true };
            let of_stream = self.streams.entry(stream).or_insert_with(new);
            if of_stream.registration != registration {
                *of_stream = new();
            }
            of_stream.is_there = true;
            for (priority, kbps) in kbps {
                match of_stream.inputs.iter_mut().find(|(its, _)| *its == priority) {
                    Some((_, samples)) => {
                        samples.pop_back();
                        samples.push_back(kbps);
                    }
                    None => of_stream.inputs.push((priority, Samples::from([kbps]))),
                }
            }
        }
        self.streams.retain(|_, stream| stream.is_there);
        for stream in self.streams.values_mut() {
            for (_, samples) in stream.inputs.iter_mut() {
                while samples.len() > SAMPLES {
                    samples.pop_front();
                }
            }
            stream.inputs.retain(|(_, samples)| samples.iter().any(|sample| *sample != NONE));
        }
    }

    /// Nobody looks any more.
    pub(super) fn clear(&mut self) {
        *self = Sparks::default();
    }

    pub(super) fn of(&self, stream: &str, registration: u64) -> Spark {
        let stream = self.streams.get(stream).filter(|its| its.registration == registration);
        let inputs = stream.map_or(&[][..], |stream| &stream.inputs);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(stream: &str, registration: u64, kbps: u32) -> Reading {
        Reading { stream: stream.into(), registration, kbps: [(0, kbps)].into_iter().collect() }
    }

    #[test]
    fn streams_that_are_gone_are_not_kept() {
        let mut sparks = Sparks::default();
        sparks.sample(vec![reading("news", 1, 10), reading("film", 2, 20)], SystemTime::now());
        sparks.sample(vec![reading("film", 2, 30)], SystemTime::now());
        assert_eq!(sparks.streams.len(), 1);
        assert_eq!(sparks.of("film", 2).inputs[&0], [Some(20), Some(30)]);
    }

    #[test]
    fn a_new_registration_has_nothing_of_the_one_before() {
        let mut sparks = Sparks::default();
        sparks.sample(vec![reading("news", 1, 10)], SystemTime::now());
        assert!(sparks.of("news", 2).inputs.is_empty());
        sparks.sample(vec![reading("news", 2, 20)], SystemTime::now());
        assert_eq!(sparks.of("news", 2).inputs[&0], [Some(20)]);
    }
}
