//go:build race

package changeover

// The packet path from inside, in the midst of a record: elsewhere than under the race detector there is
// no place to look in from. And what the race detector itself sees.

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

func setHook(t *testing.T, hook func(at int)) {
	testHookValue.Store(&hook)
	t.Cleanup(func() { testHookValue.Store(nil) })
}

// Close does not give back what a record is in the midst of using.
func TestCloseWaitsForTheRecordInside(t *testing.T) {
	service := onAir(t)
	in := open(t, service, 0)
	before := health(t, service, 0).Packets
	inside, waits, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	setHook(t, func(at int) {
		switch at {
		case recording:
			close(inside)
			<-release
		case waiting:
			once.Do(func() { close(waits) })
		}
	})
	verdict := make(chan Verdict)
	go func() { verdict <- in.Record(1, 0) }()
	<-inside
	closed := make(chan struct{})
	go func() {
		in.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("closed under the hands of a record")
	case <-waits:
	}
	close(release)
	if !(<-verdict).Forward() {
		t.Error("the packet is dropped")
	}
	<-closed
	if after := health(t, service, 0).Packets; after != before+1 {
		t.Errorf("%d packets, then %d", before, after)
	}
}

// An Input stays open while a call uses it, even if nobody else knows it.
func TestAnInputInUseIsNotForgotten(t *testing.T) {
	for name, at := range map[string]int{"recording": recording, "reporting": reporting} {
		t.Run(name, func(t *testing.T) {
			service := onAir(t)
			before := health(t, service, 0).Packets
			setHook(t, func(now int) {
				if now == at {
					collect(20)
				}
			})
			switch at {
			case recording:
				if !open(t, service, 0).Record(1, 0).Forward() {
					t.Error("the packet is dropped")
				}
				if after := health(t, service, 0).Packets; after != before+1 {
					t.Errorf("%d packets, then %d", before, after)
				}
			case reporting:
				open(t, service, 0).ReportError(errors.New("cable cut"))
				synced(t, service)
				if got := health(t, service, 0); got.LastError != "cable cut" {
					t.Errorf("the error was not heard of: %+v", got)
				}
			}
		})
	}
}

// Two goroutines that record to one Input are found by the race detector; one after the other is fine.
func TestMisuseIsFound(t *testing.T) {
	const child = "CHANGEOVER_TEST_MISUSE"
	switch os.Getenv(child) {
	case "":
		for mode, want := range map[string]bool{"together": true, "in turns": false} {
			command := exec.Command(os.Args[0], "-test.run=^TestMisuseIsFound$")
			command.Env = append(os.Environ(), child+"="+mode)
			output, err := command.CombinedOutput()
			if got := strings.Contains(string(output), "DATA RACE"); got != want || (err != nil) != want {
				t.Errorf("%s: found %v, %v\n%s", mode, got, err, output)
			}
		}
	default:
		in := open(t, onAir(t), 0)
		var done, turn sync.WaitGroup
		for range 2 {
			done.Add(1)
			turn.Add(1)
			go func() {
				defer done.Done()
				for range 100 {
					in.Record(1, 0)
				}
				turn.Done()
			}()
			if os.Getenv(child) == "in turns" {
				turn.Wait()
			}
		}
		done.Wait()
	}
}
