//go:build changeover_static

package changeover

// How the library built in this checkout is linked. Another directory can be put before this one:
// CGO_LDFLAGS=-L…

// #cgo CFLAGS: -I${SRCDIR}/../include
// #cgo LDFLAGS: -L${SRCDIR}/../target/release -l:libchangeover.a -lpthread -ldl -lm
import "C"
