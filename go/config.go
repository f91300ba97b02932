package changeover

// The settings, on the levels of the service, a stream and an input.

// #include <changeover.h>
import "C"

import "time"

// NoWait is a duration of zero for [Config.SwitchCooldown] and [Config.FailbackStable], where the
// zero value means "inherited".
const NoWait time.Duration = -1

// Config is the settings of a service, a stream or an input. A zero field is inherited: an input's
// from its stream, a stream's from the service, the service's from the library. An input takes
// PacketTimeout, ConnectTimeout, ProbeCooldown, ProbeTimeout and Standby.
type Config struct {
	// PacketTimeout is the silence after which a delivering input is given up. Default 2 s.
	PacketTimeout time.Duration
	// ConnectTimeout bounds the time to the first packet from the decision to start an input, what
	// its Start has to wait for (see Ingestor) included. Default 5 s.
	ConnectTimeout time.Duration
	// ProbeCooldown is the wait before a degraded input is probed; it doubles with each failure,
	// up to eightfold. Default 8 s.
	ProbeCooldown time.Duration
	// ProbeTimeout is how long a probe may take. Default 3 s.
	ProbeTimeout time.Duration
	// SwitchCooldown is the least time between a stream's last switch and a failback; or NoWait.
	// Default 12 s.
	SwitchCooldown time.Duration
	// FailbackStable is how long a better input must be healthy before a failback; or NoWait.
	// Default 3 s.
	FailbackStable time.Duration
	// Failback says whether to return to a better input by itself. Default FailbackAuto.
	Failback Failback
	// Standby says whether an input runs before it is needed. Default StandbyCold.
	Standby Standby
	// Overlap says whether the host can run two sessions of one stream at once. Default OverlapOn.
	Overlap Overlap
}

// Failback is whether to return to a better input by itself.
type Failback int

const (
	// FailbackAuto returns by itself.
	FailbackAuto Failback = iota + 1
	// FailbackManual returns only by [Service.SwitchInput].
	FailbackManual
)

// Standby is whether an input runs before it is needed.
type Standby int

const (
	// StandbyCold starts an input only when it is needed.
	StandbyCold Standby = iota + 1
	// StandbyHot starts an input at once and keeps it running.
	StandbyHot
)

// Overlap is whether the host can run two sessions of one stream at once.
type Overlap int

const (
	// OverlapOn: it can. Planned switches then have no gap.
	OverlapOn Overlap = iota + 1
	// OverlapOff: it can't. A session's Start has returned, and Stop too, before the next Start.
	OverlapOff
)

// OriginalConfig is the behaviour of the mutex-based stream manager this package re-imagines, for
// servers that move over: 30 s of silence, one session of a stream at a time, a probe after 8 s
// that may take 3 s, no failback within 12 s of a switch, and no probation before one. Unlike the
// original, an input that never delivers its first packet is given up after 30 s as well.
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
		Overlap:        OverlapOff,
	}
}

// toC fills in out. Values out of range stay out of range, for the engine to refuse.
func (c *Config) toC(out *C.changeover_config) {
	C.changeover_config_init(out, C.sizeof_changeover_config)
	timeout := func(d time.Duration) C.uint64_t {
		switch {
		case d == 0:
			return C.CHANGEOVER_INHERIT
		case d < 0:
			return 0
		}
		return C.uint64_t(d)
	}
	out.packet_timeout = timeout(c.PacketTimeout)
	out.connect_timeout = timeout(c.ConnectTimeout)
	out.probe_cooldown = timeout(c.ProbeCooldown)
	out.probe_timeout = timeout(c.ProbeTimeout)
	wait := func(d time.Duration) C.uint64_t {
		if d < 0 && d != NoWait {
			return C.CHANGEOVER_INHERIT - 1
		}
		return timeout(d)
	}
	out.switch_cooldown = wait(c.SwitchCooldown)
	out.failback_stable = wait(c.FailbackStable)
	// The C constants count from 0, with −1 for inherited.
	out.failback = C.int32_t(c.Failback) - 1
	out.standby = C.int32_t(c.Standby) - 1
	out.overlap = C.int32_t(c.Overlap) - 1
}
