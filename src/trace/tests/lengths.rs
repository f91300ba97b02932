//! How long records are, and that what is said in short is read as it was.

use super::*;

#[test]
fn typical_events_are_short() {
    let mut told = Told::with_streams(0);
    // As in an engine that has run for weeks.
    told.common = Common::resumed(3_000_000, None);
    told.now = 2_000_000_000 * MS;
    let input = |priority| Input::new(priority, "udp://");
    told.register(vec![input(0).hot(), input(1).hot()]);
    let sessions: Vec<_> =
        told.streams[2].inputs().iter().map(|input| input.session().unwrap()).collect();
    let session = sessions[0];
    let measure = Measure {
        bitrate_kbps: Some(8_500),
        fps_milli: Some(25_000),
        loss_ppm: Some(0),
        key_interval: Some(2_000_123_456),
        since_packet: Some(12_345_678),
        since_video: Some(12_345_678),
        since_audio: Some(33_345_678),
    };
    let mut length_of = |after: Nanos, stimulus: Stimulus| {
        told.now += after;
        told.tell(2, stimulus)
    };
    let lengths = [
        length_of(MS, Stimulus::StartTaken { session }),
        length_of(40 * MS, Stimulus::Packet { session }),
        length_of(123_456, Stimulus::Measured { session, measure }),
        length_of(100 * MS, Stimulus::Packet { session: sessions[1] }),
        length_of(999_999_999, Stimulus::Seen { session, at: 2_000_000_500 * MS }),
        length_of(MS, Stimulus::Flagged { priority: 0, video: true, key: true }),
        length_of(MS, Stimulus::Tick),
    ];
    assert!(lengths.iter().all(|length| *length <= 40), "{lengths:?}");
    // Said right after its newest packet, it is not said again when that came.
    let at = told.now + MS - measure.since_packet.unwrap();
    told.now += MS;
    told.tell(2, Stimulus::Seen { session, at });
    let length = told.tell(2, Stimulus::Measured { session, measure });
    assert!(length <= 18, "{length} bytes of what was measured");
}

#[test]
fn what_was_measured_is_read_as_it_was_however_it_is_said() {
    let mut random = Rng::with_seed(3);
    let (mut encoder, mut said) = (Encoder::new(Urls::LeftOut), Vec::new());
    let (mut bytes, mut now, mut short) = (Vec::new(), 5_000 * MS, 0);
    put_beginning(&mut bytes);
    for _ in 0..20_000 {
        if random.u8(..4) == 0 {
            now += random.u64(..50) * MS;
        }
        let (registration, session) = (random.u64(1..3), random.u64(1..5));
        let registration = if random.u8(..4) == 0 { registration } else { 1 };
        let mut some = |most: u64| (random.u8(..3) > 0).then(|| random.u64(..most));
        let rates = some(2).is_some();
        let measure = Measure {
            bitrate_kbps: some(9_000).filter(|_| rates),
            fps_milli: rates.then_some(25_000),
            loss_ppm: rates.then_some(some(3).unwrap_or(0)),
            key_interval: some(2_000 * MS),
            since_packet: some(3),
            since_video: some(3),
            since_audio: some(3),
        };
        let stimulus = match random.bool() {
            true => Stimulus::Seen { session, at: now - random.u64(..3) },
            false => Stimulus::Measured { session, measure },
        };
        let actions = [Action::Await { session }];
        let answer = match random.u8(..16) {
            0 => Err(Error::Panic),
            1 => Ok(&actions[..]),
            _ => Ok(&[][..]),
        };
        let before = encoder.gathered();
        encoder.stimulus(registration, &stimulus, now);
        encoder.answer(registration, answer);
        let is_measured = matches!(stimulus, Stimulus::Measured { .. });
        short += usize::from(is_measured && encoder.gathered() < before + 6);
        let (error, acts) = (answer.err().map_or(0, Error::code), answer.map_or(0, <[_]>::len));
        said.push(format!("{now} {registration} {stimulus:?} {error} {acts}"));
        if random.u8(..100) == 0 {
            bytes.extend_from_slice(encoder.take().sealed());
        }
    }
    bytes.extend_from_slice(encoder.take().sealed());
    let (records, damage) = read(&bytes);
    assert!(damage.is_none(), "{damage:?}");
    let read = records.iter().filter_map(|record| match record {
        Record::Told(told) => {
            let (error, acts) = (told.error, told.acts().len());
            let (at, registration, stimulus) = (told.at, told.registration, &told.stimulus);
            Some(format!("{at} {registration} {stimulus:?} {error} {acts}"))
        }
        _ => None,
    });
    let read: Vec<_> = read.collect();
    assert_eq!(read.len(), said.len());
    for (number, (read, said)) in read.iter().zip(&said).enumerate() {
        assert_eq!(read, said, "record {number}");
    }
    assert!(short > 20, "{short} were said in short");
}
