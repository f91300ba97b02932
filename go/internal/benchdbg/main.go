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
	for _, n := range []int{1, 10000} {
		quiet := changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}
		s, _ := changeover.New(host{}, &changeover.Options{Config: quiet})
		var in *changeover.Input
		for k := range n {
			id := fmt.Sprint("s", k)
			s.Register(context.Background(), changeover.Stream{ID: id, Inputs: []changeover.InputConfig{{Priority: 0}}}, "")
			if k == 0 {
				in, _ = s.OpenInput(id, 0)
			}
		}
		in.Record(1, 1)
		s.Sync(context.Background())
		var a []float64
		for range 3000 {
			t := time.Now()
			for range 20000 {
				in.Record(1316, changeover.Video)
			}
			a = append(a, float64(time.Since(t))/20000)
		}
		slices.Sort(a)
		fmt.Println(n, a[0], a[300], a[750], a[1500])
		s.Close()
	}
}
