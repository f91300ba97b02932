package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"changeover/cluster/operator"
	"changeover/cluster/store"
	"changeover/cluster/store/memory"
	"changeover/cluster/table"
)

func write(t *testing.T, where store.Store, kind table.Kind, id string, value any) {
	t.Helper()
	_, err := where.Commit(context.Background(), store.Transaction{Then: []store.Write{
		{Key: table.Key(table.DefaultPrefix, kind, id), Value: table.Encode(value)},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatOperatorsType(t *testing.T) {
	where := memory.New()
	cluster := operator.New(where, "")
	write(t, where, table.Nodes, "a", table.Node{Capacity: 10, Zone: "hall-1"})
	file := filepath.Join(t.TempDir(), "streams.json")
	err := os.WriteFile(file, []byte(`{"id":"news","inputs":[{"priority":0,"url":"u"}]} {"id":"sport","inputs":[]}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	say := func(words ...string) string {
		t.Helper()
		out.Reset()
		input := strings.NewReader(`{"id":"weather","inputs":[]}`)
		if err := carryOut(context.Background(), cluster, words, false, input, &out); err != nil {
			t.Fatalf("%v: %v", words, err)
		}
		return out.String()
	}
	has := func(text string, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), line) {
				t.Errorf("%s\nhas no %q", text, line)
			}
		}
	}
	say("put", file, "-")
	write(t, where, table.Claims, "news", table.Claim{Node: "a", Reason: table.ReasonTakeover, From: "b\n"})
	say("move", "news", "a")
	say("drain", "c")
	has(say("status"), "a hall-1 1 10 there", "c 0 0 not there, drained", "news a takeover b\uFFFD pinned to a",
		"sport nobody", "weather nobody")
	has(say("explain", "news"), "news: a has it, because the lease of the node that had it ended", "1. a hall-1 is where it is pinned")
	say("unpin", "news")
	say("undrain", "c")
	say("delete", "sport", "weather")
	if text := say("status"); strings.Contains(text, "sport") || strings.Contains(text, "pinned") ||
		strings.Contains(text, "drained") {
		t.Error(text)
	}
	out.Reset()
	if err := carryOut(context.Background(), cluster, []string{"status"}, true, nil, &out); err != nil {
		t.Fatal(err)
	}
	var status operator.Status
	if err := json.Unmarshal(out.Bytes(), &status); err != nil || len(status.Streams) != 1 || status.Streams[0].Node != "a" {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestWhatMakesNoSense(t *testing.T) {
	cluster := operator.New(memory.New(), "")
	for _, line := range []string{"", "statuss", "status now", "explain", "put", "drain", "move news", "unpin"} {
		err := carryOut(context.Background(), cluster, strings.Fields(line), false, nil, io.Discard)
		if !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", line, err)
		}
	}
	for line, input := range map[string]string{
		"put -": `{"id":""}`, "put no-such-file": "", "explain news": "", "move news a": "", "put - ": `{"id":`,
	} {
		err := carryOut(context.Background(), cluster, strings.Fields(line), false, strings.NewReader(input), io.Discard)
		if err == nil || errors.Is(err, errUsage) {
			t.Errorf("%q: %v", line, err)
		}
	}
}
