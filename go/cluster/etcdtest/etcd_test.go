// Package etcdtest tries clusters over a real etcd, run within the process. It is a module of its own: who
// uses the cluster carries no server.
package etcdtest

import (
	"os"
	"os/exec"
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

// startProcesses starts an etcd whose members can be killed.
func startProcesses(t *testing.T, members int, under ...string) *embedded.Processes {
	t.Helper()
	server, err := embedded.StartProcesses(t.TempDir(), members, duration("CHANGEOVER_ETCD_ELECTION", 0), under...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.KillAll)
	return server
}

// duration is what the environment says, for trials by hand.
func duration(name string, otherwise time.Duration) time.Duration {
	if said, err := time.ParseDuration(os.Getenv(name)); err == nil {
		return said
	}
	return otherwise
}

func newStore(t *testing.T, endpoints ...string) *etcd.Store {
	t.Helper()
	client, err := embedded.Client(endpoints...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return etcd.New(client, 0)
}

func TestAStoreOverEtcdIsAStore(t *testing.T) {
	storetest.Run(t, newStore(t, startEtcd(t, 1).Endpoints()...), 2*time.Second)
}

func TestNodesOverEtcd(t *testing.T) {
	clustertest.Run(t, newStore(t, startEtcd(t, 1).Endpoints()...))
}

// All of etcd is killed for longer than any lease, and comes back: nothing is lost. CHANGEOVER_ETCD_AWAY: for how
// long, at least.
func TestEtcdGoesAndComesBack(t *testing.T) {
	server := startProcesses(t, 3)
	away := duration("CHANGEOVER_ETCD_AWAY", 0)
	var killed time.Time
	kill := func() {
		killed = time.Now()
		server.KillAll()
	}
	clustertest.RunStoreAway(t, newStore(t, server.Endpoints()...), kill, func() {
		time.Sleep(time.Until(killed.Add(away)))
		if err := server.StartAll(); err != nil {
			t.Fatal(err)
		}
	})
}

// When etcd's leader is killed, nothing is decided until there is another: within the lease nothing moves.
// CHANGEOVER_ETCD_LEASE: the nodes' lease; CHANGEOVER_ETCD_ELECTION: etcd's election timeout.
func TestEtcdLosesItsLeader(t *testing.T) {
	server := startProcesses(t, 3)
	clustertest.RunMemberLost(t, newStore(t, server.Endpoints()...), duration("CHANGEOVER_ETCD_LEASE", 10*time.Second), func() {
		leader, leads := server.Leader()
		if !leads {
			t.Fatal("nobody leads")
		}
		server.Kill(leader)
	})
}

// When etcd loses a member that does not lead, nothing happens.
func TestEtcdLosesAMember(t *testing.T) {
	server := startProcesses(t, 3)
	clustertest.RunMemberLost(t, newStore(t, server.Endpoints()...), 3*time.Second, func() {
		leader, leads := server.Leader()
		if !leads {
			t.Fatal("nobody leads")
		}
		server.Kill((leader + 1) % 3)
	})
}

// An etcd whose disk takes 100 ms to sync is slow, and no reason for anything to move.
func TestEtcdHasASlowDisk(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	server := startProcesses(t, 3, strace, "-f", "--seccomp-bpf", "-qq", "-o", os.DevNull,
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_exit=100000")
	clustertest.RunStoreSlow(t, newStore(t, server.Endpoints()...))
}
