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
//	next, outcome := state.Pair(totp, first, second, now)     // the owner's ResyncMFADevice; PairBeforeMFA without MFA
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
// # Security keys
//
// Security keys, platform authenticators and passkeys are all the same here: a
// [SecurityKey], used by the rules of WebAuthn Level 3. A [RelyingParty] holds these
// rules for one origin. Each ceremony has two halves, with the browser in between:
//
//	options, ceremony, err := rp.BeginRegistration(user, now)       // → navigator.credentials.create
//	key, err := rp.FinishRegistration(user, ceremony, response, now)
//
//	options, ceremony, err := rp.BeginAssertion(user, now)          // → navigator.credentials.get
//	assertion, err := rp.FinishAssertion(user, ceremony, response, now)
//
// The memory is in the caller again. It stores the [Ceremony] with the user's session,
// out of the browser's reach, and removes it before it calls Finish, so that a
// challenge is good for one answer, right or wrong. It refuses a new key whose
// credential id anyone has already, and stores the counter that an [Assertion] returns:
// a counter that does not grow betrays a copied key ([ErrClonedKey]). Keys have no
// budget. There is nothing to guess, so nobody can lock a user out.
//
// A refusal is a [KeyError], with a reason for the user and the failed check for the
// log.
//
// [Metadata] is the FIDO Alliance's knowledge about models. With it, models with known
// weaknesses are refused, and a key whose certificate chain leads to its maker carries
// its certifications. Without it, or without such a chain, a key is certified nothing,
// which is the rule for synced passkeys.
//
// # Enrolment and inventory
//
// [NewSeed], [KeyURI] and [QRCodePNG] make a virtual device. [ReadCSV] and
// [ReadPSKC] read the seed files that come with hardware tokens; they return
// every token of a file or none.
package mfa
