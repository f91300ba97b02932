package changeover

// The host's value on an input: the engine carries a number that stands for it.

// #include <changeover.h>
import "C"

import "runtime/cgo"

// changeoverUserDataEnded is called by the engine, in a call of ours, when nothing brings an input's value
// back any more.
//
//export changeoverUserDataEnded
func changeoverUserDataEnded(number C.uintptr_t) {
	cgo.Handle(number).Delete()
}
