package cluster_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"changeover"
	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/operator"
	"changeover/cluster/store/memory"
	"changeover/cluster/table"
)

// quiet delivers nothing.
type quiet struct{}

func (quiet) Start(ctx context.Context, _ string, _ changeover.InputConfig, _ string) error {
	<-ctx.Done()
	return nil
}
func (quiet) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}
func (quiet) Stop(string) {}

// scrape is the metrics of a node that has one stream, and refuses another. They are written to the file that
// CHANGEOVER_SCRAPE names, for other parsers.
func scrape(t *testing.T) string {
	t.Helper()
	where, ctx := memory.New(), context.Background()
	service, err := changeover.New(quiet{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	operators := operator.New(where, "")
	if err := operators.Put(ctx, table.Stream{ID: "news", Inputs: []table.Input{{URL: "u"}}}); err != nil {
		t.Fatal(err)
	}
	bad := table.Stream{ID: "bad", Settings: map[string]string{"packet_timeuot": "1s"}}
	if err := operators.Put(ctx, bad); err != nil {
		t.Fatal(err)
	}
	told := make(chan event.Kind, 100)
	node, err := cluster.Start(where, service, cluster.Options{
		ID: "a\"\\\n", Capacity: 7, LeaseTTL: time.Hour, Logger: slog.New(slog.DiscardHandler),
		OnEvent: func(what event.Event) { told <- what.Kind },
	})
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.After(30 * time.Second)
	for seen := map[event.Kind]bool{}; !seen[event.Claimed] || !seen[event.Refused]; {
		select {
		case kind := <-told:
			seen[kind] = true
		case <-deadline:
			t.Fatalf("told was %v", seen)
		}
	}
	text, err := node.Metrics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Metrics(ctx); err != cluster.ErrClosed {
		t.Errorf("of a node that is closed: %v", err)
	}
	if to := os.Getenv("CHANGEOVER_SCRAPE"); to != "" {
		if err := os.WriteFile(to, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

func TestMetricsOfANode(t *testing.T) {
	text := scrape(t)
	for _, row := range []string{
		"may_write 1", `runs{state="open"} 1`, `runs{state="starting"} 0`, "streams_refused 1", "moves 0",
		`events_total{kind="joined",reason=""} 1`, `events_total{kind="claimed",reason="first"} 1`,
		`events_total{kind="refused",reason=""} 1`, `streams{state="claimed"} 1`, `streams{state="unclaimed"} 0`,
		`node_capacity{node="a\"\\\n"} 7`,
	} {
		if !strings.Contains(text, "\nchangeover_cluster_"+row+"\n") {
			t.Errorf("no row %s in\n%s", row, text)
		}
	}
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("it does not end")
	}
	documentation, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(documentation), "\n### Metrics\n")
	chapter, _, _ = strings.Cut(chapter, "\n### ")
	families := map[string]string{}
	for _, family := range regexp.MustCompile(`(?m)^# TYPE changeover_cluster_(\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		families[family[1]] = family[2]
	}
	documented := regexp.MustCompile("(?m)^\\| `(\\w+?)(?:_total)?(?:\\{[\\w,]+\\})?` \\| (\\w+) \\|").FindAllStringSubmatch(chapter, -1)
	for _, row := range documented {
		if families[row[1]] != row[2] {
			t.Errorf("documented as a %s, and it is a %q: %s", row[2], families[row[1]], row[1])
		}
	}
	if len(documented) != len(families) {
		t.Errorf("%d are documented, and there are %d: %v", len(documented), len(families), families)
	}
}
