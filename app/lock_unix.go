//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"yagura/fault"
)

// lockFolder keeps a second server off the data folder: both would number
// deliveries, and one would refuse what the other took. The lock goes with the
// process, however it ends.
func lockFolder(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the data folder %s cannot be made", folder)
	}
	f, err := os.OpenFile(filepath.Join(folder, "server.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the data folder %s cannot be written", folder)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fault.New(fault.Conflict, "another server uses the data folder %s; end it, or set another folder with YAGURA_DATA", folder)
	}
	return nil, fmt.Errorf("locking %s: %w", folder, err)
}
