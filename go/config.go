package changeover

// The settings, on the levels of the service, a stream and an input. The fields and their texts are in
// vocabulary_generated.go.

// #include <changeover.h>
import "C"

import "time"

// Never is the longest a setting may be, a year: for a timeout that never comes.
const Never time.Duration = C.CHANGEOVER_NEVER

// NoWait is a duration of zero, e.g. for [Config.SwitchCooldown] and [Config.FailbackStable], where
// the zero value means "inherited".
const NoWait time.Duration = -1

// NoLimit is a number of zero, e.g. for [Config.MinBitrate], where the zero value means "inherited".
const NoLimit = -1

// OriginalConfig is the behaviour of the mutex-based stream manager this package re-imagines, for
// servers that move over: 30 s of silence, a new input that delivers before the old one is let go, a
// probe after 8 s that may take 3 s, no failback within 12 s of a switch, and no probation before one.
// Unlike the original, an input that never delivers its first packet is given up after 30 s as well.
//
// A host that can run only one session of a stream at a time sets Overlap to OverlapOff in it.
func OriginalConfig() Config {
	return Config{
		PacketTimeout:  30 * time.Second,
		ConnectTimeout: 30 * time.Second,
		ProbeCooldown:  8 * time.Second,
		ProbeTimeout:   3 * time.Second,
		SwitchCooldown: 12 * time.Second,
		FailbackStable: NoWait,
		Failback:       FailbackAuto,
		Standby:        StandbyCold,
		Overlap:        OverlapOn,
	}
}

// timeout is a duration as C has it; out of range it stays out of range.
func timeout(d time.Duration) C.uint64_t {
	switch {
	case d == 0:
		return C.CHANGEOVER_INHERIT
	case d < 0:
		return 0
	}
	return C.uint64_t(d)
}

// number is a number as C has it; out of range it stays out of range.
func number(n int) C.uint64_t {
	switch {
	case n == 0:
		return C.CHANGEOVER_INHERIT
	case n == NoLimit:
		return 0
	case n < 0:
		return C.CHANGEOVER_INHERIT - 1
	}
	return C.uint64_t(n)
}

// wait is a duration that may be zero.
func wait(d time.Duration) C.uint64_t {
	if d < 0 && d != NoWait {
		return C.CHANGEOVER_INHERIT - 1
	}
	return timeout(d)
}
