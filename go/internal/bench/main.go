// Command bench measures the packet path beside an empty cgo call and beside a stream manager of the
// shape this module replaces, all in the same run, and fails if a ratio misses its bar.
//
// Samples are short (a fraction of a millisecond) and interleaved, and medians are compared, so
// that a busy machine disturbs few samples, and all contenders alike.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"changeover"
	"changeover/internal/peer"
)

// host starts nothing: the benchmark records by itself.
type host struct{}

func (host) Start(context.Context, string, changeover.InputConfig, string) error { return nil }
func (host) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}
func (host) Stop(string) {}

// contender is one way to record n packets; worker is 0 or 1.
type contender struct {
	name    string
	record  func(worker, n int)
	n       int
	samples []float64
}

const sampleTime = 200 * time.Microsecond

// calibrate finds how many packets fill a sample.
func (c *contender) calibrate() {
	for c.n = 16; ; c.n *= 2 {
		start := time.Now()
		c.record(0, c.n)
		if time.Since(start) > sampleTime || c.n > 1<<20 {
			return
		}
	}
}

// one measures a sample on this goroutine.
func (c *contender) one() {
	start := time.Now()
	c.record(0, c.n)
	c.samples = append(c.samples, float64(time.Since(start))/float64(c.n))
}

// two measures a sample on two goroutines at once. One that did not run at once is left out.
func (c *contender) two() {
	var ready atomic.Int32
	var start, end [2]time.Time
	var done sync.WaitGroup
	for worker := range 2 {
		done.Add(1)
		go func() {
			defer done.Done()
			for ready.Add(1); ready.Load() < 2; {
			}
			start[worker] = time.Now()
			c.record(worker, c.n)
			end[worker] = time.Now()
		}()
	}
	done.Wait()
	first, last := start[0], end[0]
	begin, finish := start[1], end[1]
	if first.After(begin) {
		first, begin = begin, first
	}
	if last.After(finish) {
		last, finish = finish, last
	}
	if float64(last.Sub(begin)) < 0.8*float64(finish.Sub(first)) {
		return
	}
	for worker := range 2 {
		c.samples = append(c.samples, float64(end[worker].Sub(start[worker]))/float64(c.n))
	}
}

func (c *contender) median() float64 {
	if len(c.samples) == 0 {
		return 0
	}
	slices.Sort(c.samples)
	return c.samples[len(c.samples)/2]
}

func run(rounds int, sample func(*contender), contenders ...*contender) {
	for _, c := range contenders {
		c.calibrate()
	}
	for range rounds {
		for _, c := range contenders {
			sample(c)
		}
	}
}

var failed bool

// bar compares: slow must take at least factor times as long as fast.
func bar(what string, slow, fast *contender, factor float64) {
	ratio, verdict := slow.median()/fast.median(), "ok"
	if !(ratio >= factor) {
		verdict, failed = "MISSED", true
	}
	fmt.Printf("  %-52s %7.1f ns / %5.2f ns = %6.1f  (bar %g, %d samples)  %s\n", what, slow.median(), fast.median(),
		ratio, factor, min(len(slow.samples), len(fast.samples)), verdict)
}

func main() {
	rounds := flag.Int("rounds", 1500, "samples of each contender")
	flag.Parse()
	log.SetFlags(0)
	if runtime.GOMAXPROCS(0) < 2 {
		log.Fatal("bench: two processors are needed")
	}

	const streams = 10_000
	quiet := changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}
	service, err := changeover.New(host{}, &changeover.Options{Config: quiet})
	if err != nil {
		log.Fatal(err)
	}
	ids := make([]string, streams)
	manager := peer.NewManager()
	few := peer.NewManager()
	for i := range ids {
		ids[i] = fmt.Sprintf("live/channel-%08d/hd", i)
		stream := changeover.Stream{ID: ids[i], Inputs: []changeover.InputConfig{{Priority: 0}, {Priority: 1}}}
		if err := service.Register(context.Background(), stream, ""); err != nil {
			log.Fatal(err)
		}
		service.RecordPacket(ids[i], 0)
		manager.Register(ids[i], 0, 1)
		if i < 10 {
			few.Register(ids[i], 0, 1)
		}
	}
	var inputs [2]*changeover.Input
	for i := range inputs {
		if inputs[i], err = service.OpenInput(ids[i], 0); err != nil {
			log.Fatal(err)
		}
		inputs[i].Record(1316, changeover.Video)
	}
	if err := service.Sync(context.Background()); err != nil {
		log.Fatal(err)
	}

	handle := func() *contender {
		return &contender{name: "Input.Record", record: func(worker, n int) {
			input := inputs[worker]
			for range n {
				input.Record(1316, changeover.Video)
			}
		}}
	}
	locks := func() *contender {
		return &contender{name: "RWMutex and map", record: func(worker, n int) {
			id := ids[worker]
			for range n {
				few.RecordPacket(id, 0)
			}
		}}
	}
	empty := &contender{name: "empty cgo call", record: func(_, n int) {
		for range n {
			peer.EmptyCall()
		}
	}}
	// At random, as packets of many streams come.
	order := make([]uint32, 1<<16)
	random := uint64(1)
	for i := range order {
		random = random*6364136223846793005 + 1442695040888963407
		order[i] = uint32(random >> 33 % streams)
	}
	position := 0
	each := func(record func(string, int)) func(int, int) {
		return func(_, n int) {
			for range n {
				record(ids[order[position&(len(order)-1)]], 0)
				position++
			}
		}
	}
	byID := &contender{name: "RecordPacket", record: each(service.RecordPacket)}
	locksByID := &contender{name: "RWMutex and map", record: each(manager.RecordPacket)}

	alone, locksAlone := handle(), locks()
	run(*rounds, (*contender).one, alone, locksAlone, empty)
	run(*rounds, (*contender).one, byID, locksByID)
	together, locksTogether := handle(), locks()
	run(*rounds, (*contender).two, together, locksTogether)

	fmt.Printf("Go packet path, %s, %s/%s, medians of one run:\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	bar("empty cgo call / Input.Record", empty, alone, 5)
	bar("RWMutex and map / Input.Record", locksAlone, alone, 20)
	bar("the same, two goroutines on different streams", locksTogether, together, 60)
	bar("RWMutex and map / RecordPacket, 10k streams at random", locksByID, byID, 3)
	for _, c := range []struct {
		name   string
		record func()
	}{
		{"Input.Record", func() { inputs[0].Record(1316, changeover.Video) }},
		{"RecordPacket", func() { service.RecordPacket(ids[0], 0) }},
	} {
		allocations := testing.AllocsPerRun(1000, c.record)
		fmt.Printf("  %-52s %g\n", "allocations of "+c.name, allocations)
		failed = failed || allocations != 0
	}
	if err := service.Close(); err != nil {
		log.Fatal(err)
	}
	if failed {
		log.Print("bench: missed")
		os.Exit(1)
	}
}
