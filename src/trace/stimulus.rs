//! What a stream was told, as bytes. What comes often is numbers, a few bytes each; what is rare and has
//! many parts (settings, inputs) is JSON, which later versions can add to.

use super::wire::{put, put_difference, put_option, put_text, Source};
use super::Urls;
use crate::core::{InputsUpdate, Measure, Nanos, Priority, ProbeOutcome, Stimulus};
use crate::print::without_secrets;
use crate::vocabulary::Condition;
use std::borrow::Cow;
use std::time::Duration;

/// Kinds of records from here on are stimuli.
pub(super) const FIRST: u8 = 32;

/// And end here.
pub(super) const LAST: u8 = FIRST + 25;

/// Permanent, each the kind of its record.
mod kind {
    use super::FIRST;
    pub(super) const TICK: u8 = FIRST;
    pub(super) const PACKET: u8 = FIRST + 1;
    pub(super) const SEEN: u8 = FIRST + 2;
    pub(super) const PACKET_WITHOUT_SESSION: u8 = FIRST + 3;
    pub(super) const SEEN_WITHOUT_SESSION: u8 = FIRST + 4;
    pub(super) const MEASURED: u8 = FIRST + 5;
    pub(super) const FLAGGED: u8 = FIRST + 6;
    pub(super) const COMMITTED: u8 = FIRST + 7;
    pub(super) const START_TAKEN: u8 = FIRST + 8;
    pub(super) const START_RESULT: u8 = FIRST + 9;
    pub(super) const PROBE_TAKEN: u8 = FIRST + 10;
    pub(super) const PROBE_RESULT: u8 = FIRST + 11;
    pub(super) const INPUT_ERROR: u8 = FIRST + 12;
    pub(super) const SOFT_ERROR: u8 = FIRST + 13;
    pub(super) const SESSION_ERROR: u8 = FIRST + 14;
    pub(super) const SET_CONDITION: u8 = FIRST + 15;
    pub(super) const SWITCH_INPUT: u8 = FIRST + 16;
    pub(super) const FORCE_INPUT: u8 = FIRST + 17;
    pub(super) const CLEAR_OVERRIDE: u8 = FIRST + 18;
    pub(super) const FAIL_BACK: u8 = FIRST + 19;
    pub(super) const SET_INPUT_ENABLED: u8 = FIRST + 20;
    pub(super) const UPDATE_INPUTS: u8 = FIRST + 21;
    pub(super) const UPDATE_BUFFER_WRITE_ID: u8 = FIRST + 22;
    pub(super) const SET_CONFIG: u8 = FIRST + 23;
    pub(super) const SET_DEFAULTS: u8 = FIRST + 24;
    pub(super) const UNREGISTER: u8 = FIRST + 25;
}

/// The kind of its record.
pub(super) fn kind_of(stimulus: &Stimulus) -> u8 {
    match stimulus {
        Stimulus::Tick => kind::TICK,
        Stimulus::Packet { .. } => kind::PACKET,
        Stimulus::Seen { .. } => kind::SEEN,
        Stimulus::PacketWithoutSession { .. } => kind::PACKET_WITHOUT_SESSION,
        Stimulus::SeenWithoutSession { .. } => kind::SEEN_WITHOUT_SESSION,
        Stimulus::Measured { .. } => kind::MEASURED,
        Stimulus::Flagged { .. } => kind::FLAGGED,
        Stimulus::Committed { .. } => kind::COMMITTED,
        Stimulus::StartTaken { .. } => kind::START_TAKEN,
        Stimulus::StartResult { .. } => kind::START_RESULT,
        Stimulus::ProbeTaken { .. } => kind::PROBE_TAKEN,
        Stimulus::ProbeResult { .. } => kind::PROBE_RESULT,
        Stimulus::InputError { .. } => kind::INPUT_ERROR,
        Stimulus::SoftError { .. } => kind::SOFT_ERROR,
        Stimulus::SessionError { .. } => kind::SESSION_ERROR,
        Stimulus::SetCondition { .. } => kind::SET_CONDITION,
        Stimulus::SwitchInput { .. } => kind::SWITCH_INPUT,
        Stimulus::ForceInput { .. } => kind::FORCE_INPUT,
        Stimulus::ClearOverride => kind::CLEAR_OVERRIDE,
        Stimulus::FailBack => kind::FAIL_BACK,
        Stimulus::SetInputEnabled { .. } => kind::SET_INPUT_ENABLED,
        Stimulus::UpdateInputs(_) => kind::UPDATE_INPUTS,
        Stimulus::UpdateBufferWriteId(_) => kind::UPDATE_BUFFER_WRITE_ID,
        Stimulus::SetConfig(_) => kind::SET_CONFIG,
        Stimulus::SetDefaults(_) => kind::SET_DEFAULTS,
        Stimulus::Unregister => kind::UNREGISTER,
    }
}

/// Appends what it says besides its kind.
pub(super) fn put_stimulus(out: &mut Vec<u8>, stimulus: &Stimulus, now: Nanos, urls: Urls) {
    match stimulus {
        Stimulus::Tick | Stimulus::ClearOverride | Stimulus::FailBack | Stimulus::Unregister => {}
        Stimulus::Packet { session }
        | Stimulus::Committed { number: session }
        | Stimulus::StartTaken { session }
        | Stimulus::ProbeTaken { probe: session } => put(out, *session),
        Stimulus::Seen { session, at } => {
            put(out, *session);
            put_difference(out, now, *at);
        }
        Stimulus::PacketWithoutSession { priority } | Stimulus::ForceInput { priority } => {
            put_priority(out, *priority);
        }
        Stimulus::SeenWithoutSession { priority, at } => {
            put_priority(out, *priority);
            put_difference(out, now, *at);
        }
        Stimulus::Measured { session, measure } => {
            put(out, *session);
            put_measure(out, measure);
        }
        Stimulus::Flagged { priority, video, key } => {
            put_priority(out, *priority);
            out.extend([u8::from(*video), u8::from(*key)]);
        }
        Stimulus::StartResult { session, result } => {
            put(out, *session);
            out.push(u8::from(result.is_err()));
            if let Err(text) = result {
                put_text(out, &said(text, urls));
            }
        }
        Stimulus::ProbeResult { probe, outcome } => {
            put(out, *probe);
            match outcome {
                ProbeOutcome::Ok => out.push(0),
                ProbeOutcome::Unsupported => out.push(1),
                ProbeOutcome::Failed(text) => {
                    out.push(2);
                    put_text(out, &said(text, urls));
                }
            }
        }
        Stimulus::InputError { priority, text } | Stimulus::SoftError { priority, text } => {
            put_priority(out, *priority);
            put_text(out, &said(text, urls));
        }
        Stimulus::SessionError { session, text } => {
            put(out, *session);
            put_text(out, &said(text, urls));
        }
        Stimulus::SetCondition { priority, session, condition, holds, text } => {
            put_priority(out, *priority);
            put_option(out, *session);
            put(out, condition.code() as u64);
            out.push(u8::from(*holds));
            put_text(out, &said(text, urls));
        }
        Stimulus::SwitchInput { priority, lasts } => {
            put_priority(out, *priority);
            put_option(out, lasts.map(crate::units::nanos));
        }
        Stimulus::SetInputEnabled { priority, enabled } => {
            put_priority(out, *priority);
            out.push(u8::from(*enabled));
        }
        Stimulus::UpdateInputs(update) => put_json(out, update),
        Stimulus::UpdateBufferWriteId(name) => put_text(out, name),
        Stimulus::SetConfig(config) | Stimulus::SetDefaults(config) => put_json(out, config),
    }
}

/// What a record of this kind says; `None` if that can't be read.
pub(super) fn stimulus(kind: u8, from: &mut Source, now: Nanos) -> Option<Stimulus> {
    Some(match kind {
        kind::TICK => Stimulus::Tick,
        kind::CLEAR_OVERRIDE => Stimulus::ClearOverride,
        kind::FAIL_BACK => Stimulus::FailBack,
        kind::UNREGISTER => Stimulus::Unregister,
        kind::PACKET => Stimulus::Packet { session: from.number()? },
        kind::COMMITTED => Stimulus::Committed { number: from.number()? },
        kind::START_TAKEN => Stimulus::StartTaken { session: from.number()? },
        kind::PROBE_TAKEN => Stimulus::ProbeTaken { probe: from.number()? },
        kind::SEEN => Stimulus::Seen { session: from.number()?, at: before(from, now)? },
        kind::PACKET_WITHOUT_SESSION => {
            Stimulus::PacketWithoutSession { priority: priority(from)? }
        }
        kind::FORCE_INPUT => Stimulus::ForceInput { priority: priority(from)? },
        kind::SEEN_WITHOUT_SESSION => {
            Stimulus::SeenWithoutSession { priority: priority(from)?, at: before(from, now)? }
        }
        kind::MEASURED => Stimulus::Measured { session: from.number()?, measure: measure(from)? },
        kind::FLAGGED => {
            Stimulus::Flagged { priority: priority(from)?, video: from.flag()?, key: from.flag()? }
        }
        kind::START_RESULT => {
            let session = from.number()?;
            let result = if from.flag()? { Err(from.text()?.to_owned()) } else { Ok(()) };
            Stimulus::StartResult { session, result }
        }
        kind::PROBE_RESULT => {
            let probe = from.number()?;
            let outcome = match from.byte()? {
                0 => ProbeOutcome::Ok,
                1 => ProbeOutcome::Unsupported,
                2 => ProbeOutcome::Failed(from.text()?.to_owned()),
                _ => return None,
            };
            Stimulus::ProbeResult { probe, outcome }
        }
        kind::INPUT_ERROR => {
            Stimulus::InputError { priority: priority(from)?, text: from.text()?.to_owned() }
        }
        kind::SOFT_ERROR => {
            Stimulus::SoftError { priority: priority(from)?, text: from.text()?.to_owned() }
        }
        kind::SESSION_ERROR => {
            Stimulus::SessionError { session: from.number()?, text: from.text()?.to_owned() }
        }
        kind::SET_CONDITION => Stimulus::SetCondition {
            priority: priority(from)?,
            session: from.option()?,
            condition: Condition::from_code(from.small()?)?,
            holds: from.flag()?,
            text: from.text()?.to_owned(),
        },
        kind::SWITCH_INPUT => {
            let priority = priority(from)?;
            let lasts = from.option()?.map(Duration::from_nanos);
            Stimulus::SwitchInput { priority, lasts }
        }
        kind::SET_INPUT_ENABLED => {
            Stimulus::SetInputEnabled { priority: priority(from)?, enabled: from.flag()? }
        }
        kind::UPDATE_INPUTS => {
            Stimulus::UpdateInputs(serde_json::from_str::<InputsUpdate>(from.text()?).ok()?)
        }
        kind::UPDATE_BUFFER_WRITE_ID => Stimulus::UpdateBufferWriteId(from.text()?.to_owned()),
        kind::SET_CONFIG => Stimulus::SetConfig(serde_json::from_str(from.text()?).ok()?),
        kind::SET_DEFAULTS => Stimulus::SetDefaults(serde_json::from_str(from.text()?).ok()?),
        _ => return None,
    })
}

/// What the host said; how it is put is no matter to any decision.
fn said(text: &str, urls: Urls) -> Cow<'_, str> {
    match urls {
        Urls::Kept => text.into(),
        Urls::LeftOut => without_secrets(text).into(),
    }
}

pub(super) fn put_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    // What is recorded has maps by texts alone, and nothing that fails by itself.
    let json = serde_json::to_string(value).expect("it can be written");
    put_text(out, &json);
}

fn before(from: &mut Source, now: Nanos) -> Option<Nanos> {
    Some(now.wrapping_sub(from.difference(0)?))
}

pub(super) fn put_priority(out: &mut Vec<u8>, priority: Priority) {
    put_difference(out, priority as u64, 0);
}

pub(super) fn priority(from: &mut Source) -> Option<Priority> {
    (from.difference(0)? as i64).try_into().ok()
}

/// Times by what they are older than the newest packet: mostly nothing.
fn put_measure(out: &mut Vec<u8>, measure: &Measure) {
    let Measure {
        bitrate_kbps,
        fps_milli,
        loss_ppm,
        key_interval,
        since_packet,
        since_video,
        since_audio,
    } = measure;
    put_option(out, *bitrate_kbps);
    put_option(out, *fps_milli);
    put_option(out, *loss_ppm);
    put_option(out, *key_interval);
    put_option(out, *since_packet);
    for since in [since_video, since_audio] {
        out.push(u8::from(since.is_some()));
        if let Some(since) = since {
            put_difference(out, *since, since_packet.unwrap_or(0));
        }
    }
}

fn measure(from: &mut Source) -> Option<Measure> {
    let [bitrate_kbps, fps_milli, loss_ppm, key_interval, since_packet] =
        [from.option()?, from.option()?, from.option()?, from.option()?, from.option()?];
    let mut since = || match from.flag()? {
        true => Some(Some(from.difference(since_packet.unwrap_or(0))?)),
        false => Some(None),
    };
    let (since_video, since_audio) = (since()?, since()?);
    Some(Measure {
        bitrate_kbps,
        fps_milli,
        loss_ppm,
        key_interval,
        since_packet,
        since_video,
        since_audio,
    })
}
