package changeover

// The packet path: straight from Go into the engine's memory.
//
// An Input has a cell there, one cache line of counters that it writes and the engine reads. Why plain
// Go loads and stores are right for it, on amd64 and arm64:
//
//   - The counters have one writer at a time, so adding is exact without read-modify-writes.
//   - Each is an aligned 64-bit word, which Go writes at once on 64-bit machines (its memory model
//     forbids tearing words), so the engine reads old or new numbers, never halves.
//   - They order nothing: the engine reads them relaxed and concludes nothing from one about another.
//   - What orders is loaded atomically: the gate with acquire, before the cell's admission. Whoever
//     sees a gate's number sees the admissions under it. (sync/atomic's loads are MOV on amd64 and
//     LDAR on arm64.)
//   - The race detector does not watch memory that is not Go's, so it has nothing to say about the
//     cell. What it should say, that two goroutines record to one Input, enter has it say.
//
// Cells are never given back to the system, but they are given to other handles, and the clock goes
// with its engine. So a handle is not given back while a goroutine is inside of its Input: see enter
// and Close.

// #cgo noescape changeover_record
// #cgo nocallback changeover_record
// #include <changeover.h>
import "C"

import "sync/atomic"

// 64-bit machines only: elsewhere this does not compile.
const _ = uint(^uintptr(0)>>63) - 1

// cell is struct Cell of src/hot/cell.rs, in layout 1.
type cell struct {
	lastPacket, packets, bytes, video, keys, lost, admitted uint64
	// sound: packets of sound, while they are counted; modulo 2^32.
	sound, tag uint32
}

const (
	// The layout of cells, gates and clocks that this file knows.
	layout = 1
	// more, in what a cell is admitted by: there is more to do than to compare the number.
	more = 1 << 63
	// counting: it is only to count packets of sound, for which it takes no call.
	counting = more | 1<<62
	// keyed: it is armed for a key frame alone, and nothing else is to be done.
	keyed = more | 1<<61 | 1<<59 | 1<<58
	// flags are above the number.
	flagBits = 0b111111 << 58
	sounding = 1 << 62
)

var (
	// What a closed Input records to: with more to do for ever, and known to recordByCall.
	closedCell = &cell{admitted: more}
	// What an Input records to whose layout is not ours: with more to do for ever.
	foreignCell = &cell{admitted: more}
)

// Where the tests can look in.
const (
	recording = iota
	reporting
	waiting
)

// current is the cell to record to. The Input was entered before, or else it may be another's.
func (in *Input) current() *cell {
	return (*cell)(atomic.LoadPointer(&in.cell))
}

// record counts one packet in c, the current cell, and leaves the Input, which was entered. (Where its
// gate is the caller may know sooner than the Input does.)
//
// It needs so little stack that asking whether there is enough would show.
//
//go:nosplit
func (in *Input) record(c *cell, gate *uint64, bytes int, flags Flags) Verdict {
	// (Gates are never given back: this one is there also after Close.)
	verdict := atomic.LoadUint64(gate)
	admitted := atomic.LoadUint64(&c.admitted)
	if int64(admitted) < 0 { // more
		return in.recordMore(c, gate, bytes, flags)
	}
	if hooked {
		testHook(recording)
	}
	c.lastPacket = atomic.LoadUint64(in.clock)
	c.packets++
	c.bytes += uint64(uint32(bytes))
	// Datagrams of a multiplex have no flags. (Two stores less.)
	if flags&(Video|Key) != 0 {
		c.video += uint64(flags & Video)
		c.keys += uint64(flags >> 2 & 1)
	}
	if admitted != verdict {
		verdict = 0
	}
	in.leave()
	return Verdict(verdict)
}

// recordMore is record where there is more to do: most often to count sound, or to look for the key frame
// with which a switch commits.
//
//go:noinline
func (in *Input) recordMore(c *cell, gate *uint64, bytes int, flags Flags) Verdict {
	verdict := atomic.LoadUint64(gate)
	admitted := atomic.LoadUint64(&c.admitted)
	const keyFrame = Video | Key
	switch admitted & flagBits {
	case counting:
	case keyed, keyed | sounding:
		if flags&keyFrame == keyFrame {
			return in.recordByCall(c, bytes, flags)
		}
	default:
		return in.recordByCall(c, bytes, flags)
	}
	c.lastPacket = atomic.LoadUint64(in.clock)
	c.packets++
	c.bytes += uint64(uint32(bytes))
	c.video += uint64(flags & Video)
	c.keys += uint64(flags >> 2 & 1)
	if admitted&sounding != 0 {
		c.sound += uint32(flags >> 1 & 1)
	}
	if admitted&^flagBits != verdict {
		verdict = 0
	}
	in.leave()
	return Verdict(verdict)
}

//go:noinline
func (in *Input) recordByCall(c *cell, bytes int, flags Flags) Verdict {
	defer in.leave()
	if c == closedCell {
		return 0
	}
	return Verdict(C.changeover_record(&in.handle.open, C.uint32_t(bytes), C.uint32_t(flags)))
}

// recordLost counts packets known to be lost. The Input was entered.
func (in *Input) recordLost(packets uint64) {
	switch c := in.current(); c {
	case closedCell:
	case foreignCell:
		C.changeover_record_lost(&in.handle.open, C.uint64_t(packets))
	default:
		c.lost += packets
	}
}
