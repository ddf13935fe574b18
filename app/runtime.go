package app

import (
	"os"
	"runtime"
)

// TuneRuntime sets what suits a server whose processors are few and whose
// threads hold database work: a thread more than processors, so that the
// operating system, not the program, gives way to a sender who waits for an
// answer while a long commit runs. GOMAXPROCS in the environment wins. Programs
// call it once, at start; libraries and tests do not.
func TuneRuntime() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	}
}
