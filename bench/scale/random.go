package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// dice is the one source of chance of a cell's day.
type dice struct{ *rand.Rand }

func newDice(seed, stream uint64) dice { return dice{rand.New(rand.NewPCG(seed, stream))} }

// chance is true with probability p.
func (d dice) chance(p float64) bool { return p > 0 && d.Float64() < p }

// between is uniform in [low, high).
func (d dice) between(low, high time.Duration) time.Duration {
	return low + time.Duration(d.Float64()*float64(high-low))
}

// about is log-normal with the given median.
func (d dice) about(median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(sigma*d.NormFloat64()))
}

// pause is the time to the next event of a Poisson process with so many a second.
func (d dice) pause(perSecond float64) time.Duration {
	return time.Duration(d.ExpFloat64() / perSecond * float64(time.Second))
}

// zipf chooses principals by popularity: of n, the one of rank r with probability ∝ (1+r)^-skew. Of a sample of one
// in every `one`, each stands for the neighbours of its rank and gets their mean share; a cache of a size reduced alike
// then has the hit rate of the whole (Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015, with
// strata of the ranks in place of a hash).
type zipf struct {
	ranks *rand.Zipf
	one   int
}

func newZipf(d dice, skew float64, n, one int) zipf {
	return zipf{rand.NewZipf(d.Rand, skew, 1, uint64(n-1)), one}
}

func (z zipf) next() int { return int(z.ranks.Uint64()) / z.one }

// daylight is how busy a time of day is, 1 on the mean of a day: a sine with its peak at 14 o'clock.
func daylight(at time.Duration, swing float64) float64 {
	return 1 + swing*math.Cos(2*math.Pi*(at.Hours()-14)/24)
}

// waiting is how long a job waits for one of several servers that are busy for a share of the time (M/M/c, Erlang's
// C formula). It is drawn and not simulated, because most of the jobs that it waits for are not in the sample.
func (d dice) waiting(busy float64, servers int, service time.Duration) time.Duration {
	if busy <= 0 || !d.chance(erlangC(busy, servers)) {
		return 0
	}
	return time.Duration(d.ExpFloat64() * float64(service) / (float64(servers) * (1 - busy)))
}

// erlangC is the probability that all servers are busy.
func erlangC(busy float64, servers int) float64 {
	if busy >= 1 {
		return 1
	}
	load := busy * float64(servers)
	sum, term := 0.0, 1.0
	for k := range servers {
		sum += term
		term *= load / float64(k+1)
	}
	last := term / (1 - busy)
	return last / (sum + last)
}
