package main

import (
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/store"
)

func TestClock(t *testing.T) {
	for _, test := range []struct {
		skew   time.Duration
		state  checkState
		detail string
	}{
		{0, checkOK, "0s ahead of the database's"},
		{3 * time.Millisecond, checkOK, "3ms ahead of the database's"},
		{-2 * time.Second, checkOK, "2s behind the database's"},
		{2001 * time.Millisecond, checkWarning, "2s ahead of the database's; beyond 30s second factors are not verified"},
		{-30 * time.Second, checkWarning, "30s behind the database's; beyond 30s second factors are not verified"},
		{30*time.Second + time.Millisecond, checkFailed, "this node's clock is 30s ahead of the database's: second factors are not verified"},
		{-40 * time.Second, checkFailed, "this node's clock is 40s behind the database's: second factors are not verified"},
		{300 * 24 * time.Hour, checkFailed, "this node's clock is 7200h0m0s ahead of the database's: second factors are not verified"},
	} {
		health := store.Health{RoundTrip: time.Millisecond, Skew: test.skew}
		if c := checkClock(health); c.State != test.state || c.Detail != test.detail {
			t.Errorf("%v: %+v", test.skew, c)
		}
		if err := clockFault(health); (err != nil) != (test.state == checkFailed) {
			t.Errorf("%v: %v", test.skew, err)
		}
	}
	if clockFault(store.Health{}) == nil {
		t.Error("a clock that was not compared is trusted")
	}
}
