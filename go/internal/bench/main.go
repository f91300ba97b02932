// Command bench measures the packet path beside an empty cgo call and beside a stream manager of the
// shape this module replaces, all in the same run, and fails if a ratio misses its bar.
//
// Samples are short (a fraction of a millisecond) and interleaved, and the first decile is compared:
// what the code takes when the machine lets it, not what its neighbours take.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
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

// two measures a sample on two goroutines at once. It counts only if both ran all the time.
func (c *contender) two() {
	type span struct {
		start, end time.Time
		cpu        time.Duration
	}
	var ready atomic.Int32
	var spans [2]span
	var done sync.WaitGroup
	for worker := range spans {
		done.Add(1)
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for ready.Add(1); ready.Load() < 2; {
			}
			before := threadTime()
			start := time.Now()
			c.record(worker, c.n)
			spans[worker] = span{start, time.Now(), threadTime() - before}
		}()
	}
	done.Wait()
	a, b := spans[0], spans[1]
	if a.start.After(b.start) {
		a, b = b, a
	}
	overlap := min(a.end.Sub(b.start), b.end.Sub(b.start))
	for _, s := range spans {
		if wall := s.end.Sub(s.start); float64(overlap) < 0.9*float64(wall) || float64(s.cpu) < 0.95*float64(wall) {
			return
		}
	}
	for _, s := range spans {
		c.samples = append(c.samples, float64(s.end.Sub(s.start))/float64(c.n))
	}
}

// threadTime is how long this thread has run.
func threadTime() time.Duration {
	const thisThread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(thisThread, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// typical is the first decile.
func (c *contender) typical() float64 {
	if len(c.samples) == 0 {
		return math.NaN()
	}
	slices.Sort(c.samples)
	return c.samples[len(c.samples)/10]
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
	ratio, verdict := slow.typical()/fast.typical(), "ok"
	if !(ratio >= factor) {
		verdict, failed = "MISSED", true
	}
	fmt.Printf("  %-52s %7.1f ns / %5.2f ns = %6.1f  (bar %g, %d samples)  %s\n", what, slow.typical(), fast.typical(),
		ratio, factor, min(len(slow.samples), len(fast.samples)), verdict)
}

// setUp makes a service and a manager with these streams, on air.
func setUp(ids []string) (*changeover.Service, *peer.Manager) {
	patient := changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}
	service, err := changeover.New(host{}, &changeover.Options{Config: patient})
	if err != nil {
		log.Fatal(err)
	}
	manager := peer.NewManager()
	for _, id := range ids {
		stream := changeover.Stream{ID: id, Inputs: []changeover.InputConfig{{Priority: 0}, {Priority: 1}}}
		if err := service.Register(context.Background(), stream, ""); err != nil {
			log.Fatal(err)
		}
		service.RecordPacket(id, 0)
		service.RecordPacket(id, 0)
		manager.Register(id, 0, 1)
	}
	if err := service.Sync(context.Background()); err != nil {
		log.Fatal(err)
	}
	return service, manager
}

func main() {
	rounds := flag.Int("rounds", 1500, "samples of each contender")
	flag.Parse()
	log.SetFlags(0)
	if runtime.GOMAXPROCS(0) < 2 {
		log.Fatal("bench: two processors are needed")
	}

	const streams = 10_000
	ids := make([]string, streams)
	for i := range ids {
		ids[i] = fmt.Sprintf("live/channel-%08d/hd", i)
	}
	few, fewLocks := setUp(ids[:10])
	var inputs [2]*changeover.Input
	for i := range inputs {
		var err error
		if inputs[i], err = few.OpenInput(ids[i], 0); err != nil {
			log.Fatal(err)
		}
	}

	handle := func() *contender {
		return &contender{name: "Input.Record", record: func(worker, n int) {
			input := inputs[worker]
			for range n / 4 {
				input.Record(1316, 0)
				input.Record(1316, 0)
				input.Record(1316, 0)
				input.Record(1316, 0)
			}
		}}
	}
	locks := func() *contender {
		return &contender{name: "RWMutex and map", record: func(worker, n int) {
			id := ids[worker]
			for range n / 4 {
				fewLocks.RecordPacket(id, 0)
				fewLocks.RecordPacket(id, 0)
				fewLocks.RecordPacket(id, 0)
				fewLocks.RecordPacket(id, 0)
			}
		}}
	}
	empty := &contender{name: "empty cgo call", record: func(_, n int) {
		for range n / 4 {
			peer.EmptyCall()
			peer.EmptyCall()
			peer.EmptyCall()
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

	alone, locksAlone := handle(), locks()
	run(*rounds, (*contender).one, alone, locksAlone, empty)
	together, locksTogether := handle(), locks()
	run(4**rounds, (*contender).two, together, locksTogether)

	many, manyLocks := setUp(ids)
	byID := &contender{name: "RecordPacket", record: each(many.RecordPacket)}
	locksByID := &contender{name: "RWMutex and map", record: each(manyLocks.RecordPacket)}
	// One after the other, so that caches are warm with what is measured.
	run(*rounds, (*contender).one, byID)
	run(*rounds, (*contender).one, locksByID)

	fmt.Printf("Go packet path, %s, %s/%s, first deciles of one run:\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	bar("empty cgo call / Input.Record", empty, alone, 5)
	bar("RWMutex and map / Input.Record", locksAlone, alone, 20)
	bar("the same, two goroutines on different streams", locksTogether, together, 60)
	bar("RWMutex and map / RecordPacket, 10k streams at random", locksByID, byID, 3)
	for _, c := range []struct {
		name   string
		record func()
	}{
		{"Input.Record", func() { inputs[0].Record(1316, changeover.Video) }},
		{"RecordPacket", func() { many.RecordPacket(ids[0], 0) }},
	} {
		allocations := testing.AllocsPerRun(1000, c.record)
		fmt.Printf("  %-52s %g\n", "allocations of "+c.name, allocations)
		failed = failed || allocations != 0
	}
	few.Close()
	many.Close()
	if failed {
		log.Print("bench: missed")
		os.Exit(1)
	}
}
