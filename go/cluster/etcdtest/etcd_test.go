// Package etcdtest tries clusters over a real etcd, run within the process. It is a module of its own: who
// uses the cluster carries no server.
package etcdtest

import (
	"testing"
	"time"

	"changeover/cluster/etcdtest/embedded"
	"changeover/cluster/internal/clustertest"
	"changeover/cluster/store/etcd"
	"changeover/cluster/store/storetest"
)

func startEtcd(t *testing.T, members int) *embedded.Cluster {
	t.Helper()
	server, err := embedded.Start(t.TempDir(), members)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.StopAll)
	return server
}

func newStore(t *testing.T, server *embedded.Cluster) *etcd.Store {
	t.Helper()
	client, err := embedded.Client(server.Endpoints()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return etcd.New(client, 0)
}

func TestAStoreOverEtcdIsAStore(t *testing.T) {
	storetest.Run(t, newStore(t, startEtcd(t, 1)), 2*time.Second)
}

func TestNodesOverEtcd(t *testing.T) { clustertest.Run(t, newStore(t, startEtcd(t, 1))) }

// When all of etcd is away for longer than any lease, and comes back, nothing is lost.
func TestEtcdGoesAndComesBack(t *testing.T) {
	server := startEtcd(t, 3)
	clustertest.RunStoreAway(t, newStore(t, server), server.StopAll, func() {
		if err := server.StartAll(); err != nil {
			t.Fatal(err)
		}
	})
}

// When etcd's leader dies, another is elected within a lease: nothing moves.
func TestEtcdLosesItsLeader(t *testing.T) {
	server := startEtcd(t, 3)
	clustertest.RunLeaderLost(t, newStore(t, server), func() {
		leader, leads := server.Leader()
		if !leads {
			t.Fatal("nobody leads")
		}
		server.Stop(leader)
	})
}
