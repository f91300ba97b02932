//! Streams in virtual time, told anything, recorded as the engine's door does it.

use super::encoder::Encoder;
use super::frame::put_frame;
use super::*;
use crate::core::{
    Action, Common, Config, Input, InputsUpdate, Measure, Nanos, ProbeOutcome, Registration,
    Stimulus, Stream,
};
use crate::vocabulary::{Condition, Error, Silence};
use fastrand::Rng;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod kept;
mod lengths;

pub(super) const MS: Nanos = 1_000_000;

/// A directory that is removed at the end.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new(name: &str) -> Place {
        let place = std::env::temp_dir().join(format!("changeover-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).unwrap();
        Place(place)
    }

    fn file(&self) -> PathBuf {
        self.0.join("trace")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Streams and their record.
pub(super) struct Told {
    common: Common,
    streams: Vec<Stream>,
    encoder: Encoder,
    pub(super) now: Nanos,
    random: Rng,
    /// To which stream something happened last.
    last: usize,
}

impl Told {
    fn new(seed: u64, urls: Urls) -> Told {
        let (common, streams) = (Common::default(), Vec::new());
        let (now, random) = (5_000 * MS, Rng::with_seed(seed));
        Told { common, streams, encoder: Encoder::new(urls), now, random, last: 0 }
    }

    fn register(&mut self, inputs: Vec<Input>) {
        let number = self.streams.len() as u64 + 1;
        let config = Config::new().silence(Silence::Adaptive).min_bitrate(500);
        let defaults = Config::new().failback_stable(Duration::from_millis(500)).max_loss(5);
        let id = format!("stream {number}").into();
        let first_switch = number << 40;
        let registration = Registration {
            id,
            number,
            inputs,
            first_switch,
            config,
            defaults,
            ..Registration::default()
        };
        self.encoder.registered(&registration, self.now);
        match Stream::new(registration, self.now, &mut self.common) {
            Ok(mut stream) => {
                self.encoder.registration_answer(number, stream.queued());
                let _ = stream.drain();
                self.streams.push(stream);
            }
            Err(error) => self.encoder.registration_refused(error),
        }
    }

    /// How many bytes the record took.
    fn tell(&mut self, index: usize, stimulus: Stimulus) -> usize {
        let before = self.encoder.gathered();
        let stream = &mut self.streams[index];
        let number = stream.registration();
        self.encoder.stimulus(number, &stimulus, self.now);
        let handled = stream.handle(stimulus, self.now, &mut self.common);
        self.encoder.answer(number, handled.map(|()| stream.queued()));
        let _ = stream.drain();
        self.encoder.gathered() - before
    }

    /// Something happens to some stream, or more to the same one at the same time.
    fn go_on(&mut self) {
        if self.random.u8(..3) > 0 {
            self.now += self.random.u64(0..300) * MS;
            self.last = self.random.usize(..self.streams.len());
        }
        let index = self.last % self.streams.len();
        let stimulus = self.anything(index);
        self.tell(index, stimulus);
        if self.random.u8(..40) == 0 {
            let (since, until) = (self.now - MS, self.now + 5000 * MS);
            self.common.spread_waits(since, until);
            self.encoder.mass_failure(since, until, self.now);
        }
    }

    fn anything(&mut self, index: usize) -> Stimulus {
        let stream = &self.streams[index];
        let input = &stream.inputs()[self.random.usize(..stream.inputs().len())];
        let priority = input.priority();
        // Mostly one that there is.
        let session = input.session().unwrap_or(self.random.u64(..100));
        let probe = input.probe_id().unwrap_or(self.random.u64(..100));
        let text = || "rtmp://host/app/secret-key: refused".to_owned();
        let at = self.now.saturating_sub(self.random.u64(..400) * MS);
        match self.random.u8(..34) {
            0..=3 => Stimulus::Tick,
            4..=8 => Stimulus::Packet { session },
            9..=10 => Stimulus::Seen { session, at },
            11 => Stimulus::PacketWithoutSession { priority },
            12 => Stimulus::SeenWithoutSession { priority, at },
            13..=16 => Stimulus::Measured { session, measure: self.measure() },
            17 => Stimulus::Flagged { priority, video: true, key: self.random.bool() },
            18 => {
                let offered = stream.offer().map(|offer| offer.number);
                Stimulus::Committed { number: offered.unwrap_or(7) }
            }
            19 => Stimulus::StartTaken { session },
            20 => Stimulus::StartResult { session, result: Ok(()) },
            21 => Stimulus::StartResult { session, result: Err(text()) },
            22 => Stimulus::ProbeTaken { probe },
            23 => Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Ok },
            24 => Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Failed(text()) },
            25 => Stimulus::InputError { priority, text: text() },
            26 => Stimulus::SoftError { priority, text: text() },
            27 => Stimulus::SessionError { session, text: text() },
            28 => {
                let (condition, holds) = (Condition::Frozen, self.random.bool());
                let session = self.random.bool().then_some(session);
                Stimulus::SetCondition { priority, session, condition, holds, text: text() }
            }
            29 => Stimulus::SwitchInput { priority, lasts: Some(Duration::from_secs(1)) },
            30 => match self.random.u8(..3) {
                0 => Stimulus::ForceInput { priority },
                1 => Stimulus::ClearOverride,
                _ => Stimulus::FailBack,
            },
            31 => Stimulus::SetInputEnabled { priority, enabled: self.random.u8(..4) > 0 },
            32 => {
                let input = Input::new(priority, "srt://new").hot();
                let update = InputsUpdate { updated: vec![input], ..InputsUpdate::default() };
                Stimulus::UpdateInputs(update)
            }
            _ => match self.random.u8(..3) {
                0 => Stimulus::UpdateBufferWriteId("elsewhere".into()),
                1 => Stimulus::SetConfig(Config::new().min_fps(20)),
                _ => Stimulus::SetDefaults(Config::new().packet_timeout(Duration::from_secs(1))),
            },
        }
    }

    fn measure(&mut self) -> Measure {
        let random = &mut self.random;
        let mut maybe = |to: u64| random.bool().then(|| random.u64(..to));
        Measure {
            bitrate_kbps: maybe(2000),
            fps_milli: maybe(60_000),
            loss_ppm: maybe(100_000),
            key_interval: maybe(3_000 * MS),
            since_packet: maybe(100 * MS),
            since_video: maybe(5_000 * MS),
            since_audio: maybe(5_000 * MS),
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        struct State(Stream);
        impl AsRef<Stream> for State {
            fn as_ref(&self) -> &Stream {
                &self.0
            }
        }
        let state = |stream: &Stream| Arc::new(State(stream.clone())) as Arc<_>;
        let streams = self.streams.iter().map(state).collect();
        Checkpoint { at: self.now, common: self.common.recorded(), streams }
    }

    /// Two streams with three inputs each; the trace begins after some time.
    pub(super) fn with_streams(seed: u64) -> Told {
        let mut told = Told::new(seed, Urls::LeftOut);
        for _ in 0..2 {
            let input = |priority| Input::new(priority, "rtmp://host/app/secret-key");
            told.register(vec![input(0).hot(), input(1).hot(), input(2)]);
        }
        (0..seed % 100).for_each(|_| told.go_on());
        told.encoder.take();
        told
    }

    /// A file with so many stimuli of these.
    pub(super) fn write(&mut self, place: &Place, stimuli: usize) -> Vec<u8> {
        self.write_in_frames_of(stimuli, place, stimuli)
    }

    /// With no more than so many of them in a frame.
    pub(super) fn write_in_frames_of(
        &mut self,
        most: usize,
        place: &Place,
        stimuli: usize,
    ) -> Vec<u8> {
        let mut file = TraceFile::create(&place.file(), TraceLimits::new()).unwrap();
        file.checkpoint(&self.checkpoint()).unwrap();
        for told in 1..=stimuli {
            self.go_on();
            if told % most == 0 || told == stimuli {
                file.append(self.encoder.take()).unwrap();
            }
        }
        std::fs::read(place.file()).unwrap()
    }
}

pub(super) fn put_frames_of(record: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    put_frame(&mut frame, record);
    frame
}

pub(super) fn read(bytes: &[u8]) -> (Vec<Record>, Option<Damage>) {
    let (mut records, mut damage) = (Vec::new(), None);
    for record in Reader::new(bytes) {
        match record {
            Ok(record) => records.push(record),
            Err(found) => damage = Some(found),
        }
    }
    (records, damage)
}

pub(super) fn replay(records: &[Record]) -> Replay {
    let mut replay = Replay::new();
    for record in records {
        if let Err(difference) = replay.apply(record) {
            panic!("{difference}");
        }
    }
    replay
}

#[test]
fn what_was_recorded_is_decided_again() {
    for seed in 0..100 {
        let place = Place::new(&format!("replay-{seed}"));
        let mut told = Told::with_streams(seed);
        let bytes = told.write(&place, 300);
        let (records, damage) = read(&bytes);
        assert!(damage.is_none(), "{damage:?}");
        let replay = replay(&records);
        let summary = replay.summary();
        assert_eq!((summary.decided, summary.skipped, summary.lost), (300, 0, 0), "seed {seed}");
        for stream in &told.streams {
            let replayed = replay.stream(stream.registration()).expect("it is there");
            let [ours, theirs] = [stream, replayed].map(|s| serde_json::to_string(s).unwrap());
            assert_eq!(theirs, ours.replace("/secret-key:", "/***:"), "seed {seed}");
            let secret = b"secret-key";
            assert!(!bytes.windows(secret.len()).any(|part| part == secret), "seed {seed}");
        }
    }
}

#[test]
fn a_trace_has_registrations() {
    let place = Place::new("registrations");
    let mut told = Told::new(1, Urls::LeftOut);
    let mut file = TraceFile::create(&place.file(), TraceLimits::new()).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    told.register(vec![Input::new(0, "udp://secret").hot(), Input::new(1, "udp://secret")]);
    told.register(vec![Input::new(0, ""), Input::new(0, "")]);
    (0..50).for_each(|_| told.go_on());
    told.tell(0, Stimulus::Unregister);
    file.append(told.encoder.take()).unwrap();
    let bytes = std::fs::read(place.file()).unwrap();
    let (records, _) = read(&bytes);
    let refused = |record: &Record| match record {
        Record::Registered { registration: Err(error), .. } => Some(*error),
        _ => None,
    };
    let refused: Vec<_> = records.iter().filter_map(refused).collect();
    assert_eq!(refused, [Error::DuplicatePriority.code()]);
    let replay = replay(&records);
    assert_eq!((replay.summary().decided, replay.streams().count()), (52, 0));
    assert!(!bytes.windows(6).any(|part| part == b"secret"), "URLs were not asked for");
}

#[test]
fn urls_are_recorded_where_they_are_asked_for() {
    let place = Place::new("urls");
    let mut told = Told::new(1, Urls::Kept);
    told.register(vec![Input::new(0, "udp://known").hot()]);
    told.encoder.take();
    let mut file = TraceFile::create(&place.file(), TraceLimits::new().urls(true)).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    told.register(vec![Input::new(3, "udp://registered")]);
    let update = InputsUpdate { added: vec![Input::new(7, "udp://added")], ..Default::default() };
    told.tell(0, Stimulus::UpdateInputs(update));
    file.append(told.encoder.take()).unwrap();
    let (records, _) = read(&std::fs::read(place.file()).unwrap());
    let urls = records.into_iter().filter_map(|record| match record {
        Record::Urls { registration, urls } => Some((registration, urls)),
        _ => None,
    });
    let urls: Vec<_> = urls.collect();
    let of = |priority, url: &str| [(priority, url.to_owned())].into();
    let expected =
        [(1, of(0, "udp://known")), (2, of(3, "udp://registered")), (1, of(7, "udp://added"))];
    assert_eq!(urls, expected);
}

#[test]
fn another_answer_is_a_difference() {
    let place = Place::new("difference");
    let mut told = Told::with_streams(0);
    let mut file = TraceFile::create(&place.file(), TraceLimits::new()).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    let session = told.streams[0].inputs()[0].session().unwrap();
    told.tell(0, Stimulus::StartTaken { session });
    told.now += 20_000 * MS;
    // As by a core that has no such deadline.
    told.encoder.stimulus(1, &Stimulus::Tick, told.now);
    told.encoder.answer(1, Ok(&[]));
    file.append(told.encoder.take()).unwrap();
    let (records, _) = read(&std::fs::read(place.file()).unwrap());
    let mut replay = Replay::new();
    let difference = records.iter().find_map(|record| replay.apply(record).err()).unwrap();
    assert_eq!((difference.at, &*difference.stream), (told.now, "stream 1"));
    assert_eq!(difference.recorded, (0, vec![]));
    let text = difference.to_string();
    assert!(text.contains("recorded: nothing to be done\n  replayed: "), "{text}");
}

#[test]
fn after_a_gap_it_goes_on_at_the_next_checkpoint() {
    let place = Place::new("gap");
    let mut told = Told::with_streams(4);
    let mut file = TraceFile::create(&place.file(), TraceLimits::new()).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    (0..10).for_each(|_| told.go_on());
    file.append(told.encoder.take()).unwrap();
    (0..10).for_each(|_| told.go_on());
    let lost = told.encoder.take();
    told.encoder.lost(lost.count(), told.now);
    (0..5).for_each(|_| told.go_on());
    file.append(told.encoder.take()).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    (0..10).for_each(|_| told.go_on());
    file.append(told.encoder.take()).unwrap();
    let (records, _) = read(&std::fs::read(place.file()).unwrap());
    let summary = replay(&records).summary();
    let mass_failures = records.iter().filter(|r| matches!(r, Record::MassFailure { .. })).count();
    assert!(summary.lost >= 10 && mass_failures <= 10, "{summary:?}");
    assert_eq!((summary.decided, summary.skipped, summary.checkpoints), (20, 5, 2));
}

#[test]
fn files_rotate_and_each_can_be_replayed_by_itself() {
    let place = Place::new("rotate");
    let limits = TraceLimits::new().file_bytes(1).files(3);
    let mut told = Told::with_streams(9);
    std::fs::write(place.file(), "of another life").unwrap();
    let mut file = TraceFile::create(&place.file(), limits).unwrap();
    let mut rotations = 0;
    file.checkpoint(&told.checkpoint()).unwrap();
    while rotations < 4 {
        told.go_on();
        if told.encoder.gathered() > 1000 {
            file.append(told.encoder.take()).unwrap();
        }
        if file.is_full() {
            file.append(told.encoder.take()).unwrap();
            file.checkpoint(&told.checkpoint()).unwrap();
            rotations += 1;
        }
    }
    let name = |number| place.0.join(format!("trace.{number}"));
    assert!(name(2).exists() && !name(3).exists());
    for path in [place.file(), name(1), name(2)] {
        let bytes = std::fs::read(&path).unwrap();
        let (records, damage) = read(&bytes);
        assert!(damage.is_none(), "{damage:?}");
        let summary = replay(&records).summary();
        assert_eq!((summary.checkpoints, summary.skipped), (1, 0));
        assert!(path == place.file() || summary.decided > 1000, "64 KiB at least: {summary:?}");
    }
}

#[test]
fn what_was_there_before_is_kept() {
    let place = Place::new("kept");
    std::fs::write(place.file(), "of another life").unwrap();
    Told::with_streams(1).write(&place, 1);
    assert_eq!(std::fs::read(place.0.join("trace.1")).unwrap(), b"of another life");
}

#[test]
fn any_number_of_files_may_be_allowed() {
    let place = Place::new("numbers");
    std::fs::write(place.file(), "of another life").unwrap();
    let mut told = Told::with_streams(1);
    for _ in 0..3 {
        // Another trace to the same path each time.
        let limits = TraceLimits::new().files(usize::MAX);
        let mut file = TraceFile::create(&place.file(), limits).unwrap();
        file.checkpoint(&told.checkpoint()).unwrap();
        told.go_on();
    }
    let name = |number| place.0.join(format!("trace.{number}"));
    assert_eq!(std::fs::read(name(3)).unwrap(), b"of another life");
    assert!(!name(4).exists());
}
