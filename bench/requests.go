package main

import (
	"bufio"
	"bytes"
	"net"
	"net/url"
	"strconv"
)

// requests compares what every request costs (connection, signature, decision, audit record, answer) with a
// handler that does none of it. GetCallerIdentity is answered from memory; GetUser reads the database and is
// decided by three policies.
//
// A bare handler makes no record that must reach the disk, so at full load the server's audit log is part of
// the difference; records that come faster than it can be written are lost, and counted.
func requests(b *bench) error {
	server, at, err := b.serveCopy("requests")
	if err != nil {
		return err
	}
	defer server.stop()
	caller, other := &at.users[1], &at.users[2]
	for _, m := range []struct {
		what, service string
		parameters    url.Values
		aim           string
	}{
		{"GetCallerIdentity", "sts", url.Values{"Action": {"GetCallerIdentity"}}, "≥ 0.8"},
		{"GetUser under three policies", "iam", url.Values{"Action": {"GetUser"}, "UserName": {other.name}}, "≥ 0.5"},
	} {
		signed, err := caller.sign(server.address, m.service, m.parameters)
		if err != nil {
			return err
		}
		answer, err := ask(server.address, signed)
		if err != nil {
			return err
		}
		bare, err := b.serveBeside(answer)
		if err != nil {
			return err
		}
		here, beside := side{process: server, next: repeat(signed)}, side{process: bare, next: repeat(signed)}
		err = b.compare(connections, &here, &beside)
		bare.stop()
		if err != nil {
			return err
		}
		b.table.row(m.what+", requests/s (beside it: a bare handler)", here.perSecond.String(), beside.perSecond.String(), ratio(here.perSecond, beside.perSecond), m.aim)
		b.table.row("… CPU µs of the server per request", here.cpu.String(), beside.cpu.String(), ratio(beside.cpu, here.cpu), "")
	}
	lost, err := server.metric("sallyport_audit_reads_lost_total")
	if err != nil {
		return err
	}
	b.table.row("audit records of all these that were lost", strconv.FormatFloat(lost, 'f', 0, 64), "", "", "0")
	return nil
}

// connections is how many clients ask at a time.
const connections = 16

// compare gives both sides a round to warm up, and then measures them in turn.
func (b *bench) compare(connections int, sides ...*side) error {
	for round := range b.size.rounds + 1 {
		for _, s := range sides {
			if round == 1 {
				s.perSecond, s.cpu, s.answered = nil, nil, 0
			}
			if err := s.round(connections, b.size.round); err != nil {
				return err
			}
			if err := b.ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask makes one request and returns the body of the answer.
func ask(address string, request []byte) ([]byte, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	err = readAnswer(bufio.NewReader(conn), &body)
	return body.Bytes(), err
}
