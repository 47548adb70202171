package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/store"
)

const (
	// skewReported is how far a node's clock may be from the database's before that is said.
	skewReported = 2 * time.Second

	// skewRefused is how far it may be before second factors are not verified any more: the length of a code's step.
	// Beyond it, a code that is over on one node would still be good on another.
	skewRefused = 30 * time.Second
)

// clockFault is why second factors can't be verified with this node's clock; nil if they can.
func clockFault(health store.Health) error {
	switch {
	case health.RoundTrip == 0:
		return errors.New("this node's clock has not been compared with the database's yet")
	case health.Skew.Abs() > skewRefused:
		return fmt.Errorf("this node's clock is %s", describeSkew(health.Skew))
	}
	return nil
}

func describeSkew(skew time.Duration) string {
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	amount := skew.Abs().Round(time.Millisecond)
	if amount >= time.Second {
		amount = amount.Round(time.Second / 10)
	}
	return fmt.Sprintf("%v %s the database's", amount, direction)
}

// checkClock is the row of /readyz.
func checkClock(health store.Health) check {
	c := check{Name: "clock", State: checkOK, Detail: describeSkew(health.Skew)}
	switch fault := clockFault(health); {
	case fault != nil:
		c.State, c.Detail = checkFailed, fault.Error()+": second factors are not verified"
	case health.Skew.Abs() > skewReported:
		c.State = checkWarning
		c.Detail += fmt.Sprintf("; beyond %v second factors are not verified", skewRefused)
	}
	return c
}
