//! What the loss helpers answer: at the edges, against plain models, and to hostile bytes.

use changeover::{RtpLoss, TsLoss};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn rtp(ssrc: u32, number: u16) -> [u8; 13] {
    let mut packet = [0; 13];
    packet[..4].copy_from_slice(&[0x80, 0x80 | 33, (number >> 8) as u8, number as u8]);
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

/// Marks as in the vectors.
fn ts(pid: u16, counter: u8, marks: &str) -> [u8; 188] {
    let bit = |mark, bit: u8| if marks.contains(mark) { bit } else { 0 };
    let mut packet = [0xff; 188];
    packet[0] = 0x47;
    packet[1] = (pid >> 8) as u8 | bit('e', 0x80);
    packet[2] = pid as u8;
    packet[3] = bit('a', 0x20) | bit('p', 0x10) | (counter % 16);
    if marks.contains('a') {
        packet[4..6].copy_from_slice(&[183, bit('d', 0x80)]);
    }
    packet
}

/// As `go/loss_test.go` has it.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % end
    }
}

fn random_rtp(seed: u64, count: u64) -> u64 {
    let (mut random, mut loss) = (Random(seed), RtpLoss::new());
    let (mut number, mut ssrc, mut lost) = (65000_u16, 7, 0);
    for _ in 0..count {
        let mut sent = number.wrapping_add(1);
        match random.below(100) {
            0..80 => number = sent,
            80..88 => {
                sent = sent.wrapping_add(random.below(5) as u16);
                number = sent;
            }
            88..93 => sent = number.wrapping_sub(random.below(120) as u16),
            93..97 => sent = number,
            97..99 => {
                sent = number.wrapping_add(3500);
                number = sent;
            }
            _ => {
                ssrc ^= 1;
                number = sent;
            }
        }
        lost += loss.packet(&rtp(ssrc, sent)).unwrap();
    }
    lost
}

fn random_ts(seed: u64, count: u64) -> u64 {
    let (mut random, mut loss) = (Random(seed), TsLoss::new());
    let (mut counters, mut lost) = ([0_u8; 3], 0);
    for _ in 0..count {
        let at = random.below(3) as usize;
        let (mut pid, mut marks) = (256 + at as u16, "p");
        let counter = &mut counters[at];
        match random.below(100) {
            0..70 => *counter += 1,
            70..80 => *counter += random.below(20) as u8,
            80..88 => {}
            88..92 => marks = "a",
            92..95 => {
                *counter += 7;
                marks = "pad";
            }
            95..97 => {
                *counter += 1;
                marks = "pe";
            }
            _ => pid = 8191,
        }
        *counter %= 16;
        lost += loss.packets(&ts(pid, *counter, marks)).unwrap();
    }
    lost
}

#[test]
fn each_vector_is_answered_as_it_says() {
    let (mut rtp_loss, mut ts_loss) = (RtpLoss::new(), TsLoss::new());
    let mut about = "";
    for line in include_str!("vectors.txt").lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        let lost = match words.first() {
            None | Some(&"#") => continue,
            Some(&"new") => {
                (rtp_loss, ts_loss, about) = (RtpLoss::new(), TsLoss::new(), line);
                continue;
            }
            Some(&"rtp") => rtp_loss.packet(&rtp(number(1) as u32, number(2) as u16)).unwrap(),
            Some(&"ts") => {
                ts_loss.packets(&ts(number(1) as u16, number(2) as u8, words[3])).unwrap()
            }
            Some(_) if words[1] == "rtp" => random_rtp(number(2), number(3)),
            Some(_) => random_ts(number(2), number(3)),
        };
        assert_eq!(lost, number(words.len() - 1), "{about}: {line}");
    }
}

/// RFC 3550, appendix A.1 (`update_seq`) and A.3, in the RFC's own names.
#[derive(Default)]
struct Rfc3550 {
    max_seq: u16,
    cycles: u32,
    base_seq: u32,
    bad_seq: u32,
    probation: u32,
    received: u32,
}

impl Rfc3550 {
    const RTP_SEQ_MOD: u32 = 1 << 16;

    fn new(seq: u16) -> Rfc3550 {
        let mut source = Rfc3550::default();
        source.init_seq(seq);
        source.max_seq = seq.wrapping_sub(1);
        source.probation = 2;
        source
    }

    fn init_seq(&mut self, seq: u16) {
        let bad_seq = Self::RTP_SEQ_MOD + 1;
        *self = Rfc3550 { base_seq: seq.into(), max_seq: seq, bad_seq, ..Rfc3550::default() };
    }

    fn update_seq(&mut self, seq: u16) {
        let udelta = seq.wrapping_sub(self.max_seq);
        if self.probation > 0 {
            if seq == self.max_seq.wrapping_add(1) {
                self.probation -= 1;
                self.max_seq = seq;
                if self.probation == 0 {
                    self.init_seq(seq);
                    self.received += 1;
                }
            } else {
                self.probation = 1;
                self.max_seq = seq;
            }
            return;
        } else if udelta < 3000 {
            if seq < self.max_seq {
                self.cycles += Self::RTP_SEQ_MOD;
            }
            self.max_seq = seq;
        } else if u32::from(udelta) <= Self::RTP_SEQ_MOD - 100 {
            if u32::from(seq) == self.bad_seq {
                self.init_seq(seq);
            } else {
                self.bad_seq = (u32::from(seq) + 1) & (Self::RTP_SEQ_MOD - 1);
                return;
            }
        }
        self.received += 1;
    }

    /// A.3: the cumulative number of packets lost.
    fn lost(&self) -> i64 {
        let extended_max = self.cycles + u32::from(self.max_seq);
        let expected = extended_max - self.base_seq + 1;
        i64::from(expected) - i64::from(self.received)
    }
}

#[test]
fn losses_are_those_of_rfc_3550_a_1_and_a_3() {
    for seed in 0..200 {
        let mut random = Random(seed);
        // Begins shortly before the wrap, and goes around some times.
        let first = 65_400 + random.below(130) as u16;
        let (mut loss, mut rfc, mut told) = (RtpLoss::new(), Rfc3550::new(first), 0);
        let mut record = |number: u16| {
            rfc.update_seq(number);
            told += loss.number(7, number);
        };
        record(first);
        let mut number = first.wrapping_add(1);
        record(number);
        for _ in 0..50_000 {
            // Of a hundred, three are lost, one of which a burst; one is a packet later than it was sent.
            match random.below(100) {
                0..2 => number = number.wrapping_add(2),
                2 => number = number.wrapping_add(1 + random.below(2998) as u16),
                3 => {
                    record(number.wrapping_add(2));
                    record(number.wrapping_add(1));
                    number = number.wrapping_add(2);
                    continue;
                }
                _ => number = number.wrapping_add(1),
            }
            record(number);
        }
        // What was told of one that came late is set off against the next that is lost.
        record(number.wrapping_add(100));
        assert_eq!(told as i64, rfc.lost(), "seed {seed}");
    }
}

#[test]
fn a_restart_is_that_of_rfc_3550() {
    // A source that begins anew: what comes after is counted as the RFC's code counts it.
    for jump in [3000, 3001, 30_000, 65_400] {
        let (mut loss, mut rfc, mut told) = (RtpLoss::new(), Rfc3550::new(1), 0);
        for number in [1_u16, 2, 3] {
            rfc.update_seq(number);
            told += loss.number(7, number);
        }
        let anew = 3_u16.wrapping_add(jump as u16);
        for after in [0, 1, 2, 5, 6, 10] {
            rfc.update_seq(anew.wrapping_add(after));
            told += loss.number(7, anew.wrapping_add(after));
        }
        assert_eq!((told as i64, rfc.lost()), (5, 5), "{jump}");
    }
}

#[test]
fn what_is_no_rtp_changes_nothing() {
    let mut loss = RtpLoss::new();
    for number in [1, 2] {
        assert_eq!(loss.packet(&rtp(1, number)), Some(0));
    }
    let before = loss;
    let good = rtp(1, 9);
    let with = |at: usize, byte: u8| {
        let mut packet = good;
        packet[at] = byte;
        packet
    };
    for len in 0..12 {
        assert_eq!(loss.packet(&good[..len]), None);
    }
    for (at, byte) in [(0, 0x00), (0, 0x40), (0, 0xc0), (1, 192), (1, 200), (1, 223)] {
        assert_eq!(loss.packet(&with(at, byte)), None);
    }
    assert_eq!(loss, before);
    assert_eq!(loss.packet(&good[..12]), Some(6));
    assert_eq!(loss.packet(&with(1, 224)), Some(0));
}

#[test]
fn what_is_no_ts_changes_nothing() {
    let mut loss = TsLoss::new();
    assert_eq!(loss.packets(&[]), Some(0));
    assert_eq!(loss.packets(&ts(256, 0, "p")), Some(0));
    let (next, mut foreign) = (ts(256, 5, "p"), ts(256, 5, "p"));
    foreign[0] = 0x48;
    assert_eq!(loss.packets(&[next, foreign].concat()), None);
    for len in [1, 187, 189, 375] {
        assert_eq!(loss.packets(&[next, next].concat()[..len]), None, "{len}");
    }
    let datagram: Vec<_> = [5, 6, 8, 8, 9, 10, 12].iter().flat_map(|n| ts(256, *n, "p")).collect();
    assert_eq!(loss.packets(&datagram), Some(4 + 1 + 1));
}

/// What one packet does, from a number of the sender's that never goes around.
#[derive(Clone, Debug)]
enum Sent {
    Next { after_losing: u64 },
    Late { by: u64 },
}

proptest! {
    /// RFC 3550, A.3, of numbers that never go around: of different packets.
    #[test]
    fn rtp_as_a_plain_model_has_it(
        start in 0_u64..1 << 16,
        sent in proptest::collection::vec(
            prop_oneof![
                3 => (0_u64..4).prop_map(|after_losing| Sent::Next { after_losing }),
                1 => (0_u64..2999).prop_map(|after_losing| Sent::Next { after_losing }),
                3 => (0_u64..100).prop_map(|by| Sent::Late { by }),
            ],
            1..400,
        ),
    ) {
        let mut loss = RtpLoss::new();
        // The one before the first only makes it count. (2^16 more, to have room before it.)
        let first = (1 << 16) + start;
        loss.number(7, first.wrapping_sub(1) as u16);
        loss.number(7, first as u16);
        let mut came = BTreeSet::from([first]);
        let (mut highest, mut told) = (first, 0);
        for sent in sent {
            let number = match sent {
                Sent::Next { after_losing } => highest + 1 + after_losing,
                Sent::Late { by } => highest - by,
            };
            highest = highest.max(number);
            if number >= first {
                came.insert(number);
            }
            told += loss.number(7, number as u16);
            let lost = (highest - first + 1) - came.len() as u64;
            prop_assert!(told >= lost, "at once");
            if number == highest {
                // More were told only if they came later.
                prop_assert!(told - lost <= 100);
            }
        }
        // All is settled by as many as may come late.
        let missing = (highest - first + 1) - came.len() as u64;
        let owed = told - missing;
        let after = loss.number(7, (highest + 1 + owed) as u16);
        prop_assert_eq!(after, 0, "what came late is set off");
        prop_assert_eq!(loss.number(7, (highest + 1 + owed + 2) as u16), 1);
    }

    #[test]
    fn ts_as_a_plain_model_has_it(
        sent in proptest::collection::vec(
            (0_u16..4, prop_oneof![4 => 0_u64..3, 1 => 0_u64..15, 1 => 16_u64..31], 0..4),
            1..400,
        ),
    ) {
        let mut loss = TsLoss::new();
        let mut newest = [None::<u64>; 4];
        for (pid, lost, extra) in sent {
            let newest = &mut newest[usize::from(pid)];
            let counter = newest.map_or(lost, |newest| newest + 1 + lost);
            let expected = newest.map_or(0, |_| lost % 16);
            *newest = Some(counter);
            let packet = ts(pid, (counter % 16) as u8, "p");
            prop_assert_eq!(loss.packets(&packet), Some(expected));
            match extra {
                1 => prop_assert_eq!(loss.packets(&packet), Some(0), "may come twice"),
                2 => prop_assert_eq!(loss.packets(&ts(pid, (counter % 16) as u8, "a")), Some(0)),
                _ => {}
            }
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = RtpLoss::new().packet(&bytes);
        let _ = TsLoss::new().packets(&bytes);
        let mut packets = bytes.clone();
        packets.truncate(bytes.len() / 188 * 188);
        packets.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
        let (mut loss, most) = (TsLoss::new(), 15 * packets.len() as u64 / 188);
        prop_assert!(loss.packets(&packets).unwrap() <= most);
        prop_assert!(loss.packets(&packets).unwrap() <= most);
    }
}
