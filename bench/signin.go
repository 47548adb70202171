package main

import (
	"fmt"
	"net/url"
	"time"
)

// signinClients ask for sessions at the same time.
const signinClients = 64

// signin compares MFA sign-ins (GetSessionToken with a code) with those of the same build that commits each by
// itself. Every round takes other users, whom the server has not seen yet, and every code is sent once.
func signin(b *bench) error {
	shared, at, err := b.serveCopy("shared")
	if err != nil {
		return err
	}
	defer shared.stop()
	alone, _, err := b.serveCopy("alone", "--store-batch=1")
	if err != nil {
		return err
	}
	defer alone.stop()
	users := at.users[:len(at.users)/2] // those with a device
	perRound := len(users) / b.size.rounds
	sides := []*side{{process: shared}, {process: alone}}
	commits := make([]samples, len(sides))
	for round := range b.size.rounds {
		for i, s := range sides {
			requests, err := signIns(s.process.address, users[round*perRound:(round+1)*perRound])
			if err != nil {
				return err
			}
			s.next = once(requests)
			before, err := s.process.metric("sallyport_store_commits_total")
			if err != nil {
				return err
			}
			answered := s.answered
			if err := s.round(signinClients, b.size.round); err != nil {
				return err
			}
			after, err := s.process.metric("sallyport_store_commits_total")
			if err != nil {
				return err
			}
			commits[i] = append(commits[i], (after-before)/float64(s.answered-answered))
			if err := b.ctx.Err(); err != nil {
				return err
			}
		}
	}
	here, beside := sides[0], sides[1]
	what := fmt.Sprintf("MFA sign-ins/s, %d clients, %d devices (beside it: a commit each)", signinClients, len(users))
	b.table.row(what, here.perSecond.String(), beside.perSecond.String(), ratio(here.perSecond, beside.perSecond), "≥ 3")
	b.table.row("… commits per sign-in", commits[0].String(), commits[1].String(), ratio(commits[0], commits[1]), "≤ 0.125")
	b.table.row("… CPU µs of the server per sign-in", here.cpu.String(), beside.cpu.String(), ratio(beside.cpu, here.cpu), "")
	return nil
}

// signIns signs a GetSessionToken of each user with the code that their device shows now.
func signIns(address string, users []user) ([][]byte, error) {
	requests := make([][]byte, 0, len(users))
	for i := range users {
		u := &users[i]
		signed, err := u.sign(address, "sts", url.Values{
			"Action": {"GetSessionToken"}, "SerialNumber": {u.serial}, "TokenCode": {u.totp.Code(u.totp.Step(time.Now()))},
		})
		if err != nil {
			return nil, err
		}
		requests = append(requests, signed)
	}
	return requests, nil
}
