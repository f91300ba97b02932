package changeover

// How many packets were lost on the way, by the packets' own numbers: src/loss/ in Go, so that a packet
// makes no cgo call. tests/loss/vectors.txt has both agree.

import (
	"encoding/binary"
	"math/bits"
)

// RTPLoss counts the packets of one RTP stream that did not come. The zero value is of a stream that
// has not begun. One goroutine at a time.
//
// As RFC 3550 has it (A.1, A.3): a source counts once two of its packets came in sequence; so does one
// that begins anew, with another SSRC or a jump in its numbers of 3000 or more forward, or of 100 or
// more back. What was lost between the two is not known, and not counted. A packet that comes after it
// was told lost is set off against the next that is lost. One that comes twice counts once.
type RTPLoss struct {
	ssrc                uint32
	valid, hasCandidate bool
	// Another source, or the same one anew, counts if this is its next packet.
	candidate struct {
		ssrc   uint32
		number uint16
	}
	// The greatest number so far, above the number of times that they went around; the first one.
	highest, first uint64
	// How many different ones came, and how many were told lost.
	received, told uint64
	// Which of the newest came: the lowest bit is the greatest number's, the next the one's before.
	came [2]uint64
}

const (
	maxDropout  = 3000
	maxMisorder = 100
)

// Packet counts a packet, from its RTP header on: how many others are now known to be lost, for
// [Input.RecordLost]. Not ok: it is none of RTP, and nothing has changed.
func (l *RTPLoss) Packet(packet []byte) (lost int, ok bool) {
	// Version 2; and not RTCP on the same port (RFC 5761, 4).
	if len(packet) < 12 || packet[0]>>6 != 2 || (packet[1] >= 192 && packet[1] <= 223) {
		return 0, false
	}
	return l.count(binary.BigEndian.Uint32(packet[8:]), binary.BigEndian.Uint16(packet[2:])), true
}

func (l *RTPLoss) count(ssrc uint32, number uint16) int {
	if l.valid && ssrc == l.ssrc {
		forward := number - uint16(l.highest)
		if forward < maxDropout {
			l.advance(uint(forward))
			return l.newlyLost()
		}
		if back := -forward; back < maxMisorder {
			l.late(uint(back))
			return 0
		}
	}
	if l.hasCandidate && ssrc == l.candidate.ssrc && number == l.candidate.number {
		first := uint64(number)
		*l = RTPLoss{ssrc: ssrc, valid: true, highest: first, first: first, received: 1, came: [2]uint64{1, 0}}
		return 0
	}
	l.candidate.ssrc, l.candidate.number, l.hasCandidate = ssrc, number+1, true
	return 0
}

// advance is told of one that lies so far after the greatest number. 0: that one again.
func (l *RTPLoss) advance(by uint) {
	// (Shifting by 64 and more leaves nothing.)
	low, high := l.came[0]<<by, l.came[1]<<by
	if by > 0 {
		high |= l.came[0] >> (64 - min(by, 64))
		if by > 64 {
			high = l.came[0] << (by - 64)
		}
		l.received++
	}
	l.came = [2]uint64{low | 1, high}
	l.highest += uint64(by)
}

// late is told of one that lies so far before the greatest number.
func (l *RTPLoss) late(by uint) {
	word, bit := &l.came[by/64], uint64(1)<<(by%64)
	if *word&bit == 0 && l.highest-l.first >= uint64(by) {
		*word |= bit
		l.received++
	}
}

func (l *RTPLoss) newlyLost() int {
	lost := l.highest - l.first + 1 - l.received
	newly, fewer := bits.Sub64(lost, l.told, 0)
	if fewer != 0 {
		return 0
	}
	l.told = lost
	return int(newly)
}

// TSLoss counts the packets of one MPEG transport stream that did not come. The zero value is of a
// stream that has not begun. One goroutine at a time.
//
// As ISO/IEC 13818-1 has it (2.4.3.3): each PID counts modulo 16. A packet without payload does not
// count, one may come twice in a row, and after one whose discontinuity_indicator is set the counter
// goes on from there. Null packets are not looked at, nor are those marked damaged: these are lost. 16
// packets of a PID lost in a row can't be noticed, 15 look like one that came twice, and 17 like one.
type TSLoss struct {
	pids [8192]byte
}

const (
	tsPacket = 188
	nullPID  = 0x1fff
	// Of a PID's byte: its counter in the lower four bits, and these.
	tsSeen      = 0x10
	tsCameTwice = 0x20
)

// Packets counts whole packets of 188 bytes: how many others are now known to be lost. For
// [Input.RecordLost] that is the number if the input counts these packets; where it counts datagrams
// of seven, a seventh of it. Not ok: they are none of MPEG-TS, and nothing has changed.
func (l *TSLoss) Packets(packets []byte) (lost int, ok bool) {
	if len(packets)%tsPacket != 0 {
		return 0, false
	}
	for at := 0; at < len(packets); at += tsPacket {
		if packets[at] != 0x47 {
			return 0, false
		}
	}
	for at := 0; at < len(packets); at += tsPacket {
		lost += l.packet((*[tsPacket]byte)(packets[at:]))
	}
	return lost, true
}

func (l *TSLoss) packet(packet *[tsPacket]byte) int {
	pid := int(packet[1]&0x1f)<<8 | int(packet[2])
	damaged, hasAdaptation, hasPayload := packet[1]&0x80 != 0, packet[3]&0x20 != 0, packet[3]&0x10 != 0
	if pid == nullPID || damaged || !(hasAdaptation || hasPayload) {
		return 0
	}
	counter, state := packet[3]&0x0f, &l.pids[pid]
	discontinuous := hasAdaptation && packet[4] > 0 && packet[5]&0x80 != 0
	if discontinuous || (*state&tsSeen == 0 && hasPayload) {
		*state = tsSeen | counter
		return 0
	}
	if !hasPayload {
		return 0
	}
	gap := (counter - *state) & 0x0f
	if gap == 0 && *state&tsCameTwice == 0 {
		*state |= tsCameTwice
		return 0
	}
	*state = tsSeen | counter
	return int((gap - 1) & 0x0f)
}
