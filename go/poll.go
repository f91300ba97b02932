package changeover

// Waiting for the engine's descriptors in Go's netpoller, without a thread for each who waits.

// #include <changeover.h>
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// pollable hands a duplicate of an engine's descriptor to Go's netpoller. (The engine closes its own, so
// it can't be Go's.)
func pollable(fd int) (*os.File, error) {
	syscall.ForkLock.RLock()
	duplicate, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(duplicate)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("changeover: event descriptor: %w: %w", ErrSystem, err)
	}
	return os.NewFile(uintptr(duplicate), "changeover"), nil
}

// waitReadable waits until took says that it has taken something, or the end, of what a descriptor tells of;
// took has to take all there is before it says that there is nothing. The error is that of ctx, or [ErrClosed]
// when the descriptor was closed.
func waitReadable(ctx context.Context, descriptor *os.File, took func() bool) error {
	if ctx.Done() != nil {
		interrupted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			_ = descriptor.SetReadDeadline(time.Unix(1, 0))
			close(interrupted)
		})
		defer func() {
			if !stop() {
				<-interrupted
				_ = descriptor.SetReadDeadline(time.Time{})
			}
		}()
	}
	waiter, err := descriptor.SyscallConn()
	if err == nil {
		err = waiter.Read(func(uintptr) bool { return took() })
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctx.Err()
	case err != nil:
		return failure(C.CHANGEOVER_ERR_SHUT_DOWN, "wait", "")
	}
	return nil
}
