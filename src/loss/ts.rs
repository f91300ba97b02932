//! Gaps in the continuity counters of MPEG-TS: ISO/IEC 13818-1, 2.4.3.3.

/// Bytes of a packet.
const PACKET: usize = 188;
const SYNC: u8 = 0x47;
const NULL_PID: usize = 0x1fff;

/// Of a PID's byte: its counter in the lower four bits, and these.
const SEEN: u8 = 0x10;
const CAME_TWICE: u8 = 0x20;

/// Counts the packets of one MPEG transport stream that did not come. 8 KiB.
///
/// As ISO/IEC 13818-1 has it (2.4.3.3): each PID counts its packets modulo 16. A packet without
/// payload does not count, one may come twice in a row, and after one whose discontinuity_indicator
/// is set the counter goes on from there. Null packets are not looked at, nor are those marked
/// damaged (transport_error_indicator): these are lost, which the next one of the PID shows.
///
/// So a loss is known modulo 16: 16 packets of a PID lost in a row **can't be noticed**, 15 look
/// like one that came twice, and 17 like one.
///
/// # Examples
/// ```
/// let mut loss = changeover::TsLoss::new();
/// let packet = |counter: u8| {
///     let mut packet = [0xff; 188];
///     packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, 0x10 | counter % 16]);
///     packet
/// };
/// let datagram: Vec<u8> = [14, 15, 16, 19].into_iter().flat_map(packet).collect();
/// assert_eq!(loss.packets(&datagram), Some(2));
/// ```
#[derive(Clone, Debug)]
#[repr(transparent)]
pub struct TsLoss {
    pids: [u8; NULL_PID + 1],
}

impl Default for TsLoss {
    fn default() -> TsLoss {
        TsLoss::new()
    }
}

impl TsLoss {
    /// Of a stream that has not begun.
    pub const fn new() -> TsLoss {
        TsLoss { pids: [0; NULL_PID + 1] }
    }

    /// Counts whole packets of 188 bytes, as many as there are: how many others are now known to be
    /// lost. `None` if they are none of MPEG-TS, and then nothing has changed. Wait-free.
    pub fn packets(&mut self, packets: &[u8]) -> Option<u64> {
        let (packets, rest) = packets.as_chunks::<PACKET>();
        if !rest.is_empty() || packets.iter().any(|packet| packet[0] != SYNC) {
            return None;
        }
        Some(packets.iter().map(|packet| u64::from(self.packet(packet))).sum())
    }

    fn packet(&mut self, packet: &[u8; PACKET]) -> u8 {
        let [_, high, low, control, adaptation_len, adaptation, ..] = *packet;
        let pid = usize::from(high & 0x1f) << 8 | usize::from(low);
        let (is_damaged, has_adaptation, has_payload) =
            (high & 0x80 != 0, control & 0x20 != 0, control & 0x10 != 0);
        if pid == NULL_PID || is_damaged || !(has_adaptation || has_payload) {
            return 0;
        }
        let counter = control & 0x0f;
        let is_discontinuous = has_adaptation && adaptation_len > 0 && adaptation & 0x80 != 0;
        let state = &mut self.pids[pid];
        if is_discontinuous || (*state & SEEN == 0 && has_payload) {
            *state = SEEN | counter;
            return 0;
        }
        if !has_payload {
            return 0;
        }
        let gap = counter.wrapping_sub(*state) & 0x0f;
        if gap == 0 && *state & CAME_TWICE == 0 {
            *state |= CAME_TWICE;
            return 0;
        }
        *state = SEEN | counter;
        gap.wrapping_sub(1) & 0x0f
    }
}

/// As C keeps it.
#[cfg(feature = "capi")]
impl TsLoss {
    /// Of whatever bytes, in their place.
    pub(crate) fn of_bytes(bytes: &mut [u8; NULL_PID + 1]) -> &mut TsLoss {
        // SAFETY: transparent; any bytes are a valid one.
        unsafe { &mut *std::ptr::from_mut(bytes).cast() }
    }
}
