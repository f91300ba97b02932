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

// two measures a sample on two goroutines at once. It counts if they ran at the same time.
func (c *contender) two() {
	var ready atomic.Int32
	var start, end [2]time.Time
	var done sync.WaitGroup
	for worker := range 2 {
		done.Add(1)
		go func() {
			defer done.Done()
			for ready.Add(1); ready.Load() < 2; {
				runtime.Gosched()
			}
			start[worker] = time.Now()
			c.record(worker, 4*c.n)
			end[worker] = time.Now()
		}()
	}
	done.Wait()
	longer := max(end[0].Sub(start[0]), end[1].Sub(start[1]))
	overlap := min(end[0].Sub(start[1]), end[1].Sub(start[0]))
	if float64(overlap) > 0.9*float64(longer) {
		c.samples = append(c.samples, float64(longer)/float64(4*c.n))
	}
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
	// On a busy machine it takes longer, but not for ever.
	for deadline := time.Now().Add(20 * time.Second); rounds > 0 && time.Now().Before(deadline); rounds-- {
		for _, c := range contenders {
			sample(c)
		}
	}
}

var failed bool

// bar compares: slow must take at least factor times as long as fast.
func bar(what string, slow, fast *contender, factor float64, judged bool) {
	ratio, verdict := slow.typical()/fast.typical(), "ok"
	if !judged {
		verdict = "not judged"
	} else if !(ratio >= factor) {
		verdict, failed = "MISSED", true
	}
	fmt.Printf("  %-54s %7.1f ns / %6.2f ns = %6.1f  (bar %g, %d samples)  %s\n", what, slow.typical(), fast.typical(),
		ratio, factor, min(len(slow.samples), len(fast.samples)), verdict)
}

// atMost compares with a number of nanoseconds.
func atMost(what string, c *contender, limit float64) {
	verdict := "ok"
	if !(c.typical() <= limit) {
		verdict, failed = "MISSED", true
	}
	fmt.Printf("  %-54s %7.1f ns  (bar at most %g, %d samples)  %s\n", what, c.typical(), limit, len(c.samples), verdict)
}

// atMostTimes compares: more must take no longer than factor times as long as less.
func atMostTimes(what string, more, less *contender, factor float64) {
	ratio, verdict := more.typical()/less.typical(), "ok"
	if !(ratio <= factor) {
		verdict, failed = "MISSED", true
	}
	fmt.Printf("  %-54s %7.2f ns / %6.2f ns = %6.2f  (at most %g, %d samples)  %s\n", what, more.typical(), less.typical(),
		ratio, factor, min(len(more.samples), len(less.samples)), verdict)
}

// patient has nothing come due.
var patient = changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}

// everythingOn is all that looks at what inputs deliver; and nothing comes of it.
func everythingOn() changeover.Config {
	config := patient
	config.MinBitrate, config.MinBitrateOfBaseline = 1, 50
	config.MinFPS, config.MinFPSOfBaseline, config.MaxLoss = 1, 50, 50
	config.VideoTimeout, config.AudioTimeout, config.ImpairAfter = time.Hour, time.Hour, time.Hour
	config.Silence = changeover.SilenceAdaptive
	return config
}

// setUp makes a service and a manager with these streams, on air.
func setUp(ids []string, config changeover.Config) (*changeover.Service, *peer.Manager) {
	service, err := changeover.New(host{}, &changeover.Options{Config: config})
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

// What is measured. In functions of their own, because the compiler inlines next to nothing into a
// function as large as main, and what is inlined into it.

func recordInput(input *changeover.Input, n int) {
	for range n / 4 {
		input.Record(1316, 0)
		input.Record(1316, 0)
		input.Record(1316, 0)
		input.Record(1316, 0)
	}
}

func recordByID(service *changeover.Service, ids []string, n int) {
	for range n / 4 {
		service.RecordPacket(ids[0], 0)
		service.RecordPacket(ids[1], 0)
		service.RecordPacket(ids[2], 0)
		service.RecordPacket(ids[3], 0)
	}
}

func recordLocked(manager *peer.Manager, ids []string, n int) {
	for range n / 4 {
		manager.RecordPacket(ids[0], 0)
		manager.RecordPacket(ids[1], 0)
		manager.RecordPacket(ids[2], 0)
		manager.RecordPacket(ids[3], 0)
	}
}

// counters are what a packet must at least leave behind it.
type counters struct {
	packets, bytes uint64
	_              [112]byte
}

// count is the least that recording can be: a call, because the compiler inlines nothing larger, that
// adds to two counters.
//
//go:noinline
//go:nosplit
func (c *counters) count(bytes int) {
	c.packets++
	c.bytes += uint64(bytes)
}

func countOnly(c *counters, n int) {
	for range n / 4 {
		c.count(1316)
		c.count(1316)
		c.count(1316)
		c.count(1316)
	}
}

func callEmpty(n int) {
	for range n / 4 {
		peer.EmptyCall()
		peer.EmptyCall()
		peer.EmptyCall()
		peer.EmptyCall()
	}
}

// spin is work that needs nothing but a processor.
func spin() *contender {
	return &contender{name: "arithmetic", record: func(worker, n int) {
		var x [4]uint64
		for i := range uint64(n) {
			x[0], x[1], x[2], x[3] = x[0]*3+i, x[1]*5+i, x[2]*7+i, x[3]*9+i
		}
		spun[worker] = x[0] + x[1] + x[2] + x[3]
	}}
}

var spun [2]uint64

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
	few, fewLocks := setUp(ids[:10], patient)
	measured, _ := setUp(ids[:10], everythingOn())
	open := func(service *changeover.Service, id string) *changeover.Input {
		input, err := service.OpenInput(id, 0)
		if err != nil {
			log.Fatal(err)
		}
		return input
	}
	inputs := [2]*changeover.Input{open(few, ids[0]), open(few, ids[1])}
	measuredInput := open(measured, ids[0])

	handle := func() *contender {
		return &contender{name: "Input.Record", record: func(worker, n int) { recordInput(inputs[worker], n) }}
	}
	locks := func() *contender {
		return &contender{name: "RWMutex and map", record: func(worker, n int) { recordLocked(fewLocks, ids[4*worker:], n) }}
	}
	empty := &contender{name: "empty cgo call", record: func(_, n int) { callEmpty(n) }}
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
	withAllOn := &contender{name: "everything on", record: func(_, n int) { recordInput(measuredInput, n) }}
	run(*rounds, (*contender).one, alone, locksAlone, empty, withAllOn)
	var counted [2]counters
	countTogether := &contender{name: "counting alone", record: func(worker, n int) { countOnly(&counted[worker], n) }}
	together, locksTogether := handle(), locks()
	run(*rounds/2, (*contender).two, together, locksTogether, countTogether)
	// Do two processors do twice the work?
	spinAlone, spinTogether := spin(), spin()
	run(*rounds/10, (*contender).one, spinAlone)
	run(*rounds/10, (*contender).two, spinTogether)

	status := &contender{name: "RuntimeStatus", record: func(_, n int) {
		for range n {
			few.RuntimeStatus(ids[0])
		}
	}}
	run(*rounds/5, (*contender).one, status)

	fewByID := &contender{name: "RecordPacket", record: func(_, n int) { recordByID(few, ids, n) }}
	allOnByID := &contender{name: "everything on", record: func(_, n int) { recordByID(measured, ids, n) }}
	run(*rounds, (*contender).one, fewByID, allOnByID)

	many, manyLocks := setUp(ids, patient)
	byID := &contender{name: "RecordPacket", record: each(many.RecordPacket)}
	locksByID := &contender{name: "RWMutex and map", record: each(manyLocks.RecordPacket)}
	// In turns that are long enough for the caches to fill with what is measured.
	run(*rounds/50, func(c *contender) {
		for range 50 {
			c.one()
		}
	}, byID, locksByID)

	fmt.Printf("Go packet path, %s, %s/%s, first deciles of one run:\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	bar("empty cgo call / Input.Record", empty, alone, 5, true)
	bar("RWMutex and map / Input.Record", locksAlone, alone, 20, true)
	enough := min(len(together.samples), len(locksTogether.samples), len(spinTogether.samples)) >= 50
	slower := spinTogether.typical() / spinAlone.typical()
	bar("the same, two goroutines on different streams", locksTogether, together, 60, enough && slower < 1.15)
	fmt.Printf("    (a call that adds to two counters and does nothing else: %.2f ns, %.1f)\n",
		countTogether.typical(), locksTogether.typical()/countTogether.typical())
	switch {
	case !enough:
		fmt.Println("    (the machine is busy: two goroutines hardly ever ran at the same time)")
	case slower >= 1.15:
		fmt.Printf("    (two processors share a core, or are busy: arithmetic takes %.2f times as long on both at once)\n", slower)
	}
	atMostTimes("Input.Record, everything on / nothing on", withAllOn, alone, 2)
	atMostTimes("RecordPacket, everything on / nothing on", allOnByID, fewByID, 2)
	bar("RWMutex and map / RecordPacket, 10k streams at random", locksByID, byID, 3, true)
	atMost("RuntimeStatus, two inputs", status, 1000)
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
	measured.Close()
	many.Close()
	if failed {
		log.Print("bench: missed")
		os.Exit(1)
	}
}
