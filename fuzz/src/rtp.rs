//! Packets lost of an RTP stream, beside a model that remembers every packet; and the same from C.

use arbitrary::{Arbitrary, Unstructured};
use changeover::ffi::{
    changeover_rtp_loss, changeover_rtp_loss_init, changeover_rtp_lost, CHANGEOVER_ERR_VALUE,
    CHANGEOVER_OK,
};
use changeover::RtpLoss;
use std::collections::BTreeSet;
use std::mem::{size_of, zeroed};

/// Where what a packet is changes: RFC 3550's limits, the counter's, and that of what is remembered.
const FAR: [i32; 14] = [-1, -64, -98, -99, -100, -101, 63, 127, 128, 129, 2999, 3000, 3001, 32768];

/// What comes next.
#[derive(Arbitrary, Debug)]
enum Step {
    /// The number that follows, but for so many.
    Next(i8),
    /// Any number of the last source.
    Number(u16),
    /// Any number of one of a few sources.
    Of(u8, u16),
    /// So far from the newest that it just is, or just is not, a loss or a late one.
    Far(u8),
    /// A run without a gap.
    Run(u8),
    /// What may be no RTP.
    Bytes([u8; 14], u8),
}

/// RFC 3550's appendix A.1 and A.3 with all the memory in the world.
#[derive(Default)]
struct Model {
    source: Option<Source>,
    /// Whose packet with that number makes it count.
    candidate: Option<(u32, u16)>,
}

struct Source {
    ssrc: u32,
    first: i64,
    highest: i64,
    came: BTreeSet<i64>,
    told: u64,
}

impl Model {
    fn packet(&mut self, ssrc: u32, number: u16) -> u64 {
        if let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) {
            let ahead = i64::from(number.wrapping_sub(source.highest as u16));
            if ahead < 3000 {
                source.highest += ahead;
                source.came.insert(source.highest);
                let expected = (source.highest - source.first + 1) as u64;
                let lost = expected - source.came.len() as u64;
                let newly = lost.saturating_sub(source.told);
                source.told += newly;
                return newly;
            }
            let behind = 65536 - ahead;
            if behind < 100 {
                let late = source.highest - behind;
                if late >= source.first {
                    source.came.insert(late);
                }
                return 0;
            }
        }
        if self.candidate == Some((ssrc, number)) {
            let first = i64::from(number);
            let came = BTreeSet::from([first]);
            self.source = Some(Source { ssrc, first, highest: first, came, told: 0 });
            self.candidate = None;
        } else {
            self.candidate = Some((ssrc, number.wrapping_add(1)));
        }
        0
    }
}

/// A stream as the three of them count it.
struct Counted {
    model: Model,
    rust: RtpLoss,
    c: changeover_rtp_loss,
}

impl Counted {
    fn packet(&mut self, ssrc: u32, number: u16) {
        let mut packet = [0x80, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        packet[2..4].copy_from_slice(&number.to_be_bytes());
        packet[8..].copy_from_slice(&ssrc.to_be_bytes());
        let expected = self.model.packet(ssrc, number);
        let mut copy = self.rust;
        assert_eq!(copy.number(ssrc, number), expected, "the number {number} of {ssrc}");
        assert_eq!(self.rust.packet(&packet), Some(expected));
        assert_eq!(self.rust, copy, "a packet is its source and its number");
        assert_eq!(in_c(&mut self.c, &packet), Some(expected), "in C");
    }

    fn bytes(&mut self, packet: &[u8]) {
        let before = self.rust;
        let is_rtp = packet.len() >= 12 && packet[0] >> 6 == 2 && !(192..224).contains(&packet[1]);
        if is_rtp {
            let number = u16::from_be_bytes([packet[2], packet[3]]);
            let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
            let expected = self.model.packet(ssrc, number);
            assert_eq!(self.rust.packet(packet), Some(expected));
            assert_eq!(in_c(&mut self.c, packet), Some(expected), "in C");
        } else {
            assert_eq!(self.rust.packet(packet), None);
            assert_eq!(self.rust, before, "what is no RTP changes nothing");
            assert_eq!(in_c(&mut self.c, packet), None, "in C");
        }
    }
}

fn in_c(loss: &mut changeover_rtp_loss, packet: &[u8]) -> Option<u64> {
    let mut lost = u64::MAX;
    // SAFETY: a struct that was prepared; the packet is as long as is said.
    match unsafe { changeover_rtp_lost(loss, packet.as_ptr(), packet.len(), &mut lost) } {
        CHANGEOVER_OK => Some(lost),
        CHANGEOVER_ERR_VALUE => {
            assert_eq!(lost, u64::MAX, "an output was written after an error");
            None
        }
        code => panic!("changeover_rtp_lost answers {code}"),
    }
}

fn prepared() -> changeover_rtp_loss {
    // SAFETY: numbers alone.
    let mut loss: changeover_rtp_loss = unsafe { zeroed() };
    // SAFETY: it is as long as is said.
    let code = unsafe { changeover_rtp_loss_init(&mut loss, size_of::<changeover_rtp_loss>()) };
    assert_eq!(code, CHANGEOVER_OK);
    loss
}

pub fn run(bytes: &[u8]) {
    let mut chance = Unstructured::new(bytes);
    let mut counted = Counted { model: Model::default(), rust: RtpLoss::new(), c: prepared() };
    // One whose state anything has written over: it answers something.
    let mut overwritten = prepared();
    overwritten.state = chance.arbitrary().unwrap_or_default();
    let (mut ssrc, mut number) = (1, 10_u16);
    while let Ok(step) = chance.arbitrary::<Step>() {
        match step {
            Step::Next(by) => {
                number = number.wrapping_add(1).wrapping_add(by as u16);
                counted.packet(ssrc, number);
            }
            Step::Number(any) => {
                number = any;
                counted.packet(ssrc, number);
            }
            Step::Of(source, any) => {
                (ssrc, number) = (u32::from(source % 3), any);
                counted.packet(ssrc, number);
            }
            Step::Far(which) => {
                number = number.wrapping_add(FAR[usize::from(which) % FAR.len()] as u16);
                counted.packet(ssrc, number);
            }
            Step::Run(length) => {
                for _ in 0..length % 32 {
                    number = number.wrapping_add(1);
                    counted.packet(ssrc, number);
                }
            }
            Step::Bytes(packet, length) => {
                let packet = &packet[..usize::from(length) % 15];
                counted.bytes(packet);
                in_c(&mut overwritten, packet);
            }
        }
        if chance.is_empty() {
            break;
        }
    }
}
