// Package cluster runs streams on many machines: a [Node] in each process claims its share of the streams that
// are in a store (etcd), runs them in its changeover.Service, and takes over those of nodes that die.
//
//	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialOptions: etcd.DialOptions()})
//	…
//	node, err := cluster.Start(etcd.New(client, 0), service, cluster.Options{ID: hostname})
//	…
//	node.Drain(ctx) // before maintenance: the streams move to others without a gap
//	node.Close(ctx)
//
// The service and its Ingestor stay the host's. Streams are put into the store by anybody (package operator,
// the command changeover-cluster, any etcd client; package table says how they look), and the node registers
// them with the service, changes and unregisters them.
//
// # Who may write
//
// In a Start of the Ingestor, [PermitOf] has what says whether this node may write that stream:
//
//	permit, _ := cluster.PermitOf(ctx)
//	…
//	if verdict := input.Record(n, flags); verdict.Forward() && permit.MayWrite() {
//		output.write(packet, verdict)
//	}
//
// MayWrite is false from shortly before the node's lease can have ended on: by the node's own clock, also
// right after the process was stopped for a while, before any of its timers ran. It is false, too, while the
// stream is still another node's and only starts here. It costs a look at the clock.
//
// And the verdicts rise from node to node: each run of a stream has an epoch, an etcd revision, and its switch
// numbers begin at the epoch times 2^20. Whoever takes packets of all nodes under one lock, and discards those
// with a smaller number than the last, discards a writer that was replaced and does not know it, whatever its
// clock did.
//
// docs/cluster.md in the repository says what is promised, what is not, and what happens when what fails.
package cluster
