//go:build !amd64 && !race

package changeover

// Being inside of an Input, elsewhere than on amd64: atomic stores. On arm64 these are STLR, which no
// later LDAR and no earlier store passes.

import "sync/atomic"

// hooked: only under the race detector.
const hooked = false

func testHook(int) {}

func (in *Input) enter() { atomic.StoreUint32(&in.inside, 1) }

func (in *Input) leave() { atomic.StoreUint32(&in.inside, 0) }
