package main

// What a receiver makes of outputs that take turns and do not know it.

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"changeover"
)

// switchNumber is that of an RTP packet, in its header extension (RFC 8285, one-byte).
func switchNumber(packet []byte, element byte) (number uint64, payload []byte, ok bool) {
	if len(packet) < rtpHeader+4 || packet[0]&0x10 == 0 {
		return 0, nil, false
	}
	at := rtpHeader + 4*int(packet[0]&0x0f)
	end := at + 4 + 4*int(binary.BigEndian.Uint16(packet[at+2:]))
	if binary.BigEndian.Uint16(packet[at:]) != 0xbede || end > len(packet) {
		return 0, nil, false
	}
	for elements := packet[at+4 : end]; len(elements) > 0; {
		if elements[0] == 0 {
			elements = elements[1:]
			continue
		}
		size := int(elements[0]&0x0f) + 1
		if elements[0]>>4 == element && size == 8 && len(elements) > size {
			return binary.BigEndian.Uint64(elements[1:]), packet[end:], true
		}
		elements = elements[min(1+size, len(elements)):]
	}
	return 0, nil, false
}

func TestAReceiverDropsWhatAWriterSendsThatWasReplaced(t *testing.T) {
	receiver, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	ingest := newIngestor(nil)
	for _, id := range []string{"before", "after"} {
		if err := ingest.addOutput(streamConfig{ID: id, Output: "rtp://" + receiver.LocalAddr().String(), RTPSwitchElement: 5}); err != nil {
			t.Fatal(err)
		}
	}
	var newest uint64
	for _, c := range []struct {
		from    string
		verdict changeover.Verdict
		taken   bool
	}{
		{"before", 7 << 20, true},
		{"before", 7<<20 + 1, true},
		{"after", changeover.Verdict(changeover.FirstSwitchMax), true},
		// Not told, and it even switches.
		{"before", 7<<20 + 1, false},
		{"before", 7<<20 + 2, false},
		{"after", changeover.Verdict(changeover.FirstSwitchMax), true},
	} {
		datagram := bytes.Repeat([]byte(c.from), 100)
		ingest.output(c.from).write(datagram, c.verdict)
		packet := make([]byte, 2048)
		receiver.SetReadDeadline(time.Now().Add(patience))
		n, err := receiver.Read(packet)
		if err != nil {
			t.Fatal(err)
		}
		number, payload, ok := switchNumber(packet[:n], 5)
		if !ok || number != uint64(c.verdict) || !bytes.Equal(payload, datagram) {
			t.Fatalf("of %s: number %d, %d bytes of %d, %v", c.from, number, len(payload), n, packet[:n])
		}
		if taken := number >= newest; taken != c.taken {
			t.Errorf("%d of %s: taken %v", number, c.from, taken)
		}
		newest = max(newest, number)
	}
}

func TestRTPIsAsPlainAsItCanBe(t *testing.T) {
	plain := newRTPOutput(0)
	first := bytes.Clone(plain.packed([]byte("first"), 1))
	second := plain.packed([]byte("second"), 1)
	if len(first) != rtpHeader+5 || first[0] != 0x80 || first[1] != 33 || string(second[rtpHeader:]) != "second" {
		t.Errorf("%v, %v", first, second)
	}
	if !bytes.Equal(first[8:12], second[8:12]) {
		t.Error("of two sources")
	}
	if difference := binary.BigEndian.Uint16(second[2:]) - binary.BigEndian.Uint16(first[2:]); difference != 1 {
		t.Errorf("numbered by %d", difference)
	}
	for _, wrong := range []streamConfig{
		{Output: "tcp://127.0.0.1:1"}, {Output: "udp://127.0.0.1"}, {Output: "rtp://127.0.0.1:1", RTPSwitchElement: 15},
		{Output: "udp://127.0.0.1:1", RTPSwitchElement: 1}, {Output: "rtp://127.0.0.1:1", RTPSwitchElement: -1},
	} {
		if newIngestor(nil).addOutput(wrong) == nil {
			t.Errorf("taken: %+v", wrong)
		}
	}
}
