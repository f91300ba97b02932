//go:build !race

package changeover

// The tests that need to look in on a record run under the race detector only: elsewhere recording
// has no place for it.

import "testing"

// RaceDetector: the tests run under it.
const RaceDetector = false

func onlyUnderTheRaceDetector(t *testing.T) {
	t.Skip("needs -race")
}

func setHook(*testing.T, func(int)) {}
