//! Several packets at once.

use super::*;

impl Cell {
    /// Counts several packets of the handle that owns this cell, under one verdict. Of these only the
    /// first may take an offer. Wait-free.
    #[inline]
    pub(crate) fn record_batch(
        &self,
        packets: impl ExactSizeIterator<Item = (u32, Flags)> + Clone,
        clock: &Clock,
        gate: &Gate,
    ) -> Verdict {
        if packets.len() == 0 {
            return self.verdict(gate.number());
        }
        self.count_batch(packets.clone(), clock);
        self.answer(gate, move |sound| {
            let first = packets.clone().next().map_or(Flags::NONE, |(_, flags)| flags);
            if sound {
                self.count_sound_of(packets);
            }
            first
        })
    }

    /// As [`Cell::record_batch`], but the first key frame may take an offer, and the verdict is on the
    /// packets from the place that is returned; those before it are to be dropped.
    #[inline]
    pub(crate) fn record_batch_from(
        &self,
        packets: impl ExactSizeIterator<Item = (u32, Flags)> + Clone,
        clock: &Clock,
        gate: &Gate,
    ) -> (Verdict, usize) {
        let Some(key_frame) = packets.clone().position(|(_, flags)| is_key_frame(flags)) else {
            return (self.record_batch(packets, clock, gate), 0);
        };
        self.count_batch(packets.clone(), clock);
        let (verdict, taken) = self.do_all(gate, move |sound| {
            if sound {
                self.count_sound_of(packets);
            }
            Flags::VIDEO | Flags::KEY
        });
        (verdict, if taken == Taken::ByKeyFrame { key_frame } else { 0 })
    }

    #[inline(always)]
    fn count_batch(&self, packets: impl ExactSizeIterator<Item = (u32, Flags)>, clock: &Clock) {
        let count = packets.len() as u64;
        let (mut bytes, mut video, mut keys) = (0, 0, 0);
        for (size, flags) in packets {
            bytes += size as u64;
            video += video_count(flags);
            keys += key_count(flags);
        }
        self.count(count, bytes, video, keys, clock);
    }

    /// Only where sound is counted it is looked for, in a second pass.
    fn count_sound_of(&self, packets: impl Iterator<Item = (u32, Flags)>) {
        let sound = packets.map(|(_, flags)| sound_count(flags));
        self.count_sound(sound.fold(0, u32::wrapping_add));
    }
}
