package web

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestFailedSignInsAreSlowedDown(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 21, 0, 0, 0, time.UTC)
	home, other := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1")
	var s signIns
	for i := range failuresAtOnce {
		if _, ok := s.take(now, home, fmt.Sprint("name", i)); !ok {
			t.Fatalf("attempt %d is refused", i)
		}
	}
	wait, ok := s.take(now, netip.MustParseAddr("2001:db8::2"), "another") // the same network
	if ok || wait <= 0 || wait > failureEvery {
		t.Errorf("the next waits %v, %v", wait, ok)
	}
	if _, ok := s.take(now, other, "another"); !ok {
		t.Error("another address is refused")
	}
	if _, ok := s.take(now.Add(wait), home, "another"); !ok {
		t.Error("who waited is refused")
	}
	// Those who succeed are never slowed down.
	for range 100 {
		if _, ok := s.take(now, other, "anna"); !ok {
			t.Fatal("somebody who knows the password is refused")
		}
		s.back(now, other, "anna", true)
	}
	// Nobody keeps anna out from where she signs in.
	for i := range 1000 {
		s.take(now, netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), "anna")
	}
	if _, ok := s.take(now, home, "anna"); ok {
		t.Error("many addresses may guess one password")
	}
	if _, ok := s.take(now, other, "anna"); !ok {
		t.Error("strangers keep anna out")
	}
}

func TestManyAddressesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 21, 0, 0, 0, time.UTC)
	var s signIns
	refused := false
	for i := range 3 * maxFailures {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		_, ok := s.take(now, a, "")
		refused = refused || !ok
		if name := fmt.Sprint("n", i); ok && i%2 == 0 {
			if _, ok := s.take(now, a, name); ok {
				s.back(now, a, name, true)
			}
		}
	}
	if len(s.buckets) > maxFailures+1 || len(s.known) > maxFailures {
		t.Errorf("%d buckets and %d addresses are kept", len(s.buckets), len(s.known))
	}
	if !refused {
		t.Error("whoever has enough addresses is not limited")
	}
	s.take(now.Add(time.Hour), netip.MustParseAddr("192.0.2.1"), "new")
	if len(s.buckets) > 10 {
		t.Errorf("%d buckets are kept that hold nothing", len(s.buckets))
	}
}
