// Command rivals asks three policy engines the same question and prints how long each takes to decide, as JSON:
//
//	go run ./bench -only rivals      from the root of the repository: as rows of the one table
//	go -C bench/rivals run .         the figures of every round
//
// The engines are Sallyport's package policy, cedar-go and the policy package of MinIO. The question
// (question.go) is that of a user with ten managed policies who asks for iam:GetUser on themselves, MFA verified. The
// statement that allows it is in the last policy, so that nobody is done early. Each engine has a file that says what
// its language could not express, and how that was settled: to the rival's advantage.
//
// Before anything is timed, all three must answer a whole table of questions alike. What is timed is the decision alone:
// policies are parsed, entities loaded and condition values put in place beforehand. Rounds go to the engines in turn.
//
// It is a module of its own so that nothing of Sallyport ever depends on the others; MinIO's package is licensed under
// the AGPL.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// engine is one that decides. Its ask takes in a question and returns the decision on it, to be made many times.
type engine struct {
	name string
	ask  func(question) (decide func() bool)
}

// result is what was measured of an engine.
type result struct {
	Engine      string    `json:"engine"`
	Nanoseconds []float64 `json:"nanoseconds"` // per decision, one value from each round
	Allocations float64   `json:"allocations"` // per decision
}

func main() {
	rounds := flag.Int("rounds", 7, "how many rounds each engine is given")
	round := flag.Duration("round", 300*time.Millisecond, "how long a round takes")
	flag.Parse()
	results, err := compare(*rounds, *round)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(results)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func compare(rounds int, round time.Duration) ([]result, error) {
	var engines []engine
	for _, load := range []func() (engine, error){sallyport, cedarGo, minio} {
		e, err := load()
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	for _, e := range engines {
		for _, q := range questions {
			if got := e.ask(q)(); got != q.allowed {
				return nil, fmt.Errorf("%s answers %v to %+v", e.name, got, q)
			}
		}
	}
	results := make([]result, len(engines))
	decide := make([]func() bool, len(engines))
	for i, e := range engines {
		decide[i] = e.ask(questions[0])
		results[i] = result{Engine: e.name, Allocations: testing.AllocsPerRun(1000, func() { decide[i]() })}
	}
	for n := range rounds + 1 {
		for i := range engines {
			if ns := measure(decide[i], round); n > 0 { // the first warms up
				results[i].Nanoseconds = append(results[i].Nanoseconds, ns)
			}
		}
	}
	return results, nil
}

// measure returns the nanoseconds that a decision takes.
func measure(decide func() bool, limit time.Duration) float64 {
	const batch = 1000
	start, n := time.Now(), 0
	for time.Since(start) < limit {
		for range batch {
			decide()
		}
		n += batch
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}
