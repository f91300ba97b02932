package changeover_test

// An error says what it is about: a person reads it.

import (
	"context"
	"strings"
	"testing"
	"time"

	"changeover"
)

func TestErrorsNameWhatTheyAreAbout(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	add := func(inputs ...changeover.InputConfig) error {
		return service.Register(context.Background(), changeover.Stream{ID: "other", Inputs: inputs}, "")
	}
	addWith := func(config changeover.Config) error { return add(changeover.InputConfig{Priority: 4, Config: config}) }
	set := func(config changeover.Config) error { return service.SetConfig("news", config) }
	some := func(priorities ...int) (list []changeover.InputConfig) {
		for _, priority := range priorities {
			list = append(list, changeover.InputConfig{Priority: priority})
		}
		return list
	}
	_, ofNew := changeover.New(&host{}, &changeover.Options{Config: changeover.Config{ProbeTimeout: -2}})
	_, ofOpen := service.OpenInput("news", 7)
	notUTF8 := []changeover.Option{{Key: "k", Value: "\xff"}}
	for about, err := range map[string]error{
		"PacketTimeout is 500ns; it should be a duration from 1 ms to a year": set(changeover.Config{PacketTimeout: 500}),
		"PacketTimeout is -1ns":              set(changeover.Config{PacketTimeout: -1}),
		"ConnectTimeout is 9000h0m0s":        set(changeover.Config{ConnectTimeout: 9000 * time.Hour}),
		"FailbackStable is -2ns":             set(changeover.Config{SwitchCooldown: changeover.NoWait, FailbackStable: -2}),
		"ProbeTimeout is -2ns":               ofNew,
		"Failback is 7; it should be one of": set(changeover.Config{Failback: 7}),
		"Overlap is -1":                      set(changeover.Config{Overlap: -1}),
		"Standby is StandbyHot":              set(changeover.Config{Standby: changeover.StandbyHot, Overlap: changeover.OverlapOff}),
		"input 4: ProbeCooldown is -1ns":     addWith(changeover.Config{ProbeCooldown: -1}),
		"input 4: Overlap is 1; it should be set on an engine or a stream": addWith(changeover.Config{Overlap: changeover.OverlapOn}),
		"input 4: SwitchCooldown is 1s; it should be set on an engine":     addWith(changeover.Config{SwitchCooldown: time.Second}),
		"input 4: Standby is 9":                         addWith(changeover.Config{Standby: 9}),
		"257 inputs, and 256 are the most":              add(some(make([]int, 257)...)...),
		"input 5: its URL and options have 65537 bytes": add(changeover.InputConfig{Priority: 5, URL: strings.Repeat("u", 65537)}),
		"input 5: its URL":                              add(changeover.InputConfig{Priority: 5, URL: "\xff"}),
		"input 5: its option 0":                         add(changeover.InputConfig{Priority: 5, Options: notUTF8}),
		"inputs[1] has priority -3":                     add(some(1, -3)...),
		"two have priority 2":                           add(some(2, 1, 2)...),
		"FirstSwitch is 144115188075855873": service.Register(context.Background(),
			changeover.Stream{ID: "d", FirstSwitch: changeover.FirstSwitchMax + 1}, ""),
		"there is an input 0 already":      service.UpdateInputs("news", some(0), nil, nil),
		"there is no input 8 to remove":    service.UpdateInputs("news", nil, some(1, 8), nil),
		"there is no input 9 to update":    service.UpdateInputs("news", some(5), nil, some(5, 9)),
		"there is no input 1 to update":    service.UpdateInputs("news", nil, some(1), some(1)),
		`switch to input 7 of "news": the`: service.SwitchInput("news", 7),
		`open input 7 of "news": the`:      ofOpen,
	} {
		if err == nil || !strings.Contains(err.Error(), about) {
			t.Errorf("%v, want it to say %q", err, about)
		}
	}
}
