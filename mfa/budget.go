package mfa

import "time"

const (
	budgetWindow    = 3 * time.Minute
	maxAttempts     = 9
	maxPairFailures = 10
)

// Budget bounds how often the codes of one serial number can be tried. The count
// is per window of three minutes, cut from UTC as the clock's hours are:
//
//   - nine verifications, the right, the wrong and the reused ones alike, as
//     observed on AWS STS;
//   - ten failed pairs, a bound of our own for EnableMFADevice and ResyncMFADevice.
//
// A call beyond a bound is not counted, and its codes are not looked at.
//
// A Budget belongs to the serial number and not to the device: keep it when the
// device is deleted, and start a device of the same serial with [State.Renew].
// The zero Budget is a full one.
type Budget struct {
	Window       int64 // three-minute windows since 1970 that the counts are of; never moves back
	Attempts     int   // verifications counted in Window
	PairFailures int   // failed pairs counted in Window
}

// at returns the budget as it stands at now. An earlier window than the stored
// one means that the clock was set back, and refills nothing.
func (b Budget) at(now time.Time) Budget {
	window := floorDiv(now.Unix(), int64(budgetWindow/time.Second))
	if window > b.Window {
		return Budget{Window: window}
	}
	return b
}
