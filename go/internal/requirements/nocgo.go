//go:build !cgo

package requirements

// The compiler reports this name; it is the message.
var _ = changeover_is_a_C_library__build_with_CGO_ENABLED_1_and_a_C_compiler_for_the_target
