package main

// MPEG-TS in RTP (RFC 2250), for outputs whose receiver is to see the switch number.

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"changeover"
)

const (
	rtpHeader = 12
	// A header extension of one-byte elements (RFC 8285), of which one is the switch number: 8 bytes, the high
	// ones first.
	rtpExtension = 16
	// Elements have a number from 1 to this.
	lastElement = 14
)

// rtpOutput puts the headers before datagrams.
type rtpOutput struct {
	// The element that is the switch number; 0: there is no extension.
	element byte
	source  uint32
	number  uint16
	began   time.Time
	packet  []byte
}

func newRTPOutput(element int) *rtpOutput {
	return &rtpOutput{element: byte(element), source: rand.Uint32(), number: uint16(rand.Uint32()), began: time.Now()}
}

// packed is a datagram as an RTP packet, until the next one.
func (r *rtpOutput) packed(datagram []byte, verdict changeover.Verdict) []byte {
	const mpegTS = 33
	p := append(r.packet[:0], 0x80, mpegTS)
	r.number++
	p = binary.BigEndian.AppendUint16(p, r.number)
	p = binary.BigEndian.AppendUint32(p, uint32(time.Since(r.began).Microseconds()*9/100)) // 90 kHz
	p = binary.BigEndian.AppendUint32(p, r.source)
	if r.element != 0 {
		p[0] |= 0x10
		p = binary.BigEndian.AppendUint16(p, 0xbede)
		p = binary.BigEndian.AppendUint16(p, rtpExtension/4-1)
		p = append(p, r.element<<4|(8-1))
		p = binary.BigEndian.AppendUint64(p, uint64(verdict))
		p = append(p, 0, 0, 0)
	}
	r.packet = append(p, datagram...)
	return r.packet
}
