//go:build race

package changeover

import "testing"

func onlyUnderTheRaceDetector(*testing.T) {}

func setHook(t *testing.T, hook func(at int)) {
	testHookValue.Store(&hook)
	t.Cleanup(func() { testHookValue.Store(nil) })
}
