package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// samples are the values of one figure, all of them: a day's worth fits in memory, and percentiles are exact.
type samples struct {
	values []time.Duration
	sorted bool
}

func (s *samples) add(d time.Duration) { s.values, s.sorted = append(s.values, d), false }

func (s *samples) join(other *samples) {
	s.values, s.sorted = append(s.values, other.values...), false
}

// percentile is the smallest value that at least p percent of the values don't exceed (nearest rank); 0 of none.
func (s *samples) percentile(p float64) time.Duration {
	if len(s.values) == 0 {
		return 0
	}
	if !s.sorted {
		slices.Sort(s.values)
		s.sorted = true
	}
	rank := int(math.Ceil(p*float64(len(s.values))/100 - 1e-9))
	return s.values[min(max(rank, 1), len(s.values))-1]
}

// figure is the percentile as tables show it; a dash where there are too few values for it to mean anything.
func (s *samples) figure(p float64) string {
	if float64(len(s.values))*(100-p)/100 < 1 && p < 100 || len(s.values) == 0 {
		return "–"
	}
	return short(s.percentile(p))
}

// short writes a duration with three digits at most.
func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d)/1e3)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	default:
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
}
