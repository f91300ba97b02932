//! How many packets were lost on the way, by the packets' own numbers.

use super::abi_types::{changeover_rtp_loss, changeover_ts_loss};
use super::arrays::bytes;
use super::guard::guard;
use super::output::Output;
use super::result::{Code, CHANGEOVER_ERR_VALUE};
use super::versioned::{self, check};
use crate::loss::{RtpLoss, TsLoss};
use std::mem::offset_of;

/// Prepares an RTP stream that has not begun.
///
/// Pass sizeof(changeover_rtp_loss). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_rtp_loss_init(
    loss: *mut changeover_rtp_loss,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { versioned::init(loss, struct_size) })
}

/// Counts a packet of an RTP stream, from its RTP header on, as it comes. `lost` receives how many
/// others are now known to be lost: for changeover_record_lost, if the input counts the same packets.
///
/// As RFC 3550 has it (A.1, A.3): a source counts once two of its packets came in sequence; so does
/// one that begins anew, with another SSRC or a jump in its numbers of 3000 or more forward, or of
/// 100 or more back. What was lost between the two is not known, and not counted. A packet that
/// comes after it was told lost is set off against the next that is lost. One that comes twice
/// counts once.
///
/// One at a time for each stream; wait-free.
/// Errors: VALUE (it is none of RTP). Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_rtp_lost(
    loss: *mut changeover_rtp_loss,
    packet: *const u8,
    packet_len: usize,
    lost: *mut u64,
) -> i32 {
    // SAFETY: the caller's promise: a struct that was prepared.
    guard(|| unsafe {
        check(loss)?;
        let (packet, lost) = (bytes(packet, packet_len)?, Output::required(lost)?);
        let state = loss.byte_add(offset_of!(changeover_rtp_loss, state)).cast::<[u64; 8]>();
        let mut counted = RtpLoss::from_words(state.read_unaligned());
        lost.write(counted.packet(packet).ok_or(Code(CHANGEOVER_ERR_VALUE))?);
        state.write_unaligned(counted.to_words());
        Ok(())
    })
}

/// Prepares an MPEG transport stream that has not begun.
///
/// Pass sizeof(changeover_ts_loss). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_ts_loss_init(
    loss: *mut changeover_ts_loss,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { versioned::init(loss, struct_size) })
}

/// Counts whole packets of an MPEG transport stream, 188 bytes each, as they come: of a datagram
/// usually seven. `lost` receives how many others are now known to be lost. For
/// changeover_record_lost that is the number if the input counts these packets; where it counts
/// datagrams of seven, a seventh of it.
///
/// As ISO/IEC 13818-1 has it (2.4.3.3): each PID counts modulo 16. A packet without payload does not
/// count, one may come twice in a row, and after one whose discontinuity_indicator is set the
/// counter goes on from there. Null packets are not looked at, nor are those marked damaged: these
/// are lost. 16 packets of a PID lost in a row can't be noticed, 15 look like one that came twice,
/// and 17 like one.
///
/// One at a time for each stream; wait-free.
/// Errors: VALUE (they are none of MPEG-TS). Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_ts_lost(
    loss: *mut changeover_ts_loss,
    packets: *const u8,
    packets_len: usize,
    lost: *mut u64,
) -> i32 {
    // SAFETY: the caller's promise: a struct that was prepared.
    guard(|| unsafe {
        check(loss)?;
        let (packets, lost) = (bytes(packets, packets_len)?, Output::required(lost)?);
        let state = loss.byte_add(offset_of!(changeover_ts_loss, state));
        let counted = TsLoss::of_bytes(&mut *state.cast());
        lost.write(counted.packets(packets).ok_or(Code(CHANGEOVER_ERR_VALUE))?);
        Ok(())
    })
}
