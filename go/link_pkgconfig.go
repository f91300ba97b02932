//go:build !changeover_static

package changeover

// How the installed library is linked.

// #cgo pkg-config: changeover
import "C"
