//go:build changeover_static

package changeover

// How the library built in this checkout is linked. Another directory can be put before this one:
// CGO_LDFLAGS=-L… A vendored copy of the module has no checkout around it, and needs that, and
// CGO_CFLAGS=-I… for the header.

// #cgo CFLAGS: -I${SRCDIR}/../include
// #cgo LDFLAGS: -L${SRCDIR}/../target/release -l:libchangeover.a -lpthread -ldl -lm
import "C"
