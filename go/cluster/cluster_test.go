package cluster_test

import (
	"testing"

	"changeover/cluster/internal/clustertest"
	"changeover/cluster/store/memory"
)

func TestNodesOverAStoreInMemory(t *testing.T) { clustertest.Run(t, memory.New()) }
