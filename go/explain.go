package changeover

// Which of a caller's values an error of the engine means: the engine answers with a number.

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// explained adds to an error what it is about, if that is known.
func explained(err error, about string) error {
	if err == nil || about == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, about)
}

// about says which setting of a service or a stream an error means, or "".
func (c *Config) about(err error) string {
	switch {
	case errors.Is(err, ErrConfig):
		return c.outOfRange()
	case errors.Is(err, ErrValue):
		return c.noSuchValue()
	case errors.Is(err, ErrHotWithoutOverlap) && c.Standby == StandbyHot:
		return "Standby is StandbyHot"
	}
	return ""
}

func (c *Config) outOfRange() string {
	const most = 365 * 24 * time.Hour
	for _, setting := range []struct {
		name  string
		value time.Duration
		wait  bool
	}{
		{"PacketTimeout", c.PacketTimeout, false},
		{"ConnectTimeout", c.ConnectTimeout, false},
		{"ProbeCooldown", c.ProbeCooldown, false},
		{"ProbeTimeout", c.ProbeTimeout, false},
		{"SwitchCooldown", c.SwitchCooldown, true},
		{"FailbackStable", c.FailbackStable, true},
	} {
		none := setting.wait && setting.value == NoWait
		if setting.value < 0 && !none || setting.value > most {
			return fmt.Sprintf("%s is %v", setting.name, setting.value)
		}
	}
	return ""
}

func (c *Config) noSuchValue() string {
	for _, setting := range []struct {
		name        string
		value, most int
	}{
		{"Failback", int(c.Failback), int(FailbackManual)},
		{"Standby", int(c.Standby), int(StandbyHot)},
		{"Overlap", int(c.Overlap), int(OverlapOff)},
	} {
		if setting.value < 0 || setting.value > setting.most {
			return fmt.Sprintf("%s is %d", setting.name, setting.value)
		}
	}
	return ""
}

// aboutOfInput says which setting of an input an error means, or "".
func (c *Config) aboutOfInput(err error) string {
	if errors.Is(err, ErrConfig) {
		switch {
		case c.SwitchCooldown != 0:
			return "SwitchCooldown is no setting of an input"
		case c.FailbackStable != 0:
			return "FailbackStable is no setting of an input"
		case c.Failback != 0:
			return "Failback is no setting of an input"
		case c.Overlap != 0:
			return "Overlap is no setting of an input"
		}
	}
	return c.about(err)
}

// aboutInputs says which of a list of inputs, and what of it, an error means, or "".
func aboutInputs(inputs []InputConfig, err error) string {
	seen := make(map[int]bool)
	for i := range inputs {
		input := &inputs[i]
		what := ""
		switch {
		case errors.Is(err, ErrPriority):
			if cPriority(input.Priority) < 0 {
				return fmt.Sprintf("inputs[%d] has priority %d", i, input.Priority)
			}
		case errors.Is(err, ErrDuplicatePriority):
			if seen[input.Priority] {
				return fmt.Sprintf("two have priority %d", input.Priority)
			}
			seen[input.Priority] = true
		case errors.Is(err, ErrUTF8):
			what = input.notUTF8()
		default:
			what = input.Config.aboutOfInput(err)
		}
		if what != "" {
			return fmt.Sprintf("input %d: %s", input.Priority, what)
		}
	}
	return ""
}

func (c *InputConfig) notUTF8() string {
	if !utf8.ValidString(c.URL) {
		return "its URL"
	}
	for i, option := range c.Options {
		if !utf8.ValidString(option.Key) || !utf8.ValidString(option.Value) {
			return fmt.Sprintf("its option %d", i)
		}
	}
	return ""
}

// aboutUpdate says which input of an update an error means, or "". present are the stream's.
func aboutUpdate(present []InputHealthSnapshot, added, removed, updated []InputConfig, err error) string {
	for _, inputs := range [][]InputConfig{removed, added, updated} {
		if about := aboutInputs(inputs, err); about != "" {
			return about
		}
	}
	known := make(map[int]bool)
	for _, input := range present {
		known[input.InputPriority] = true
	}
	for _, input := range removed {
		if errors.Is(err, ErrUnknownInput) && !known[input.Priority] {
			return fmt.Sprintf("there is no input %d to remove", input.Priority)
		}
		delete(known, input.Priority)
	}
	for _, input := range added {
		if errors.Is(err, ErrDuplicatePriority) && known[input.Priority] {
			return fmt.Sprintf("there is an input %d already", input.Priority)
		}
		known[input.Priority] = true
	}
	for _, input := range updated {
		if errors.Is(err, ErrUnknownInput) && !known[input.Priority] {
			return fmt.Sprintf("there is no input %d to update", input.Priority)
		}
	}
	return ""
}
