//go:build race

package changeover

// Being inside of an Input, under the race detector: atomic stores, and a witness for it to watch.

import "sync/atomic"

// hooked: the tests can look in on a record from here.
const hooked = true

var testHookValue atomic.Pointer[func(at int)]

// testHook is called in the midst of a record and of a report, and while Close waits.
func testHook(at int) {
	if hook := testHookValue.Load(); hook != nil {
		(*hook)(at)
	}
}

func (in *Input) enter() {
	// Atomic stores don't make a goroutine wait for another in the eyes of the race detector, so
	// two that record to one Input, and are not synchronized otherwise, race here.
	in.witness++
	atomic.StoreUint32(&in.inside, 1)
}

func (in *Input) leave() { atomic.StoreUint32(&in.inside, 0) }
