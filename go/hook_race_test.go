//go:build race

package changeover

import "testing"

// RaceDetector: the tests run under it.
const RaceDetector = true

func onlyUnderTheRaceDetector(*testing.T) {}

func setHook(t *testing.T, hook func(at int)) {
	testHookValue.Store(&hook)
	t.Cleanup(func() { testHookValue.Store(nil) })
}
