//! How what was measured stands against the limits that are set.

use super::{Conditions, Look};
use crate::core::config::Settings;
use crate::core::{Nanos, Reason};
use smallvec::SmallVec;
use std::num::NonZeroU64;

/// The limits that are in force, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The least bitrate, in kbit/s.
    pub min_kbps: Option<u64>,
    /// The least video frame rate, in frames in a thousand seconds.
    pub min_fps_milli: Option<u64>,
    /// The greatest loss, in percent.
    pub max_loss: Option<u64>,
}

impl Limits {
    /// By the settings, and what the input usually delivers.
    pub(in crate::core) fn new(settings: &Settings, usual: Option<&Conditions>) -> Limits {
        let (bitrate, fps) = floors(settings, usual);
        Limits {
            min_kbps: bitrate.limit(),
            min_fps_milli: fps.limit(),
            max_loss: settings.max_loss.map(NonZeroU64::get),
        }
    }
}

/// Of the bitrate and of the video frame rate.
fn floors(settings: &Settings, usual: Option<&Conditions>) -> (Floor, Floor) {
    let (bitrate, fps) = usual.map_or((None, None), Conditions::baseline);
    let bitrate = Floor {
        limit: number(settings.min_bitrate),
        percent: number(settings.min_bitrate_of_baseline),
        baseline: bitrate.unwrap_or(0),
    };
    let fps = Floor {
        limit: number(settings.min_fps) * 1000,
        percent: number(settings.min_fps_of_baseline),
        baseline: fps.unwrap_or(0),
    };
    (bitrate, fps)
}

/// A measure against its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was not measured yet.
    Unknown,
    /// Out of its limit.
    Out {
        measured: u64,
        limit: u64,
    },
    /// Within it, but not by the margin.
    Near,
    Met,
}

/// Of each condition that is set.
pub(super) type Standings = SmallVec<[(Reason, Standing); 5]>;

impl Conditions {
    /// Rule 16a: how each condition that is set stands.
    pub(super) fn standings(&self, settings: &Settings, look: &Look) -> Standings {
        let measure = &look.measure;
        let mut standings = Standings::new();
        let (least, least_fps) = floors(settings, Some(self));
        let standing = least.standing(measure.bitrate_kbps, settings.impair_margin);
        standings.extend(standing.map(|standing| (Reason::LowBitrate, standing)));
        // Rule 16g: no track is missed that was never sent.
        if self.video_seen {
            let standing = least_fps.standing(measure.fps_milli, settings.impair_margin);
            standings.extend(standing.map(|standing| (Reason::LowFps, standing)));
            let lost = track(settings.video_timeout, measure.since_video, look);
            standings.extend(lost.map(|standing| (Reason::VideoLost, standing)));
        }
        if self.audio_seen {
            let lost = track(settings.audio_timeout, measure.since_audio, look);
            standings.extend(lost.map(|standing| (Reason::AudioLost, standing)));
        }
        if let Some(greatest) = settings.max_loss {
            let standing = ceiling(measure.loss_ppm, greatest.get(), settings.impair_margin);
            standings.push((Reason::PacketLoss, standing));
        }
        standings
    }
}

/// 0: there is no limit.
fn number(limit: Option<NonZeroU64>) -> u64 {
    limit.map_or(0, NonZeroU64::get)
}

/// The least a measure may be: the higher of two.
struct Floor {
    limit: u64,
    /// Of the baseline.
    percent: u64,
    /// 0 while it is not known.
    baseline: u64,
}

impl Floor {
    fn usual(&self) -> u64 {
        self.baseline.saturating_mul(self.percent) / 100
    }

    /// `None` when there is no limit, or none is known.
    fn limit(&self) -> Option<u64> {
        Some(self.limit.max(self.usual())).filter(|limit| *limit != 0)
    }

    fn standing(&self, measured: Option<u64>, margin: u64) -> Option<Standing> {
        let (usual, limit) = (self.usual(), self.limit()?);
        // What an input usually delivers is always enough.
        let mut met = limit.saturating_add(limit.saturating_mul(margin) / 100);
        if usual >= self.limit {
            met = met.min(self.baseline);
        }
        Some(match measured {
            None => Standing::Unknown,
            Some(measured) if measured < limit => Standing::Out { measured, limit },
            Some(measured) if measured < met => Standing::Near,
            Some(_) => Standing::Met,
        })
    }
}

fn ceiling(measured: Option<u64>, percent: u64, margin: u64) -> Standing {
    let limit = percent * 10_000;
    match measured {
        None => Standing::Unknown,
        Some(measured) if measured > limit => Standing::Out { measured, limit },
        Some(measured) if measured > limit - limit * margin / 100 => Standing::Near,
        Some(_) => Standing::Met,
    }
}

/// Rule 16f: for how long the other packets have flowed without this track's.
fn track(limit: Option<NonZeroU64>, since: Option<Nanos>, look: &Look) -> Option<Standing> {
    let limit = limit?.get();
    let Some(since_packet) = look.measure.since_packet else { return Some(Standing::Unknown) };
    // A track that this session never had is missed since its first packet.
    let since = since.unwrap_or(look.now.saturating_sub(look.first_packet));
    let measured = since.saturating_sub(since_packet);
    Some(if measured >= limit { Standing::Out { measured, limit } } else { Standing::Met })
}
