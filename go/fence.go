package changeover

// A fence that every processor executes: the slow half of entering an Input with plain stores.

// #include <sys/syscall.h>
// #include <unistd.h>
//
// // From linux/membarrier.h, which not every system has.
// enum { changeover_fence = 1 << 3, changeover_fence_register = 1 << 4 };
//
// static int changeover_membarrier(int command) {
// #ifdef SYS_membarrier
//     return (int)syscall(SYS_membarrier, command, 0, 0);
// #else
//     (void)command;
//     return -1;
// #endif
// }
import "C"

import "sync"

var canFence = sync.OnceValue(func() bool {
	return C.changeover_membarrier(C.changeover_fence_register) == 0
})

// fence makes every running thread of the process execute a full fence; false if it can't be done.
func fence() bool {
	return canFence() && C.changeover_membarrier(C.changeover_fence) == 0
}
