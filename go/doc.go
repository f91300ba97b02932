// Package changeover is input failover for live video ingest, in process: the Go side of the
// changeover engine (a Rust library with a C ABI; see the repository's README).
//
// A server tells a [Service] about every packet of every input. The service watches the inputs'
// health, decides which input of each stream is on air, and has the server's [Ingestor] start,
// stop and probe inputs.
//
//	service, err := changeover.New(ingestor, nil)
//	…
//	err = service.Register(ctx, changeover.Stream{
//		ID: "news",
//		Inputs: []changeover.InputConfig{
//			{Priority: 0, URL: "srt://primary:9000"},
//			{Priority: 1, URL: "srt://backup:9000"},
//		},
//	}, "")
//
// # Packets
//
// The ingest goroutine of a session opens its [Input] once, with [Service.OpenSession] and the
// context its Start was given, and calls [Input.Record] for each packet: about two nanoseconds, no
// cgo call, no allocation, no lock. The [Verdict] says whether to forward the packet. A server that
// can't carry a handle along calls [Service.RecordPacket] or [Service.Record] with the stream's id.
//
// # Contexts
//
// Cancelling the context given to [Service.Register] unregisters the stream. Each Start gets a
// context that is cancelled when its session is over; each Probe one that carries its deadline.
//
// # Errors
//
// Errors wrap one of the Err constants, to be asked for with [errors.Is]; those of a context come
// as they are.
//
// # Ending
//
// [Service.Close] ends the engine, its threads and descriptors at once, [Service.Shutdown] also
// waits for the host's methods. Nothing is left to finalizers, except that an [Input] which was
// forgotten, not closed, is closed when the garbage collector finds it.
//
// # Linking
//
// By default the library is found with pkg-config (changeover.pc, which the repository's
// installation provides). With the build tag changeover_static the library built in this checkout
// (make lib) is linked statically. Go 1.24 or later, as in Debian 13; cgo; Linux.
package changeover

import _ "changeover/internal/requirements"
