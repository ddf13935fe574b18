package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"yagura/fault"
)

// What a new password's hash costs (OWASP's first choice for argon2id). They
// stand in the stored text, so that they can grow.
const (
	hashMemory = 19 << 10 // KiB
	hashTimes  = 2
	hashLanes  = 1
	saltSize   = 16 // bytes
	sumSize    = 32 // bytes
)

// Bounds on what a stored text may ask for: who can write the database must not
// be able to take all memory with one row.
const (
	mostMemory = 256 << 10 // KiB
	mostTimes  = 16
	mostLanes  = 8
)

// hashing holds a place for each hash under way: each takes hashMemory.
var hashing = make(chan struct{}, 4)

// hashWait is how long a hash may wait for a place.
const hashWait = 10 * time.Second

// How long a password is.
const (
	minPassword = 12  // characters
	maxPassword = 256 // bytes
)

// CheckNewPassword returns fault.Invalid where a password is too weak to be set.
func CheckNewPassword(user, password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return fault.New(fault.Invalid, "a password has at least %d characters; a few words that do not belong together are good", minPassword)
	case len(password) > maxPassword:
		return fault.New(fault.Invalid, "a password has at most %d bytes", maxPassword)
	case len(user) >= 4 && strings.Contains(strings.ToLower(password), user):
		return fault.New(fault.Invalid, "a password does not hold the user's name")
	case strings.Count(password, password[:1]) == len(password):
		return fault.New(fault.Invalid, "a password is more than one character repeated")
	}
	return nil
}

// HashPassword returns what is stored of a password: argon2id in PHC's form,
// with its parameters and a salt. It waits for its turn; fault.Unavailable
// where that does not come.
func HashPassword(ctx context.Context, password string) (string, error) {
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:])
	h := passwordHash{memory: hashMemory, times: hashTimes, lanes: hashLanes, salt: salt[:]}
	sum, err := h.of(ctx, password, sumSize)
	if err != nil {
		return "", err
	}
	h.sum = sum
	return h.String(), nil
}

// nobody is a hash that no password has: checking against it takes as long as
// against a real one.
var nobody = passwordHash{memory: hashMemory, times: hashTimes, lanes: hashLanes, salt: make([]byte, saltSize)}

// CheckPassword reports whether the password is the one that stored was made
// of. Where stored is empty it takes as long and says no. It waits for its turn;
// fault.Unavailable where that does not come.
func CheckPassword(ctx context.Context, stored, password string) (bool, error) {
	h, known := nobody, false
	if stored != "" {
		var err error
		if h, err = parseHash(stored); err != nil {
			return false, err
		}
		known = true
	}
	if len(password) > maxPassword { // none is that long
		password, known = password[:maxPassword], false
	}
	sum, err := h.of(ctx, password, sumSize)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, h.sum) == 1 && known, nil
}

type passwordHash struct {
	memory, times uint32
	lanes         uint8
	salt, sum     []byte
}

func (h passwordHash) of(ctx context.Context, password string, size uint32) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, &fault.Error{Kind: fault.Unavailable, Message: "too many people sign in at once; try again in a moment", Err: ctx.Err(), Retry: 5 * time.Second}
	}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), h.salt, h.times, h.memory, h.lanes, size), nil
}

// String writes the hash in PHC's form: $argon2id$v=19$m=…,t=…,p=…$salt$sum.
func (h passwordHash) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.times, h.lanes, b.EncodeToString(h.salt), b.EncodeToString(h.sum))
}

func parseHash(stored string) (passwordHash, error) {
	var h passwordHash
	var version int
	bad := func(what string) (passwordHash, error) {
		return h, fmt.Errorf("a stored password cannot be read: %s", what)
	}
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return bad("it is no argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return bad("its version is unknown")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.times, &h.lanes); err != nil {
		return bad("its parameters are none")
	}
	if h.memory < 8 || h.memory > mostMemory || h.times < 1 || h.times > mostTimes || h.lanes < 1 || h.lanes > mostLanes {
		return bad("its parameters are out of bounds")
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return bad("its salt is none")
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.sum) != sumSize {
		return bad("its sum is none")
	}
	return h, nil
}
