package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"changeover/cluster/table"
)

func decode(text []byte, value any) {
	if err := json.Unmarshal(text, value); err != nil {
		panic(err)
	}
}

// number is one that the environment may set.
func number(name string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return n
}

const (
	nodes   = 5
	streams = 30
)

// trouble is hours of faults, and then ten minutes without any.
func trouble(w *world, hours int) {
	end := time.Duration(hours) * time.Hour
	var again func()
	again = func() {
		if w.now < end {
			w.fault()
			w.after(w.between(0, 40*time.Second), again)
		}
	}
	w.after(10*time.Second, again)
	w.run(end)
	if w.checker.found != "" {
		return
	}
	// Until the faults under way have ended.
	w.run(end + 5*time.Minute)
	w.calm()
	w.run(end + 20*time.Minute)
}

func TestADayOfFaults(t *testing.T) {
	hours, seed := number("CHANGEOVER_CLUSTER_HOURS", 24), number("CHANGEOVER_CLUSTER_SEED", 1)
	for name, keep := range map[string]bool{"stop": false, "keep": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(uint64(seed), nodes, streams, keep)
			trouble(w, hours)
			if w.checker.found != "" {
				t.Fatalf("CHANGEOVER_CLUSTER_SEED=%d: %s", seed, w.checker.found)
			}
			atRest(t, w)
			t.Logf("%d hours: %s", hours, w.summary())
		})
	}
}

// summary is what happened.
func (w *world) summary() string {
	var counts []string
	for _, what := range slices.Sorted(maps.Keys(w.counts)) {
		counts = append(counts, strings.TrimSpace(what)+" "+strconv.Itoa(w.counts[what]))
	}
	return fmt.Sprintf("revision %d, longest without a writer that counts %v, two wrote at once at %d looks; %s",
		w.kv.Revision(), w.checker.longest, w.checker.overlaps, strings.Join(counts, ", "))
}

// atRest: when nothing goes wrong any more, each stream is where it belongs, and nothing is left over.
func atRest(t *testing.T, w *world) {
	view := table.NewView(prefix, nil)
	view.Reset(w.kv.Load(prefix))
	if len(view.Moves) != 0 {
		t.Errorf("moves are left: %v", view.Moves)
	}
	for _, id := range w.streams {
		claim := view.Claims[id]
		if best := view.Best(view.Streams[id], claim.Node); best != claim.Node {
			t.Errorf("%s is on %q and belongs on %q", id, claim.Node, best)
		}
		running := 0
		for _, n := range w.nodes {
			if r := n.runs[id]; r != nil {
				running++
				if n.id != claim.Node || !n.writes(r) || r.epoch != claim.RunEpoch() {
					t.Errorf("%s runs on %s as %+v; its claim: %+v", id, n.id, *r, claim)
				}
			}
		}
		if running != 1 {
			t.Errorf("%s runs on %d nodes", id, running)
		}
	}
}

// The checker is worth something only if it finds what it is for.
func TestTheCheckerFindsADoubleWriter(t *testing.T) {
	finds(t, func(w *world) { w.ignoresFence = true }, "writes", "both write", "has ended")
}

func TestTheCheckerFindsAnOrphan(t *testing.T) {
	finds(t, func(w *world) { w.losesStarts = true }, "nobody writes")
}

func finds(t *testing.T, plant func(*world), wants ...string) {
	w := newWorld(1, nodes, streams, false)
	plant(w)
	trouble(w, 2)
	found := slices.ContainsFunc(wants, func(want string) bool { return strings.Contains(w.checker.found, want) })
	if !found {
		t.Errorf("found %s", cmp.Or(w.checker.found, "nothing"))
	}
}
