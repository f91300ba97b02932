package main

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"changeover"
)

type host struct{}

func (host) Start(context.Context, string, changeover.InputConfig, string) error { return nil }
func (host) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}
func (host) Stop(string) {}

func main() {
	for _, n := range []int{1, 10, 1, 10} {
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
		for _, flags := range []changeover.Flags{0, 1} {
			var a []float64
			for range 3000 {
				t := time.Now()
				for range 20000 {
					in.Record(1316, flags)
				}
				a = append(a, float64(time.Since(t))/20000)
			}
			slices.Sort(a)
			p := (*[4]uintptr)(unsafe.Pointer(in))
			fmt.Printf("%d %d %.2f %.2f %.2f in %p cell %x clock %x gate %x\n", n, flags, a[0], a[300], a[1500], in, p[1], p[2], p[3])
		}
		s.Close()
	}
}
