// Package iam is the domain of Sallyport: accounts, users, groups, roles, policies, access keys, passwords
// and MFA devices, with the rules of AWS IAM.
//
// Read it in this order.
//
//   - caller.go says who is asking: a [Caller] is a [Principal] and, with temporary credentials or a console
//     sign-in, the [Session] it acts through.
//   - operation.go says what can be asked: an [Operation] is one row, made of a method with the input and
//     output types of the AWS SDK. operations.go is the table of all of IAM's rows; package sts has its own.
//   - do.go is the chokepoint: no operation is reached except through [Service.Do], which authorises, runs
//     and audits it.
//   - directory.go keeps principals with compiled policies in memory, so that authorising a request needs no
//     database; store.go says what a database must do for the rest.
//
// Then there is one file per entity, each with the entity, the part of the store interface that keeps it, and
// its operations under their AWS names.
//
// Errors meant for clients are *wire.Error. Every other error is a failure of ours: the client sees
// ServiceFailure and the operator a log line with the request id.
package iam
