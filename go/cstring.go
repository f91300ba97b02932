package changeover

// Text across the C ABI, in both directions, without copies on the way in.

// #include <changeover.h>
import "C"

import (
	"math"
	"runtime"
	"unsafe"
)

// chars lends a string's bytes for the duration of a call; the engine copies what it keeps.
func chars(s string) (*C.char, C.size_t) {
	if s == "" {
		return nil, 0
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// pinnedChars is chars for a pointer that goes into a struct.
func pinnedChars(pinner *runtime.Pinner, s string) (*C.char, C.size_t) {
	pointer, length := chars(s)
	if pointer != nil {
		pinner.Pin(pointer)
	}
	return pointer, length
}

// text copies a string that is borrowed from the engine.
func text(pointer *C.char, length C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(pointer)), int(length)))
}

// cPriority keeps what does not fit from wrapping around: the engine refuses negative ones.
func cPriority(priority int) C.int32_t {
	if priority < 0 || priority > math.MaxInt32 {
		return -1
	}
	return C.int32_t(priority)
}
