// Package peer is what the benchmarks compare with: an empty cgo call, and a stream manager of the
// shape this module replaces. It is no part of the module's API.
package peer

// static void empty(void) {}
import "C"

// EmptyCall is the price of crossing into C and back.
func EmptyCall() {
	C.empty()
}
