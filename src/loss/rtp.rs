//! Gaps in the sequence numbers of RTP: RFC 3550, appendices A.1 and A.3.

/// Counts the packets of one RTP stream that did not come.
///
/// As RFC 3550 has it (A.1): a source counts once two of its packets came in sequence; so does a
/// source that begins anew, with another SSRC or a jump in its numbers of 3000 or more forward, or
/// of 100 or more back. What was lost between the two is not known, and not counted.
///
/// Lost is what was expected less what came (A.3), and told at once. A packet that comes after it
/// was told lost is set off against the next that is lost. Other than there, one that comes twice
/// counts once: else it would hide one that was lost.
///
/// # Examples
/// ```
/// let mut loss = changeover::RtpLoss::new();
/// let packet = |number: u16| {
///     let [high, low] = number.to_be_bytes();
///     [0x80, 33, high, low, 0, 0, 0, 0, 0, 0, 0, 1]
/// };
/// let lost = [10, 11, 12, 15, 16].map(|number| loss.packet(&packet(number)));
/// assert_eq!(lost, [Some(0), Some(0), Some(0), Some(2), Some(0)]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtpLoss {
    /// Of the source that counts, if [`VALID`](Self::VALID).
    ssrc: u32,
    flags: u32,
    /// Another source, or the same one anew, counts if its next packet has this number.
    candidate: Candidate,
    /// The greatest number so far, above the number of times that they went around.
    highest: u64,
    /// The first one.
    first: u64,
    /// How many different ones came.
    received: u64,
    /// How many were told lost.
    told: u64,
    /// Which of the newest came: the lowest bit is the greatest number's, the next the one's before.
    came: [u64; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Candidate {
    ssrc: u32,
    number: u32,
}

/// A jump forward of less is a loss: RFC 3550's MAX_DROPOUT.
const MAX_DROPOUT: u16 = 3000;

/// A jump back of less is a late packet: RFC 3550's MAX_MISORDER.
const MAX_MISORDER: u16 = 100;

impl RtpLoss {
    const VALID: u32 = 1;
    const HAS_CANDIDATE: u32 = 2;

    /// Of a stream that has not begun.
    pub fn new() -> RtpLoss {
        RtpLoss::default()
    }

    /// Counts a packet, from its RTP header on: how many others are now known to be lost. `None` if
    /// it is none of RTP (or of RTCP on the same port), and then nothing has changed. Wait-free.
    #[inline]
    pub fn packet(&mut self, packet: &[u8]) -> Option<u64> {
        let header = packet.first_chunk::<12>()?;
        // Version 2; and not RTCP (RFC 5761, 4).
        if header[0] >> 6 != 2 || matches!(header[1], 192..=223) {
            return None;
        }
        let [_, _, high, low, _, _, _, _, ssrc @ ..] = *header;
        Some(self.number(u32::from_be_bytes(ssrc), u16::from_be_bytes([high, low])))
    }

    /// As [`RtpLoss::packet`], for hosts that have read the header: the packet's source and number.
    pub fn number(&mut self, ssrc: u32, number: u16) -> u64 {
        if self.flags & Self::VALID != 0 && ssrc == self.ssrc {
            let forward = number.wrapping_sub(self.highest as u16);
            let back = forward.wrapping_neg();
            if forward < MAX_DROPOUT {
                self.advance(u32::from(forward));
                return self.newly_lost();
            }
            if back < MAX_MISORDER {
                self.late(u32::from(back));
                return 0;
            }
        }
        let this = Candidate { ssrc, number: number.into() };
        if self.flags & Self::HAS_CANDIDATE != 0 && this == self.candidate {
            self.begin(ssrc, number);
        } else {
            self.candidate = Candidate { ssrc, number: number.wrapping_add(1).into() };
            self.flags |= Self::HAS_CANDIDATE;
        }
        0
    }

    fn begin(&mut self, ssrc: u32, number: u16) {
        let first = u64::from(number);
        *self = RtpLoss {
            ssrc,
            flags: Self::VALID,
            highest: first,
            first,
            received: 1,
            came: [1, 0],
            ..RtpLoss::default()
        };
    }

    fn came(&self) -> u128 {
        u128::from(self.came[0]) | u128::from(self.came[1]) << 64
    }

    fn note(&mut self, came: u128) {
        self.came = [came as u64, (came >> 64) as u64];
    }

    /// One came that lies so far after the greatest number. 0: that one again.
    fn advance(&mut self, by: u32) {
        self.note(self.came().checked_shl(by).unwrap_or(0) | 1);
        self.highest = self.highest.wrapping_add(by.into());
        self.received = self.received.wrapping_add((by > 0).into());
    }

    /// One came that lies so far before the greatest number.
    fn late(&mut self, by: u32) {
        let bit = 1 << by;
        let is_before_the_first = self.highest.wrapping_sub(self.first) < by.into();
        if self.came() & bit == 0 && !is_before_the_first {
            self.note(self.came() | bit);
            self.received = self.received.wrapping_add(1);
        }
    }

    fn newly_lost(&mut self) -> u64 {
        let expected = self.highest.wrapping_sub(self.first).wrapping_add(1);
        let lost = expected.wrapping_sub(self.received);
        let newly = lost.saturating_sub(self.told);
        self.told += newly;
        newly
    }
}

/// As C keeps it.
#[cfg(feature = "capi")]
impl RtpLoss {
    pub(crate) fn to_words(self) -> [u64; 8] {
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let RtpLoss { ssrc, flags, candidate, highest, first, received, told, came } = self;
        let candidate = pair(candidate.ssrc, candidate.number);
        [pair(ssrc, flags), candidate, highest, first, received, told, came[0], came[1]]
    }

    /// Of whatever words.
    pub(crate) fn from_words(words: [u64; 8]) -> RtpLoss {
        let [source, candidate, highest, first, received, told, came_low, came_high] = words;
        let halves = |word: u64| (word as u32, (word >> 32) as u32);
        let ((ssrc, flags), (other, number)) = (halves(source), halves(candidate));
        let candidate = Candidate { ssrc: other, number };
        let came = [came_low, came_high];
        RtpLoss { ssrc, flags, candidate, highest, first, received, told, came }
    }
}
