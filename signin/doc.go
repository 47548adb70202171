// Package signin brings a browser from a password to a session of the console.
//
//	Password ──┬─────────────► (no device) ──┬──────────────► signed in
//	           └─► mfa: Code | BeginKey, Key ┴─► new-password ─► signed in
//
// Every arrow is a method of [Service]. It takes the token that the step before has put into the browser's cookie and
// returns, with the [State], the token for the next: each step has a token of its own and ends the one before, so that
// nobody is signed in with a token that was known earlier (ASVS 5.0 7.2.4). The database holds hashes of tokens.
//
// The gate has two doors. A sign-in that has not passed the second, an [iam.SignIn] whose Step is not SignedIn, answers
// to its own step and to nothing else: [Service.Session], the only way to a caller, refuses it. Whether there is a
// second door is never stored. Each step derives it from the devices bound at that moment.
//
// Guessing is bounded where it can't be evaded. Passwords are counted per identity and network address, per identity and
// per address, in the database and in the transaction that tells whether the guess was right ([iam.Guesses],
// [iam.Throttle]); the names of nobody are held back like those of somebody. It is the first of these that holds a guesser
// back, so that a stranger makes nobody wait elsewhere; the second is for guessers with many addresses, and its waits are
// short. Codes are counted per device by [iam.Service.VerifyCode], together with those sent to STS, and only once the
// password was right: nobody can lock a stranger's device. A sign-in whose second factor is refused ten times ends,
// whatever kind it was. Nor can anybody keep others from signing in by sheer number of attempts: one network has a few
// turns at the hasher at a time ([iam.Passwords.Turn]), on each node.
//
// What a stranger may learn is nothing: a wrong account, name or password, and one that doesn't exist, cost one argon2id
// hash and get one answer. Whoever has proven the password is told in clear words what is wrong with their device.
//
// Every outcome at a known account is a ConsoleLogin record in that account's audit trail, in the transaction of the
// step. Attempts that had to wait, and those at accounts that don't exist, are counted and logged only: whoever can
// reach the port could fill the disk otherwise.
package signin
