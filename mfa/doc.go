// Package mfa holds the rules of the second factor as pure functions.
//
// Nothing here reads a clock, a file or a database, and nothing is remembered
// between two calls: the time is an argument, and what must be remembered is a
// value that goes in and comes out.
//
// # Codes
//
// A [TOTP] is the secret of one authenticator (RFC 6238). Time is cut into
// steps; [TOTP.Step] numbers them, [TOTP.Code] gives the code of one. The
// server never compares codes itself, because whether a code may pass depends
// on what has passed before. That memory is a [State], one per device, and
// these are the questions it answers:
//
//	next, outcome := state.Verify(totp, code, now)            // sign-in, GetSessionToken, AssumeRole
//	next, outcome := state.Pair(totp, first, second, now)     // the owner's ResyncMFADevice
//	next, outcome := state.Reinstate(totp, first, second, now) // EnableMFADevice, an administrator's resync
//
// The caller reads the state, asks, and stores next, all in one transaction
// that serialises the callers of that device. That is the whole of the promise
// "one code, one success": two calls that see the same state would both be told
// Accepted. next must be stored whatever the outcome is, also when the
// operation around it fails, or failed guesses would go uncounted.
//
// # What holds a guesser back
//
// Each device has two limits. The [Budget] allows nine verifications in a
// three-minute window, right or wrong, and belongs to the serial number, so
// deleting and creating a device anew does not refill it. Behind it, a hundred
// failures in a row disable the device (NIST SP 800-63B-4 §3.2.2) until it is
// reinstated.
//
// # Time that runs backwards
//
// A clock set back must not bring an old code back to life. So whatever decides
// about reuse only grows: Floor and LastPair never go down, and a budget window
// never gives way to an earlier one. The price is paid in availability: after a
// backward jump codes may be refused, and the budget of a later window stays in
// force, until time has caught up.
//
// # Enrolment and inventory
//
// [NewSeed], [KeyURI] and [QRCodePNG] make a virtual device. [ReadCSV] and
// [ReadPSKC] read the seed files that come with hardware tokens; they return
// every token of a file or none.
package mfa
