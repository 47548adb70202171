package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// rivals times a decision over ten managed policies beside two other engines. The comparison is a program in a module
// of its own (rivals/main.go), which asks all three in turn, in one process.
func rivals(b *bench) error {
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(b.ctx, "go", "run", ".",
		"-rounds", fmt.Sprint(b.size.rounds), "-round", fmt.Sprint(min(b.size.round, time.Second)))
	cmd.Dir = filepath.Join(filepath.Dir(file), "rivals")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return err
	}
	var engines []struct {
		Engine      string
		Nanoseconds samples
		Allocations float64
	}
	if err := json.Unmarshal(text, &engines); err != nil {
		return err
	}
	here := engines[0]
	for _, rival := range engines[1:] {
		b.table.row("decision over ten managed policies, ns (beside it: "+rival.Engine+")",
			here.Nanoseconds.String(), rival.Nanoseconds.String(), ratio(here.Nanoseconds, rival.Nanoseconds), "< 2000, ≤ 0.5")
		b.table.row("… allocations", fmt.Sprint(here.Allocations), fmt.Sprint(rival.Allocations), "", "0")
	}
	return nil
}
