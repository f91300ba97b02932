package changeover

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"testing"
)

func rtpPacket(ssrc uint32, number uint16) []byte {
	packet := make([]byte, 13)
	packet[0], packet[1] = 0x80, 33
	binary.BigEndian.PutUint16(packet[2:], number)
	binary.BigEndian.PutUint32(packet[8:], ssrc)
	return packet
}

// Marks as in the vectors.
func tsOnePacket(pid uint16, counter byte, marks string) []byte {
	packet := make([]byte, tsPacket)
	binary.BigEndian.PutUint16(packet[1:], pid)
	packet[0], packet[3] = 0x47, counter%16
	if strings.Contains(marks, "e") {
		packet[1] |= 0x80
	}
	if strings.Contains(marks, "p") {
		packet[3] |= 0x10
	}
	if strings.Contains(marks, "a") {
		packet[3], packet[4] = packet[3]|0x20, 183
	}
	if strings.Contains(marks, "d") {
		packet[5] = 0x80
	}
	return packet
}

// As tests/loss/main.rs has it.
type lossRandom uint64

func (r *lossRandom) below(end uint64) uint64 {
	*r = *r*6364136223846793005 + 1442695040888963407
	return uint64(*r) >> 33 % end
}

func randomRTP(t *testing.T, seed, count uint64) (total int) {
	random := lossRandom(seed)
	var loss RTPLoss
	number, ssrc := uint16(65000), uint32(7)
	for range count {
		sent := number + 1
		switch which := random.below(100); {
		case which < 80:
			number = sent
		case which < 88:
			sent += uint16(random.below(5))
			number = sent
		case which < 93:
			sent = number - uint16(random.below(120))
		case which < 97:
			sent = number
		case which < 99:
			sent = number + 3500
			number = sent
		default:
			ssrc ^= 1
			number = sent
		}
		lost, ok := loss.Packet(rtpPacket(ssrc, sent))
		if !ok {
			t.Fatal("it is RTP")
		}
		total += lost
	}
	return total
}

func randomTS(t *testing.T, seed, count uint64) (total int) {
	random := lossRandom(seed)
	var loss TSLoss
	var counters [3]byte
	for range count {
		at := random.below(3)
		pid, marks, counter := uint16(256+at), "p", &counters[at]
		switch which := random.below(100); {
		case which < 70:
			*counter++
		case which < 80:
			*counter += byte(random.below(20))
		case which < 88:
		case which < 92:
			marks = "a"
		case which < 95:
			*counter += 7
			marks = "pad"
		case which < 97:
			*counter++
			marks = "pe"
		default:
			pid = nullPID
		}
		*counter %= 16
		lost, ok := loss.Packets(tsOnePacket(pid, *counter, marks))
		if !ok {
			t.Fatal("it is MPEG-TS")
		}
		total += lost
	}
	return total
}

func TestLossIsAsInRust(t *testing.T) {
	vectors, err := os.ReadFile("../tests/loss/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	var (
		rtp   RTPLoss
		ts    TSLoss
		about string
		seen  int
	)
	for line := range strings.Lines(string(vectors)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if words[0] == "new" {
			rtp, ts, about = RTPLoss{}, TSLoss{}, line
			continue
		}
		number := func(at int) uint64 {
			value, err := strconv.ParseUint(words[at], 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return value
		}
		lost, ok := 0, true
		switch {
		case words[0] == "rtp":
			lost, ok = rtp.Packet(rtpPacket(uint32(number(1)), uint16(number(2))))
		case words[0] == "ts":
			lost, ok = ts.Packets(tsOnePacket(uint16(number(1)), byte(number(2)), words[3]))
		case words[1] == "rtp":
			lost = randomRTP(t, number(2), number(3))
		default:
			lost = randomTS(t, number(2), number(3))
		}
		if want := int(number(len(words) - 1)); lost != want || !ok {
			t.Errorf("%s%s%d, %v", about, line, lost, ok)
		}
		seen++
	}
	if seen < 100 {
		t.Errorf("only %d vectors", seen)
	}
}

func TestWhatHasNoNumbersChangesNothing(t *testing.T) {
	var rtp RTPLoss
	rtp.Packet(rtpPacket(1, 1))
	rtp.Packet(rtpPacket(1, 2))
	before := rtp
	for _, bad := range [][]byte{nil, rtpPacket(1, 9)[:11], {0x40, 33, 0, 9, 11: 0}, {0x80, 200, 0, 9, 11: 0}} {
		if lost, ok := rtp.Packet(bad); lost != 0 || ok || rtp != before {
			t.Errorf("%v: %d, %v", bad, lost, ok)
		}
	}
	var ts TSLoss
	ts.Packets(tsOnePacket(256, 0, "p"))
	was := ts
	whole := tsOnePacket(256, 5, "p")
	foreign := append(append([]byte{}, whole...), whole...)
	foreign[tsPacket] = 0x48
	for _, bad := range [][]byte{whole[:187], append(whole, 0x47), foreign} {
		if lost, ok := ts.Packets(bad); lost != 0 || ok || ts != was {
			t.Errorf("%d bytes: %d, %v", len(bad), lost, ok)
		}
	}
	if lost, ok := ts.Packets(nil); lost != 0 || !ok {
		t.Errorf("of nothing: %d, %v", lost, ok)
	}
	packet := rtpPacket(1, 3)
	if n := testing.AllocsPerRun(100, func() { rtp.Packet(packet); ts.Packets(whole[:tsPacket]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
