//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "The cluster runs on Linux only: its programs are Debian's, and the kernel ends them with it.")
	os.Exit(1)
}
