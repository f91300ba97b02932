package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"changeover"
)

type host struct{}

func (host) Start(context.Context, string, changeover.InputConfig, string) error { return nil }
func (host) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}
func (host) Stop(string) {}

func main() {
	quiet := changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}
	s, _ := changeover.New(host{}, &changeover.Options{Config: quiet})
	var inputs [2]*changeover.Input
	for k := range 2 {
		id := fmt.Sprint("s", k)
		s.Register(context.Background(), changeover.Stream{ID: id, Inputs: []changeover.InputConfig{{Priority: 0}}}, "")
		inputs[k], _ = s.OpenInput(id, 0)
		inputs[k].Record(1, 1)
	}
	s.Sync(context.Background())
	var sink changeover.Verdict
	in := inputs[0]
	fs := map[string]func(w, n int){
		"simple": func(_, n int) {
			for range n {
				in.Record(1316, 0)
			}
		},
		"array": func(w, n int) {
			in := inputs[w]
			for range n {
				in.Record(1316, 0)
			}
		},
		"array4": func(w, n int) {
			in := inputs[w]
			for range n / 4 {
				in.Record(1316, 0)
				in.Record(1316, 0)
				in.Record(1316, 0)
				in.Record(1316, 0)
			}
		},
		"simple4": func(w, n int) {
			for range n / 4 {
				in.Record(1316, 0)
				in.Record(1316, 0)
				in.Record(1316, 0)
				in.Record(1316, 0)
			}
		},
		"sink": func(w, n int) {
			for range n {
				sink += in.Record(1316, 0)
			}
		},
		"verdict": func(w, n int) {
			c := 0
			for range n {
				if in.Record(1316, 0).Forward() {
					c++
				}
			}
			sink += changeover.Verdict(c)
		},
	}
	for name, f := range fs {
		var a []float64
		for range 3000 {
			t := time.Now()
			f(0, 20000)
			a = append(a, float64(time.Since(t))/20000)
		}
		slices.Sort(a)
		fmt.Printf("%s %.2f %.2f %.2f\n", name, a[0], a[300], a[1500])
	}
	s.Close()
}
