package alert

import (
	"fmt"
	"strings"
	"time"
)

// ids share one clock: a delivery's number counts ticks of 10 µs since
// 2026-01-01 UTC, unique in its database, so that ids sort by arrival and the
// time a message was received can be read off its id. 47 bits last until 2070.
const (
	tick      = 10 * time.Microsecond
	indexBits = 16
	idDigits  = 10
	alphabet  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford: no I, L, O, U
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// MaxPerDelivery is how many alerts one delivery may yield.
const MaxPerDelivery = 1 << indexBits

// DeliveryID numbers one received message. It grows with the time of receipt.
type DeliveryID int64

// ID numbers one alert: its delivery and its place (0, 1, …) in that delivery,
// so that processing a delivery again yields the same ids.
type ID int64

// DeliveryAt returns the smallest delivery id of time t; times before 2026 give
// 0, times after the last id can tell give that one.
func DeliveryAt(t time.Time) DeliveryID {
	d := t.Sub(epoch)
	if d < 0 {
		return 0
	}
	return min(DeliveryID(d/tick), maxDelivery)
}

const maxDelivery = 1<<(63-indexBits) - 1

// Time returns when the delivery was received, UTC, to 10 µs.
func (d DeliveryID) Time() time.Time { return epoch.Add(time.Duration(d) * tick) }

// Alert returns the id of the delivery's i-th alert, 0 ≤ i < MaxPerDelivery.
func (d DeliveryID) Alert(i int) ID { return ID(int64(d)<<indexBits | int64(i)) }

// String returns the id as people write it, e.g. "D-00G6Q4ZW2R".
func (d DeliveryID) String() string { return "D-" + base32(int64(d)) }

// MarshalText writes the id as people write it.
func (d DeliveryID) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote, in any letter case.
func (d *DeliveryID) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDeliveryID(string(text))
	return err
}

// ParseDeliveryID reads an id as String writes it, in any letter case.
func ParseDeliveryID(s string) (DeliveryID, error) {
	n, rest, err := parse(s, "D-")
	if err != nil || rest != "" {
		return 0, fmt.Errorf("%q is no delivery id; one looks like D-00G6Q4ZW2R", s)
	}
	return DeliveryID(n), nil
}

// Delivery returns the delivery that the alert came with.
func (id ID) Delivery() DeliveryID { return DeliveryID(id >> indexBits) }

// Index returns the alert's place in its delivery.
func (id ID) Index() int { return int(id & (MaxPerDelivery - 1)) }

// Time returns when the alert's delivery was received, UTC, to 10 µs.
func (id ID) Time() time.Time { return id.Delivery().Time() }

// String returns the id as people write it: "A-00G6Q4ZW2R", and
// "A-00G6Q4ZW2R-3" for the fourth alert of one delivery.
func (id ID) String() string {
	s := "A-" + base32(int64(id.Delivery()))
	if i := id.Index(); i > 0 {
		s += fmt.Sprintf("-%d", i)
	}
	return s
}

// MarshalText writes the id as people write it.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote, in any letter case.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads an id as String writes it, in any letter case.
func ParseID(s string) (ID, error) {
	n, rest, err := parse(s, "A-")
	bad := fmt.Errorf("%q is no alert id; one looks like A-00G6Q4ZW2R or A-00G6Q4ZW2R-3", s)
	if err != nil {
		return 0, bad
	}
	index := 0
	if rest != "" {
		if rest[0] != '-' || len(rest) < 2 || len(rest) > 6 {
			return 0, bad
		}
		for _, c := range rest[1:] {
			if c < '0' || c > '9' {
				return 0, bad
			}
			index = index*10 + int(c-'0')
		}
		if index >= MaxPerDelivery {
			return 0, bad
		}
	}
	return DeliveryID(n).Alert(index), nil
}

func base32(n int64) string {
	var b [idDigits]byte
	for i := idDigits - 1; i >= 0; i-- {
		b[i] = alphabet[n&31]
		n >>= 5
	}
	return string(b[:])
}

func parse(s, prefix string) (n int64, rest string, err error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if !strings.HasPrefix(s, prefix) || len(s) < len(prefix)+idDigits {
		return 0, "", fmt.Errorf("not an id")
	}
	s = s[len(prefix):]
	for i := range idDigits {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return 0, "", fmt.Errorf("not an id")
		}
		n = n<<5 | int64(v)
	}
	if n > maxDelivery {
		return 0, "", fmt.Errorf("not an id")
	}
	return n, s[idDigits:], nil
}
