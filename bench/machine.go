package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// machine describes what the numbers were measured on: processor, memory, the file system that holds dir and how
// long it takes to make a write durable, kernel and Go.
func machine(dir string) string {
	return fmt.Sprintf("%s, %d cores, %s memory; %s, fsync %s; %s %s; %s",
		cmp.Or(field("/proc/cpuinfo", "model name"), runtime.GOARCH), runtime.NumCPU(), memoryTotal(),
		fileSystem(dir), fsyncTime(dir), runtime.GOOS, cmp.Or(firstLine("/proc/sys/kernel/osrelease"), "unknown"), runtime.Version())
}

// field finds "NAME: value" in one of the text files of /proc; "" without one.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func memoryTotal() string {
	var kib int64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// fileSystem is the type and device of the mount point nearest to dir.
func fileSystem(dir string) string {
	dir, _ = filepath.Abs(dir)
	text, _ := os.ReadFile("/proc/self/mounts")
	best, found := "", "unknown file system"
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < len(best) || !strings.HasPrefix(dir+"/", strings.TrimSuffix(f[1], "/")+"/") {
			continue
		}
		best, found = f[1], f[2]+" on "+f[0]
	}
	return found
}

// fsyncTime is the median time to append a database page to a file and make it durable.
func fsyncTime(dir string) string {
	file, err := os.CreateTemp(dir, "fsync-")
	if err != nil {
		return "unknown"
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := bytes.Repeat([]byte{1}, 4096)
	var times samples
	for range 50 {
		start := time.Now()
		if _, err := file.Write(page); err != nil {
			return "unknown"
		}
		if err := file.Sync(); err != nil {
			return "unknown"
		}
		times = append(times, time.Since(start).Seconds())
	}
	return fmt.Sprintf("%.2f ms", times.median()*1e3)
}
