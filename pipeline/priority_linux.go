package pipeline

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// yieldToAccepting keeps the calling goroutine on a thread of its own and makes
// that thread polite: where processors are short, answers to senders come
// before what can be done a moment later. The thread ends with the goroutine.
func yieldToAccepting() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), politeness) // without it all is only slower
}

// politeness is the thread's nice value: a third of an ordinary thread's share
// where both want to run. More would hold up the garbage collector, which waits
// for every thread.
const politeness = 5
