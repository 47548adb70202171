package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// skew is the exponent of Zipf's law by which requests are spread over keys: the k-th busiest key makes k^-skew times
// as many as the busiest. Of 100,000 keys the busiest makes one request in seven, the 10,000 busiest nine in ten.
const skew = 1.1

// spreadCache is what the server is told to keep of credentials and principals, in MiB: enough for all the keys. Whoever
// serves so many sets it so; the default is for 20,000.
const spreadCache = 384

// spread compares GetCallerIdentity made with many keys, in an installation with very many users, with the same made by
// one of them. Each key has called once before, so what the server can keep in memory is there: the rest is what it
// costs to find a principal in the database again.
func spread(b *bench) error {
	server, at, err := b.serveCrowd("--cache-size", strconv.Itoa(spreadCache))
	if err != nil {
		return err
	}
	defer server.stop()
	before := server.resident()
	calls := make([][]byte, len(at.users))
	for i := range at.users {
		if calls[i], err = at.users[i].sign(server.address, "sts", url.Values{"Action": {"GetCallerIdentity"}}); err != nil {
			return err
		}
	}
	if _, err := load(server.address, connections, 5*time.Minute, once(calls)); err != nil {
		return fmt.Errorf("%w\n%s", err, server.logTail())
	}
	many, one := side{process: server, next: skewed(calls)}, side{process: server, next: repeat(calls[0])}
	if err := b.compare(connections, &many, &one); err != nil {
		return err
	}
	b.table.row(fmt.Sprintf("GetCallerIdentity/s, %d users, requests spread over %d keys (beside it: one key)", b.size.crowd, len(calls)),
		many.perSecond.String(), one.perSecond.String(), ratio(many.perSecond, one.perSecond), "≥ 0.9")
	b.table.row("… CPU µs of the server per request", many.cpu.String(), one.cpu.String(), ratio(one.cpu, many.cpu), "")
	kept, bound, err := server.directory()
	if err != nil {
		return err
	}
	b.table.row("… MiB of the directory (beside it: its bound, --cache-size)", mib(kept), mib(bound), "", "")
	b.table.row("… resident MiB of the server (beside it: before the first request)",
		fmt.Sprintf("%.0f", server.resident()), fmt.Sprintf("%.0f", before), "", "")
	return nil
}

func mib(bytes float64) string { return fmt.Sprintf("%.0f", bytes/(1<<20)) }

// directory is what the server keeps of credentials and principals, and may keep, in bytes.
func (p *process) directory() (kept, bound float64, err error) {
	response, err := http.Get("http://" + p.address + "/metrics")
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "sallyport_directory_bytes":
			kept, err = strconv.ParseFloat(value, 64)
		case "sallyport_directory_limit_bytes":
			bound, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return kept, bound, lines.Err()
}

// skewed is a source that gives requests for ever, some far more often than others. The draws are the same in every run.
func skewed(requests [][]byte) source {
	random := rand.New(rand.NewPCG(1, 2))
	busiest := random.Perm(len(requests))
	law := rand.NewZipf(random, skew, 1, uint64(len(requests)-1))
	draws := make([]int32, 1<<20)
	for i := range draws {
		draws[i] = int32(busiest[law.Uint64()])
	}
	var n atomic.Int64
	return func() []byte { return requests[draws[n.Add(1)%int64(len(draws))]] }
}
