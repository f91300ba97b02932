//! Packets lost of an MPEG transport stream, beside a model; together and one by one; and the same from C.

use arbitrary::{Arbitrary, Unstructured};
use changeover::ffi::{
    changeover_ts_loss, changeover_ts_loss_init, changeover_ts_lost, CHANGEOVER_ERR_VALUE,
    CHANGEOVER_OK,
};
use changeover::TsLoss;
use std::collections::BTreeMap;
use std::mem::{size_of, zeroed};

#[derive(Arbitrary, Debug)]
struct Packet {
    pid: Pid,
    counter: Counter,
    damaged: bool,
    /// `adaptation_field_control` and `transport_scrambling_control`.
    control: u8,
    adaptation: [u8; 2],
    /// What is no packet at all.
    broken: u8,
}

#[derive(Arbitrary, Debug)]
enum Pid {
    Few(u8),
    Null,
    Any(u16),
}

#[derive(Arbitrary, Debug)]
enum Counter {
    Next,
    Again,
    Any(u8),
}

/// The last counter of each PID, and whether it came twice.
#[derive(Default)]
struct Model(BTreeMap<u16, (u8, bool)>);

impl Model {
    fn packet(&mut self, packet: &[u8]) -> u64 {
        let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        let (has_adaptation, has_payload) = (packet[3] & 0x20 != 0, packet[3] & 0x10 != 0);
        let counter = packet[3] & 15;
        if pid == 0x1fff || packet[1] & 0x80 != 0 || !(has_adaptation || has_payload) {
            return 0;
        }
        if has_adaptation && packet[4] > 0 && packet[5] & 0x80 != 0 {
            self.0.insert(pid, (counter, false));
            return 0;
        }
        if !has_payload {
            return 0;
        }
        let Some((last, came_twice)) = self.0.insert(pid, (counter, false)) else { return 0 };
        if counter == last && !came_twice {
            self.0.insert(pid, (counter, true));
            return 0;
        }
        u64::from((counter + 16 - last + 15) % 16)
    }
}

/// The newest counters, for those that follow.
fn datagram(packets: &[Packet], counters: &mut BTreeMap<u16, u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        let pid = match packet.pid {
            Pid::Few(pid) => 0x100 + u16::from(pid % 3),
            Pid::Null => 0x1fff,
            Pid::Any(pid) => pid & 0x1fff,
        };
        let newest = counters.entry(pid).or_default();
        let counter = match packet.counter {
            Counter::Next => newest.wrapping_add(1) & 15,
            Counter::Again => *newest,
            Counter::Any(counter) => counter & 15,
        };
        *newest = counter;
        let [high, low] = (pid | if packet.damaged { 0x8000 } else { 0 }).to_be_bytes();
        let mut one = [0xff; 188];
        one[..4].copy_from_slice(&[0x47, high, low, packet.control & 0xf0 | counter]);
        one[4..6].copy_from_slice(&packet.adaptation);
        match packet.broken {
            255 => one[0] = packet.control,
            254 => {
                bytes.extend_from_slice(&one[..usize::from(packet.control) % 188]);
                continue;
            }
            _ => {}
        }
        bytes.extend_from_slice(&one);
    }
    bytes
}

fn in_c(loss: &mut changeover_ts_loss, packets: &[u8]) -> Option<u64> {
    let mut lost = u64::MAX;
    // SAFETY: a struct that was prepared; the packets are as long as is said.
    match unsafe { changeover_ts_lost(loss, packets.as_ptr(), packets.len(), &mut lost) } {
        CHANGEOVER_OK => Some(lost),
        CHANGEOVER_ERR_VALUE => {
            assert_eq!(lost, u64::MAX, "an output was written after an error");
            None
        }
        code => panic!("changeover_ts_lost answers {code}"),
    }
}

pub fn run(bytes: &[u8]) {
    let mut chance = Unstructured::new(bytes);
    let (mut model, mut counters) = (Model::default(), BTreeMap::new());
    let (mut together, mut apart) = (TsLoss::new(), TsLoss::new());
    // SAFETY: numbers alone.
    let mut c: changeover_ts_loss = unsafe { zeroed() };
    // SAFETY: it is as long as is said.
    let code = unsafe { changeover_ts_loss_init(&mut c, size_of::<changeover_ts_loss>()) };
    assert_eq!(code, CHANGEOVER_OK);
    // Anything may have written over the state of this one: it answers something.
    let mut overwritten = c;
    let with = chance.arbitrary::<[u8; 3]>().unwrap_or_default();
    overwritten.state[0x100..0x103].copy_from_slice(&with);
    while !chance.is_empty() {
        let many = chance.int_in_range(0..=9).unwrap_or(0);
        let packets: Vec<Packet> = (0..many).filter_map(|_| chance.arbitrary().ok()).collect();
        let datagram = datagram(&packets, &mut counters);
        let (whole, rest) = datagram.as_chunks::<188>();
        let is_ts = rest.is_empty() && whole.iter().all(|packet| packet[0] == 0x47);
        let mut expected = None;
        if is_ts {
            expected = Some(whole.iter().map(|packet| model.packet(packet)).sum());
            let one_by_one = whole.iter().map(|packet| apart.packets(packet).unwrap()).sum();
            assert_eq!(expected, Some(one_by_one), "one by one");
        }
        assert_eq!(together.packets(&datagram), expected);
        assert_eq!(in_c(&mut c, &datagram), expected, "in C");
        assert!(in_c(&mut overwritten, &datagram).is_none_or(|lost| lost <= 15 * 10));
        if many == 0 && chance.len() < 8 {
            break;
        }
    }
}
