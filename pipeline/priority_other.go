//go:build !linux

package pipeline

// yieldToAccepting does nothing where threads have no priority of their own.
func yieldToAccepting() {}
