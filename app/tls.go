package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// ServerTLS returns the server's TLS configuration, or nil where t names no
// certificate. The files are looked at again with every handshake and read
// where they changed; while the new ones do not fit together the old certificate
// goes on serving, because renewers write two files one after the other.
func ServerTLS(t TLS, log *slog.Logger) (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	k := &keyPair{files: t, log: log}
	if err := k.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.certificate}, nil
}

// keyPair is a certificate with its key, read again when its files change.
type keyPair struct {
	files TLS
	log   *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamps  [2]stamp // of the files as they were last read, well or not
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

func (k *keyPair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.look(); now != k.stamps {
		if err := k.load(); err != nil {
			k.log.Warn("the new certificate is not used; the old one goes on", "err", err)
		} else {
			k.log.Info("certificate read again", "file", k.files.CertFile)
		}
	}
	return k.current, nil
}

// look returns the stamps of both files; a file that is not there has none.
func (k *keyPair) look() (stamps [2]stamp) {
	for i, path := range []string{k.files.CertFile, k.files.KeyFile} {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}

// load reads both files. The stamps are taken first, so that a change while
// reading is seen the next time.
func (k *keyPair) load() error {
	k.stamps = k.look()
	pair, err := tls.LoadX509KeyPair(k.files.CertFile, k.files.KeyFile)
	if err != nil {
		return fmt.Errorf("read the certificate and its key: %w", err)
	}
	k.current = &pair
	return nil
}
