//go:build amd64 && !race

package changeover

// Being inside of an Input, on amd64: plain stores.
//
// They come in program order: the compiler keeps stores and atomic loads in it, and the processor
// delays a store only past later loads. Of those there is one that matters, that of Input.cell; and
// for it, Close executes a fence on every processor (fence.go), which is cheaper than one here for
// every packet.

// hooked: only under the race detector.
const hooked = false

func testHook(int) {}

func (in *Input) enter() { in.inside = 1 }

func (in *Input) leave() { in.inside = 0 }
