//go:build cgo && changeover_static

package requirements

// #cgo CFLAGS: -I${SRCDIR}/../../../include
// #if !__has_include(<changeover.h>)
// #error "changeover.h is not beside this copy of the module (vendored?). Say where the checkout is: CGO_CFLAGS=-I<checkout>/include CGO_LDFLAGS=-L<checkout>/target/release"
// #endif
import "C"
