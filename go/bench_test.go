package changeover_test

// The packet path beside what it replaces. (ci/bench-go measures the same, interleaved, against the
// bars.)

import (
	"fmt"
	"testing"

	"changeover"
	"changeover/internal/peer"
)

func streamIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("live/channel-%08d/hd", i)
	}
	return ids
}

func openInput(t testing.TB, service *changeover.Service, streamID string, priority int) *changeover.Input {
	t.Helper()
	input, err := service.OpenInput(streamID, priority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { input.Close() })
	return input
}

func BenchmarkInputRecord(b *testing.B) {
	service := newService(b, &host{}, changeover.Config{})
	register(b, service, twoInputs("news"))
	input := openInput(b, service, "news", 0)
	input.Record(1316, changeover.Video)
	settle(b, service)
	b.ReportAllocs()
	for b.Loop() {
		input.Record(1316, changeover.Video)
	}
}

func BenchmarkRecordPacket(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			service := newService(b, &host{}, changeover.Config{})
			ids := streamIDs(n)
			for _, id := range ids {
				register(b, service, twoInputs(id))
				service.RecordPacket(id, 0)
			}
			settle(b, service)
			next := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				next = next*6364136223846793005 + 1442695040888963407
				service.RecordPacket(ids[next>>33%uint64(n)], 0)
			}
		})
	}
}

func BenchmarkPeerRecordPacket(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			manager := peer.NewManager()
			ids := streamIDs(n)
			for _, id := range ids {
				manager.Register(id, 0, 1)
			}
			next := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				next = next*6364136223846793005 + 1442695040888963407
				manager.RecordPacket(ids[next>>33%uint64(n)], 0)
			}
		})
	}
}

func BenchmarkRuntimeStatus(b *testing.B) {
	service := newService(b, &host{}, changeover.Config{})
	register(b, service, twoInputs("news"))
	service.RecordPacket("news", 0)
	settle(b, service)
	b.ReportAllocs()
	for b.Loop() {
		service.RuntimeStatus("news")
	}
}

func BenchmarkPeerEmptyCall(b *testing.B) {
	for b.Loop() {
		peer.EmptyCall()
	}
}
