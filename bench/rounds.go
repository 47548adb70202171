package main

import (
	"fmt"
	"slices"
	"time"
)

// samples are the values of one figure, one from each round.
type samples []float64

func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// String is the median with the lowest and highest value.
func (s samples) String() string {
	if s.median() == 0 {
		return "–" // not measured on this system
	}
	digits := 0
	if s.median() < 10 {
		digits = 2
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, s.median(), digits, slices.Min(s), digits, slices.Max(s))
}

// ratio is that of the medians.
func ratio(a, b samples) string {
	if b.median() == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a.median()/b.median())
}

// side is one of those compared: where load goes, and what came of it.
type side struct {
	process *process
	next    source // the requests of the coming round

	perSecond, cpu samples // requests per second; microseconds of the process's CPU time per request
	answered       int     // in all rounds
}

// round sends load to the side, for a limited time or until its requests are used up.
func (s *side) round(connections int, limit time.Duration) error {
	cpu, start := s.process.cpuTime(), time.Now()
	answered, err := load(s.process.address, connections, limit, s.next)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, s.process.logTail())
	}
	s.perSecond = append(s.perSecond, float64(answered)/time.Since(start).Seconds())
	s.cpu = append(s.cpu, (s.process.cpuTime()-cpu).Seconds()*1e6/float64(answered))
	s.answered += answered
	return nil
}
