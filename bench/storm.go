package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stormClients try passwords at the same time, each attempt from an address of its own.
const stormClients = 64

// storm compares what the API answers while nobody signs in with what it answers during a storm of sign-ins with wrong
// passwords, on one server, in turn. The server believes our X-Forwarded-For, so that no throttle takes the storm off it:
// every attempt that gets a turn is hashed.
func storm(b *bench) error {
	server, at, err := b.serveCopy("storm", "--trusted-proxy", "127.0.0.1")
	if err != nil {
		return err
	}
	defer server.stop()
	caller, other := &at.users[1], &at.users[2]
	signed, err := caller.sign(server.address, "iam", url.Values{"Action": {"GetUser"}, "UserName": {other.name}})
	if err != nil {
		return err
	}
	during, quiet := side{process: server, next: repeat(signed)}, side{process: server, next: repeat(signed)}
	var hashed samples
	resident := server.resident()
	for round := range b.size.rounds + 1 {
		if round == 1 {
			during, quiet, hashed = side{process: server, next: repeat(signed)}, side{process: server, next: repeat(signed)}, nil
		}
		if err := quiet.round(connections, b.size.round); err != nil {
			return err
		}
		stop := startStorm(b.ctx, server.address)
		err := during.round(connections, b.size.round)
		resident = max(resident, server.resident())
		refused, stormErr := stop()
		if err == nil {
			err = stormErr
		}
		if err != nil {
			return err
		}
		hashed = append(hashed, float64(refused)/b.size.round.Seconds())
		if err := b.ctx.Err(); err != nil {
			return err
		}
	}
	b.table.row(fmt.Sprintf("GetUser/s while %d clients try passwords (beside it: quiet)", stormClients),
		during.perSecond.String(), quiet.perSecond.String(), ratio(during.perSecond, quiet.perSecond), "≥ 0.3")
	b.table.row("… passwords hashed and refused per second", hashed.String(), "", "", "")
	b.table.row("… resident MiB of the server, at most", fmt.Sprintf("%.0f", resident), "", "", "")
	return nil
}

// startStorm begins the storm. The function it returns ends it, and tells how many attempts were hashed; the rest were
// turned away.
func startStorm(ctx context.Context, address string) (stop func() (refused int64, err error)) {
	ctx, cancel := context.WithCancel(ctx)
	var refused atomic.Int64
	var running sync.WaitGroup
	failure := make(chan error, stormClients)
	for range stormClients {
		running.Go(func() {
			for ctx.Err() == nil {
				status, err := tryPassword(ctx, address)
				switch {
				case ctx.Err() != nil:
				case err != nil:
					failure <- err
					return
				case status == http.StatusUnauthorized:
					refused.Add(1)
				default: // one too many in the queue
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	return func() (int64, error) {
		cancel()
		running.Wait()
		select {
		case err := <-failure:
			return 0, err
		default:
			return refused.Load(), nil
		}
	}
}

// tryPassword signs in as somebody who isn't there, which costs the server what a wrong password does.
func tryPassword(ctx context.Context, address string) (status int, err error) {
	body := fmt.Sprintf(`{"account":"111122223333","userName":"user-%d","password":"wrong"}`, rand.Uint64())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/console/signin/password", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
